#include "store/redis/hoursahead_p.h"

#include "base/error.h"

namespace llmcache::redisstore {

HoursAhead::HoursAhead(const HoursByShard& hours, qsizetype atOnce, Read read)
    : m_read(std::move(read))
{
    for (int shard = 0; shard < Keys::shardCount; ++shard) {
        const QList<qint64>& all = hours[static_cast<std::size_t>(shard)];
        for (qsizetype start = 0; start < all.size(); start += atOnce)
            m_parts.push_back({shard, all.mid(start, atOnce)});
    }
}

QCoro::Task<std::vector<StoredHour>> HoursAhead::next()
{
    askAhead();
    ++m_next;
    auto reading = std::move(*m_ahead);
    m_ahead.reset();
    co_return co_await reading;
}

void HoursAhead::askAhead()
{
    if (!m_ahead && hasNext())
        m_ahead.emplace(m_read(m_parts[m_next]));
}

QCoro::Task<> HoursAhead::giveUp()
{
    if (!m_ahead)
        co_return;
    try {
        auto reading = std::move(*m_ahead);
        m_ahead.reset();
        co_await reading;
    } catch (const Error&) {
        // Why it is given up is told already.
    }
}

} // namespace llmcache::redisstore
