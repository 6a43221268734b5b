#pragma once

#include "store/entry.h"

namespace llmcache {

/// An entry as one line of JSON, without the line's end, as `llmcache entries export` writes it: "format" 1,
/// "fingerprint", "meta", "request", "response", and what the store keeps beside them: "revision", "hits",
/// "last_used_ms", "expires_ms" (UTC milliseconds, null = never).
QByteArray entryToLine(const Entry& entry);

/// The entry of such a line, from whomever. Throws CacheError that says what is wrong with it: another
/// format, missing or unreadable parts, or a fingerprint that is not that of the request, under which the
/// answer would be given to another question. (Entries of pyai-caching have keys of their own, and are taken
/// as they are.)
Entry entryFromLine(const QByteArray& line);

} // namespace llmcache
