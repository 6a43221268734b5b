#pragma once

#include "store/call.h"

#include <QByteArray>
#include <QHash>
#include <QList>

#include <array>
#include <optional>

namespace llmcache::redisstore {

inline constexpr qint64 hourMs = 3'600'000;
inline constexpr qint64 latestTimeMs = 253'402'300'799'999; // the end of the year 9999

/// The dimensions by which sums are kept for each hour: selected pairs, never all of them crossed.
struct RollupPair {
    const char* name; ///< last part of the key
    Dimension first;
    Dimension second;
};
inline constexpr std::array rollupPairs{
    RollupPair{"model-task", Dimension::Model, Dimension::Task},
    RollupPair{"model-user", Dimension::Model, Dimension::User},
    RollupPair{"model-agent", Dimension::Model, Dimension::Agent},
    RollupPair{"task-user", Dimension::Task, Dimension::User},
};

/// The pair that answers a question exactly (the provider follows from the model); nothing when only the
/// calls can.
std::optional<std::size_t> rollupFor(const CostQuery& query);

/// The values of a pair as they stand in a field: "5:model" + "task", where 5 is the length of the first.
QByteArray pairField(const Call& call, const RollupPair& pair);
/// Letter and amount of each sum that is not zero.
QList<QByteArray> increments(const CostSums& sums);

/// Sums by the values of the pair, from the field names and values of a rollup's hash. Fields that are none
/// of ours are left out.
struct RollupRow {
    QString first;
    QString second;
    CostSums sums;
};
class RollupReader {
public:
    void add(const QByteArray& field, const QByteArray& value);
    std::vector<RollupRow> rows() const;

private:
    QHash<QByteArray, CostSums> m_sums; ///< by pairField
};

} // namespace llmcache::redisstore
