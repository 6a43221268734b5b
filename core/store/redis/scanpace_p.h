#pragma once

#include <QtGlobal>

#include <optional>

namespace llmcache::redisstore {

/// How many keys a SCAN should look at. The server does nothing else meanwhile, so one should take it two
/// milliseconds at most. What the network adds says nothing about the server and is not counted, nor is what
/// this program adds when it is busy while the reply waits: a server is slow when it is so several times
/// running.
class ScanPace {
public:
    static constexpr qint64 smallestCount = 64;
    static constexpr qint64 largestCount = 2048; ///< what this program has to take in at once

    /// For the next SCAN.
    qint64 count() const { return m_count; }
    /// Whether the last one left it as it was: asking ahead is worth it.
    bool isSteady() const { return m_isSteady; }
    /// A command that costs the server nothing took this long.
    void noteRoundTrip(qint64 nanoseconds);
    /// A SCAN of count() keys took this long, the way there and back included.
    void noteScan(qint64 nanoseconds);

private:
    qint64 m_count = 256;
    bool m_isSteady = false;
    int m_slow = 0; ///< scans in a row that took long
    std::optional<qint64> m_roundTrip; ///< the shortest so far, nanoseconds
};

} // namespace llmcache::redisstore
