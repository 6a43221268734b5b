// How JSON is written: as text, and in the canonical form that fingerprints are made of.
#include "base/canonicaljson_p.h"
#include "base/jsondom_p.h"
#include "base/sha256_p.h"
#include "base/sortedmembers.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace llmcache {

namespace {

void appendEscaped(std::string& out, char c)
{
    static constexpr char hex[] = "0123456789abcdef";
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
        out += "\\u00";
        out += hex[byte >> 4U];
        out += hex[byte & 0xFU];
    }
}

/// Valid UTF-8 as nlohmann writes it, several times faster.
void appendString(std::string& out, std::string_view text)
{
    out += '"';
    std::size_t from = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\')
            continue;
        out.append(text, from, at - from);
        appendEscaped(out, c);
        from = at + 1;
    }
    out.append(text, from);
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
        const std::vector<Json::const_iterator> members = sortedMembers(value);
        out += '{';
        bool first = true;
        for (const auto& member : members) {
            if (!first)
                out += ',';
            first = false;
            appendString(out, member.key());
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
        appendString(out, value.get_ref<const std::string&>());
        break;
    case Json::value_t::number_float:
        appendCanonicalFloat(out, value.get<double>());
        break;
    default:
        out += value.dump();
    }
}

namespace dom = simdjson::dom;

/// False for an object that has a key twice, and for what is nested deeper than `depthLeft`.
bool appendCanonical(std::string& out, const dom::element& value, int depthLeft);

bool appendCanonical(std::string& out, const dom::object& object, int depthLeft)
{
    std::vector<dom::key_value_pair> members;
    members.reserve(object.size());
    for (const dom::key_value_pair member : object)
        members.push_back(member);
    std::sort(members.begin(), members.end(),
        [](const auto& left, const auto& right) { return left.key < right.key; });
    out += '{';
    for (std::size_t at = 0; at < members.size(); ++at) {
        if (at > 0) {
            if (members[at].key == members[at - 1].key)
                return false;
            out += ',';
        }
        appendString(out, members[at].key);
        out += ':';
        if (!appendCanonical(out, members[at].value, depthLeft))
            return false;
    }
    out += '}';
    return true;
}

template <typename Integer>
void appendInteger(std::string& out, Integer number)
{
    char buffer[24];
    const auto result = std::to_chars(std::begin(buffer), std::end(buffer), number);
    out.append(buffer, result.ptr);
}

bool appendCanonical(std::string& out, const dom::element& value, int depthLeft)
{
    switch (value.type()) {
    case dom::element_type::OBJECT:
        return depthLeft > 0 && appendCanonical(out, valueOf<dom::object>(value), depthLeft - 1);
    case dom::element_type::ARRAY: {
        if (depthLeft == 0)
            return false;
        out += '[';
        bool first = true;
        const auto items = valueOf<dom::array>(value);
        for (const dom::element item : items) {
            if (!std::exchange(first, false))
                out += ',';
            if (!appendCanonical(out, item, depthLeft - 1))
                return false;
        }
        out += ']';
        return true;
    }
    case dom::element_type::STRING:
        appendString(out, valueOf<std::string_view>(value));
        return true;
    case dom::element_type::INT64:
        appendInteger(out, valueOf<std::int64_t>(value));
        return true;
    case dom::element_type::UINT64:
        appendInteger(out, valueOf<std::uint64_t>(value));
        return true;
    case dom::element_type::DOUBLE:
        appendCanonicalFloat(out, valueOf<double>(value));
        return true;
    case dom::element_type::BOOL:
        out += valueOf<bool>(value) ? "true" : "false";
        return true;
    case dom::element_type::NULL_VALUE:
        out += "null";
        return true;
    }
    return false;
}

/// What dump() with replacement of invalid UTF-8 gives, in a fraction of its time: most of a text is strings,
/// which it copies byte by byte.
class TextWriter {
public:
    /// 0 = all on one line.
    explicit TextWriter(std::size_t indent)
        : m_indent(indent)
    {
    }
    std::string write(const Json& value)
    {
        append(value, 0);
        return std::move(m_out);
    }

private:
    void append(const Json& value, std::size_t depth)
    {
        switch (value.type()) {
        case Json::value_t::object:
            appendAll(value.get_ref<const Json::object_t&>(), "{}", depth, [&](const auto& member) {
                append(member.first);
                m_out += m_indent > 0 ? ": " : ":";
                append(member.second, depth + 1);
            });
            break;
        case Json::value_t::array:
            appendAll(value.get_ref<const Json::array_t&>(), "[]", depth,
                [&](const Json& item) { append(item, depth + 1); });
            break;
        case Json::value_t::string:
            append(value.get_ref<const std::string&>());
            break;
        case Json::value_t::number_integer:
            appendInteger(m_out, value.get<std::int64_t>());
            break;
        case Json::value_t::number_unsigned:
            appendInteger(m_out, value.get<std::uint64_t>());
            break;
        default:
            m_out += value.dump();
        }
    }
    void append(const std::string& text)
    {
        if (simdjson::validate_utf8(text))
            appendString(m_out, text);
        else
            m_out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    template <typename Items, typename AppendItem>
    void appendAll(const Items& items, const char* brackets, std::size_t depth, const AppendItem& appendItem)
    {
        m_out += brackets[0];
        bool first = true;
        for (const auto& item : items) {
            if (!std::exchange(first, false))
                m_out += ',';
            breakLine(depth + 1);
            appendItem(item);
        }
        if (!first)
            breakLine(depth);
        m_out += brackets[1];
    }
    void breakLine(std::size_t depth)
    {
        if (m_indent == 0)
            return;
        m_out += '\n';
        m_out.append(m_indent * depth, ' ');
    }

    std::size_t m_indent;
    std::string m_out;
};

} // namespace

QByteArray toJsonText(const Json& value)
{
    return QByteArray::fromStdString(TextWriter(0).write(value));
}

QByteArray toPrettyJsonText(const Json& value)
{
    return QByteArray::fromStdString(TextWriter(2).write(value));
}

std::optional<QByteArray> canonicalTextOf(QByteArrayView text, int maxDepth)
{
    thread_local dom::parser parser;
    dom::element root;
    constexpr qsizetype largest = 256 * 1024; // the parser keeps its memory
    std::string out;
    if (text.isEmpty() || text.size() > largest
        || parser.parse(text.data(), static_cast<std::size_t>(text.size())).get(root) != simdjson::SUCCESS
        || !root.is_object() || !appendCanonical(out, root, maxDepth))
        return std::nullopt;
    return QByteArray::fromStdString(out);
}

void appendCanonicalJson(std::string& out, const Json& value)
{
    appendCanonical(out, value);
}

void appendCanonicalText(std::string& out, const QString& text)
{
    appendString(out, toUtf8(text));
}

QByteArray toCanonicalJson(const Json& value)
{
    std::string out;
    appendCanonical(out, value);
    return QByteArray::fromStdString(out);
}

QString canonicalDigest(QByteArrayView canonical)
{
    return QString::fromLatin1(sha256(canonical).toHex());
}

} // namespace llmcache
