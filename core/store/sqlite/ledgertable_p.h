#pragma once

#include "store/store.h"

#include <QVariantList>

namespace llmcache::sqlite {

class Database;
class Statement;

// The ledger of the database's workspace. All throw CacheError.

/// Appends calls and counts hits on entries, in one transaction; returns how many were new.
qint64 recordCalls(Database& database, const std::vector<Call>& calls);

/// The columns that callFromRow() reads, in its order.
inline constexpr const char* callColumns =
    "id, time_ms, fingerprint, model, task, agent, user, outcome, detail";
inline constexpr int callColumnCount = 9;
Call callFromRow(Database& database, const Statement& row);
/// The part of a selection that the columns of `calls` can decide, as a condition with its values; empty when
/// no call can pass.
QString conditionFor(Database& database, const CallSelection& selection, QVariantList& values);

} // namespace llmcache::sqlite
