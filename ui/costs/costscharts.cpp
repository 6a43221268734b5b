#include "costs/costscharts.h"

#include "widgets/format.h"

#include <QCoreApplication>
#include <QTimeZone>

#include <algorithm>
#include <cmath>
#include <functional>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("llmcache::ui::CostsView", text);
}

std::vector<ChartColumn> columnsOf(const std::vector<Bucket>& buckets, const CostsQuestion& question)
{
    std::vector<ChartColumn> columns;
    columns.reserve(buckets.size());
    // Hours of several days: the day is what tells them apart.
    constexpr qsizetype dayLength = 10;
    const bool manyDays = !buckets.empty() && buckets.front().key.size() > dayLength
        && buckets.front().key.left(dayLength) != buckets.back().key.left(dayLength);
    constexpr std::size_t fewHours = 100;
    for (const Bucket& bucket : buckets) {
        QString label = bucketLabel(bucket.key);
        if (manyDays)
            label = bucketLabel(bucket.key.left(dayLength))
                + (buckets.size() <= fewHours ? QLatin1Char(' ') + label : QString());
        ChartColumn column;
        column.key = bucket.key;
        column.label = std::move(label);
        column.longLabel = bucketLabel(bucket.key, true);
        column.span = bucket.span;
        if (endsNow(question.range) && bucket.span.toMs == question.span.toMs)
            column.span.toMs = bucket.endMs;
        columns.push_back(std::move(column));
    }
    return columns;
}

ChartData timeChart(
    const CostsSnapshot& snapshot, const QString& id, const QString& title, ChartUnit unit, ChartShape shape)
{
    ChartData chart;
    chart.id = id;
    chart.title = title;
    chart.columnTitle = dimensionName(snapshot.bucket);
    chart.unit = unit;
    chart.shape = shape;
    chart.columns = columnsOf(snapshot.buckets, snapshot.question);
    if (snapshot.question.bucket && *snapshot.question.bucket != snapshot.bucket)
        chart.caption = tr("One bar per %1 would be too many for this range: one per %2.")
                            .arg(dimensionName(*snapshot.question.bucket), dimensionName(snapshot.bucket));
    return chart;
}

using Reading = std::function<ChartValue(const LedgerSums&)>;

ChartSeries seriesOf(const QString& name, const QString& label, int color,
    const std::vector<LedgerSums>& sums, const Reading& reading)
{
    ChartSeries series;
    series.name = name;
    series.label = label;
    series.color = color;
    series.values.reserve(sums.size());
    for (const LedgerSums& each : sums)
        series.values.emplace_back(reading(each));
    return series;
}

ChartValue billed(const LedgerSums& sums)
{
    return {sums.billed.picodollars(), 1};
}

QString per(const QString& what, Dimension bucket)
{
    return tr("%1 per %2").arg(what, dimensionName(bucket));
}

/// Colours of series that are no values of a dimension; as Theme::chartColor.
enum SeriesColor { Blue, Orange, Green, Pink, Sky, Red };

} // namespace

ChartData spendChart(const CostsSnapshot& snapshot, const SeriesColors& colors)
{
    ChartData chart = timeChart(snapshot, QStringLiteral("spend-over-time"),
        per(tr("Spend"), snapshot.bucket), ChartUnit::Money, ChartShape::Stacked);
    chart.emptyText = snapshot.total.unpriced > 0
        ? tr("No call in this range has a known price: %1 unpriced.")
              .arg(format::count(snapshot.total.unpriced))
        : tr("Nothing was spent in this range.");
    const Dimension by = snapshot.question.stackBy;
    for (const CostsSeries& each : snapshot.series) {
        ChartSeries series = seriesOf(each.name, each.isOther ? tr("other") : valueLabel(by, each.name),
            each.isOther ? -1 : colors.of(by, each.name), each.values, billed);
        series.isOther = each.isOther;
        const bool nothing = std::all_of(
            series.values.begin(), series.values.end(), [](const auto& value) { return value->amount == 0; });
        if (!nothing)
            chart.series.push_back(std::move(series));
    }
    if (snapshot.before && snapshot.before->billed != Money()) {
        ChartSeries before =
            seriesOf(QStringLiteral("time before"), tr("time before"), -1, snapshot.beforePerBucket, billed);
        before.isComparison = true;
        chart.series.push_back(std::move(before));
    }
    return chart;
}

