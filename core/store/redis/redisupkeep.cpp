// Repricing, rebuilding and archiving of the ledger in Redis.

#include "base/error.h"
#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"
#include "store/repricer.h"
#include "store/storedjson_p.h"

#include <QSet>

#include <algorithm>
#include <map>

namespace llmcache::redisstore {

namespace {

/// Hours that are worked on between two looks at whether to stop.
constexpr qsizetype hoursAtOnce = 64;
/// Calls that come with one reply.
constexpr int streamPage = 500;
/// Prices of a repricing that nobody finished, because its process died, are gone after a day.
constexpr int unfinishedSeconds = 86'400;

QByteArray recordOf(const RepricingRequest& request)
{
    Json json = Json::object();
    json["applied_ms"] = request.nowMs;
    json["from_ms"] = request.fromMs;
    json["to_ms"] = request.toMs;
    json["prices"] = toUtf8(versionOf(request.prices));
    json["by"] = toUtf8(request.by);
    return toJsonText(json);
}

std::vector<qint64> numbersOf(const std::vector<AppliedRepricing>& applied)
{
    std::vector<qint64> numbers;
    for (const AppliedRepricing& repricing : applied)
        numbers.push_back(repricing.id);
    return numbers;
}

/// Tells how far something over many hours is, in calls: how many there are in all is known at the end.
class HourProgress {
public:
    HourProgress(LedgerProgress progress, const HoursByShard& hours)
        : m_progress(std::move(progress))
    {
        for (const QList<qint64>& some : hours)
            m_hours += some.size();
    }
    void add(qint64 hours, qint64 calls)
    {
        m_hoursDone += hours;
        m_calls += calls;
        if (m_progress && m_hoursDone > 0)
            m_progress(m_calls,
                static_cast<qint64>(static_cast<double>(m_calls) * static_cast<double>(m_hours)
                    / static_cast<double>(m_hoursDone)));
    }

private:
    LedgerProgress m_progress;
    qint64 m_hours = 0;
    qint64 m_hoursDone = 0;
    qint64 m_calls = 0;
};

void throwIfStopped(const std::stop_token& stop)
{
    if (stop.stop_requested())
        throw Cancelled();
}

} // namespace

QCoro::Task<std::vector<AppliedRepricing>> RedisStore::repricings()
{
    redis::Command read = redis::Command::idempotent("HGETALL", m_keys.repricings());
    const redis::Reply reply = checked(co_await m_client->command(std::move(read)));
    std::vector<AppliedRepricing> applied;
    for (std::size_t at = 0; at + 1 < reply.items.size(); at += 2) {
        AppliedRepricing repricing;
        bool isNumber = false;
        repricing.id = reply.items[at].bytes.toLongLong(&isNumber);
        if (!isNumber)
            continue; // "next"
        const Json json = parseStored(reply.items[at + 1].bytes, QStringLiteral("A repricing of the ledger"));
        repricing.appliedMs = integerMember(json, "applied_ms");
        repricing.fromMs = integerMember(json, "from_ms");
        repricing.toMs = integerMember(json, "to_ms");
        repricing.prices = stringMember(json, "prices");
        repricing.by = stringMember(json, "by");
        applied.push_back(repricing);
    }
    std::sort(applied.begin(), applied.end(),
        [](const AppliedRepricing& left, const AppliedRepricing& right) { return left.id > right.id; });
    co_return applied;
}

QCoro::Task<Repricing> RedisStore::previewRepricing(
    RepricingRequest request, LedgerProgress progress, std::stop_token stop)
{
    return reprice(std::move(request), 0, {}, std::move(progress), std::move(stop));
}

QCoro::Task<Repricing> RedisStore::applyRepricing(
    RepricingRequest request, LedgerProgress progress, std::stop_token stop)
{
    redis::Command next = redis::Command::once("HINCRBY", m_keys.repricings(), "next", "1");
    const redis::Reply reply = checked(co_await m_client->command(std::move(next)));
    const qint64 number = reply.toInteger();
    const QByteArray record = recordOf(request);
    std::exception_ptr error;
    Repricing repricing;
    try {
        auto written = std::make_shared<PricesWritten>();
        auto task = reprice(std::move(request), number, written, std::move(progress), std::move(stop));
        repricing = co_await task;
        // Until here nobody sees it.
        auto keeping = changePrices(number, "PERSIST");
        co_await keeping;
        auto checking = requirePrices(number, written);
        co_await checking;
        redis::Command finish =
            redis::Command::idempotent("HSET", m_keys.repricings(), QByteArray::number(number), record);
        checked(co_await m_client->command(std::move(finish)));
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        try {
            auto forgetting = changePrices(number, "DEL");
            co_await forgetting;
        } catch (const Error&) {
            // They go by themselves after a while.
        }
        std::rethrow_exception(error);
    }
    co_return repricing;
}

QCoro::Task<> RedisStore::changePrices(qint64 repricing, QByteArray verb)
{
    std::vector<redis::Pending> pendings;
    for (int shard = 0; shard < Keys::shardCount; ++shard) {
        redis::Command change = redis::Command::idempotent(verb, m_keys.prices(shard, repricing));
        pendings.push_back(m_client->command(std::move(change)));
    }
    for (redis::Pending& pending : pendings)
        checked(co_await pending);
}

QCoro::Task<> RedisStore::requirePrices(qint64 repricing, std::shared_ptr<PricesWritten> written)
{
    // Until they were kept for good, a server that is short of memory was free to drop them.
    for (int shard = 0; shard < Keys::shardCount; ++shard) {
        redis::Command count = redis::Command::idempotent("HLEN", m_keys.prices(shard, repricing));
        const redis::Reply reply = checked(co_await m_client->command(std::move(count)));
        if (reply.toInteger() != written->at(static_cast<std::size_t>(shard)))
            throw CacheError(
                QStringLiteral("%1 has dropped the new prices: it is short of memory.").arg(server()),
                QStringLiteral("Give it more, and apply them again."));
    }
}

QCoro::Task<Repricing> RedisStore::reprice(RepricingRequest request, qint64 number,
    std::shared_ptr<PricesWritten> written, LedgerProgress progress, std::stop_token stop)
{
    auto listing = repricings();
    const std::vector<qint64> applied = numbersOf(co_await listing);
    auto names = std::make_shared<NameTable>();
    Repricer repricer(request, *names);
    auto asking = hoursWithCalls(request.fromMs, request.toMs);
    const HoursByShard hours = co_await asking;
    HourProgress told(std::move(progress), hours);
    for (int shard = 0; shard < Keys::shardCount; ++shard) {
        const QList<qint64>& all = hours[static_cast<std::size_t>(shard)];
        for (qsizetype start = 0; start < all.size(); start += hoursAtOnce) {
            throwIfStopped(stop);
            const QList<qint64> some = all.mid(start, hoursAtOnce);
            auto reading = readHours(shard, some, applied);
            std::vector<StoredHour> stored = co_await reading;
            redis::Command write = redis::Command::idempotent("HSET", m_keys.prices(shard, number));
            qint64 calls = 0;
            for (StoredHour& hour : stored) {
                if (number != 0) {
                    auto packing = packHour(shard, std::move(hour), applied, names);
                    hour = co_await packing;
                }
                OverlayWriter overlay;
                hour.read(*names, [&](qint64, const CallFigures& call, const NewPrice& before) {
                    const NewPrice price = repricer.price(call);
                    const bool inRange = call.timeMs >= request.fromMs && call.timeMs < request.toMs;
                    // Outside of the range an earlier repricing stays.
                    overlay.add(inRange ? price : before);
                    ++calls;
                });
                write << QByteArray::number(hour.hour) << overlay.finish();
            }
            if (number != 0) {
                redis::Command expire =
                    redis::Command::idempotent("EXPIRE", m_keys.prices(shard, number), unfinishedSeconds);
                redis::Pending writing = m_client->command(std::move(write));
                redis::Pending expiring = m_client->command(std::move(expire));
                checked(co_await writing);
                checked(co_await expiring);
                written->at(static_cast<std::size_t>(shard)) += some.size();
            }
            told.add(some.size(), calls);
        }
    }
    co_return repricer.result();
}

QCoro::Task<std::optional<AppliedRepricing>> RedisStore::undoRepricing()
{
    for (;;) {
        auto listing = repricings();
        const std::vector<AppliedRepricing> applied = co_await listing;
        if (applied.empty())
            co_return std::nullopt;
        const AppliedRepricing newest = applied.front();
        redis::Command remove =
            redis::Command::once("HDEL", m_keys.repricings(), QByteArray::number(newest.id));
        const redis::Reply reply = checked(co_await m_client->command(std::move(remove)));
        if (reply.toInteger() == 0)
            continue; // somebody else undid it just now
        auto forgetting = changePrices(newest.id, "DEL");
        co_await forgetting;
        co_return newest;
    }
}

QCoro::Task<LedgerRebuild> RedisStore::rebuildPacks(LedgerProgress progress, std::stop_token stop)
{
    LedgerRebuild rebuild;
    auto asking = hoursWithCalls(0, latestTimeMs);
    const HoursByShard hours = co_await asking;
    HourProgress told(std::move(progress), hours);
    for (int shard = 0; shard < Keys::shardCount; ++shard) {
        for (const qint64 hour : hours[static_cast<std::size_t>(shard)]) {
            throwIfStopped(stop);
            auto rebuilding = rebuildHour(shard, hour);
            const LedgerRebuild found = co_await rebuilding;
            rebuild.calls += found.calls;
            rebuild.packs += found.packs;
            rebuild.repaired += found.repaired;
            told.add(1, found.calls);
        }
    }
    co_return rebuild;
}

QCoro::Task<LedgerRebuild> RedisStore::rebuildHour(int shard, qint64 hour)
{
    auto names = std::make_shared<NameTable>();
    const QList<qint64> one{hour};
    auto readingPack = readPacks(shard, one, {});
    std::vector<StoredHour> found = co_await readingPack;
    found.front().packed.change.clear(); // what it claims to hold is what is checked here
    auto readingLate = readLate(shard, std::move(found));
    std::vector<StoredHour> read = co_await readingLate;
    StoredHour& stored = read.front();
    // What the pack should be: its part of the stream, read again.
    StoredHour fresh;
    fresh.hour = hour;
    QByteArray start("-");
    while (!stored.packed.upTo.isEmpty()) {
        redis::Command range = redis::Command::idempotent(
            "XRANGE", m_keys.calls(shard, hour), start, stored.packed.upTo, "COUNT", streamPage);
        redis::Reply reply = checked(co_await m_client->command(std::move(range)));
        const bool hasMore = reply.items.size() == std::size_t(streamPage);
        fresh.add(std::move(reply));
        if (!hasMore)
            break;
        start = '(' + fresh.lastId();
    }
    QSet<qint64> packedKeys;
    qint64 packedCalls = 0;
    bool isDamaged = false;
    try {
        StoredHour packOnly;
        packOnly.packed = stored.packed;
        packOnly.read(*names, [&](qint64 key, const CallFigures&, const NewPrice&) {
            packedKeys.insert(key);
            ++packedCalls;
        });
    } catch (const CacheError&) {
        isDamaged = true;
    }
    PackWriter writer(*names);
    bool hasAll = true;
    fresh.read(*names, [&](qint64 key, const CallFigures& call, const NewPrice&) {
        writer.add(key, call);
        hasAll = hasAll && packedKeys.contains(key);
    });
    LedgerRebuild result;
    // Where calls have been archived the pack is all that is left of them, and has more than the stream.
    const bool isArchived = hasAll && packedCalls > writer.count();
    if (!stored.packed.upTo.isEmpty()
        && (isDamaged || (!isArchived && writer.finish() != stored.packed.pack))) {
        const PackedHour right{stored.packed.upTo, {}, writer.finish()};
        auto writing = writePack(shard, hour, stored.packed.upTo, right, PackChange::Repaired);
        checked(co_await writing);
        stored.packed = right;
        packedCalls = writer.count();
        result.repaired = 1;
    }
    result.calls = packedCalls + static_cast<qint64>(stored.late.size());
    auto packing = packHour(shard, std::move(stored), {}, names);
    co_await packing;
    result.packs = 1;
    co_return result;
}

QCoro::Task<QByteArray> RedisStore::collectArchivable(
    int shard, qint64 hour, qint64 beforeMs, std::shared_ptr<std::vector<Call>> calls)
{
    // Reports of what is archived are made of packs alone.
    auto names = std::make_shared<NameTable>();
    const QList<qint64> one{hour};
    auto reading = readHours(shard, one, {});
    std::vector<StoredHour> stored = co_await reading;
    auto packing = packHour(shard, std::move(stored.front()), {}, names);
    const StoredHour packed = co_await packing;
    QByteArray start("-");
    while (!packed.packed.upTo.isEmpty()) {
        redis::Command range = redis::Command::idempotent(
            "XRANGE", m_keys.calls(shard, hour), start, packed.packed.upTo, "COUNT", streamPage);
        const redis::Reply reply = checked(co_await m_client->command(std::move(range)));
        for (const redis::Reply& item : reply.items) {
            if (item.items.size() != 2)
                continue;
            start = '(' + item.items[0].bytes;
            Call call = callFrom(item.items[1]);
            if (call.timeMs < beforeMs)
                calls->push_back(std::move(call));
        }
        if (reply.items.size() < std::size_t(streamPage))
            break;
    }
    co_return packed.packed.upTo;
}

QCoro::Task<> RedisStore::removeArchived(int shard, qint64 hour, QByteArray upTo, qint64 beforeMs)
{
    QByteArray start("-");
    for (;;) {
        redis::Command range =
            redis::Command::idempotent("XRANGE", m_keys.calls(shard, hour), start, upTo, "COUNT", streamPage);
        const redis::Reply reply = checked(co_await m_client->command(std::move(range)));
        redis::Command remove = redis::Command::idempotent("XDEL", m_keys.calls(shard, hour));
        bool removesAny = false;
        for (const redis::Reply& item : reply.items) {
            if (item.items.size() != 2)
                continue;
            start = '(' + item.items[0].bytes;
            if ((hour + 1) * hourMs > beforeMs && callFrom(item.items[1]).timeMs >= beforeMs)
                continue;
            remove << item.items[0].bytes;
            removesAny = true;
        }
        if (removesAny)
            checked(co_await m_client->command(std::move(remove)));
        if (reply.items.size() < std::size_t(streamPage))
            co_return;
    }
}

QCoro::Task<qint64> RedisStore::archiveCalls(
    qint64 beforeMs, CallSink sink, ArchiveEnd end, LedgerProgress progress, std::stop_token stop)
{
    struct Part {
        int shard;
        qint64 hour;
        QByteArray upTo; ///< the last id of what was given
    };
    std::vector<Part> parts;
    auto asking = hoursWithCalls(0, beforeMs);
    const HoursByShard byShard = co_await asking;
    HourProgress told(std::move(progress), byShard);
    std::map<qint64, QList<int>> hours; // oldest first
    for (std::size_t shard = 0; shard < byShard.size(); ++shard) {
        for (const qint64 hour : byShard[shard])
            hours[hour].append(static_cast<int>(shard));
    }
    qint64 given = 0;
    for (const auto& [hour, shards] : hours) {
        throwIfStopped(stop);
        auto calls = std::make_shared<std::vector<Call>>();
        for (const int shard : shards) {
            const std::size_t before = calls->size();
            auto collecting = collectArchivable(shard, hour, beforeMs, calls);
            const QByteArray upTo = co_await collecting;
            if (calls->size() > before)
                parts.push_back({shard, hour, upTo});
        }
        std::sort(calls->begin(), calls->end(),
            [](const Call& left, const Call& right) { return comesBefore(right, left); });
        std::for_each(calls->begin(), calls->end(), sink);
        given += static_cast<qint64>(calls->size());
        told.add(shards.size(), static_cast<qint64>(calls->size()));
    }
    end();
    for (const Part& part : parts) {
        auto removing = removeArchived(part.shard, part.hour, part.upTo, beforeMs);
        co_await removing;
    }
    co_return given;
}

} // namespace llmcache::redisstore
