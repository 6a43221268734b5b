#pragma once

#include "base/error.h"
#include "store/ledgerupkeep.h"
#include "store/redis/redisstore_p.h"

namespace llmcache::redisstore {

/// Tells how far something over many hours is, in calls: how many there are in all is known at the end.
class HourProgress {
public:
    HourProgress(LedgerProgress progress, const HoursByShard& hours)
        : m_progress(std::move(progress))
    {
        for (const QList<qint64>& some : hours)
            m_hours += some.size();
    }
    void add(qint64 hours, qint64 calls)
    {
        m_hoursDone += hours;
        m_calls += calls;
        if (m_progress && m_hoursDone > 0)
            m_progress(m_calls,
                static_cast<qint64>(static_cast<double>(m_calls) * static_cast<double>(m_hours)
                    / static_cast<double>(m_hoursDone)));
    }

private:
    LedgerProgress m_progress;
    qint64 m_hours = 0;
    qint64 m_hoursDone = 0;
    qint64 m_calls = 0;
};

inline void throwIfStopped(const std::stop_token& stop)
{
    if (stop.stop_requested())
        throw Cancelled();
}

} // namespace llmcache::redisstore
