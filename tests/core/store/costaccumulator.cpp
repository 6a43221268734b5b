#include "costaccumulator.h"

#include "base/error.h"
#include "store/localtime_p.h"

#include <QHash>

#include <algorithm>
#include <map>

namespace llmcache::test {

struct CostAccumulator::Groups {
    std::map<Dimension, LocalBuckets> buckets; ///< of the dimensions of time that are asked for
    QHash<QStringList, CostSums> sums;
};

CostAccumulator::CostAccumulator(CostQuery query)
    : m_query(std::move(query))
{
    const QTimeZone zone = timeZoneOf(m_query.timeZone);
    for (const auto& filter : m_query.filters) {
        if (isTimeDimension(filter.first))
            throw ConfigurationError(
                QStringLiteral("Costs can't be filtered by %1.").arg(dimensionName(filter.first)),
                QStringLiteral("Narrow the time range instead."));
    }
    m_groups = std::make_shared<Groups>();
    for (const Dimension dimension : m_query.groupBy) {
        if (isTimeDimension(dimension))
            m_groups->buckets.try_emplace(dimension, zone, dimension);
    }
}

void CostAccumulator::add(const Call& call)
{
    const auto valueOf = [&call](Dimension dimension) { return dimensionValue(call, dimension); };
    add(call.timeMs, valueOf, sumsOf(call));
}

void CostAccumulator::add(
    qint64 timeMs, const std::function<QString(Dimension)>& valueOf, const CostSums& sums)
{
    if (timeMs < m_query.fromMs || timeMs >= m_query.toMs)
        return;
    for (const auto& [dimension, values] : m_query.filters) {
        if (!values.contains(valueOf(dimension)))
            return;
    }
    QStringList keys;
    keys.reserve(static_cast<qsizetype>(m_query.groupBy.size()));
    for (const Dimension dimension : m_query.groupBy)
        keys.append(keyOf(dimension, timeMs, valueOf));
    m_groups->sums[keys] += sums;
}

CostReport CostAccumulator::report() const
{
    CostReport report;
    report.rows.reserve(static_cast<std::size_t>(m_groups->sums.size()));
    for (auto it = m_groups->sums.cbegin(); it != m_groups->sums.cend(); ++it) {
        report.rows.push_back({it.key(), it.value()});
        report.total += it.value();
    }
    const bool byTime = !m_query.groupBy.empty() && isTimeDimension(m_query.groupBy.front());
    // Keys break ties, so that the same ledger gives the same report everywhere.
    std::sort(report.rows.begin(), report.rows.end(), [byTime](const CostRow& left, const CostRow& right) {
        if (byTime && left.keys.front() != right.keys.front())
            return left.keys.front() < right.keys.front();
        if (left.sums.cost != right.sums.cost)
            return left.sums.cost > right.sums.cost;
        return std::lexicographical_compare(
            left.keys.begin(), left.keys.end(), right.keys.begin(), right.keys.end());
    });
    return report;
}

QString CostAccumulator::keyOf(
    Dimension dimension, qint64 timeMs, const std::function<QString(Dimension)>& valueOf) const
{
    if (!isTimeDimension(dimension))
        return valueOf(dimension);
    LocalBuckets& buckets = m_groups->buckets.at(dimension);
    return buckets.textOf(buckets.bucketOf(timeMs));
}

} // namespace llmcache::test
