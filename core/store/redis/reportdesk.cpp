#include "store/redis/reportdesk_p.h"

#include "base/worker.h"

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
        m_cache.clearIfWorn();
        return std::make_shared<LedgerSummary>(query, m_cache.names());
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

QFuture<FoundHours> ReportDesk::find(HoursByShard hours, QByteArray version)
{
    return runOn(m_thread, [this, hours = std::move(hours), version = std::move(version)] {
        FoundHours found;
        for (int shard = 0; shard < Keys::shardCount; ++shard) {
            const auto at = static_cast<std::size_t>(shard);
            for (const qint64 hour : hours[at]) {
                if (auto block = m_cache.find(partOf(shard, hour), version))
                    found.kept.push_back(std::move(block));
                else
                    found.missing[at].append(hour);
            }
        }
        return found;
    });
}

QFuture<DecodedHours> ReportDesk::decode(
    int shard, std::vector<StoredHour> hours, QByteArray version, qint64 packBefore)
{
    return runOn(m_thread, [this, shard, hours = std::move(hours), version = std::move(version), packBefore] {
        DecodedHours decoded;
        for (const StoredHour& hour : hours) {
            const bool packs =
                hour.hour < packBefore && hour.late.size() > (hour.packed.pack.isEmpty() ? 0 : mostLate);
            PackWriter writer(*m_cache.names());
            auto block = std::make_shared<CallBlock>();
            hour.read(*m_cache.names(), [&](qint64 key, const CallFigures& call, const NewPrice& price) {
                if (packs)
                    writer.add(key, call);
                CallFigures figures = call;
                apply(price, figures);
                block->add(figures);
            });
            block->squeeze();
            m_cache.keep(partOf(shard, hour.hour), version, block);
            decoded.blocks.push_back(std::move(block));
            if (packs)
                decoded.renewed.push_back({hour.hour, hour.packed.upTo, hour.renewed(writer.finish())});
        }
        return decoded;
    });
}

QFuture<bool> ReportDesk::add(std::shared_ptr<LedgerSummary> summary, CallBlocks blocks)
{
    return runOn(m_summing, [summary = std::move(summary), blocks = std::move(blocks)] {
        for (const auto& block : blocks)
            summary->add(*block);
        return true;
    });
}

QFuture<LedgerReport> ReportDesk::finish(std::shared_ptr<LedgerSummary> summary, CallBlocks kept)
{
    return reportOn(m_summing, std::move(summary), std::move(kept));
}

} // namespace llmcache::redisstore
