#pragma once

#include "store/store.h"

namespace llmcache::sqlite {

class Database;

// The ledger of the database's workspace: calls, and their sums by hour. All throw CacheError.

/// Appends calls with their rollups and counts hits on entries, in one transaction; returns how many were
/// new.
qint64 recordCalls(Database& database, const std::vector<Call>& calls);
CostReport sumCosts(Database& database, const CostQuery& query);
std::vector<Call> listCalls(Database& database, const CallQuery& query);

} // namespace llmcache::sqlite
