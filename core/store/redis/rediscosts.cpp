#include "store/redis/redisrollups_p.h"
#include "store/redis/redisstore_p.h"

#include <QDateTime>
#include <QTimeZone>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// Rollups that are asked for together.
constexpr std::size_t rollupBatch = 256;

/// Whether all of an hour of UTC lies in one local hour, so that its sums may be moved there as a whole.
bool fitsLocalHour(const QTimeZone& zone, qint64 hour)
{
    const QDateTime start = QDateTime::fromMSecsSinceEpoch(hour * hourMs, Qt::UTC);
    const QDateTime last = start.addMSecs(hourMs - 1);
    const int offset = zone.offsetFromUtc(start);
    return offset % 3600 == 0 && offset == zone.offsetFromUtc(last)
        && zone.transitions(start.addMSecs(1), last).isEmpty();
}

} // namespace

QCoro::Task<std::vector<QList<qint64>>> RedisStore::hoursWithCalls(qint64 fromMs, qint64 toMs)
{
    std::vector<QList<qint64>> hours(static_cast<std::size_t>(Keys::shardCount));
    const qint64 first = std::clamp<qint64>(fromMs, 0, latestTimeMs) / hourMs;
    const qint64 last = std::clamp<qint64>(toMs - 1, 0, latestTimeMs) / hourMs;
    if (fromMs >= toMs || toMs <= 0)
        co_return hours;
    std::vector<redis::Pending> pendings;
    for (int shard = 0; shard < Keys::shardCount; ++shard) {
        redis::Command range = redis::Command::idempotent("ZRANGEBYSCORE", m_keys.hours(shard), first, last);
        pendings.push_back(m_client->command(std::move(range)));
    }
    for (std::size_t shard = 0; shard < pendings.size(); ++shard) {
        const redis::Reply reply = checked(co_await pendings[shard]);
        for (const redis::Reply& hour : reply.items)
            hours[shard] += hour.toInteger();
    }
    co_return hours;
}

QCoro::Task<CostReport> RedisStore::costs(CostQuery query)
{
    if (!rollupsAnswer(query)) {
        const LedgerReport ledger = co_await report(ledgerQueryOf(query));
        co_return costReportOf(ledger);
    }
    auto accumulator = std::make_shared<CostAccumulator>(query);
    const QTimeZone zone(query.timeZone);
    const std::optional<std::size_t> pair = rollupFor(query);
    const bool byTime = std::any_of(query.groupBy.begin(), query.groupBy.end(), isTimeDimension);
    const std::vector<QList<qint64>> hours = co_await hoursWithCalls(query.fromMs, query.toMs);

    // Whole hours from the sums; from the calls only what the question cuts an hour out of.
    std::vector<std::pair<int, qint64>> rollups;
    std::vector<std::pair<int, qint64>> streams;
    QHash<qint64, bool> fits;
    for (std::size_t shard = 0; shard < hours.size(); ++shard) {
        for (const qint64 hour : hours[shard]) {
            bool whole = pair && hour * hourMs >= query.fromMs && (hour + 1) * hourMs <= query.toMs;
            if (whole && byTime) {
                if (!fits.contains(hour))
                    fits.insert(hour, fitsLocalHour(zone, hour));
                whole = fits.value(hour);
            }
            (whole ? rollups : streams).emplace_back(static_cast<int>(shard), hour);
        }
    }
    if (!rollups.empty())
        co_await addRollups(std::move(rollups), *pair, accumulator);
    const auto addCall = [accumulator](const Call& call) { accumulator->add(call); };
    for (const auto& [shard, hour] : streams)
        co_await readStream(shard, hour, query.fromMs, addCall);
    co_return accumulator->report();
}

QCoro::Task<> RedisStore::addRollups(std::vector<std::pair<int, qint64>> places, std::size_t pair,
    std::shared_ptr<CostAccumulator> accumulator)
{
    const RollupPair dimensions = rollupPairs[pair];
    for (std::size_t start = 0; start < places.size(); start += rollupBatch) {
        const std::size_t end = std::min(start + rollupBatch, places.size());
        std::vector<redis::Pending> pendings;
        for (std::size_t i = start; i < end; ++i) {
            redis::Command read = redis::Command::idempotent(
                "HGETALL", m_keys.costs(places[i].first, places[i].second, dimensions.name));
            pendings.push_back(m_client->command(std::move(read)));
        }
        for (std::size_t i = start; i < end; ++i) {
            const redis::Reply reply = checked(co_await pendings[i - start]);
            RollupReader reader;
            for (std::size_t item = 0; item + 1 < reply.items.size(); item += 2)
                reader.add(reply.items[item].bytes, reply.items[item + 1].bytes);
            for (const RollupRow& row : reader.rows()) {
                const auto valueOf = [&row, &dimensions](Dimension dimension) {
                    if (dimension == dimensions.first)
                        return row.first;
                    if (dimension == dimensions.second)
                        return row.second;
                    // Only the provider is left, and it goes with a model.
                    return row.first.section(QLatin1Char(':'), 0, 0);
                };
                accumulator->add(places[i].second * hourMs, valueOf, row.sums);
            }
        }
    }
}

} // namespace llmcache::redisstore
