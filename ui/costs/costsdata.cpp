#include "costs/costsdata.h"

#include <QDateTime>
#include <QHash>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr qint64 hourMs = 3'600'000;
constexpr int callsShown = 500;

int daysOf(CostsRange range)
{
    switch (range) {
    case CostsRange::Today:
        return 1;
    case CostsRange::Week:
        return 7;
    case CostsRange::Month:
        return 30;
    case CostsRange::Quarter:
        return 90;
    case CostsRange::Year:
        return 365;
    }
    return 30;
}

QString formulaSafe(QString text)
{
    // A spreadsheet takes these for a formula.
    if (!text.isEmpty() && QStringLiteral("=+-@\t\r").contains(text.front()))
        text.prepend(QLatin1Char('\''));
    if (text.contains(QLatin1Char(',')) || text.contains(QLatin1Char('"'))
        || text.contains(QLatin1Char('\n')))
        text = QLatin1Char('"') + text.replace(QLatin1Char('"'), QLatin1String("\"\"")) + QLatin1Char('"');
    return text;
}

} // namespace

QString rangeName(CostsRange range)
{
    switch (range) {
    case CostsRange::Today:
        return QStringLiteral("Today");
    case CostsRange::Week:
        return QStringLiteral("Last 7 days");
    case CostsRange::Month:
        return QStringLiteral("Last 30 days");
    case CostsRange::Quarter:
        return QStringLiteral("Last 90 days");
    case CostsRange::Year:
        return QStringLiteral("Last 365 days");
    }
    return {};
}

QString previousName(CostsRange range)
{
    return range == CostsRange::Today ? QStringLiteral("vs. yesterday")
                                      : QStringLiteral("vs. %1 days before").arg(daysOf(range));
}

qint64 rangeStart(const CostsQuestion& question)
{
    const QTimeZone zone(question.timeZone);
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(question.nowMs, zone);
    const QDate first = now.date().addDays(1 - daysOf(question.range));
    return QDateTime(first, QTime(0, 0), zone).toMSecsSinceEpoch();
}

QStringList bucketKeys(qint64 fromMs, qint64 toMs, bool hourly, const QByteArray& timeZone)
{
    const QTimeZone zone(timeZone);
    QStringList keys;
    if (!hourly) {
        QDate day = QDateTime::fromMSecsSinceEpoch(fromMs, zone).date();
        const QDate last = QDateTime::fromMSecsSinceEpoch(toMs - 1, zone).date();
        for (; day <= last; day = day.addDays(1))
            keys.append(day.toString(Qt::ISODate));
        return keys;
    }
    for (qint64 time = fromMs; time < toMs; time += hourMs) {
        const QDateTime local = QDateTime::fromMSecsSinceEpoch(time, zone);
        const QString key = local.toString(QStringLiteral("yyyy-MM-ddTHH:00"));
        // The hour that daylight saving repeats is one bucket, as in the ledger.
        if (keys.isEmpty() || keys.back() != key)
            keys.append(key);
    }
    return keys;
}

std::vector<CostsSeries> seriesOf(const CostReport& report, const QStringList& buckets, int most)
{
    QHash<QString, int> bucketIndex;
    for (int at = 0; at < buckets.size(); ++at)
        bucketIndex.insert(buckets.at(at), at);
    QHash<QString, Money> totals;
    for (const CostRow& row : report.rows)
        totals[row.keys.at(1)] += row.sums.cost;
    QStringList names = totals.keys();
    std::sort(names.begin(), names.end(), [&totals](const QString& left, const QString& right) {
        return totals[left] != totals[right] ? totals[left] > totals[right] : left < right;
    });
    QHash<QString, std::size_t> seriesIndex;
    std::vector<CostsSeries> series;
    for (const QString& name : std::as_const(names)) {
        if (totals[name] == Money())
            continue;
        const bool own = static_cast<int>(series.size()) < most;
        if (own || series.size() == static_cast<std::size_t>(most)) {
            CostsSeries next;
            next.name = own ? name : QStringLiteral("other");
            next.other = !own;
            next.values.resize(buckets.size());
            series.push_back(std::move(next));
        }
        seriesIndex.insert(name, series.size() - 1);
    }
    for (const CostRow& row : report.rows) {
        const auto at = seriesIndex.constFind(row.keys.at(1));
        const int bucket = bucketIndex.value(row.keys.at(0), -1);
        if (at == seriesIndex.cend() || bucket < 0)
            continue;
        series[*at].values[bucket] += row.sums.cost;
        series[*at].total += row.sums.cost;
    }
    return series;
}

