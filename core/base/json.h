#pragma once

#include <QByteArray>
#include <QString>

#include <nlohmann/json.hpp>

#include <optional>

namespace llmcache {

/// JSON value that keeps the order of object keys and tells integers from floating point: the order of a
/// schema's properties steers the model, and Python keys depend on `1` against `1.0`.
using Json = nlohmann::ordered_json;

/// How deep a value from elsewhere may be nested that gets stored inside of other JSON: stores read 256
/// levels.
inline constexpr int storableDepth = 200;

/// Parses UTF-8 JSON text. `what` names the input in the error ("agent file a.json").
/// Throws ConfigurationError with line and column for bad syntax and invalid UTF-8; also for nesting deeper
/// than `maxDepth` and numbers that no double holds. Of a duplicate key the last value is kept.
Json parseJson(const QByteArray& text, const QString& what, int maxDepth = 256);

/// The same without errors: nothing for whatever parseJson() refuses.
std::optional<Json> tryParseJson(QByteArrayView text, int maxDepth = 256);
/// The same for a text that nobody needs any more, which is given up while the value is made: a large one is
/// not held twice. Where there is no value the text is as it was, unless it is nested too deeply.
std::optional<Json> tryTakeJson(QByteArray& text, int maxDepth = 256);

/// Compact JSON text; bytes that are not UTF-8 are replaced, never thrown on.
QByteArray toJsonText(const Json& value);
/// JSON text with two spaces of indentation.
QByteArray toPrettyJsonText(const Json& value);

/// Canonical text: UTF-8, keys sorted by code point, no spaces, only `"`, `\` and controls escaped, numbers
/// in shortest round-trip form (an integral float prints as the integer). Equal values give equal bytes.
QByteArray toCanonicalJson(const Json& value);

QString toQString(const std::string& utf8);
std::string toUtf8(const QString& text);

/// Member `key` as text, or `fallback` when it is absent or no string.
QString stringMember(const Json& object, const char* key, const QString& fallback = {});
/// Member `key` as integer, or `fallback` when it is absent, no number, or out of range.
qint64 integerMember(const Json& object, const char* key, qint64 fallback = 0);
/// Member `key`, or null when `object` is no object or has no such member. The pointer lives as long as
/// `object` and is invalidated by changes to it.
const Json* findMember(const Json& object, const char* key);

} // namespace llmcache
