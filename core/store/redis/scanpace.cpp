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
    noteRoundTrip(nanoseconds);
    const qint64 serverNs = nanoseconds - *m_roundTrip;
    const qint64 before = m_count;
    if (serverNs < quickNs)
        m_count = std::min(m_count * 2, largestCount);
    else if (serverNs > slowNs)
        m_count = std::max(m_count / 2, smallestCount);
    m_isSteady = m_count == before;
}

} // namespace llmcache::redisstore
