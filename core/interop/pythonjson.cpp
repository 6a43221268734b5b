#include "interop/pythonjson.h"

#include "base/canonicaljson_p.h"
#include "base/error.h"
#include "base/sortedmembers.h"
#include "interop/pythondump.h"

#include <QChar>
#include <QStringDecoder>

#include <algorithm>
#include <cmath>

namespace llmcache {

namespace {

constexpr std::size_t deepest = 256;
constexpr char hexDigits[] = "0123456789abcdef";
/// Marks a binary value as the decimal digits of an integer.
constexpr std::uint8_t integerSubtype = 1;

Json bigInteger(const std::string& digits)
{
    return Json::binary(std::vector<std::uint8_t>(digits.begin(), digits.end()), integerSubtype);
}

/// Builds the value that is parsed.
class Builder : public nlohmann::json_sax<Json> {
public:
    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t& text) override
    {
        const bool isInteger = text.find_first_of(".eE") == string_t::npos;
        return add(isInteger ? bigInteger(text) : Json(value));
    }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
    bool key(string_t& value) override
    {
        m_key = std::move(value);
        return true;
    }
    bool end_object() override { return close(); }
    bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
    bool end_array() override { return close(); }
    bool parse_error(
        std::size_t /*position*/, const std::string& /*token*/, const Json::exception& /*error*/) override
    {
        return false;
    }
    Json take() { return std::move(m_root); }

private:
    bool add(Json value)
    {
        place(std::move(value));
        return true;
    }
    Json* place(Json value)
    {
        if (m_open.empty()) {
            m_root = std::move(value);
            return &m_root;
        }
        Json& parent = *m_open.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return &parent.back();
        }
        Json& member = parent[m_key];
        member = std::move(value);
        return &member;
    }
    bool open(Json value)
    {
        if (m_open.size() >= deepest)
            return false;
        m_open.push_back(place(std::move(value)));
        return true;
    }
    bool close()
    {
        m_open.pop_back();
        return true;
    }

    Json m_root;
    std::string m_key;
    std::vector<Json*> m_open; ///< only the last one grows, so that the others stay where they are
};

/// float.__repr__: the shortest digits that give the same double, with an exponent below 1e-4 and from 1e16.
void appendFloat(std::string& out, double number, bool isJson)
{
    if (std::isnan(number)) {
        out += isJson ? "NaN" : "nan";
        return;
    }
    if (std::isinf(number)) {
        out += number < 0 ? "-" : "";
        out += isJson ? "Infinity" : "inf";
        return;
    }
    out += pythonFloatText(number).toStdString();
}

void appendNumber(std::string& out, const Json& value, bool isJson)
{
    if (value.is_number_float()) {
        appendFloat(out, value.get<double>(), isJson);
        return;
    }
    if (value.is_binary()) {
        const auto& digits = value.get_binary();
        out.append(digits.begin(), digits.end());
        return;
    }
    out += value.dump();
}

void appendJson(std::string& out, const Json& value)
{
    switch (value.type()) {
    case Json::value_t::object: {
        const std::vector<Json::const_iterator> members = sortedMembers(value);
        out += '{';
        for (std::size_t i = 0; i < members.size(); ++i) {
            out += i > 0 ? "," : "";
            appendJson(out, members[i].key());
            out += ':';
            appendJson(out, members[i].value());
        }
        out += '}';
        break;
    }
    case Json::value_t::array:
        out += '[';
        for (std::size_t i = 0; i < value.size(); ++i) {
            out += i > 0 ? "," : "";
            appendJson(out, value[i]);
        }
        out += ']';
        break;
    case Json::value_t::number_float:
    case Json::value_t::binary:
        appendNumber(out, value, true);
        break;
    default:
        // Text and constants are as in our own canonical form.
        appendCanonicalJson(out, value);
    }
}

/// What str.isprintable() says of one character.
bool isPrintable(char32_t character, bool& isCertain)
{
    if (character == U' ')
        return true;
    switch (QChar::category(character)) {
    case QChar::Other_NotAssigned:
        isCertain = false;
        return false;
    case QChar::Other_Control:
    case QChar::Other_Format:
    case QChar::Other_Surrogate:
    case QChar::Other_PrivateUse:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph:
    case QChar::Separator_Space:
        return false;
    default:
        return true;
    }
}

