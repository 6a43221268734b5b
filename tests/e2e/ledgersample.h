#pragma once

#include "redis/redisurl.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"

#include <random>

namespace llmcache::test {

inline constexpr qint64 ledgerFromMs = 1'795'392'000'000; // 2026-11-23
inline constexpr qint64 ledgerDayMs = 86'400'000;

/// The store of a redis:// URL, or of a SQLite file.
inline std::unique_ptr<Store> openLedger(const QString& place, const QString& workspace)
{
    if (place.startsWith(QLatin1String("redis")))
        return makeRedisStore(redis::RedisUrl::parse(place), workspace);
    return makeSqliteStore(place, workspace);
}

/// Calls of two days and five models, in the order in which they are recorded, which is not that of their
/// times. The same for the same seed, ids included.
inline std::vector<Call> sampleLedger(unsigned seed, std::size_t count)
{
    std::mt19937_64 random(seed);
    const auto pick = [&random](qint64 below) {
        return std::uniform_int_distribution<qint64>(0, below - 1)(random);
    };
    std::vector<Call> calls(count);
    for (std::size_t at = 0; at < count; ++at) {
        Call& call = calls[at];
        call.id = QStringLiteral("%1-%2").arg(seed).arg(at);
        call.timeMs = ledgerFromMs + pick(2 * ledgerDayMs);
        call.model = QStringLiteral("acme:m%1").arg(pick(5));
        call.task = QStringLiteral("task %1").arg(pick(3));
        call.user = QStringLiteral("user %1").arg(seed);
        call.outcome = pick(3) == 0 ? Outcome::Hit : Outcome::Miss;
        call.attempts = call.outcome == Outcome::Hit ? 0 : 1;
        call.usage.inputTokens = 1'000 + pick(1'000);
        call.usage.outputTokens = 100;
        call.usage.requests = 1;
        const Money price = Money::fromPicodollars(1 + pick(1'000'000'000));
        call.cost = call.outcome == Outcome::Hit ? Money() : price;
        if (call.outcome == Outcome::Hit)
            call.avoided = price;
    }
    return calls;
}

} // namespace llmcache::test
