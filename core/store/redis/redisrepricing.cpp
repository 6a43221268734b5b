// Repricing of the ledger in Redis.

#include "base/error.h"
#include "base/worker.h"
#include "store/redis/hourprogress_p.h"
#include "store/redis/hoursahead_p.h"
#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"
#include "store/repricer.h"
#include "store/storedjson_p.h"

#include <QThreadPool>
#include <qcorofuture.h>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// Hours that are worked on between two looks at whether to stop.
constexpr qsizetype hoursAtOnce = 64;
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

/// The new prices of some hours: each hour, and what is laid over its pack.
struct PricedHours {
    QList<QByteArray> fields;
    qint64 calls = 0;
};

/// Prices hours on a thread of its own, one job at a time.
class PricingThread {
public:
    explicit PricingThread(const RepricingRequest& request)
        : m_fromMs(request.fromMs)
        , m_toMs(request.toMs)
        , m_repricer(request, *m_names)
    {
        m_thread.setMaxThreadCount(1);
    }
    /// For use between two jobs.
    std::shared_ptr<NameTable> names() const { return m_names; }
    Repricing result() const { return m_repricer.result(); }
    QFuture<PricedHours> price(std::vector<StoredHour> hours)
    {
        return runOn(m_thread, [this, hours = std::move(hours)] {
            PricedHours priced;
            for (const StoredHour& hour : hours) {
                OverlayWriter overlay;
                hour.read(*m_names, [&](qint64, const CallFigures& call, const NewPrice& before) {
                    const NewPrice price = m_repricer.price(call);
                    const bool inRange = call.timeMs >= m_fromMs && call.timeMs < m_toMs;
                    // Outside of the range an earlier repricing stays.
                    overlay.add(inRange ? price : before);
                    ++priced.calls;
                });
                priced.fields << QByteArray::number(hour.hour) << overlay.finish();
            }
            return priced;
        });
    }

private:
    qint64 m_fromMs;
    qint64 m_toMs;
    std::shared_ptr<NameTable> m_names = std::make_shared<NameTable>();
    Repricer m_repricer;
    QThreadPool m_thread; // last: its jobs use the others
};

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
    auto asking = hoursWithCalls(request.fromMs, request.toMs);
    const HoursByShard hours = co_await asking;
    HourProgress told(std::move(progress), hours);
    PricingThread pricing(request);
    const auto ahead = std::make_shared<HoursAhead>(hours, hoursAtOnce,
        [this, applied](HoursOfShard part) { return readHours(part.shard, std::move(part.hours), applied); });
    std::exception_ptr error;
    try {
        while (ahead->hasNext()) {
            throwIfStopped(stop);
            auto reading = ahead->next();
            std::vector<StoredHour> stored = co_await reading;
            const HoursOfShard& part = ahead->current();
            for (StoredHour& hour : stored) {
                if (number == 0 || hour.late.empty())
                    continue;
                auto packing = packHour(part.shard, std::move(hour), applied, pricing.names());
                hour = co_await packing;
            }
            const QFuture<PricedHours> future = pricing.price(std::move(stored));
            ahead->askAhead();
            const PricedHours priced = co_await future;
            if (number != 0) {
                auto writing = writePrices(part.shard, number, priced.fields);
                co_await writing;
                written->at(static_cast<std::size_t>(part.shard)) += part.hours.size();
            }
            told.add(part.hours.size(), priced.calls);
        }
    } catch (...) {
        error = std::current_exception();
    }
    if (error) {
        auto givingUp = ahead->giveUp();
        co_await givingUp;
        std::rethrow_exception(error);
    }
    co_return pricing.result();
}

QCoro::Task<> RedisStore::writePrices(int shard, qint64 number, QList<QByteArray> fields)
{
    redis::Command write = redis::Command::idempotent("HSET", m_keys.prices(shard, number));
    for (const QByteArray& field : fields)
        write << field;
    redis::Command expire =
        redis::Command::idempotent("EXPIRE", m_keys.prices(shard, number), unfinishedSeconds);
    redis::Pending writing = m_client->command(std::move(write));
    redis::Pending expiring = m_client->command(std::move(expire));
    checked(co_await writing);
    checked(co_await expiring);
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

} // namespace llmcache::redisstore
