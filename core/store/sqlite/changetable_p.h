#pragma once

#include "store/entryimage.h"

#include <QStringList>

namespace llmcache::sqlite {

class Database;
struct EntryRow;

// Changes of the entries of the database's workspace, and what they replaced. All throw CacheError.

EntryImage imageOf(const EntryRow& row);
std::vector<EntryImage> readImages(Database& database, const QStringList& fingerprints, qint64 nowMs);
/// All of them in one transaction.
std::vector<ChangeOutcome> changeEntries(
    Database& database, const std::vector<EntryChange>& changes, qint64 nowMs);
std::vector<EntryImage> revisionsOf(Database& database, const QString& fingerprint, qint64 nowMs);

} // namespace llmcache::sqlite
