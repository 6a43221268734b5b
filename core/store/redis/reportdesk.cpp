#include "store/redis/reportdesk_p.h"

#include "base/worker.h"
#include "store/ledgersummary.h"

namespace llmcache::redisstore {

namespace {

/// So many calls outside of its pack make a new one worth while.
constexpr std::size_t mostLate = 20;

quint64 partOf(int shard, qint64 hour)
{
    return static_cast<quint64>(hour) * Keys::shardCount + static_cast<quint64>(shard);
}

} // namespace

ReportDesk::ReportDesk()
{
    m_thread.setMaxThreadCount(1);
}

ReportDesk::~ReportDesk()
{
    m_thread.waitForDone();
}

QFuture<std::shared_ptr<LedgerSummary>> ReportDesk::begin(LedgerQuery query)
{
    return runOn(m_thread, [this, query = std::move(query)] {
        // Reports under way have names of the cache.
        if (m_cache.isWorn() && m_open.use_count() == 1)
            m_cache.clear();
        return std::shared_ptr<LedgerSummary>(new LedgerSummary(query, m_cache.names()),
            [open = m_open](LedgerSummary* summary) { delete summary; });
    });
}

void ReportDesk::forget(std::optional<HoursByShard> hours)
{
    m_thread.start([this, hours = std::move(hours)] {
        if (!hours) {
            m_cache.forgetAll();
            return;
        }
        for (int shard = 0; shard < Keys::shardCount; ++shard) {
            for (const qint64 hour : (*hours)[static_cast<std::size_t>(shard)])
                m_cache.forget(partOf(shard, hour));
        }
    });
}

QFuture<HoursByShard> ReportDesk::addKept(
    std::shared_ptr<LedgerSummary> summary, HoursByShard hours, QByteArray version)
{
    return runOn(m_thread,
        [this, summary = std::move(summary), hours = std::move(hours), version = std::move(version)] {
            HoursByShard missing;
            for (int shard = 0; shard < Keys::shardCount; ++shard) {
                const auto at = static_cast<std::size_t>(shard);
                for (const qint64 hour : hours[at]) {
                    if (const auto block = m_cache.find(partOf(shard, hour), version))
                        summary->add(*block);
                    else
                        missing[at].append(hour);
                }
            }
            return missing;
        });
}

QFuture<std::vector<RenewedPack>> ReportDesk::add(std::shared_ptr<LedgerSummary> summary, int shard,
    std::vector<StoredHour> hours, QByteArray version, qint64 packBefore)
{
    return runOn(m_thread,
        [this, summary = std::move(summary), shard, hours = std::move(hours), version = std::move(version),
            packBefore] {
            std::vector<RenewedPack> renewed;
            for (const StoredHour& hour : hours) {
                const bool packs =
                    hour.hour < packBefore && hour.late.size() > (hour.packed.pack.isEmpty() ? 0 : mostLate);
                PackWriter writer(m_cache.names());
                auto block = std::make_shared<CallBlock>();
                hour.read(m_cache.names(), [&](qint64 key, const CallFigures& call, const NewPrice& price) {
                    if (packs)
                        writer.add(key, call);
                    CallFigures figures = call;
                    apply(price, figures);
                    block->add(figures);
                });
                summary->add(*block);
                m_cache.keep(partOf(shard, hour.hour), version, std::move(block));
                if (packs)
                    renewed.push_back({hour.hour, hour.packed.upTo, hour.renewed(writer.finish())});
            }
            return renewed;
        });
}

QFuture<LedgerReport> ReportDesk::finish(std::shared_ptr<LedgerSummary> summary)
{
    return runOn(m_thread, [summary = std::move(summary)] { return summary->report(); });
}

} // namespace llmcache::redisstore