void appendHex(std::string& out, char32_t value, int digits)
{
    constexpr int bitsPerDigit = 4;
    for (int digit = digits - 1; digit >= 0; --digit)
        out += hexDigits[(value >> static_cast<unsigned>(bitsPerDigit * digit)) & 0xFU];
}

void appendEscaped(std::string& out, char32_t character)
{
    constexpr char32_t oneByte = 0x100;
    constexpr char32_t twoBytes = 0x10000;
    out += '\\';
    if (character < oneByte) {
        out += 'x';
        appendHex(out, character, 2);
    } else if (character < twoBytes) {
        out += 'u';
        appendHex(out, character, 4);
    } else {
        out += 'U';
        appendHex(out, character, 8);
    }
}

void appendReprString(std::string& out, const std::string& text, bool& isCertain)
{
    const bool hasSingle = text.find('\'') != std::string::npos;
    const char quote = hasSingle && text.find('"') == std::string::npos ? '"' : '\'';
    out += quote;
    const auto characters = toQString(text).toUcs4();
    for (const uint code : characters) {
        const char32_t character = code;
        constexpr char32_t firstBeyondAscii = 0x80;
        if (character == U'\\' || character == static_cast<unsigned char>(quote)) {
            out += '\\';
            out += static_cast<char>(character);
        } else if (character == U'\t') {
            out += "\\t";
        } else if (character == U'\n') {
            out += "\\n";
        } else if (character == U'\r') {
            out += "\\r";
        } else if (!isPrintable(character, isCertain)) {
            appendEscaped(out, character);
        } else if (character < firstBeyondAscii) {
            out += static_cast<char>(character);
        } else {
            out += QString::fromUcs4(&character, 1).toStdString();
        }
    }
    out += quote;
}

void appendRepr(std::string& out, const Json& value, bool& isCertain)
{
    switch (value.type()) {
    case Json::value_t::object: {
        out += '{';
        bool isFirst = true;
        for (const auto& member : value.items()) {
            if (!std::exchange(isFirst, false))
                out += ", ";
            appendReprString(out, member.key(), isCertain);
            out += ": ";
            appendRepr(out, member.value(), isCertain);
        }
        out += '}';
        break;
    }
    case Json::value_t::array: {
        out += '[';
        bool isFirst = true;
        for (const Json& item : value) {
            if (!std::exchange(isFirst, false))
                out += ", ";
            appendRepr(out, item, isCertain);
        }
        out += ']';
        break;
    }
    case Json::value_t::string:
        appendReprString(out, value.get_ref<const std::string&>(), isCertain);
        break;
    case Json::value_t::boolean:
        out += value.get<bool>() ? "True" : "False";
        break;
    case Json::value_t::null:
    case Json::value_t::discarded:
        out += "None";
        break;
    default:
        appendNumber(out, value, false);
    }
}

} // namespace

Json parsePythonJson(const QByteArray& text, const QString& what)
{
    Builder builder;
    if (!Json::sax_parse(text.cbegin(), text.cend(), &builder)) {
        parseJson(text, what, static_cast<int>(deepest)); // says what is wrong, and where
        throw ConfigurationError(QStringLiteral("%1 can't be read.").arg(what));
    }
    return builder.take();
}

void appendPythonJson(std::string& out, const Json& value)
{
    appendJson(out, value);
}

QByteArray toPythonJson(const Json& value)
{
    std::string text;
    appendJson(text, value);
    return QByteArray::fromStdString(text);
}

QByteArray pythonRepr(const Json& value, bool& isCertain)
{
    std::string text;
    appendRepr(text, value, isCertain);
    return QByteArray::fromStdString(text);
}

bool hasDoubtfulNumber(const Json& value)
{
    if (value.is_structured())
        return std::any_of(value.begin(), value.end(), hasDoubtfulNumber);
    if (!value.is_number_float())
        return false;
    const double number = value.get<double>();
    constexpr double beyondUnsigned = 18446744073709551616.0;
    constexpr double belowSigned = -9223372036854775808.0;
    return std::isfinite(number) && std::trunc(number) == number
        && (number >= beyondUnsigned || number <= belowSigned);
}

} // namespace llmcache
