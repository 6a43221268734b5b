#pragma once

#include <QByteArray>
#include <QString>

#include <optional>

namespace llmcache {

enum class PythonUtf8 {
    Valid,
    Surrogates, ///< valid but for surrogates, which Python keeps in texts that are no proper Unicode
    Invalid,
};
PythonUtf8 checkPythonUtf8(QByteArrayView text);
/// Text with its surrogates. The bytes have passed checkPythonUtf8().
QString fromPythonUtf8(QByteArrayView text, bool hasSurrogates);
/// UTF-8, where lone surrogates are encoded like other characters.
QByteArray toPythonUtf8(QStringView text);

/// Protocol 0: text in Latin-1 with \uXXXX and \UXXXXXXXX; as toPythonUtf8() has it. Nothing for a broken
/// escape.
std::optional<QByteArray> decodeRawUnicodeEscape(QByteArrayView text);
/// Protocol 0: the inside of a byte-string literal.
std::optional<QByteArray> decodeStringEscape(QByteArrayView text);

} // namespace llmcache
