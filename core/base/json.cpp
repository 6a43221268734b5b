#include "base/json.h"

#include "base/error.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace llmcache {

namespace {

void appendCanonicalString(std::string& out, const std::string& text)
{
    static constexpr char hex[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (byte < 0x20) {
                out += "\\u00";
                out += hex[byte >> 4U];
                out += hex[byte & 0xFU];
            } else {
                out += c;
            }
        }
    }
    out += '"';
}

void appendCanonicalFloat(std::string& out, double number)
{
    // Within 2^53 an integral double is that integer, so 1.0 and 1 are the same setting.
    constexpr double exactIntegers = 9007199254740992.0;
    if (std::isfinite(number) && std::trunc(number) == number && std::fabs(number) <= exactIntegers) {
        out += std::to_string(static_cast<long long>(number));
        return;
    }
    if (!std::isfinite(number)) {
        out += "null";
        return;
    }
    char buffer[40];
    const auto result = std::to_chars(std::begin(buffer), std::end(buffer), number);
    out.append(buffer, result.ptr);
}

void appendCanonical(std::string& out, const Json& value)
{
    switch (value.type()) {
    case Json::value_t::object: {
        std::vector<Json::const_iterator> members;
        members.reserve(value.size());
        for (auto it = value.cbegin(); it != value.cend(); ++it)
            members.push_back(it);
        // Byte order of UTF-8 is code-point order.
        std::sort(members.begin(), members.end(),
            [](const auto& left, const auto& right) { return left.key() < right.key(); });
        out += '{';
        bool first = true;
        for (const auto& member : members) {
            if (!first)
                out += ',';
            first = false;
            appendCanonicalString(out, member.key());
            out += ':';
            appendCanonical(out, member.value());
        }
        out += '}';
        break;
    }
    case Json::value_t::array: {
        out += '[';
        bool first = true;
        for (const Json& item : value) {
            if (!first)
                out += ',';
            first = false;
            appendCanonical(out, item);
        }
        out += ']';
        break;
    }
    case Json::value_t::string:
        appendCanonicalString(out, value.get_ref<const std::string&>());
        break;
    case Json::value_t::number_float:
        appendCanonicalFloat(out, value.get<double>());
        break;
    default:
        out += value.dump();
    }
}

} // namespace

Json parseJson(const QByteArray& text, const QString& what, int maxDepth)
{
    bool tooDeep = false;
    const Json::parser_callback_t guard = [&](int depth, Json::parse_event_t event, Json&) {
        if (depth >= maxDepth
            && (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start)) {
            tooDeep = true;
            return false;
        }
        return true;
    };
    try {
        Json value = Json::parse(text.cbegin(), text.cend(), guard);
        if (tooDeep)
            throw ConfigurationError(
                QStringLiteral("The JSON of %1 is nested more than %2 levels deep.").arg(what).arg(maxDepth));
        return value;
    } catch (const Json::parse_error& error) {
        const auto offset =
            std::min(static_cast<qsizetype>(error.byte == 0 ? 0 : error.byte - 1), text.size());
        const auto head = QByteArrayView(text).first(offset);
        const auto line = head.count('\n') + 1;
        const auto column = offset - (head.lastIndexOf('\n') + 1) + 1;
        throw ConfigurationError(
            QStringLiteral("%1 is not valid JSON: line %2, column %3.").arg(what).arg(line).arg(column),
            QStringLiteral("Correct the text there; JSON wants double quotes and no trailing commas."));
    }
}

QByteArray toJsonText(const Json& value)
{
    return QByteArray::fromStdString(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

QByteArray toPrettyJsonText(const Json& value)
{
    return QByteArray::fromStdString(value.dump(2, ' ', false, Json::error_handler_t::replace));
}

QByteArray toCanonicalJson(const Json& value)
{
    std::string out;
    appendCanonical(out, value);
    return QByteArray::fromStdString(out);
}

QString toQString(const std::string& utf8)
{
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

std::string toUtf8(const QString& text)
{
    const QByteArray bytes = text.toUtf8();
    return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
}

QString stringMember(const Json& object, const char* key, const QString& fallback)
{
    const Json* member = findMember(object, key);
    return member && member->is_string() ? toQString(member->get_ref<const std::string&>()) : fallback;
}

qint64 integerMember(const Json& object, const char* key, qint64 fallback)
{
    const Json* member = findMember(object, key);
    if (!member)
        return fallback;
    if (member->is_number_unsigned()) {
        const auto number = member->get<quint64>();
        return number <= static_cast<quint64>(std::numeric_limits<qint64>::max())
            ? static_cast<qint64>(number)
            : fallback;
    }
    if (member->is_number_integer())
        return member->get<qint64>();
    if (member->is_number_float()) {
        const double number = member->get<double>();
        return std::fabs(number) < 9.2e18 ? static_cast<qint64>(number) : fallback;
    }
    return fallback;
}

const Json* findMember(const Json& object, const char* key)
{
    if (!object.is_object())
        return nullptr;
    const auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
}

} // namespace llmcache
