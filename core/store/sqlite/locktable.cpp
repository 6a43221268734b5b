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

qint64 expiryOf(qint64 nowMs, std::chrono::milliseconds ttl)
{
    constexpr std::chrono::milliseconds longest = std::chrono::hours(24);
    return nowMs + qint64{std::min(ttl, longest).count()};
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
        "WHERE locks.token = '' OR locks.expires_ms <= ?"));
    insert.run(database.workspace(), fingerprint, token, expiryOf(nowMs, ttl), nowMs);
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

LockState lockState(Database& database, const QString& fingerprint, qint64 nowMs)
{
    LockState state;
    Statement select =
        database.prepare(QStringLiteral("SELECT token, expires_ms, released_token, failure FROM locks "
                                        "WHERE workspace = ? AND fingerprint = ?"));
    if (!select.run(database.workspace(), fingerprint).next())
        return state;
    state.expiresMs = select.integer(1);
    if (state.expiresMs > nowMs)
        state.token = select.text(0);
    state.releasedToken = select.text(2);
    state.failure = select.text(3);
    return state;
}

} // namespace llmcache::sqlite
