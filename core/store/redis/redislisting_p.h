#pragma once

#include "redis/pending.h"

#include <QByteArray>
#include <QElapsedTimer>
#include <QList>

#include <array>
#include <cstring>
#include <deque>
#include <optional>
#include <unordered_set>

namespace llmcache::redisstore {

/// A fingerprint as 32 bytes: a million of them in a set take a third of the memory of their text.
using Digest = std::array<char, 32>;

struct DigestHash {
    std::size_t operator()(const Digest& digest) const
    {
        std::size_t hash = 0; // the digest is a hash already
        std::memcpy(&hash, digest.data(), sizeof(hash));
        return hash;
    }
};

/// Metadata that the server was asked for.
struct RowsOnTheirWay {
    QList<QByteArray> fingerprints;
    std::vector<redis::Pending> fields; ///< of each fingerprint
    std::vector<redis::Pending> ttls;
    QElapsedTimer since;
};

/// How far a listing of entries has come.
struct Listing {
    quint64 number = 0; ///< counts listings
    QByteArray cursor; ///< its name
    QList<QByteArray> nodes; ///< servers to scan
    qsizetype node = 0; ///< the one being scanned; nodes.size() = done
    QByteArray position = "0"; ///< SCAN cursor there
    std::deque<Digest> found; ///< fingerprints that are in no page yet
    std::optional<redis::Pending> scanAhead; ///< the SCAN of `position`, already asked for
    RowsOnTheirWay ahead; ///< of the next page, so that the server works while the last one is shown
    std::unordered_set<Digest, DigestHash> seen; ///< SCAN repeats keys when the table is resized
    qint64 scanned = 0;
    qint64 total = -1;
    qint64 count = 256; ///< keys that the next SCAN looks at
    bool isSteady = false; ///< the count suits the server
    bool isScanned() const { return node >= nodes.size(); }
};

} // namespace llmcache::redisstore
