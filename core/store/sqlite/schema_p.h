#pragma once

#include <QStringList>

#include <vector>

namespace llmcache::sqlite {

class Database;

/// The statements that lead from one schema version to the next.
using Migration = QStringList;

/// All steps: the first makes version 1 of an empty file. Steps are never changed, only added.
const std::vector<Migration>& migrations();

/// Brings an open file to the newest version, in one transaction, also when several processes try at once.
/// Throws ConfigurationError for a file that a newer version of the program wrote.
void migrate(Database& database, const std::vector<Migration>& steps);

/// Throws CacheError for a file that holds something that is not ours, before anything is written to it.
void refuseForeignFile(Database& database);

} // namespace llmcache::sqlite
