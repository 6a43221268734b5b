#include "base/error.h"
#include "redis/script.h"
#include "store/redis/redisrollups_p.h"
#include "store/redis/redisstore_p.h"
#include "store/storedjson_p.h"

#include <QHash>

#include <algorithm>
#include <map>

namespace llmcache::redisstore {

namespace {

/// Calls in one script, to bound how long the server is busy with it.
constexpr std::size_t scriptBatch = 256;

/// Records calls of one shard and hour. KEYS: stream, hours, one hash a pair, then the mark of each call.
/// ARGV: hour, number of pairs, then of each call: itself, its time, its field in each pair, the number of
/// its sums, and letter and amount of each sum. Returns 1 for each new call and 0 for each that was recorded
/// before.
///
/// A call's id in the stream is never before the call's time, so whoever reads backwards knows when nothing
/// newer can follow; calls that arrive late get the id after the last one. The sums of all calls are added
/// here first, in two parts each, since numbers in Lua are exact to 2^53 only; they saturate like Money.
const redis::Script& recordScript()
{
    static const redis::Script script(R"lua(
local pairCount = tonumber(ARGV[2])
local lastMs, lastNumber = -1, 0
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if last[1] then
    local ms, number = string.match(last[1][1], '^(%d+)-(%d+)$')
    lastMs, lastNumber = tonumber(ms), tonumber(number)
end
local added, high, low = {}, {}, {}
for pair = 1, pairCount do high[pair], low[pair] = {}, {} end
local at = 3
for call = 1, #KEYS - 2 - pairCount do
    local time = tonumber(ARGV[at + 1])
    local firstSum = at + pairCount + 3
    local nextCall = firstSum + 2 * tonumber(ARGV[firstSum - 1])
    added[call] = 0
    if redis.call('SET', KEYS[2 + pairCount + call], '1', 'NX', 'EX', 172800) then
        added[call] = 1
        if lastMs >= time then
            lastNumber = lastNumber + 1
        else
            lastMs, lastNumber = time, 1
        end
        redis.call('XADD', KEYS[1], string.format('%.0f-%.0f', lastMs, lastNumber), 'call', ARGV[at])
        for i = firstSum, nextCall - 1, 2 do
            local amount = ARGV[i + 1]
            local sign = 1
            if string.byte(amount) == 45 then
                sign = -1
                amount = string.sub(amount, 2)
            end
            local billions = tonumber(string.sub(amount, 1, -10)) or 0
            local rest = tonumber(string.sub(amount, -9))
            for pair = 1, pairCount do
                local field = ARGV[i] .. ARGV[at + 1 + pair]
                high[pair][field] = (high[pair][field] or 0) + sign * billions
                low[pair][field] = (low[pair][field] or 0) + sign * rest
            end
        end
    end
    at = nextCall
end
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[1])
for pair = 1, pairCount do
    for field, rest in pairs(low[pair]) do
        local billions, sign = high[pair][field], ''
        if billions * 1000000000 + rest < 0 then
            billions, rest, sign = -billions, -rest, '-'
        end
        billions = billions + math.floor(rest / 1000000000)
        rest = rest % 1000000000
        local amount = sign .. string.format('%.0f', rest)
        if billions > 0 then
            amount = sign .. string.format('%.0f%09.0f', billions, rest)
        end
        local sum = redis.pcall('HINCRBY', KEYS[2 + pair], field, amount)
        if type(sum) == 'table' and sum.err then
            redis.call('HSET', KEYS[2 + pair], field, '9223372036854775807')
        end
    end
end
return added
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

QCoro::Task<redis::Reply> RedisStore::recordBatch(
    int shard, qint64 hour, const std::vector<const Call*>& calls) const
{
    QList<QByteArray> keys{m_keys.calls(shard, hour), m_keys.hours(shard)};
    for (const RollupPair& pair : rollupPairs)
        keys += m_keys.costs(shard, hour, pair.name);
    QList<QByteArray> arguments{QByteArray::number(hour), QByteArray::number(rollupPairs.size())};
    for (const Call* call : calls) {
        keys += m_keys.recorded(shard, call->id.toUtf8());
        arguments << packField(toJsonText(toJson(*call))) << QByteArray::number(call->timeMs);
        for (const RollupPair& pair : rollupPairs)
            arguments += pairField(*call, pair);
        const QList<QByteArray> sums = increments(sumsOf(*call));
        arguments += QByteArray::number(sums.size() / 2);
        arguments += sums;
    }
    return recordScript().run(m_client.get(), std::move(keys), std::move(arguments));
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
