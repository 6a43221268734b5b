#include "base/error.h"
#include "store/ledgersummary.h"
#include "store/redis/redisrollups_p.h"
#include "store/redis/redisstore_p.h"
#include "store/storedjson_p.h"

#include <algorithm>
#include <map>

namespace llmcache::redisstore {

namespace {

/// Calls that come with one reply.
constexpr int streamPage = 500;

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

} // namespace

Call callFrom(const redis::Reply& fields)
{
    // An entry of the stream: "call" and its JSON.
    if (fields.items.size() < 2)
        throw CacheError(QStringLiteral("A call in the ledger is damaged."),
            QStringLiteral("Restore the store from a backup."));
    return callFromJson(
        parseStored(unpackField(fields.items[1].bytes), QStringLiteral("A call in the ledger")));
}

QCoro::Task<> RedisStore::readStream(
    int shard, qint64 hour, qint64 fromMs, std::function<void(const Call&)> take)
{
    // No call has an id before its time, so those before `fromMs` need not be read.
    QByteArray start = QByteArray::number(std::max(fromMs, hour * hourMs));
    for (;;) {
        redis::Command read =
            redis::Command::idempotent("XRANGE", m_keys.calls(shard, hour), start, "+", "COUNT", streamPage);
        const redis::Reply reply = checked(co_await m_client->command(std::move(read)));
        for (const redis::Reply& item : reply.items) {
            if (item.items.size() == 2)
                take(callFrom(item.items[1]));
        }
        if (reply.items.size() < std::size_t(streamPage) || reply.items.back().items.empty())
            co_return;
        start = '(' + reply.items.back().items[0].bytes;
    }
}

QCoro::Task<LedgerReport> RedisStore::report(LedgerQuery query)
{
    auto names = std::make_shared<NameTable>();
    auto summary = std::make_shared<LedgerSummary>(query, *names);
    const std::vector<QList<qint64>> hours =
        co_await hoursWithCalls(query.selection.fromMs, query.selection.toMs);
    const QString fingerprint = query.selection.fingerprint;
    const auto addCall = [names, summary, fingerprint](const Call& call) {
        if (call.fingerprint == fingerprint)
            summary->add(figuresOf(call, *names));
    };
    for (std::size_t shard = 0; shard < hours.size(); ++shard) {
        const int part = static_cast<int>(shard);
        if (fingerprint.isEmpty()) {
            co_await addHours(part, hours[shard], summary, names);
            continue;
        }
        for (const qint64 hour : hours[shard])
            co_await readStream(part, hour, query.selection.fromMs, addCall);
    }
    co_return summary->report();
}

QCoro::Task<> RedisStore::readHourBackwards(qint64 hour, QList<int> shards,
    std::shared_ptr<CallSelection> selection, std::optional<CallPosition> position, std::size_t wanted,
    std::shared_ptr<std::vector<Call>> calls)
{
    std::vector<Tail> tails;
    for (const int shard : shards) {
        Tail tail;
        tail.key = m_keys.calls(shard, hour);
        tails.push_back(tail);
    }
    const QByteArray first = QByteArray::number(std::max(selection->fromMs, hour * hourMs));
    const int count = static_cast<int>(std::min<std::size_t>(wanted, streamPage));
    while (!tails.empty()) {
        std::vector<redis::Pending> pendings;
        for (const Tail& tail : tails) {
            redis::Command read =
                redis::Command::idempotent("XREVRANGE", tail.key, tail.end, first, "COUNT", count);
            pendings.push_back(m_client->command(std::move(read)));
        }
        for (std::size_t i = 0; i < tails.size(); ++i) {
            const redis::Reply reply = checked(co_await pendings[i]);
            for (const redis::Reply& item : reply.items) {
                if (item.items.size() != 2)
                    continue;
                Call call = callFrom(item.items[1]);
                if (accepts(*selection, call) && (!position || position->isBefore(call)))
                    calls->push_back(std::move(call));
                tails[i].end = '(' + item.items[0].bytes;
            }
            tails[i].done = reply.items.size() < std::size_t(count);
        }
        std::sort(calls->begin(), calls->end(), comesBefore);
        if (calls->size() > wanted)
            calls->resize(wanted);
        // What is left of a part has ids, and so times, up to the last that was read.
        std::erase_if(tails, [&calls, wanted](const Tail& tail) {
            return tail.done || (calls->size() >= wanted && timeOfId(tail.end.mid(1)) < calls->back().timeMs);
        });
    }
}

QCoro::Task<CallPage> RedisStore::callPage(CallPageQuery query)
{
    requireSound(query.selection);
    const std::optional<CallPosition> position = positionOf(query.cursor);
    auto selection = std::make_shared<CallSelection>(query.selection);
    if (position)
        selection->toMs = std::min(selection->toMs, position->timeMs + 1);
    const auto limit = static_cast<std::size_t>(std::clamp(query.limit, 1, CallPageQuery::mostCalls));
    const std::vector<QList<qint64>> byShard = co_await hoursWithCalls(selection->fromMs, selection->toMs);
    std::map<qint64, QList<int>, std::greater<>> hours; // with the shards that have calls in them
    for (std::size_t shard = 0; shard < byShard.size(); ++shard) {
        for (const qint64 hour : byShard[shard])
            hours[hour].append(static_cast<int>(shard));
    }
    auto calls = std::make_shared<std::vector<Call>>();
    for (const auto& [hour, shards] : hours) {
        if (calls->size() > limit)
            break; // whole hours are newer than those before them
        const std::size_t wanted = limit + 1; // one more tells whether there is another page
        co_await readHourBackwards(hour, shards, selection, position, wanted, calls);
    }
    CallPage page;
    if (calls->size() > limit) {
        calls->resize(limit);
        page.cursor = cursorOf(calls->back());
    }
    page.calls = std::move(*calls);
    co_return page;
}

QCoro::Task<std::vector<Call>> RedisStore::listCalls(CallQuery query)
{
    if (query.limit <= 0)
        co_return {};
    CallPageQuery first = callPageQueryOf(query);
    CallPage page = co_await callPage(std::move(first));
    co_return std::move(page.calls);
}

} // namespace llmcache::redisstore
