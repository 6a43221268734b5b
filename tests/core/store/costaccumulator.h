#pragma once

#include "store/call.h"

namespace llmcache::test {

/// Groups calls in memory by the rules of CostQuery; what every store must agree with.
class CostAccumulator {
public:
    /// Throws ConfigurationError for an unknown time zone.
    explicit CostAccumulator(CostQuery query);
    /// Adds one call if it is in range and passes the filters.
    void add(const Call& call);
    /// Adds sums whose calls all lie at `timeMs`, with the values of the dimensions that `query` uses
    /// (rollups: `timeMs` is any time in the bucket).
    void add(qint64 timeMs, const std::function<QString(Dimension)>& valueOf, const CostSums& sums);
    CostReport report() const;

private:
    QString keyOf(Dimension dimension, qint64 timeMs, const std::function<QString(Dimension)>& valueOf) const;
    CostQuery m_query;
    struct Groups;
    std::shared_ptr<Groups> m_groups;
};

} // namespace llmcache::test
