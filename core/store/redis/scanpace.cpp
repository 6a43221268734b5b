#include "store/redis/scanpace_p.h"

#include <algorithm>

namespace llmcache::redisstore {

void ScanPace::noteRoundTrip(qint64 nanoseconds)
{
    m_roundTrip = std::min(m_roundTrip.value_or(nanoseconds), nanoseconds);
}

void ScanPace::noteScan(qint64 nanoseconds)
{
    // Twice the first is still below the second: it settles.
    constexpr qint64 quickNs = 900'000;
    constexpr qint64 slowNs = 2'000'000;
    constexpr int often = 4;
    noteRoundTrip(nanoseconds);
    const qint64 serverNs = nanoseconds - *m_roundTrip;
    const qint64 before = m_count;
    m_slow = serverNs > slowNs ? m_slow + 1 : 0;
    if (serverNs < quickNs) {
        m_count = std::min(m_count * 2, largestCount);
    } else if (m_slow == often) {
        m_count = std::max(m_count / 2, smallestCount);
        m_slow = 0;
    }
    m_isSteady = m_count == before && (m_slow == 0 || m_count == smallestCount);
}

} // namespace llmcache::redisstore