ChartData savedChart(const CostsSnapshot& snapshot)
{
    ChartData chart = timeChart(snapshot, QStringLiteral("saved-and-spent"),
        per(tr("Saved against spent"), snapshot.bucket), ChartUnit::Money, ChartShape::Grouped);
    chart.emptyText = tr("Nothing was spent and nothing saved in this range.");
    chart.series.push_back(
        seriesOf(QStringLiteral("spent"), tr("spent"), Orange, snapshot.perBucket, billed));
    chart.series.push_back(seriesOf(QStringLiteral("saved"), tr("saved by the cache"), Green,
        snapshot.perBucket, [](const LedgerSums& sums) {
            return ChartValue{sums.avoided.picodollars(), 1};
        }));
    return chart;
}

ChartData hitRateChart(const CostsSnapshot& snapshot)
{
    ChartData chart =
        timeChart(snapshot, QStringLiteral("hit-rate"), tr("Hit rate"), ChartUnit::Share, ChartShape::Lines);
    chart.emptyText = tr("No call in this range was answered from the cache.");
    chart.series.push_back(seriesOf(
        QStringLiteral("hit rate"), tr("hit rate"), Blue, snapshot.perBucket, [](const LedgerSums& sums) {
            return ChartValue{sums.hits(), sums.hits() + sums.of(Outcome::Miss)};
        }));
    if (snapshot.before && snapshot.before->calls() > 0) {
        ChartSeries before = seriesOf(QStringLiteral("time before"), tr("time before"), -1,
            snapshot.beforePerBucket, [](const LedgerSums& sums) {
                return ChartValue{sums.hits(), sums.hits() + sums.of(Outcome::Miss)};
            });
        before.isComparison = true;
        chart.series.push_back(std::move(before));
    }
    return chart;
}

ChartData tokensChart(const CostsSnapshot& snapshot)
{
    ChartData chart = timeChart(snapshot, QStringLiteral("tokens"), per(tr("Paid tokens"), snapshot.bucket),
        ChartUnit::Count, ChartShape::Stacked);
    chart.emptyText = tr("No tokens were paid for in this range.");
    const auto add = [&](const char* name, const QString& label, int color, const Reading& reading) {
        chart.series.push_back(
            seriesOf(QString::fromLatin1(name), label, color, snapshot.perBucket, reading));
    };
    add("input", tr("input"), Blue, [](const LedgerSums& sums) {
        return ChartValue{sums.inputTokens - sums.cacheReadTokens - sums.cacheWriteTokens, 1};
    });
    add("cache read", tr("cache read"), Sky, [](const LedgerSums& sums) {
        return ChartValue{sums.cacheReadTokens, 1};
    });
    add("cache write", tr("cache write"), Green, [](const LedgerSums& sums) {
        return ChartValue{sums.cacheWriteTokens, 1};
    });
    add("output", tr("output"), Orange, [](const LedgerSums& sums) {
        return ChartValue{sums.outputTokens - sums.reasoningTokens, 1};
    });
    add("reasoning", tr("reasoning"), Pink, [](const LedgerSums& sums) {
        return ChartValue{sums.reasoningTokens, 1};
    });
    return chart;
}

