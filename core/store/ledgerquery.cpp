#include "store/ledgerquery.h"

#include "base/error.h"

#include <algorithm>
#include <numeric>

namespace llmcache {

namespace {

void add(qint64& sum, qint64 value)
{
    // Saturating, as Money is: counts come from files that may be hostile.
    if (__builtin_add_overflow(sum, value, &sum))
        sum = std::numeric_limits<qint64>::max();
}

constexpr std::array countMembers{
    &LedgerSums::unpriced,
    &LedgerSums::avoidedUnknown,
    &LedgerSums::inputTokens,
    &LedgerSums::outputTokens,
    &LedgerSums::cacheReadTokens,
    &LedgerSums::cacheWriteTokens,
    &LedgerSums::cacheWrite1hTokens,
    &LedgerSums::reasoningTokens,
    &LedgerSums::inputAudioTokens,
    &LedgerSums::outputAudioTokens,
    &LedgerSums::webSearches,
    &LedgerSums::servedTokens,
    &LedgerSums::attempts,
    &LedgerSums::retriedCalls,
    &LedgerSums::rateLimits,
    &LedgerSums::rateLimitedCalls,
    &LedgerSums::waitedMs,
    &LedgerSums::latencyMs,
    &LedgerSums::failed,
    &LedgerSums::sendingCalls,
};

std::optional<double> shareOf(qint64 part, qint64 whole)
{
    if (whole == 0)
        return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
}

bool passes(const QStringList& values, const Call& call, Dimension dimension)
{
    if (dimension != Dimension::Tag)
        return values.contains(dimensionValue(call, dimension));
    if (call.tags.isEmpty())
        return values.contains(QString());
    return std::any_of(
        call.tags.begin(), call.tags.end(), [&values](const QString& tag) { return values.contains(tag); });
}

} // namespace

void requireSound(const CallSelection& selection)
{
    for (const auto& filter : selection.filters) {
        if (isTimeDimension(filter.first))
            throw ConfigurationError(
                QStringLiteral("Calls can't be filtered by %1.").arg(dimensionName(filter.first)),
                QStringLiteral("Narrow the time range instead."));
    }
}

bool accepts(const CallSelection& selection, const Call& call)
{
    if (call.timeMs < selection.fromMs || call.timeMs >= selection.toMs)
        return false;
    if (!selection.fingerprint.isEmpty() && call.fingerprint != selection.fingerprint)
        return false;
    return std::all_of(selection.filters.begin(), selection.filters.end(),
        [&call](const auto& filter) { return passes(filter.second, call, filter.first); });
}

qint64 LedgerSums::calls() const
{
    return std::accumulate(outcomes.begin(), outcomes.end(), qint64{0});
}

qint64 LedgerSums::tokens() const
{
    qint64 sum = inputTokens;
    add(sum, outputTokens);
    return sum;
}

std::optional<double> LedgerSums::hitRate() const
{
    return shareOf(hits(), hits() + of(Outcome::Miss));
}

std::optional<double> LedgerSums::retryRate() const
{
    return shareOf(retriedCalls, sendingCalls);
}

std::optional<double> LedgerSums::rateLimitRate() const
{
    return shareOf(rateLimitedCalls, sendingCalls);
}

LedgerSums& LedgerSums::operator+=(const LedgerSums& other)
{
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        add(outcomes[i], other.outcomes[i]);
    for (const auto member : countMembers)
        add(this->*member, other.*member);
    billed += other.billed;
    avoided += other.avoided;
    return *this;
}

qint64 measureOf(const LedgerSums& sums, Measure measure)
{
    switch (measure) {
    case Measure::Billed:
        return sums.billed.picodollars();
    case Measure::Avoided:
        return sums.avoided.picodollars();
    case Measure::Calls:
        return sums.calls();
    case Measure::Hits:
        return sums.hits();
    case Measure::Paid:
        return sums.paid();
    case Measure::Failures:
        return sums.failures();
    case Measure::Unpriced:
        return sums.unpriced;
    case Measure::Tokens:
        return sums.tokens();
    }
    return 0;
}

CostSums costSumsOf(const LedgerSums& sums)
{
    CostSums costs;
    costs.calls = sums.calls();
    costs.hits = sums.hits();
    costs.misses = sums.paid();
    costs.failures = sums.failures();
    costs.unpriced = sums.unpriced;
    costs.cost = sums.billed;
    costs.avoided = sums.avoided;
    costs.inputTokens = sums.inputTokens;
    costs.outputTokens = sums.outputTokens;
    costs.cacheReadTokens = sums.cacheReadTokens;
    costs.cacheWriteTokens = sums.cacheWriteTokens;
    costs.reasoningTokens = sums.reasoningTokens;
    return costs;
}

LedgerQuery ledgerQueryOf(const CostQuery& query)
{
    LedgerQuery ledger;
    ledger.selection.fromMs = query.fromMs;
    ledger.selection.toMs = query.toMs;
    ledger.selection.filters = query.filters;
    ledger.groupBy = query.groupBy;
    ledger.timeZone = query.timeZone;
    return ledger;
}

CostReport costReportOf(const LedgerReport& report)
{
    CostReport costs;
    costs.rows.reserve(report.rows.size());
    for (const LedgerRow& row : report.rows) {
        CostRow& cost = costs.rows.emplace_back();
        for (const LedgerKey& key : row.keys)
            cost.keys.append(key.text);
        cost.sums = costSumsOf(row.sums);
    }
    costs.total = costSumsOf(report.total.sums);
    return costs;
}

bool comesBefore(const Call& left, const Call& right)
{
    return left.timeMs != right.timeMs ? left.timeMs > right.timeMs : left.id > right.id;
}

QByteArray cursorOf(const Call& call)
{
    return QByteArray::number(call.timeMs) + ':' + call.id.toUtf8();
}

bool CallPosition::isBefore(const Call& call) const
{
    return call.timeMs != timeMs ? call.timeMs < timeMs : call.id < id;
}

std::optional<CallPosition> positionOf(const QByteArray& cursor)
{
    if (cursor.isEmpty())
        return std::nullopt;
    const qsizetype colon = cursor.indexOf(':');
    bool ok = false;
    CallPosition position;
    position.timeMs = cursor.left(colon).toLongLong(&ok);
    position.id = QString::fromUtf8(cursor.mid(colon + 1));
    if (colon < 0 || !ok || position.id.isEmpty())
        throw CacheError(QStringLiteral("The list of calls can't be continued from there."),
            QStringLiteral("Load it again from the beginning."));
    return position;
}

Distributions& Distributions::operator+=(const Distributions& other)
{
    paidLatency += other.paidLatency;
    hitLatency += other.hitLatency;
    firstToken += other.firstToken;
    billed += other.billed;
    return *this;
}

} // namespace llmcache
