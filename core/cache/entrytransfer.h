#pragma once

#include "store/entryimage.h"

namespace llmcache {

/// An entry as one line of JSON, without the line's end, as `llmcache entries export` writes it: "format" 1,
/// "fingerprint", "meta", "request", "response", and what the store keeps beside them: "revision", "hits",
/// "last_used_ms", "expires_ms" (UTC milliseconds, null = never).
QByteArray entryToLine(const Entry& entry);
/// The same for an entry as it is stored, without understanding all of it. Throws CacheError for one that is
/// damaged.
QByteArray entryToLine(const EntryImage& image);

/// What such a line puts into a store: of an entry of pyai-caching ("python_key" and "pickle" as base64) the
/// pickle as it is; of others what entryFromLine() says. `createdMs` is set to when it was stored, 0 where
/// that is not known. Errors as there.
EntryImage imageFromLine(const QByteArray& line, qint64* createdMs);

/// Whether a line is an entry as this program writes them, which imageFromLine() takes: said without making
/// one. Lines that it takes too may be others.
bool isPlainlyAnEntry(const QByteArray& line);

/// The entry of such a line, from whomever. Throws CacheError that says what is wrong with it: another
/// format, missing or unreadable parts, or a fingerprint that is not that of the request, under which the
/// answer would be given to another question. (Entries of pyai-caching have keys of their own, and are taken
/// as they are.)
Entry entryFromLine(const QByteArray& line);

} // namespace llmcache
