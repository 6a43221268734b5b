#pragma once

#include "store/store.h"

namespace llmcache::sqlite {

class Database;

// Entries, locks and agents of the database's workspace. All throw CacheError.

/// The condition that finds an entry. Its values: the workspace, headOf() the fingerprint, the fingerprint.
inline const QString& isEntry()
{
    static const QString condition = QStringLiteral("workspace = ? AND head = ? AND fingerprint = ?");
    return condition;
}
/// What the index of entries has of a fingerprint.
inline QString headOf(const QString& fingerprint)
{
    return fingerprint.left(8);
}
/// Request and response of the entries `e`, which stand in their rows or apart, see withBodies(). NULL where
/// what stands apart is lost.
inline const QString& requestColumn()
{
    static const QString column = QStringLiteral("COALESCE(e.request, b.request)");
    return column;
}
inline const QString& responseColumn()
{
    static const QString column = QStringLiteral("COALESCE(e.response, b.response)");
    return column;
}
inline const QString& withBodies()
{
    static const QString join =
        QStringLiteral(" LEFT JOIN entry_bodies b ON e.request IS NULL AND b.entry = e.id");
    return join;
}

std::optional<qint64> revisionOf(Database& database, const QString& fingerprint, qint64 nowMs);
std::optional<Entry> lookupEntry(
    Database& database, const QString& fingerprint, EntryParts parts, qint64 nowMs);
/// An entry as its tables keep it.
struct EntryRow {
    QString fingerprint;
    qint64 format = 0;
    qint64 revision = 0;
    qint64 hits = 0;
    qint64 usedMs = 0;
    std::optional<qint64> expiresMs;
    QByteArray meta;
    QByteArray request;
    QByteArray response;
};
/// Adds a row; false where there is one of the same fingerprint, even if it has expired.
bool addRow(Database& database, const EntryRow& row);
/// Writes a row, over the one of the same fingerprint if there is one, which keeps its id. Within the
/// caller's transaction.
void writeRow(Database& database, const EntryRow& row);
/// Writes the entry and releases the lock, in one transaction; returns the revision.
qint64 commitEntry(Database& database, const Commit& commit, qint64 nowMs);
qint64 removeEntries(Database& database, const QStringList& fingerprints, qint64 nowMs);
EntryPage listEntries(Database& database, const QByteArray& cursor, int pageSize, qint64 nowMs);
ImagePage listImages(Database& database, const QByteArray& cursor, int pageSize, qint64 nowMs);
QStringList fingerprintsWith(Database& database, const QString& prefix, int limit, qint64 nowMs);
qint64 countEntries(Database& database, qint64 nowMs);

/// What is known of a lock: who holds it, and how the last holder ended.
struct LockState {
    QString token; ///< empty when nobody holds it
    qint64 expiresMs = 0;
    QString releasedToken;
    QString failure;
};
bool takeLock(Database& database, const QString& fingerprint, const QString& token, qint64 nowMs,
    std::chrono::milliseconds ttl);
bool extendLock(Database& database, const QString& fingerprint, const QString& token, qint64 nowMs,
    std::chrono::milliseconds ttl);
/// Whether `token` held it.
bool releaseLock(
    Database& database, const QString& fingerprint, const QString& token, const QString& failure);
/// A cooldown is a row of the same table: its token says who published it and when.
void extendCooldown(Database& database, const QString& key, const QString& publisher, qint64 nowMs,
    std::chrono::milliseconds span);
Cooldown cooldownOf(Database& database, const QString& key, qint64 nowMs);
LockState lockState(Database& database, const QString& fingerprint, qint64 nowMs);

std::vector<StoredAgent> listAgents(Database& database);
std::optional<StoredAgent> loadAgent(Database& database, const QString& name);
StoredAgent saveAgent(
    Database& database, const Agent& agent, qint64 expectedRevision, const QString& savedBy, qint64 nowMs);
bool removeAgent(Database& database, const QString& name);

} // namespace llmcache::sqlite
