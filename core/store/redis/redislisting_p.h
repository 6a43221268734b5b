#pragma once

#include "redis/pending.h"
#include "store/redis/scanpace_p.h"

#include <QByteArray>
#include <QElapsedTimer>
#include <QHash>
#include <QList>

#include <array>
#include <deque>
#include <optional>
#include <unordered_set>

namespace llmcache::redisstore {

/// A fingerprint as 32 bytes: a million of them in a set take a third of the memory of their text.
using Digest = std::array<char, 32>;

/// With a seed: a digest is a hash already, but nobody has checked that the keys in the store are digests,
/// and keys that begin alike would make a listing take for ever.
struct DigestHash {
    std::size_t operator()(const Digest& digest) const
    {
        return qHashBits(digest.data(), digest.size(), QHashSeed::globalSeed());
    }
};

/// An entry that a scan found: its digest, and what makes an id of it. A million of them should be small, and
/// only keys of the oldest versions of pyai-caching have to be kept as they are.
enum class FoundKind : char { Own, PythonV3, PythonV2 };
struct FoundEntry {
    Digest digest;
    FoundKind kind = FoundKind::Own;
};

/// Metadata that the server was asked for.
struct RowsOnTheirWay {
    QList<QByteArray> fingerprints; ///< and keys of pyai-caching
    std::vector<redis::Pending> fields; ///< of each fingerprint
    std::vector<redis::Pending> ttls;
    std::vector<redis::Pending> origins; ///< of each key of pyai-caching, in their order
    QElapsedTimer since;
};

/// How far a listing of entries has come.
struct Listing {
    Listing() = default;
    ~Listing();
    Listing(const Listing&) = delete;
    Listing& operator=(const Listing&) = delete;

    quint64 number = 0; ///< counts listings
    QByteArray cursor; ///< its name
    QList<QByteArray> nodes; ///< servers to scan
    qsizetype node = 0; ///< the one being scanned; nodes.size() = done
    QByteArray position = "0"; ///< SCAN cursor there
    std::deque<FoundEntry> found; ///< entries that are in no page yet
    std::deque<QByteArray> foundKeys; ///< the same, of pyai-caching before 0.3.1
    std::optional<redis::Pending> scanAhead; ///< the SCAN of `position`, already asked for
    RowsOnTheirWay ahead; ///< of the next page, so that the server works while the last one is shown
    std::size_t waiting() const { return found.size() + foundKeys.size(); }
    using Seen = std::unordered_set<Digest, DigestHash>;
    Seen seen; ///< SCAN repeats keys when the table is resized
    qint64 scanned = 0;
    qint64 total = -1;
    ScanPace pace;
    bool isScanned() const { return node >= nodes.size(); }
};

} // namespace llmcache::redisstore
