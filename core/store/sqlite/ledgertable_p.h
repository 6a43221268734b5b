#pragma once

#include "store/store.h"

#include <QVariantList>

#include <array>
#include <map>

namespace llmcache::sqlite {

class Database;
class Statement;

// The ledger of the database's workspace: calls, and their sums by hour. All throw CacheError.

/// Appends calls with their rollups and counts hits on entries, in one transaction; returns how many were
/// new.
qint64 recordCalls(Database& database, const std::vector<Call>& calls);
CostReport sumCosts(Database& database, const CostQuery& query);

/// The columns that callFromRow() reads, in its order.
inline constexpr const char* callColumns =
    "id, time_ms, fingerprint, model, task, agent, user, outcome, detail";
inline constexpr int callColumnCount = 9;
Call callFromRow(Database& database, const Statement& row);
/// The part of a selection that the columns of `calls` can decide, as a condition with its values; empty when
/// no call can pass.
QString conditionFor(Database& database, const CallSelection& selection, QVariantList& values);

/// What the sums of an hour are kept by: its time, then numbers of model, task, agent, user and outcome.
using HourKey = std::array<qint64, 6>;
/// The key of the hour that the time in `key` is in.
HourKey hourKeyOf(HourKey key);
/// Makes the sums in [fromMs, toMs), whole hours, those that are expected; returns how many were wrong. Needs
/// a write transaction.
qint64 correctHours(
    Database& database, qint64 fromMs, qint64 toMs, const std::map<HourKey, CostSums>& expected);

} // namespace llmcache::sqlite
