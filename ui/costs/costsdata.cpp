#include "costs/costsdata.h"

#include "base/csv.h"
#include "store/ledgersummary.h"
#include "widgets/format.h"

#include <QHash>
#include <QSet>

#include <algorithm>

namespace llmcache::ui {

namespace {

QHash<QString, std::size_t> indexOf(const std::vector<Bucket>& buckets)
{
    QHash<QString, std::size_t> index;
    for (std::size_t at = 0; at < buckets.size(); ++at)
        index.insert(buckets[at].key, at);
    return index;
}

/// Rows by (bucket, name) as series, in the order of their totals.
std::vector<CostsSeries> seriesOf(const LedgerReport& report, const std::vector<Bucket>& buckets)
{
    const QHash<QString, std::size_t> bucketIndex = indexOf(buckets);
    std::vector<CostsSeries> series;
    std::vector<LedgerSums> totals;
    QHash<QString, std::size_t> seriesIndex;
    std::optional<std::size_t> other;
    for (const LedgerRow& row : report.rows) {
        const auto bucket = bucketIndex.constFind(row.keys.front().text);
        if (bucket == bucketIndex.cend())
            continue;
        const LedgerKey& key = row.keys.back();
        const bool isOther = key.kind == LedgerKey::Kind::Other;
        std::size_t at = isOther ? other.value_or(series.size()) : seriesIndex.value(key.text, series.size());
        if (at == series.size()) {
            CostsSeries next;
            next.name = isOther ? QStringLiteral("other") : key.text;
            next.isOther = isOther;
            next.values.resize(buckets.size());
            series.push_back(std::move(next));
            totals.emplace_back();
            if (isOther)
                other = at;
            else
                seriesIndex.insert(key.text, at);
        }
        series[at].values[*bucket] += row.sums;
        totals[at] += row.sums;
    }
    std::vector<std::size_t> order(series.size());
    for (std::size_t at = 0; at < order.size(); ++at)
        order[at] = at;
    std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
        if (series[left].isOther != series[right].isOther)
            return series[right].isOther;
        return totals[left].billed != totals[right].billed ? totals[left].billed > totals[right].billed
                                                           : series[left].name < series[right].name;
    });
    std::vector<CostsSeries> sorted;
    for (const std::size_t at : order)
        sorted.push_back(std::move(series[at]));
    return sorted;
}

/// The steps of a chart whose values are distributions, which are big.
Dimension latencyBucket(const TimeSpan& span, Dimension bucket, const QByteArray& timeZone)
{
    constexpr std::size_t most = 100;
    for (const Dimension coarser : {Dimension::Hour, Dimension::Day, Dimension::Week}) {
        if (bucketsOf(span, bucket, timeZone).size() <= most)
            break;
        if (bucket != coarser)
            bucket = coarser;
    }
    return bucketsOf(span, bucket, timeZone).size() <= most ? bucket : Dimension::Month;
}

LedgerQuery queryOf(const CostsQuestion& question, std::vector<Dimension> groupBy)
{
    LedgerQuery query;
    query.selection = selectionOf(question);
    query.groupBy = std::move(groupBy);
    query.timeZone = question.timeZone;
    return query;
}

std::vector<LedgerSums> inOrder(const LedgerReport& report, const std::vector<Bucket>& buckets)
{
    std::vector<LedgerSums> sums(buckets.size());
    const QHash<QString, std::size_t> index = indexOf(buckets);
    for (const LedgerRow& row : report.rows) {
        if (const auto at = index.constFind(row.keys.front().text); at != index.cend())
            sums[*at] += row.sums;
    }
    return sums;
}

/// How finely the time before is asked for: weeks and months do not begin where those of the range do.
Dimension stepBefore(Dimension bucket)
{
    return bucket == Dimension::Week || bucket == Dimension::Month ? Dimension::Day : bucket;
}

