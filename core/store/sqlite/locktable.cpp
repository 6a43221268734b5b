#include "store/sqlite/database_p.h"
#include "store/sqlite/entrytable_p.h"

#include <algorithm>

namespace llmcache::sqlite {

namespace {

void requireToken(const QString& fingerprint, const QString& token)
{
    if (token.isEmpty())
        throw CacheError(QStringLiteral("The lock of entry %1 needs a token.").arg(fingerprint));
}

/// No lock lives longer without renewal. A row that claims more was written before somebody moved the clock
/// back: its holder renews it by the new clock, or is gone.
constexpr std::chrono::milliseconds longestLock = std::chrono::minutes(2);
/// More than that by some patience: clocks are read before the wait for the database.
constexpr qint64 impossibleMs = 5 * 60 * 1000;
/// A cooldown that began after now likewise, with some patience for clocks that are set a little.
constexpr qint64 clockPatienceMs = 5'000;

qint64 expiryOf(qint64 nowMs, std::chrono::milliseconds ttl)
{
    return nowMs + qint64{std::min(ttl, longestLock).count()};
}

QString cooldownRow(const QString& key)
{
    return QStringLiteral("cooldown:") + key;
}

} // namespace

bool takeLock(Database& database, const QString& fingerprint, const QString& token, qint64 nowMs,
    std::chrono::milliseconds ttl)
{
    requireToken(fingerprint, token);
    Statement insert = database.prepare(QStringLiteral(
        "INSERT INTO locks (workspace, fingerprint, token, expires_ms, released_token, failure) "
        "VALUES (?, ?, ?, ?, '', '') ON CONFLICT (workspace, fingerprint) DO UPDATE "
        "SET token = excluded.token, expires_ms = excluded.expires_ms "
        "WHERE locks.token = '' OR locks.expires_ms <= ? OR locks.expires_ms > ?"));
    insert.run(
        database.workspace(), fingerprint, token, expiryOf(nowMs, ttl), nowMs, nowMs + impossibleMs);
    return insert.changes() == 1;
}

bool extendLock(Database& database, const QString& fingerprint, const QString& token, qint64 nowMs,
    std::chrono::milliseconds ttl)
{
    requireToken(fingerprint, token);
    Statement update = database.prepare(
        QStringLiteral("UPDATE locks SET expires_ms = ? WHERE workspace = ? AND fingerprint = ? "
                       "AND token = ? AND expires_ms > ?"));
    update.run(expiryOf(nowMs, ttl), database.workspace(), fingerprint, token, nowMs);
    return update.changes() == 1;
}

bool releaseLock(Database& database, const QString& fingerprint, const QString& token, const QString& failure)
{
    requireToken(fingerprint, token);
    // The row stays, so that waiters in other processes, who poll, learn how it ended.
    Statement update =
        database.prepare(QStringLiteral("UPDATE locks SET token = '', released_token = token, failure = ? "
                                        "WHERE workspace = ? AND fingerprint = ? AND token = ?"));
    update.run(failure, database.workspace(), fingerprint, token);
    return update.changes() == 1;
}

void extendCooldown(Database& database, const QString& key, const QString& publisher, qint64 nowMs,
    std::chrono::milliseconds span)
{
    if (cooldownOf(database, key, nowMs).left >= span)
        return;
    Statement insert = database.prepare(QStringLiteral(
        "INSERT INTO locks (workspace, fingerprint, token, expires_ms, released_token, failure) "
        "VALUES (?, ?, ?, ?, '', '') ON CONFLICT (workspace, fingerprint) DO UPDATE "
        "SET token = excluded.token, expires_ms = excluded.expires_ms"));
    insert.run(database.workspace(), cooldownRow(key), publisher + QLatin1Char(' ') + QString::number(nowMs),
        nowMs + qint64{span.count()});
}

Cooldown cooldownOf(Database& database, const QString& key, qint64 nowMs)
{
    Statement select = database.prepare(
        QStringLiteral("SELECT token, expires_ms FROM locks WHERE workspace = ? AND fingerprint = ?"));
    Cooldown cooldown;
    if (!select.run(database.workspace(), cooldownRow(key)).next())
        return cooldown;
    const QString token = select.text(0);
    const qint64 left = select.integer(1) - nowMs;
    const qint64 begun = token.section(QLatin1Char(' '), 1).toLongLong();
    if (left <= 0 || begun > nowMs + clockPatienceMs)
        return cooldown;
    cooldown.publisher = token.section(QLatin1Char(' '), 0, 0);
    cooldown.left = std::chrono::milliseconds(left);
    return cooldown;
}

LockState lockState(Database& database, const QString& fingerprint, qint64 nowMs)
{
    LockState state;
    Statement select =
        database.prepare(QStringLiteral("SELECT token, expires_ms, released_token, failure FROM locks "
                                        "WHERE workspace = ? AND fingerprint = ?"));
    if (!select.run(database.workspace(), fingerprint).next())
        return state;
    state.expiresMs = select.integer(1);
    if (state.expiresMs > nowMs && state.expiresMs <= nowMs + impossibleMs)
        state.token = select.text(0);
    state.releasedToken = select.text(2);
    state.failure = select.text(3);
    return state;
}

} // namespace llmcache::sqlite
