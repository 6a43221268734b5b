#pragma once

#include "base/json.h"

namespace llmcache {

// toCanonicalJson() at the end of a text that is put together of several values.

void appendCanonicalJson(std::string& out, const Json& value);
void appendCanonicalText(std::string& out, const QString& text);

/// What toCanonicalJson() gives for the object that a text is, many times faster than to make a value of it.
/// Nothing for what tryParseJson() takes for no object; also for some unusual ones, such as those that have
/// a key twice.
std::optional<QByteArray> canonicalTextOf(QByteArrayView object, int maxDepth = 256);

/// SHA-256 of a canonical text as 64 lower-case hex digits: what fingerprints are.
QString canonicalDigest(QByteArrayView canonical);

} // namespace llmcache
