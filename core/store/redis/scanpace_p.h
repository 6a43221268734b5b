#pragma once

#include <QtGlobal>

#include <optional>

namespace llmcache::redisstore {

/// How many keys a SCAN should look at. The server does nothing else meanwhile, so one should take it two
/// milliseconds at most; what the network adds says nothing about the server and is not counted.
class ScanPace {
public:
    static constexpr qint64 smallestCount = 64;
    static constexpr qint64 largestCount = 4096;

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
    std::optional<qint64> m_roundTrip; ///< the shortest so far, nanoseconds
};

} // namespace llmcache::redisstore
