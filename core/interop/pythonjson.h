#pragma once

#include "base/json.h"

namespace llmcache {

/// Parses JSON text as parseJson() does, and keeps what Python tells apart: integers beyond 64 bits. They are
/// values of the binary type that only the functions below understand. Throws ConfigurationError.
Json parsePythonJson(const QByteArray& text, const QString& what);

/// The text of json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False), byte for byte.
QByteArray toPythonJson(const Json& value);
/// The same at the end of a text.
void appendPythonJson(std::string& out, const Json& value);

/// The text of repr(value), for None, True, numbers, str, list and dict. Which characters Python escapes
/// depends on the Unicode of its version: `isCertain` becomes false where a character is too new to know.
QByteArray pythonRepr(const Json& value, bool& isCertain);

/// Whether there is a number that parseJson() may have read from an integer or from a float: one that is
/// whole and does not fit into 64 bits. Python would write them differently.
bool hasDoubtfulNumber(const Json& value);

} // namespace llmcache
