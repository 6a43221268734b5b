// Rebuilding and archiving of the ledger in Redis.

#include "base/error.h"
#include "store/redis/hourprogress_p.h"
#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"

#include <QSet>

#include <algorithm>
#include <map>

namespace llmcache::redisstore {

namespace {

/// Calls that come with one reply.
constexpr int streamPage = 500;

} // namespace

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