QCoro::Task<CostsSnapshot> loadCosts(Session* session, CostsQuestion question)
{
    CostsSnapshot snapshot;
    snapshot.fromMs = rangeStart(question);
    snapshot.toMs = question.nowMs + 1;
    snapshot.hourly = question.range == CostsRange::Today;
    snapshot.buckets = bucketKeys(snapshot.fromMs, snapshot.toMs, snapshot.hourly, question.timeZone);
    const Dimension time = snapshot.hourly ? Dimension::Hour : Dimension::Day;

    CostQuery stacked;
    stacked.fromMs = snapshot.fromMs;
    stacked.toMs = snapshot.toMs;
    stacked.timeZone = question.timeZone;
    stacked.filters = question.filters;
    stacked.groupBy = {time, question.stackBy};
    CostQuery models = stacked;
    models.groupBy = {Dimension::Model};
    CostQuery tasks = stacked;
    tasks.groupBy = {Dimension::Task};
    CostQuery before = stacked;
    before.groupBy = {};
    before.fromMs = snapshot.fromMs - (snapshot.toMs - snapshot.fromMs);
    before.toMs = snapshot.fromMs;
    CallQuery newest;
    newest.fromMs = snapshot.fromMs;
    newest.toMs = snapshot.toMs;
    newest.filters = question.filters;
    newest.limit = callsShown;

    // Started together: one round trip of a pipelining store.
    auto stackedTask = session->costs(std::move(stacked));
    auto modelsTask = session->costs(std::move(models));
    auto tasksTask = session->costs(std::move(tasks));
    auto beforeTask = session->costs(std::move(before));
    auto callsTask = session->calls(std::move(newest));
    const CostReport timeline = co_await std::move(stackedTask);
    snapshot.byModel = co_await std::move(modelsTask);
    snapshot.byTask = co_await std::move(tasksTask);
    const CostReport previous = co_await std::move(beforeTask);
    snapshot.calls = co_await std::move(callsTask);

    snapshot.before = previous.total;
    snapshot.total = timeline.total;
    snapshot.series = seriesOf(timeline, snapshot.buckets, mostSeries);
    snapshot.perBucket.resize(static_cast<std::size_t>(snapshot.buckets.size()));
    for (const CostRow& row : timeline.rows) {
        const auto bucket = snapshot.buckets.indexOf(row.keys.at(0));
        if (bucket >= 0)
            snapshot.perBucket[static_cast<std::size_t>(bucket)] += row.sums;
    }
    snapshot.question = std::move(question);
    co_return snapshot;
}

QString bucketLabel(const QString& key, bool hourly)
{
    if (hourly)
        return key.section(QLatin1Char('T'), 1);
    return QLocale(QLocale::English).toString(QDate::fromString(key, Qt::ISODate), QStringLiteral("d MMM"));
}

QByteArray costsCsv(const std::vector<Dimension>& groupBy, const CostReport& report)
{
    QStringList header;
    for (const Dimension dimension : groupBy)
        header.append(dimensionName(dimension));
    header += QStringLiteral("calls,hits,misses,failures,unpriced,cost_usd,avoided_cost_usd,input_tokens,"
                             "output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens")
                  .split(QLatin1Char(','));
    QString text = header.join(QLatin1Char(',')) + QLatin1Char('\n');
    for (const CostRow& row : report.rows) {
        QStringList cells;
        for (const QString& key : row.keys)
            cells.append(formulaSafe(key));
        const CostSums& sums = row.sums;
        for (const qint64 count : {sums.calls, sums.hits, sums.misses, sums.failures, sums.unpriced})
            cells.append(QString::number(count));
        cells.append(sums.cost.toDecimal());
        cells.append(sums.avoided.toDecimal());
        for (const qint64 count : {sums.inputTokens, sums.outputTokens, sums.cacheReadTokens,
                 sums.cacheWriteTokens, sums.reasoningTokens})
            cells.append(QString::number(count));
        text += cells.join(QLatin1Char(',')) + QLatin1Char('\n');
    }
    return text.toUtf8();
}

} // namespace llmcache::ui
