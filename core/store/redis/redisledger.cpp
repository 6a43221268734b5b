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
/// ARGV: hour, number of pairs, number of groups, the fields of each group, one a pair; then of each call:
/// itself, its time, its group, the number of its sums, and letter and amount of each sum. Returns 1 for each
/// new call and 0 for each that was recorded before.
///
/// A call's id in the stream is never before the call's time, so whoever reads backwards knows when nothing
/// newer can follow; calls that arrive late get the id after the last one. The sums of all calls are added
/// here first, by group, and large ones in two parts, since numbers in Lua are exact to 2^53 only; they
/// saturate like Money.
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
local groupCount = tonumber(ARGV[3])
local added, groupHigh, groupLow = {}, {}, {}
for group = 1, groupCount do groupHigh[group], groupLow[group] = {}, {} end
local at = 4 + groupCount * pairCount
for call = 1, #KEYS - 2 - pairCount do
    local time = tonumber(ARGV[at + 1])
    local firstSum = at + 4
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
        local group = tonumber(ARGV[at + 2])
        local high, low = groupHigh[group], groupLow[group]
        for i = firstSum, nextCall - 1, 2 do
            local letter, amount = ARGV[i], ARGV[i + 1]
            if #amount <= 12 then
                low[letter] = (low[letter] or 0) + tonumber(amount)
            else
                local sign = 1
                if string.byte(amount) == 45 then
                    sign = -1
                    amount = string.sub(amount, 2)
                end
                high[letter] = (high[letter] or 0) + sign * (tonumber(string.sub(amount, 1, -10)) or 0)
                low[letter] = (low[letter] or 0) + sign * tonumber(string.sub(amount, -9))
            end
        end
    end
    at = nextCall
end
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[1])
local high, low = {}, {}
for pair = 1, pairCount do
    high[pair], low[pair] = {}, {}
    for group = 1, groupCount do
        local values = ARGV[3 + (group - 1) * pairCount + pair]
        for letter, rest in pairs(groupLow[group]) do
            local field = letter .. values
            high[pair][field] = (high[pair][field] or 0) + (groupHigh[group][letter] or 0)
            low[pair][field] = (low[pair][field] or 0) + rest
        end
    end
end
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

/// Whether two calls count for the same fields of every pair.
bool haveSameFields(const Call& left, const Call& right)
{
    return std::all_of(rollupPairs.begin(), rollupPairs.end(), [&](const RollupPair& pair) {
        return dimensionValue(left, pair.first) == dimensionValue(right, pair.first)
            && dimensionValue(left, pair.second) == dimensionValue(right, pair.second);
    });
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
    // Most calls of a batch count for the same model, task, agent and user.
    std::vector<const Call*> groups;
    QList<QByteArray> fields;
    QList<QByteArray> records;
    for (const Call* call : calls) {
        auto group = std::find_if(groups.begin(), groups.end(),
            [call](const Call* first) { return haveSameFields(*first, *call); });
        if (group == groups.end()) {
            group = groups.insert(groups.end(), call);
            for (const RollupPair& pair : rollupPairs)
                fields += pairField(*call, pair);
        }
        keys += m_keys.recorded(shard, call->id.toUtf8());
        records << packField(toJsonText(toJson(*call))) << QByteArray::number(call->timeMs)
                << QByteArray::number(group - groups.begin() + 1);
        const QList<QByteArray> sums = increments(sumsOf(*call));
        records += QByteArray::number(sums.size() / 2);
        records += sums;
    }
    QList<QByteArray> arguments{
        QByteArray::number(hour), QByteArray::number(rollupPairs.size()), QByteArray::number(groups.size())};
    arguments += fields;
    arguments += records;
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
