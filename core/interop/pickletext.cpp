#include "interop/pickletext_p.h"

#include <simdjson.h>

#include <algorithm>

namespace llmcache {

namespace {

void appendUtf8(QByteArray& out, char32_t code)
{
    const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<uchar>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | (code >> 6U));
        put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0U | (code >> 12U));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xF0U | (code >> 18U));
        put(0x80U | ((code >> 12U) & 0x3FU));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

/// Whether a surrogate is encoded here: ED A0..BF 80..BF.
bool isSurrogateAt(QByteArrayView text, qsizetype at)
{
    const auto byte = [&text](qsizetype place) { return static_cast<uchar>(text[place]); };
    return at + 2 < text.size() && byte(at) == 0xED && byte(at + 1) >= 0xA0 && byte(at + 1) <= 0xBF
        && byte(at + 2) >= 0x80 && byte(at + 2) <= 0xBF;
}

/// Where the next surrogate is encoded, or the end.
qsizetype nextSurrogate(QByteArrayView text, qsizetype from)
{
    for (qsizetype at = text.indexOf('\xED', from); at >= 0; at = text.indexOf('\xED', at + 1)) {
        if (isSurrogateAt(text, at))
            return at;
    }
    return text.size();
}

bool isUtf8(QByteArrayView text)
{
    return text.isEmpty() || simdjson::validate_utf8(text.data(), static_cast<std::size_t>(text.size()));
}

/// The number that so many hexadecimal digits make.
std::optional<char32_t> hexNumber(QByteArrayView text, qsizetype from, qsizetype digits)
{
    if (from + digits > text.size())
        return std::nullopt;
    char32_t number = 0;
    for (const char c : text.sliced(from, digits)) {
        const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c + ('a' - 'A')) : c;
        if (lower >= '0' && lower <= '9')
            number = number * 16 + static_cast<char32_t>(lower - '0');
        else if (lower >= 'a' && lower <= 'f')
            number = number * 16 + static_cast<char32_t>(lower - 'a' + 10);
        else
            return std::nullopt;
    }
    return number;
}

} // namespace

PythonUtf8 checkPythonUtf8(QByteArrayView text)
{
    if (isUtf8(text))
        return PythonUtf8::Valid;
    qsizetype from = 0;
    bool found = false;
    while (from < text.size()) {
        const qsizetype next = nextSurrogate(text, from);
        if (!isUtf8(text.sliced(from, next - from)))
            return PythonUtf8::Invalid;
        found = found || next < text.size();
        from = next + 3;
    }
    return found ? PythonUtf8::Surrogates : PythonUtf8::Invalid;
}

QString fromPythonUtf8(QByteArrayView text, bool hasSurrogates)
{
    if (!hasSurrogates)
        return QString::fromUtf8(text);
    QString result;
    for (qsizetype from = 0; from < text.size();) {
        const qsizetype next = nextSurrogate(text, from);
        result += QString::fromUtf8(text.sliced(from, next - from));
        if (next < text.size()) {
            const auto high = static_cast<uint>(static_cast<uchar>(text[next + 1]) & 0x3FU);
            const auto low = static_cast<uint>(static_cast<uchar>(text[next + 2]) & 0x3FU);
            result += QChar(static_cast<char16_t>(0xD000U | (high << 6U) | low));
        }
        from = next + 3;
    }
    return result;
}

QByteArray toPythonUtf8(QStringView text)
{
    QByteArray result;
    result.reserve(text.size());
    for (qsizetype at = 0; at < text.size(); ++at) {
        const QChar c = text[at];
        if (c.isHighSurrogate() && at + 1 < text.size() && text[at + 1].isLowSurrogate())
            appendUtf8(result, QChar::surrogateToUcs4(c, text[++at]));
        else
            appendUtf8(result, c.unicode());
    }
    return result;
}

std::optional<QByteArray> decodeRawUnicodeEscape(QByteArrayView text)
{
    QByteArray result;
    result.reserve(text.size());
    for (qsizetype at = 0; at < text.size(); ++at) {
        const char next = at + 1 < text.size() ? text[at + 1] : '\0';
        if (text[at] != '\\' || (next != 'u' && next != 'U')) {
            appendUtf8(result, static_cast<uchar>(text[at]));
            // Two backslashes are two, and the second one begins no escape.
            if (text[at] == '\\' && next == '\\') {
                result += '\\';
                ++at;
            }
            continue;
        }
        const qsizetype digits = next == 'u' ? 4 : 8;
        const std::optional<char32_t> code = hexNumber(text, at + 2, digits);
        if (!code || *code > 0x10FFFF)
            return std::nullopt;
        appendUtf8(result, *code);
        at += 1 + digits;
    }
    return result;
}

std::optional<QByteArray> decodeStringEscape(QByteArrayView text)
{
    static constexpr QByteArrayView names("\\'\"abfnrtv");
    static constexpr QByteArrayView meanings("\\'\"\a\b\f\n\r\t\v");
    QByteArray result;
    result.reserve(text.size());
    for (qsizetype at = 0; at < text.size(); ++at) {
        if (text[at] != '\\') {
            result += text[at];
            continue;
        }
        if (++at == text.size())
            return std::nullopt;
        const char c = text[at];
        if (const qsizetype place = names.indexOf(c); place >= 0) {
            result += meanings[place];
        } else if (c == 'x') {
            const std::optional<char32_t> code = hexNumber(text, at + 1, 2);
            if (!code)
                return std::nullopt;
            result += static_cast<char>(static_cast<uchar>(*code));
            at += 2;
        } else if (c >= '0' && c <= '7') {
            uint code = 0;
            const qsizetype end = std::min(at + 3, text.size());
            for (; at < end && text[at] >= '0' && text[at] <= '7'; ++at)
                code = code * 8 + static_cast<uint>(text[at] - '0');
            result += static_cast<char>(static_cast<uchar>(code));
            --at;
        } else {
            result += '\\';
            result += c;
        }
    }
    return result;
}

} // namespace llmcache
