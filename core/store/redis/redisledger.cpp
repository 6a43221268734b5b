#include "base/error.h"
#include "redis/script.h"
#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"
#include "store/storedjson_p.h"

#include <QHash>

#include <algorithm>
#include <map>

namespace llmcache::redisstore {

namespace {

/// Calls in one script, to bound how long the server is busy with it.
constexpr std::size_t scriptBatch = 256;

/// Records calls of one shard and hour. KEYS: stream, hours, changes, then the mark of each call. ARGV: hour,
/// the time in microseconds, then of each call: itself and its time. Returns 1 for each new call and 0 for
/// each that was recorded before.
///
/// A call's id in the stream is never before the call's time, so whoever reads backwards knows when nothing
/// newer can follow; calls that arrive late get the id after the last one, which may be archived by now.
const redis::Script& recordScript()
{
    static const redis::Script script(QByteArray(countChangeFunction) + R"lua(
local lastMs, lastNumber = -1, 0
local stream = redis.pcall('XINFO', 'STREAM', KEYS[1])
for i = 1, stream.err and 0 or #stream, 2 do
    if stream[i] == 'last-generated-id' then
        local ms, number = string.match(stream[i + 1], '^(%d+)-(%d+)$')
        lastMs, lastNumber = tonumber(ms), tonumber(number)
    end
end
local added = {}
local isChanged = false
for call = 1, #KEYS - 3 do
    added[call] = 0
    if redis.call('SET', KEYS[3 + call], '1', 'NX', 'EX', 172800) then
        added[call] = 1
        isChanged = true
        local time = tonumber(ARGV[2 * call + 2])
        if lastMs >= time then
            lastNumber = lastNumber + 1
        else
            lastMs, lastNumber = time, 1
        end
        redis.call('XADD', KEYS[1], string.format('%.0f-%.0f', lastMs, lastNumber), 'call', ARGV[2 * call + 1])
    end
end
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[1])
if isChanged then countChange(KEYS[3], ARGV[1], ARGV[2]) end
return added
)lua",
        redis::Command::Resend::Once);
    return script;
}

/// KEYS: entries. ARGV: of each, hits and the time of the last. What is no entry (any more) is
/// left alone.
const redis::Script& hitsScript()
{
    static const redis::Script script(R"lua(
for i, key in ipairs(KEYS) do
    local now = redis.pcall('HMGET', key, 'hits', 'used')
    if not now.err and (now[1] or redis.call('EXISTS', key) == 1) then
        local hits = (tonumber(now[1]) or 0) + tonumber(ARGV[2 * i - 1])
        local used = math.max(tonumber(now[2]) or 0, tonumber(ARGV[2 * i]))
        redis.call('HSET', key, 'hits', string.format('%.0f', hits), 'used', string.format('%.0f', used))
    end
end
return 1
)lua");
    return script;
}

void requireSound(const Call& call)
{
    if (call.id.isEmpty())
        throw CacheError(QStringLiteral("A call without an id can't be recorded."));
    if (call.timeMs < 0 || call.timeMs > latestTimeMs)
        throw CacheError(QStringLiteral("The call %1 has an impossible time.").arg(call.id),
            QStringLiteral("Set the clock of this machine."));
}

} // namespace

QCoro::Task<redis::Reply> RedisStore::recordBatch(
    int shard, qint64 hour, const std::vector<const Call*>& calls) const
{
    QList<QByteArray> keys{m_keys.calls(shard, hour), m_keys.hours(shard), m_keys.changes(shard)};
    QList<QByteArray> arguments{QByteArray::number(hour), changeArgument()};
    for (const Call* call : calls) {
        keys += m_keys.recorded(shard, call->id.toUtf8());
        arguments << packField(toJsonText(toJson(*call))) << QByteArray::number(call->timeMs);
    }
    return recordScript().run(m_client.get(), std::move(keys), std::move(arguments));
}

QCoro::Task<HoursByShard> RedisStore::hoursWithCalls(qint64 fromMs, qint64 toMs)
{
    HoursByShard hours;
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

QCoro::Task<qint64> RedisStore::recordCalls(std::vector<Call> calls)
{
    std::for_each(calls.begin(), calls.end(), requireSound);
    // What one script can take together. Each batch keeps the order of its calls.
    std::map<std::pair<int, qint64>, std::vector<std::vector<const Call*>>> parts;
    for (const Call& call : calls) {
        auto& batches = parts[{Keys::shardOf(call.id.toUtf8()), call.timeMs / hourMs}];
        if (batches.empty() || batches.back().size() == scriptBatch)
            batches.emplace_back();
        batches.back().push_back(&call);
    }
    std::vector<std::pair<const std::vector<const Call*>*, QCoro::Task<redis::Reply>>> sent;
    for (const auto& [place, batches] : parts) {
        for (const auto& batch : batches)
            sent.emplace_back(&batch, recordBatch(place.first, place.second, batch));
    }
    qint64 added = 0;
    std::vector<Call> fresh;
    for (auto& [batch, task] : sent) {
        const redis::Reply reply = checked(co_await task);
        for (std::size_t i = 0; i < std::min(batch->size(), reply.items.size()); ++i) {
            if (reply.items[i].toInteger() != 1)
                continue; // recorded before
            ++added;
            const Call& call = *(*batch)[i];
            if (!call.fingerprint.isEmpty() && sumsOf(call).hits != 0)
                fresh.push_back(call);
        }
    }
    if (!fresh.empty())
        co_await countHits(std::move(fresh));
    co_return added;
}

QCoro::Task<> RedisStore::countHits(std::vector<Call> calls)
{
    QHash<QString, std::pair<qint64, qint64>> hits; // number and time of the last
    for (const Call& call : calls) {
        auto& [number, last] = hits[call.fingerprint];
        ++number;
        last = std::max(last, call.timeMs);
    }
    // In a cluster every entry has a slot of its own. The server does nothing else meanwhile.
    constexpr qsizetype share = 200;
    const qsizetype together = m_url.kind() == redis::RedisUrl::Kind::Cluster ? 1 : share;
    std::vector<QCoro::Task<redis::Reply>> tasks;
    QList<QByteArray> keys;
    QList<QByteArray> arguments;
    for (auto it = hits.cbegin(); it != hits.cend();) {
        keys << m_keys.entry(it.key());
        arguments << QByteArray::number(it->first) << QByteArray::number(it->second);
        if (++it == hits.cend() || keys.size() == together)
            tasks.push_back(
                hitsScript().run(m_client.get(), std::exchange(keys, {}), std::exchange(arguments, {})));
    }
    for (auto& task : tasks)
        checked(co_await task);
}

} // namespace llmcache::redisstore