/// The sums of the time before, each in the bucket of the range that it is compared with.
std::vector<LedgerSums> inCounterparts(const LedgerReport& report, const CostsQuestion& question,
    const TimeSpan& before, Dimension step, const std::vector<Bucket>& buckets)
{
    std::vector<LedgerSums> sums(buckets.size());
    const std::vector<Bucket> steps = bucketsOf(before, step, question.timeZone);
    const QHash<QString, std::size_t> index = indexOf(steps);
    for (const LedgerRow& row : report.rows) {
        const auto at = index.constFind(row.keys.front().text);
        if (at == index.cend())
            continue;
        // Its middle, which an hour more or less does not move into another day.
        const TimeSpan& span = steps[*at].span;
        const auto time = counterpartOf(
            question.range, question.span, question.timeZone, span.fromMs + (span.toMs - span.fromMs) / 2);
        if (!time)
            continue;
        const auto after = std::upper_bound(buckets.begin(), buckets.end(), *time,
            [](qint64 wanted, const Bucket& bucket) { return wanted < bucket.span.fromMs; });
        if (after != buckets.begin() && *time < std::prev(after)->endMs)
            sums[static_cast<std::size_t>(std::prev(after) - buckets.begin())] += row.sums;
    }
    return sums;
}

} // namespace

CallSelection selectionOf(const CostsQuestion& question)
{
    CallSelection selection;
    selection.fromMs = question.span.fromMs;
    selection.toMs = question.span.toMs;
    selection.filters = question.filters;
    return selection;
}

QCoro::Task<CostsSnapshot> loadCosts(Session* session, CostsQuestion question)
{
    CostsSnapshot snapshot;
    snapshot.bucket = bucketSizeFor(question.span, question.bucket);
    snapshot.buckets = bucketsOf(question.span, snapshot.bucket, question.timeZone);

    LedgerQuery stacked = queryOf(question, {snapshot.bucket, question.stackBy});
    stacked.top = {{question.stackBy, mostSeries, Measure::Billed}};
    LedgerQuery models = queryOf(question, {Dimension::Model});
    LedgerQuery tasks = queryOf(question, {Dimension::Task});
    tasks.top = {{Dimension::Task, mostBars, Measure::Billed}};

    CostsQuestion earlier = question;
    earlier.span = spanBefore(question.range, question.span, question.timeZone);
    const Dimension step = stepBefore(snapshot.bucket);
    std::vector<Dimension> spreadBy;
    if (question.page == CostsPage::Latency)
        spreadBy = {latencyBucket(question.span, snapshot.bucket, question.timeZone)};

    // Started together: stores answer on all cores.
    auto stackedTask = session->report(std::move(stacked));
    auto modelsTask = session->report(std::move(models));
    auto tasksTask = session->report(std::move(tasks));
    std::optional<QCoro::Task<LedgerReport>> beforeTask;
    if (question.compare)
        beforeTask.emplace(session->report(queryOf(earlier, {step})));
    std::optional<QCoro::Task<LedgerReport>> spreadTask;
    if (question.page == CostsPage::Tokens || question.page == CostsPage::Latency) {
        LedgerQuery spread = queryOf(question, spreadBy);
        spread.distributions = true;
        spreadTask.emplace(session->report(std::move(spread)));
    }
    const LedgerReport timeline = co_await std::move(stackedTask);
    const LedgerReport allModels = co_await std::move(modelsTask);
    snapshot.byTask = co_await std::move(tasksTask);
    snapshot.byModel = withTop(allModels, {Dimension::Model, mostBars, Measure::Billed});
    const LedgerReport withoutPrice = withTop(allModels, {Dimension::Model, mostBars, Measure::Unpriced});
    if (beforeTask) {
        const LedgerReport report = co_await std::move(*beforeTask);
        snapshot.before = report.total.sums;
        snapshot.beforePerBucket = inCounterparts(report, question, earlier.span, step, snapshot.buckets);
    }
    if (question.page == CostsPage::Tokens && spreadTask) {
        const LedgerReport report = co_await std::move(*spreadTask);
        snapshot.distributions = report.total.distributions;
    }
    if (question.page == CostsPage::Latency && spreadTask) {
        snapshot.latencyBuckets = bucketsOf(question.span, spreadBy.front(), question.timeZone);
        snapshot.latencyPerBucket.resize(snapshot.latencyBuckets.size());
        const LedgerReport report = co_await std::move(*spreadTask);
        const QHash<QString, std::size_t> index = indexOf(snapshot.latencyBuckets);
        for (const LedgerRow& row : report.rows) {
            if (const auto at = index.constFind(row.keys.front().text); at != index.cend())
                snapshot.latencyPerBucket[*at] += row.distributions;
        }
    }

    snapshot.total = timeline.total.sums;
    snapshot.hasRepriced = timeline.hasRepriced;
    snapshot.series = seriesOf(timeline, snapshot.buckets);
    // Not the sum of the series: a call with two tags is in two of them.
    if (question.stackBy == Dimension::Tag) {
        LedgerQuery plain = queryOf(question, {snapshot.bucket});
        const LedgerReport report = co_await session->report(std::move(plain));
        snapshot.perBucket = inOrder(report, snapshot.buckets);
    } else {
        snapshot.perBucket.resize(snapshot.buckets.size());
        for (const CostsSeries& series : snapshot.series) {
            for (std::size_t at = 0; at < series.values.size(); ++at)
                snapshot.perBucket[at] += series.values[at];
        }
    }
    for (const LedgerRow& row : withoutPrice.rows) {
        if (row.sums.unpriced > 0 && row.keys.front().kind == LedgerKey::Kind::Value)
            snapshot.unpricedModels.append(row.keys.front().text);
    }
    snapshot.question = std::move(question);
    co_return snapshot;
}

