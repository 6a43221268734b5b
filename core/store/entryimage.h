#pragma once

#include "store/entry.h"
#include "store/entryfields.h"

#include <vector>

namespace llmcache {

/// An entry as a store keeps it, byte for byte: what is put back when a change is undone. A row of SQLite has
/// the same fields as a hash of Redis: v (format), rev, meta, request, response (see packField), hits, used.
struct EntryImage {
    QString fingerprint;
    EntryFields fields;
    std::optional<qint64> expiresMs; ///< UTC milliseconds; nothing = never

    qint64 revision() const;
    friend bool operator==(const EntryImage&, const EntryImage&) = default;
};

/// Format of entries that this program writes, the field "v".
inline constexpr qint64 entryFormat = 1;

/// The fields of an entry but the store's own counts (hits, used), with this revision. `meta.bytes` is
/// computed from the request and the response.
EntryFields toFields(const Entry& entry, qint64 revision);
/// What an image says. Throws CacheError for a format that is not known or parts that are damaged.
EntryMeta metaFromImage(const EntryImage& image);
Entry entryFromImage(const EntryImage& image);

/// A digest of what an entry says and when it expires, without its revision and what the store counts by
/// itself (hits, last use).
QByteArray contentDigest(const EntryImage& image);

/// An image as bytes for files, and back; the latter throws CacheError for anything else.
QByteArray toBytes(const EntryImage& image);
EntryImage imageFromBytes(const QByteArray& bytes);

/// A change of one entry, made only if it is still the one that is meant.
struct EntryChange {
    enum class Kind {
        Remove,
        Put, ///< exactly these fields and this expiry
        Update, ///< these fields, the others stay; the expiry stays unless `setsExpiry`
    };
    Kind kind = Kind::Remove;
    QString fingerprint;
    qint64 expectedRevision = 0; ///< 0 = there must be none: for Put
    EntryFields fields;
    bool setsExpiry = false;
    std::optional<qint64> expiresMs; ///< UTC milliseconds; nothing = never
    QByteArray kept; ///< remembered as a revision of the entry, see Store::revisions(); may be empty
};

/// How a change ended.
enum class ChangeOutcome {
    Done,
    Absent, ///< there is no such entry (any more)
    Conflict, ///< there is one of another revision
};

} // namespace llmcache
