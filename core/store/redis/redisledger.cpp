#include "base/error.h"
#include "redis/script.h"
#include "store/redis/redisrollups_p.h"
#include "store/redis/redisstore_p.h"
#include "store/redis/storedjson_p.h"

#include <QHash>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// Calls whose scripts are sent before their replies are awaited.
constexpr std::size_t recordBatch = 256;

/// KEYS: recorded, stream, hours, then one hash a pair. ARGV: call, time, hour, field of each pair, then
/// letter and amount of each sum. Returns 1 for a new call.
///
/// A call's id in the stream is never before the call's time, so whoever reads backwards knows when nothing
/// newer can follow; calls that arrive late get the id after the last one. Sums saturate like Money.
const redis::Script& recordScript()
{
    static const redis::Script script(R"lua(
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', 172800) then return 0 end
local id = ARGV[2] .. '-1'
local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
if last[1] then
    local ms, number = string.match(last[1][1], '^(%d+)-(%d+)$')
    if tonumber(ms) >= tonumber(ARGV[2]) then
        id = ms .. '-' .. string.format('%.0f', tonumber(number) + 1)
    end
end
redis.call('XADD', KEYS[2], id, 'call', ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[3])
local pairCount = #KEYS - 3
for pair = 1, pairCount do
    for i = 4 + pairCount, #ARGV, 2 do
        local field = ARGV[i] .. ARGV[3 + pair]
        local sum = redis.pcall('HINCRBY', KEYS[3 + pair], field, ARGV[i + 1])
        if type(sum) == 'table' and sum.err then
            redis.call('HSET', KEYS[3 + pair], field, '9223372036854775807')
        end
    end
end
return 1
)lua",
        redis::Command::Resend::Once);
    return script;
}

/// KEYS: entry. ARGV: hits, time of the last.
const redis::Script& hitsScript()
{
    static const redis::Script script(R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'hits', ARGV[1])
local used = tonumber(redis.call('HGET', KEYS[1], 'used') or '0') or 0
if tonumber(ARGV[2]) > used then redis.call('HSET', KEYS[1], 'used', ARGV[2]) end
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

QCoro::Task<qint64> RedisStore::recordCalls(std::vector<Call> calls)
{
    std::for_each(calls.begin(), calls.end(), requireSound);
    qint64 added = 0;
    std::vector<Call> fresh;
    for (std::size_t start = 0; start < calls.size(); start += recordBatch) {
        const std::size_t end = std::min(start + recordBatch, calls.size());
        std::vector<QCoro::Task<redis::Reply>> tasks;
        for (std::size_t i = start; i < end; ++i) {
            const Call& call = calls[i];
            const QByteArray id = call.id.toUtf8();
            const int shard = Keys::shardOf(id);
            const qint64 hour = call.timeMs / hourMs;
            QList<QByteArray> keys{
                m_keys.recorded(shard, id), m_keys.calls(shard, hour), m_keys.hours(shard)};
            QList<QByteArray> arguments{packField(toJsonText(toJson(call))), QByteArray::number(call.timeMs),
                QByteArray::number(hour)};
            for (const RollupPair& pair : rollupPairs) {
                keys += m_keys.costs(shard, hour, pair.name);
                arguments += pairField(call, pair);
            }
            arguments += increments(sumsOf(call));
            tasks.push_back(recordScript().run(m_client.get(), std::move(keys), std::move(arguments)));
        }
        for (std::size_t i = start; i < end; ++i) {
            const redis::Reply reply = checked(co_await tasks[i - start]);
            if (reply.toInteger() != 1)
                continue; // recorded before
            ++added;
            if (!calls[i].fingerprint.isEmpty() && sumsOf(calls[i]).hits != 0)
                fresh.push_back(calls[i]);
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
    std::vector<QCoro::Task<redis::Reply>> tasks;
    for (auto it = hits.cbegin(); it != hits.cend(); ++it) {
        QList<QByteArray> keys{m_keys.entry(it.key())};
        QList<QByteArray> arguments{QByteArray::number(it->first), QByteArray::number(it->second)};
        tasks.push_back(hitsScript().run(m_client.get(), std::move(keys), std::move(arguments)));
    }
    for (auto& task : tasks)
        checked(co_await task);
}

} // namespace llmcache::redisstore