QCoro::Task<std::vector<ChoicePopup::Choice>> loadValues(
    Session* session, CallSelection selection, Dimension dimension)
{
    constexpr int most = 500;
    selection.filters.erase(std::remove_if(selection.filters.begin(), selection.filters.end(),
                                [dimension](const auto& filter) { return filter.first == dimension; }),
        selection.filters.end());
    LedgerQuery query;
    query.selection = std::move(selection);
    query.groupBy = {dimension};
    query.top = {{dimension, most, Measure::Calls}};
    query.orderBy = Measure::Calls;
    const LedgerReport report = co_await session->report(std::move(query));
    std::vector<ChoicePopup::Choice> choices;
    for (const LedgerRow& row : report.rows) {
        if (row.keys.front().kind == LedgerKey::Kind::Other)
            continue;
        const QString& value = row.keys.front().text;
        choices.push_back({value, valueLabel(dimension, value), format::count(row.sums.calls()), false});
    }
    co_return choices;
}

QStringList namesOf(const LedgerReport& report)
{
    QStringList names;
    for (const LedgerRow& row : report.rows) {
        if (row.keys.front().kind == LedgerKey::Kind::Value)
            names.append(row.keys.front().text);
    }
    return names;
}

QCoro::Task<QStringList> loadOthers(
    Session* session, CallSelection selection, Dimension dimension, QStringList shown)
{
    LedgerQuery query;
    query.selection = std::move(selection);
    query.groupBy = {dimension};
    const LedgerReport report = co_await session->report(std::move(query));
    const QSet<QString> known(shown.begin(), shown.end());
    QStringList others;
    for (const QString& name : namesOf(report)) {
        if (!known.contains(name))
            others.append(name);
    }
    co_return others;
}

QByteArray costsCsv(const std::vector<Dimension>& groupBy, const LedgerReport& report)
{
    QStringList header;
    for (const Dimension dimension : groupBy)
        header.append(dimensionName(dimension));
    header += QStringLiteral("calls,hits,misses,failures,unpriced,cost_usd,avoided_cost_usd,input_tokens,"
                             "output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,attempts,"
                             "rate_limits,retried_calls,waited_ms")
                  .split(QLatin1Char(','));
    QByteArray text = csvRecord(header);
    for (const LedgerRow& row : report.rows) {
        QStringList cells;
        for (const LedgerKey& key : row.keys)
            cells.append(key.kind == LedgerKey::Kind::Other ? QStringLiteral("(other)") : key.text);
        const LedgerSums& sums = row.sums;
        for (const qint64 count : {sums.calls(), sums.hits(), sums.paid(), sums.failures(), sums.unpriced})
            cells.append(QString::number(count));
        cells.append(sums.billed.toDecimal());
        cells.append(sums.avoided.toDecimal());
        for (const qint64 count :
            {sums.inputTokens, sums.outputTokens, sums.cacheReadTokens, sums.cacheWriteTokens,
                sums.reasoningTokens, sums.attempts, sums.rateLimits, sums.retriedCalls, sums.waitedMs})
            cells.append(QString::number(count));
        text += csvRecord(cells);
    }
    return text;
}

QCoro::Task<QByteArray> loadSumsCsv(Session* session, CostsQuestion question)
{
    const Dimension bucket = bucketSizeFor(question.span, question.bucket);
    const std::vector<Dimension> groups{bucket, Dimension::Model, Dimension::Task};
    LedgerQuery query = queryOf(question, groups);
    const LedgerReport report = co_await session->report(std::move(query));
    co_return costsCsv(groups, report);
}

} // namespace llmcache::ui
