#include "base/error.h"
#include "store/call.h"

#include <QDateTime>
#include <QHash>
#include <QTimeZone>

#include <algorithm>
#include <map>

namespace llmcache {

namespace {

constexpr qint64 latestTime = 253'402'300'799'999; // the end of the year 9999

bool isTime(Dimension dimension)
{
    return dimension == Dimension::Hour || dimension == Dimension::Day || dimension == Dimension::Month;
}

/// Offsets from UTC by the spans between a zone's transitions: asking QTimeZone for each call costs more
/// than the rest of the sum.
class ZoneOffsets {
public:
    explicit ZoneOffsets(const QTimeZone& zone)
        : m_zone(zone)
    {
    }

    qint64 offsetMs(qint64 timeMs)
    {
        auto after = m_spans.upper_bound(timeMs);
        if (after != m_spans.begin()) {
            const auto& [fromMs, span] = *std::prev(after);
            if (timeMs >= fromMs && timeMs < span.toMs)
                return span.offsetMs;
        }
        const QDateTime time = QDateTime::fromMSecsSinceEpoch(timeMs, Qt::UTC);
        Span span{std::numeric_limits<qint64>::max(), qint64{m_zone.offsetFromUtc(time)} * 1000};
        qint64 fromMs = std::numeric_limits<qint64>::min();
        if (m_zone.hasTransitions()) {
            if (const auto next = m_zone.nextTransition(time); next.atUtc.isValid())
                span.toMs = next.atUtc.toMSecsSinceEpoch();
            if (const auto previous = m_zone.previousTransition(time.addMSecs(1)); previous.atUtc.isValid())
                fromMs = previous.atUtc.toMSecsSinceEpoch();
        }
        m_spans.insert_or_assign(fromMs, span);
        return span.offsetMs;
    }

private:
    struct Span {
        qint64 toMs;
        qint64 offsetMs;
    };
    QTimeZone m_zone;
    std::map<qint64, Span> m_spans; // by their beginning
};

} // namespace

struct CostAccumulator::Groups {
    explicit Groups(const QTimeZone& zone)
        : offsets(zone)
    {
    }
    ZoneOffsets offsets;
    QHash<QStringList, CostSums> sums;
};

CostSums& CostSums::operator+=(const CostSums& other)
{
    // Saturating, as Money is: counts come from files that may be hostile.
    const auto add = [](qint64& sum, qint64 value) {
        if (__builtin_add_overflow(sum, value, &sum))
            sum = std::numeric_limits<qint64>::max();
    };
    add(calls, other.calls);
    add(hits, other.hits);
    add(misses, other.misses);
    add(failures, other.failures);
    add(unpriced, other.unpriced);
    cost += other.cost;
    avoided += other.avoided;
    add(inputTokens, other.inputTokens);
    add(outputTokens, other.outputTokens);
    add(cacheReadTokens, other.cacheReadTokens);
    add(cacheWriteTokens, other.cacheWriteTokens);
    add(reasoningTokens, other.reasoningTokens);
    return *this;
}

CostSums sumsOf(const Call& call)
{
    CostSums sums;
    sums.calls = 1;
    sums.cost = call.cost.value_or(Money());
    sums.avoided = call.avoided.value_or(Money());
    switch (call.outcome) {
    case Outcome::Hit:
    case Outcome::Shared:
        sums.hits = 1;
        return sums; // its tokens are the entry's and were paid by somebody else
    case Outcome::Miss:
    case Outcome::Refreshed:
    case Outcome::Bypassed:
        sums.misses = 1;
        sums.unpriced = call.cost ? 0 : 1;
        break;
    case Outcome::Failed:
    case Outcome::Cancelled:
        // Who never sent a request paid nothing, whatever the price.
        sums.failures = 1;
        sums.unpriced = call.cost || call.attempts == 0 ? 0 : 1;
        break;
    }
    sums.inputTokens = call.usage.inputTokens;
    sums.outputTokens = call.usage.outputTokens;
    sums.cacheReadTokens = call.usage.cacheReadTokens;
    sums.cacheWriteTokens = call.usage.cacheWriteTokens;
    sums.reasoningTokens = call.usage.reasoningTokens;
    return sums;
}

CostAccumulator::CostAccumulator(CostQuery query)
    : m_query(std::move(query))
{
    QTimeZone zone(m_query.timeZone);
    if (!zone.isValid())
        throw ConfigurationError(
            QStringLiteral("There is no time zone \"%1\".").arg(QString::fromUtf8(m_query.timeZone)),
            QStringLiteral("Use an IANA name such as \"Europe/Berlin\", or \"UTC\"."));
    for (const auto& filter : m_query.filters) {
        if (isTime(filter.first))
            throw ConfigurationError(
                QStringLiteral("Costs can't be filtered by %1.").arg(dimensionName(filter.first)),
                QStringLiteral("Narrow the time range instead."));
    }
    m_groups = std::make_shared<Groups>(std::move(zone));
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
    const bool byTime = !m_query.groupBy.empty() && isTime(m_query.groupBy.front());
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
    if (!isTime(dimension))
        return valueOf(dimension);
    const qint64 bounded = std::clamp<qint64>(timeMs, 0, latestTime);
    const QDateTime local =
        QDateTime::fromMSecsSinceEpoch(bounded + m_groups->offsets.offsetMs(bounded), Qt::UTC);
    const QDate date = local.date();
    QString month = QStringLiteral("%1-%2")
                        .arg(date.year(), 4, 10, QLatin1Char('0'))
                        .arg(date.month(), 2, 10, QLatin1Char('0'));
    if (dimension == Dimension::Month)
        return month;
    QString day = QStringLiteral("%1-%2").arg(month).arg(date.day(), 2, 10, QLatin1Char('0'));
    if (dimension == Dimension::Day)
        return day;
    return QStringLiteral("%1T%2:00").arg(day).arg(local.time().hour(), 2, 10, QLatin1Char('0'));
}

} // namespace llmcache
