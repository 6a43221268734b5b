#pragma once

#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"

#include <qcorotask.h>

#include <functional>
#include <optional>

namespace llmcache::redisstore {

/// Some hours of a shard.
struct HoursOfShard {
    int shard = 0;
    QList<qint64> hours;
};

/// Reads hours of the ledger part by part: while one part is worked on, the next one is on its way.
class HoursAhead {
public:
    using Read = std::function<QCoro::Task<std::vector<StoredHour>>(HoursOfShard part)>;
    /// `atOnce`: hours of a part.
    HoursAhead(const HoursByShard& hours, qsizetype atOnce, Read read);
    bool hasNext() const { return m_next < m_parts.size(); }
    /// The next part, which is current() from then on. It must be awaited before anything else is asked.
    QCoro::Task<std::vector<StoredHour>> next();
    const HoursOfShard& current() const { return m_parts[m_next - 1]; }
    /// Asks for the part after the current one, if there is one.
    void askAhead();
    /// Waits for what is on its way, when nobody wants it any more: a store must outlive its tasks.
    QCoro::Task<> giveUp();

private:
    std::vector<HoursOfShard> m_parts;
    std::size_t m_next = 0;
    Read m_read;
    std::optional<QCoro::Task<std::vector<StoredHour>>> m_ahead;
};

} // namespace llmcache::redisstore
