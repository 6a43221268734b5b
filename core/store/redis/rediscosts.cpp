#include "base/error.h"
#include "store/redis/redisrollups_p.h"
#include "store/redis/redisstore_p.h"
#include "store/storedjson_p.h"

#include <QDateTime>
#include <QTimeZone>

#include <algorithm>
#include <set>

namespace llmcache::redisstore {

namespace {

/// Rollups that are asked for together.
constexpr std::size_t rollupBatch = 256;
/// Calls that come with one reply.
constexpr int streamPage = 500;

/// Whether all of an hour of UTC lies in one local hour, so that its sums may be moved there as a whole.
bool fitsLocalHour(const QTimeZone& zone, qint64 hour)
{
    const QDateTime start = QDateTime::fromMSecsSinceEpoch(hour * hourMs, Qt::UTC);
    const QDateTime last = start.addMSecs(hourMs - 1);
    const int offset = zone.offsetFromUtc(start);
    return offset % 3600 == 0 && offset == zone.offsetFromUtc(last)
        && zone.transitions(start.addMSecs(1), last).isEmpty();
}

Call callFrom(const redis::Reply& fields)
{
    // An entry of the stream: "call" and its JSON.
    if (fields.items.size() < 2)
        throw CacheError(QStringLiteral("A call in the ledger is damaged."),
            QStringLiteral("Restore the store from a backup."));
    return callFromJson(
        parseStored(unpackField(fields.items[1].bytes), QStringLiteral("A call in the ledger")));
}

qint64 timeOfId(const QByteArray& id)
{
    return id.left(id.indexOf('-')).toLongLong();
}

/// One part of an hour's calls, read backwards.
struct Tail {
    QByteArray key;
    QByteArray end = "+";
    bool done = false;
};

class CallFilter {
public:
    explicit CallFilter(const CallQuery& query)
        : m_query(query)
    {
        for (const auto& filter : query.filters) {
            if (isTimeDimension(filter.first))
                throw ConfigurationError(
                    QStringLiteral("Calls can't be filtered by %1.").arg(dimensionName(filter.first)),
                    QStringLiteral("Narrow the time range instead."));
        }
    }
    bool accepts(const Call& call) const
    {
        if (call.timeMs < m_query.fromMs || call.timeMs >= m_query.toMs)
            return false;
        if (!m_query.fingerprint.isEmpty() && call.fingerprint != m_query.fingerprint)
            return false;
        return std::all_of(m_query.filters.begin(), m_query.filters.end(), [&call](const auto& filter) {
            return filter.second.contains(dimensionValue(call, filter.first));
        });
    }

private:
    const CallQuery& m_query;
};

void sortNewestFirst(std::vector<Call>& calls)
{
    std::stable_sort(calls.begin(), calls.end(),
        [](const Call& left, const Call& right) { return left.timeMs > right.timeMs; });
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
    for (const auto& [shard, hour] : streams)
        co_await addStream(shard, hour, query.fromMs, accumulator);
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

QCoro::Task<> RedisStore::addStream(
    int shard, qint64 hour, qint64 fromMs, std::shared_ptr<CostAccumulator> accumulator)
{
    // No call has an id before its time, so those before `fromMs` need not be read.
    QByteArray start = QByteArray::number(std::max(fromMs, hour * hourMs));
    for (;;) {
        redis::Command read =
            redis::Command::idempotent("XRANGE", m_keys.calls(shard, hour), start, "+", "COUNT", streamPage);
        const redis::Reply reply = checked(co_await m_client->command(std::move(read)));
        for (const redis::Reply& item : reply.items) {
            if (item.items.size() == 2)
                accumulator->add(callFrom(item.items[1]));
        }
        if (reply.items.size() < std::size_t(streamPage) || reply.items.back().items.empty())
            co_return;
        start = '(' + reply.items.back().items[0].bytes;
    }
}

QCoro::Task<std::vector<Call>> RedisStore::listCalls(CallQuery query)
{
    const CallFilter filter(query);
    std::vector<Call> calls;
    if (query.limit <= 0)
        co_return calls;
    const auto limit = static_cast<std::size_t>(query.limit);
    const std::vector<QList<qint64>> byShard = co_await hoursWithCalls(query.fromMs, query.toMs);
    std::set<qint64, std::greater<>> hours;
    for (const QList<qint64>& list : byShard)
        hours.insert(list.begin(), list.end());

    for (const qint64 hour : hours) {
        if (calls.size() >= limit)
            break; // whole hours are newer than those before them
        std::vector<Tail> tails;
        for (std::size_t shard = 0; shard < byShard.size(); ++shard) {
            if (byShard[shard].contains(hour)) {
                Tail tail;
                tail.key = m_keys.calls(static_cast<int>(shard), hour);
                tails.push_back(tail);
            }
        }
        const QByteArray first = QByteArray::number(std::max(query.fromMs, hour * hourMs));
        while (!tails.empty()) {
            std::vector<redis::Pending> pendings;
            for (const Tail& tail : tails) {
                redis::Command read = redis::Command::idempotent(
                    "XREVRANGE", tail.key, tail.end, first, "COUNT", std::min(query.limit, streamPage));
                pendings.push_back(m_client->command(std::move(read)));
            }
            for (std::size_t i = 0; i < tails.size(); ++i) {
                const redis::Reply reply = checked(co_await pendings[i]);
                for (const redis::Reply& item : reply.items) {
                    if (item.items.size() != 2)
                        continue;
                    Call call = callFrom(item.items[1]);
                    if (filter.accepts(call))
                        calls.push_back(std::move(call));
                    tails[i].end = '(' + item.items[0].bytes;
                }
                tails[i].done = reply.items.size() < std::size_t(std::min(query.limit, streamPage));
            }
            sortNewestFirst(calls);
            if (calls.size() >= limit)
                calls.resize(limit);
            // What is left of a part has ids, and so times, up to the last that was read.
            std::erase_if(tails, [&calls, limit](const Tail& tail) {
                return tail.done
                    || (calls.size() >= limit && timeOfId(tail.end.mid(1)) < calls.back().timeMs);
            });
        }
    }
    co_return calls;
}

} // namespace llmcache::redisstore