ChartData runCostChart(const CostsSnapshot& snapshot)
{
    ChartData chart;
    chart.id = QStringLiteral("cost-per-run");
    chart.title = tr("Cost per paid run");
    chart.columnTitle = tr("cost up to");
    chart.unit = ChartUnit::Count;
    chart.emptyText = tr("No run in this range was paid at a known price.");
    const LogHistogram& histogram = snapshot.distributions.billed;
    ChartSeries runs;
    runs.name = QStringLiteral("runs");
    runs.label = tr("runs");
    runs.color = Blue;
    if (!histogram.isEmpty()) {
        const auto money = [](double share, const LogHistogram& of) {
            return Money::fromPicodollars(of.quantile(share)).toDisplay();
        };
        chart.caption = tr("half of them up to %1, 95 % up to %2, the dearest %3")
                            .arg(money(0.5, histogram), money(0.95, histogram),
                                Money::fromPicodollars(histogram.largest()).toDisplay());
        // Bars of whole buckets of the ledger's histogram, so that every run is counted where it belongs:
        // twice as wide from one to the next, or in finer steps where all costs are alike.
        constexpr double mostColumns = 24;
        const double lowest = std::max<double>(1, static_cast<double>(histogram.smallest()));
        const double ratio = std::max(1.0, static_cast<double>(histogram.largest()) / lowest);
        const double factor = std::max(std::pow(ratio, 1 / mostColumns), 1.02);
        qint64 from = -1;
        qint64 end = 0;
        qint64 count = 0;
        const auto close = [&] {
            if (from < 0)
                return;
            ChartColumn column;
            const Money upTo = Money::fromPicodollars(std::min(end - 1, histogram.largest()));
            column.from = from;
            column.upTo = end - 1;
            column.key = upTo.toDecimal();
            column.label = upTo.toDisplay();
            column.longLabel =
                tr("$%1 to $%2")
                    .arg(Money::fromPicodollars(std::max(from, histogram.smallest())).toDecimal(),
                        upTo.toDecimal());
            chart.columns.push_back(std::move(column));
            runs.values.emplace_back(ChartValue{count, 1});
        };
        for (const LogHistogram::Bucket& bucket : histogram.buckets()) {
            if (from >= 0
                && static_cast<double>(bucket.to)
                    <= static_cast<double>(std::max<qint64>(from, 1)) * factor) {
                end = bucket.to;
                count += bucket.count;
                continue;
            }
            close();
            from = bucket.from;
            end = bucket.to;
            count = bucket.count;
        }
        close();
    }
    chart.series.push_back(std::move(runs));
    return chart;
}

ChartData latencyChart(const CostsSnapshot& snapshot, bool hits)
{
    ChartData chart;
    chart.id = hits ? QStringLiteral("latency-hits") : QStringLiteral("latency-paid");
    chart.title = hits ? tr("Latency of hits") : tr("Latency of paid runs");
    chart.columnTitle = tr("time");
    chart.unit = ChartUnit::Milliseconds;
    chart.shape = ChartShape::Lines;
    chart.columns = columnsOf(snapshot.latencyBuckets, snapshot.question);
    chart.emptyText = hits ? tr("Hits took less than a millisecond, or there were none.")
                           : tr("No run in this range was paid.");
    struct Quantile {
        const char* name;
        double share;
        int color;
    };
    for (const Quantile& quantile :
        {Quantile{"p50", 0.5, Blue}, Quantile{"p95", 0.95, Orange}, Quantile{"p99", 0.99, Red}}) {
        ChartSeries series;
        series.name = QString::fromLatin1(quantile.name);
        series.label = series.name;
        series.color = quantile.color;
        for (const Distributions& each : snapshot.latencyPerBucket) {
            const LogHistogram& histogram = hits ? each.hitLatency : each.paidLatency;
            if (histogram.isEmpty())
                series.values.emplace_back(std::nullopt);
            else
                series.values.emplace_back(ChartValue{histogram.quantile(quantile.share), 1});
        }
        chart.series.push_back(std::move(series));
    }
    return chart;
}

ChartData errorsChart(const CostsSnapshot& snapshot)
{
    ChartData chart = timeChart(snapshot, QStringLiteral("errors"),
        per(tr("Errors, 429s and retries"), snapshot.bucket), ChartUnit::Count, ChartShape::Grouped);
    chart.emptyText = tr("No errors, no 429s and no retries in this range.");
    chart.series.push_back(seriesOf(
        QStringLiteral("failed"), tr("failed calls"), Red, snapshot.perBucket, [](const LedgerSums& sums) {
            return ChartValue{sums.failed, 1};
        }));
    chart.series.push_back(seriesOf(
        QStringLiteral("429"), tr("429 answers"), Orange, snapshot.perBucket, [](const LedgerSums& sums) {
            return ChartValue{sums.rateLimits, 1};
        }));
    chart.series.push_back(seriesOf(
        QStringLiteral("retried"), tr("retried calls"), Sky, snapshot.perBucket, [](const LedgerSums& sums) {
            return ChartValue{sums.retriedCalls, 1};
        }));
    return chart;
}

} // namespace llmcache::ui
