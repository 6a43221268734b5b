#include "costs/callsmodel.h"
#include "costs/costscharts.h"
#include "costs/pricelistmodel.h"
#include "costs/seriescolors.h"
#include "guitest.h"
#include "widgets/badge.h"
#include "widgets/tablestyle.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTimeZone>

using namespace llmcache;
using namespace llmcache::ui;

namespace {

/// Of the test of calls out of sight.
constexpr qint64 newest = 1'000'000;
constexpr int pageLength = 500;

Money dollars(const char* text)
{
    return *Money::fromDecimal(QString::fromLatin1(text));
}

qint64 at(const char* zone, int year, int month, int day, int hour, int minute = 0)
{
    return QDateTime(QDate(year, month, day), QTime(hour, minute), QTimeZone(QByteArray(zone)))
        .toMSecsSinceEpoch();
}

} // namespace

class TestCostsData : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void rangesBeginAtMidnightOfTheReader_data();
    void rangesBeginAtMidnightOfTheReader();
    void daysAcrossTheEndOfSummerTime();
    void theRepeatedHourIsOneBucket();
    void comparedWithTheSameDaysBefore();
    void barsSuitTheirSpan();
    void shareAndMoneyToTheLastDigit();
    void chartCsv();
    void colorsStay();
    void modelsWithoutAPriceComeFirst();
    void pricesAsCsv();
    void everyRunIsInOneBar();
    void csvIsExactAndSafe();
    void newCallsComeOnTop();
    void callsOutOfSightAreGivenUp();
    void callsTable();
};

void TestCostsData::rangesBeginAtMidnightOfTheReader_data()
{
    QTest::addColumn<QByteArray>("zone");
    for (const char* zone : {"UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu",
             "Australia/Lord_Howe"})
        QTest::newRow(zone) << QByteArray(zone);
}

void TestCostsData::rangesBeginAtMidnightOfTheReader()
{
    QFETCH(QByteArray, zone);
    const qint64 now = at(zone.constData(), 2026, 11, 23, 0, 30);
    QCOMPARE(spanOf(CostsRange::Today, zone, now).fromMs, at(zone.constData(), 2026, 11, 23, 0));
    const TimeSpan week = spanOf(CostsRange::Week, zone, now);
    QCOMPARE(week.fromMs, at(zone.constData(), 2026, 11, 17, 0));
    QCOMPARE(spanOf(CostsRange::ThisMonth, zone, now).fromMs, at(zone.constData(), 2026, 11, 1, 0));
    const TimeSpan last = spanOf(CostsRange::LastMonth, zone, now);
    QCOMPARE(last.fromMs, at(zone.constData(), 2026, 10, 1, 0));
    QCOMPARE(last.toMs, at(zone.constData(), 2026, 11, 1, 0));
    const auto days = bucketsOf(week, Dimension::Day, zone);
    QCOMPARE(days.size(), std::size_t(7));
    QCOMPARE(days.front().key, QStringLiteral("2026-11-17"));
    QCOMPARE(days.back().key, QStringLiteral("2026-11-23"));
    QCOMPARE(days.back().span.toMs, week.toMs);
}

void TestCostsData::daysAcrossTheEndOfSummerTime()
{
    const QByteArray zone = "Europe/Berlin";
    const TimeSpan span{at(zone.constData(), 2026, 10, 24, 0), at(zone.constData(), 2026, 10, 27, 0)};
    const auto days = bucketsOf(span, Dimension::Day, zone);
    QCOMPARE(days.size(), std::size_t(3));
    constexpr qint64 hourMs = 3'600'000;
    QCOMPARE(days[1].span.toMs - days[1].span.fromMs, 25 * hourMs);
    QCOMPARE(spanText(span, zone), QStringLiteral("24 Oct – 26 Oct 2026"));
}

void TestCostsData::theRepeatedHourIsOneBucket()
{
    const QByteArray zone = "Europe/Berlin";
    const auto hours =
        bucketsOf({at(zone.constData(), 2026, 10, 25, 0), at(zone.constData(), 2026, 10, 26, 0)},
            Dimension::Hour, zone);
    QCOMPARE(hours.size(), std::size_t(24)); // 25 hours, two of them called 02:00
    QCOMPARE(std::count_if(hours.begin(), hours.end(),
                 [](const Bucket& hour) { return hour.key == QStringLiteral("2026-10-25T02:00"); }),
        1);
}

void TestCostsData::comparedWithTheSameDaysBefore()
{
    const QByteArray zone = "Europe/Berlin";
    // Across the end of summer time: the same time of the day, not the same number of hours.
    const qint64 now = at(zone.constData(), 2026, 10, 28, 15);
    const TimeSpan week = spanOf(CostsRange::Week, zone, now);
    const TimeSpan before = spanBefore(CostsRange::Week, week, zone);
    QCOMPARE(before.fromMs, at(zone.constData(), 2026, 10, 15, 0));
    QCOMPARE(before.toMs, at(zone.constData(), 2026, 10, 21, 15) + 1);
    const TimeSpan march = spanOf(CostsRange::ThisMonth, zone, at(zone.constData(), 2027, 3, 31, 12));
    QCOMPARE(spanBefore(CostsRange::ThisMonth, march, zone).toMs, at(zone.constData(), 2027, 2, 28, 12) + 1);
    const TimeSpan custom{1'000, 3'000};
    QCOMPARE(spanBefore(CostsRange::Custom, custom, zone), (TimeSpan{-1'000, 1'000}));
}

void TestCostsData::barsSuitTheirSpan()
{
    constexpr qint64 hourMs = 3'600'000;
    constexpr qint64 dayMs = 24 * hourMs;
    QCOMPARE(bucketSizeFor({0, hourMs}), Dimension::Minute);
    QCOMPARE(bucketSizeFor({0, dayMs}), Dimension::Hour);
    QCOMPARE(bucketSizeFor({0, 30 * dayMs}), Dimension::Day);
    QCOMPARE(bucketSizeFor({0, 365 * dayMs}), Dimension::Week);
    QCOMPARE(bucketSizeFor({0, 2000 * dayMs}), Dimension::Month);
    QCOMPARE(bucketLabel(QStringLiteral("2026-11-14")), QStringLiteral("14 Nov"));
    QCOMPARE(bucketLabel(QStringLiteral("2026-11-14T09:05"), true), QStringLiteral("Sat 14 Nov 2026 09:05"));
    QCOMPARE(bucketLabel(QStringLiteral("2026-W07")), QStringLiteral("week 7"));
    QCOMPARE(bucketLabel(QStringLiteral("2026-11")), QStringLiteral("Nov 2026"));
}

void TestCostsData::shareAndMoneyToTheLastDigit()
{
    QCOMPARE(exactText(ChartUnit::Money, ChartValue{2'894'000'001, 1}), QStringLiteral("$0.002894000001"));
    QCOMPARE(exactText(ChartUnit::Share, ChartValue{412, 500}), QStringLiteral("82.4 % (412 of 500)"));
    QCOMPARE(exactText(ChartUnit::Share, ChartValue{0, 0}), QStringLiteral("–"));
    QCOMPARE(axisText(ChartUnit::Money, 0.25, 0.05), QStringLiteral("$0.25"));
    QCOMPARE(axisText(ChartUnit::Count, 12'000, 4'000), QStringLiteral("12k"));
    QCOMPARE(axisText(ChartUnit::Milliseconds, 2'500, 500), QStringLiteral("2.5 s"));
}

void TestCostsData::chartCsv()
{
    ChartData data;
    data.columnTitle = QStringLiteral("day");
    data.columns.resize(1);
    data.columns[0].key = QStringLiteral("2026-11-14");
    ChartSeries evil;
    evil.name = QStringLiteral("=cmd()");
    evil.values = {ChartValue{1, 1}};
    ChartSeries other;
    other.name = QStringLiteral("other");
    other.values = {ChartValue{2'000'000'000'000, 1}};
    data.series = {evil, other};
    QCOMPARE(llmcache::ui::chartCsv(data),
        QByteArray("day,'=cmd() usd,other usd,all usd\n2026-11-14,0.000000000001,2,2.000000000001\n"));
}

void TestCostsData::colorsStay()
{
    SeriesColors colors;
    QStringList names;
    for (int at = 0; at < 7; ++at)
        names.append(QString::number(at));
    colors.assign(Dimension::Model, names);
    QSet<int> different;
    for (const QString& name : std::as_const(names))
        different.insert(colors.of(Dimension::Model, name));
    QCOMPARE(different.size(), 7);
    QVERIFY(!different.contains(-1));
    const int third = colors.of(Dimension::Model, QStringLiteral("3"));
    // Another one comes in the place of one that is gone, and nobody else changes.
    colors.assign(Dimension::Model, {QStringLiteral("new"), QStringLiteral("3"), QStringLiteral("4")});
    QCOMPARE(colors.of(Dimension::Model, QStringLiteral("3")), third);
    QVERIFY(colors.of(Dimension::Model, QStringLiteral("new")) != third);
    QVERIFY(colors.of(Dimension::Model, QStringLiteral("new")) >= 0);
    QCOMPARE(colors.of(Dimension::Task, QStringLiteral("3")), -1);
    // And after a restart, whatever became of the settings.
    SeriesColors later;
    later.restore(Dimension::Model, colors.saved(Dimension::Model));
    later.restore(
        Dimension::Task, {{QStringLiteral("a"), 99}, {QStringLiteral("b"), QStringLiteral("blue")}});
    later.assign(Dimension::Model, {QStringLiteral("4"), QStringLiteral("3")});
    QCOMPARE(later.of(Dimension::Model, QStringLiteral("3")), third);
    QCOMPARE(later.of(Dimension::Task, QStringLiteral("a")), -1);
    QCOMPARE(later.of(Dimension::Task, QStringLiteral("b")), -1);
}

void TestCostsData::modelsWithoutAPriceComeFirst()
{
    const auto row = [](const char* model, qint64 calls, qint64 unpriced) {
        LedgerRow made;
        made.keys = {{LedgerKey::Kind::Value, QString::fromLatin1(model)}};
        made.sums.outcomes[static_cast<std::size_t>(Outcome::Miss)] = calls;
        made.sums.unpriced = unpriced;
        return made;
    };
    PriceTable prices = PriceTable::builtIn();
    prices.setCustomCosts(
        {{QStringLiteral("acme:own"), ModelCosts{QStringLiteral("1"), QStringLiteral("2"), {}, {}}}});
    LedgerReport report;
    report.rows = {row("openai:gpt-5-mini", 900, 0), row("acme:nobody-knows", 2, 2),
        row("openai:gpt-5-2025-08-07", 70, 0), row("acme:other-unknown", 30, 30), row("acme:own", 5, 1)};
    const std::vector<PricedModel> models = pricedModels(prices, report);
    QVERIFY(models.size() > 300);
    QStringList first;
    for (std::size_t i = 0; i < 5; ++i)
        first.append(models[i].model);
    QCOMPARE(first,
        QStringList({QStringLiteral("acme:other-unknown"), QStringLiteral("acme:nobody-knows"),
            QStringLiteral("openai:gpt-5-mini"), QStringLiteral("openai:gpt-5-2025-08-07"),
            QStringLiteral("acme:own")}));
    QCOMPARE(models[0].unpriced, 30);
    QVERIFY(models[0].source.isEmpty());
    QCOMPARE(models[3].source, prices.version()); // a dated name, which the table knows
    QCOMPARE(models[4].source, QStringLiteral("custom"));
    QCOMPARE(models[5].calls, 0);
}

void TestCostsData::pricesAsCsv()
{
    PricedModel priced;
    priced.model = QStringLiteral("openai:gpt-5");
    priced.input = QStringLiteral("1.25");
    priced.output = QStringLiteral("10");
    priced.source = QStringLiteral("2026-11-23");
    priced.calls = 12'000;
    PricedModel unknown;
    unknown.model = QStringLiteral("=own,model");
    unknown.calls = unknown.unpriced = 3;
    QCOMPARE(pricesCsv({priced, unknown}),
        QByteArray("model,input_usd_per_million,output_usd_per_million,price_of,calls,unpriced_calls\n"
                   "openai:gpt-5,1.25,10,2026-11-23,12000,0\n\"'=own,model\",,,,3,3\n"));
}

void TestCostsData::everyRunIsInOneBar()
{
    CostsSnapshot snapshot;
    qint64 runs = 0;
    for (qint64 cost = 1; cost < 4'000'000'000'000; cost = cost * 5 / 3 + 1) {
        snapshot.distributions.billed.add(cost, 3);
        runs += 3;
    }
    const ChartData chart = runCostChart(snapshot);
    QVERIFY(chart.columns.size() <= 40);
    qint64 sum = 0;
    qint64 end = -1;
    for (std::size_t at = 0; at < chart.columns.size(); ++at) {
        sum += chart.series.front().values[at]->amount;
        QVERIFY(chart.columns[at].from > end);
        end = chart.columns[at].upTo;
    }
    QCOMPARE(sum, runs);
    QVERIFY(runCostChart(CostsSnapshot()).isEmpty());
}

void TestCostsData::csvIsExactAndSafe()
{
    LedgerReport report;
    LedgerRow row;
    row.keys = {{LedgerKey::Kind::Value, QStringLiteral("=cmd|' /C calc'!A0")},
        {LedgerKey::Kind::Value, QStringLiteral("a,\"b\"")}};
    row.sums.billed = dollars("0.000000000001");
    report.rows = {row};
    const QByteArray csv = costsCsv({Dimension::Task, Dimension::Model}, report);
    QVERIFY2(csv.contains("0.000000000001"), csv.constData());
    QVERIFY(!csv.contains("\n=cmd"));
    QVERIFY(csv.contains("'=cmd"));
    QVERIFY(csv.contains("\"a,\"\"b\"\"\""));
}

void TestCostsData::newCallsComeOnTop()
{
    CallsModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const auto call = [](qint64 time) {
        Call made;
        made.timeMs = time;
        made.id = QString::number(time);
        return made;
    };
    const auto times = [&model] {
        QList<qint64> all;
        for (int row = 0; row < model.rowCount(); ++row)
            all << model.callAt(row)->timeMs;
        return all;
    };
    model.setCalls({call(50), call(30)}, "30:30");
    // One came on top, one late, one is older than what was read.
    QVERIFY(model.mergeCalls({call(60), call(50), call(40), call(30), call(20)}));
    QCOMPARE(times(), (QList<qint64>{60, 50, 40, 30}));
    QVERIFY(model.hasMore());
    model.appendCalls({call(20)}, {});
    QCOMPARE(times(), (QList<qint64>{60, 50, 40, 30, 20}));
    QVERIFY(!model.canFetchMore({}));
    // With nothing in common there may be a gap.
    model.setCalls({call(50)}, "50:50");
    QVERIFY(!model.mergeCalls({call(90), call(80)}));
}

void TestCostsData::callsOutOfSightAreGivenUp()
{
    CallsModel model; // without a tester: it would look at every row
    const auto page = [](int number, int count = pageLength) {
        std::vector<Call> calls(static_cast<std::size_t>(count));
        for (int at = 0; at < count; ++at) {
            calls[static_cast<std::size_t>(at)].timeMs = newest - number * pageLength - at;
            calls[static_cast<std::size_t>(at)].id = QString::number(number * pageLength + at);
        }
        return calls;
    };
    const auto cursor = [](int number) { return QByteArray::number(number); };
    constexpr int pages = 200;
    model.setCalls(page(0), cursor(1));
    for (int number = 1; number < pages; ++number)
        model.appendCalls(page(number), cursor(number + 1));
    QCOMPARE(model.rowCount(), pages * pageLength);
    QVERIFY(model.held() <= CallsModel::mostHeld);
    QVERIFY(model.callAt(0)); // what new calls come on top of
    QVERIFY(model.callAt(model.rowCount() - 1));

    // Back in the middle: a skeleton, and the page is asked for once.
    const int row = 50 * pageLength + 7;
    QSignalSpy wanted(&model, &CallsModel::pageWanted);
    QVERIFY(!model.callAt(row));
    QVERIFY(model.index(row, 0).data(TableDelegate::skeletonRole).toBool());
    QVERIFY(!model.index(row + 1, 0).data().isValid());
    QTRY_COMPARE(wanted.count(), 1);
    QCOMPARE(wanted[0][0].toByteArray(), cursor(50));
    QCOMPARE(wanted[0][1].toByteArray(), cursor(51));
    model.fillPage(cursor(50), page(50));
    QCOMPARE(model.callAt(row)->id, QString::number(row));
    QVERIFY(model.held() <= CallsModel::mostHeld);
    // One came late, or was archived, since.
    const QPersistentModelIndex later = model.index(90 * pageLength, 0);
    model.fillPage(cursor(60), page(60, pageLength - 1));
    QCOMPARE(model.rowCount(), pages * pageLength - 1);
    QCOMPARE(later.row(), 90 * pageLength - 1);
    // And new ones on top.
    Call fresh;
    fresh.timeMs = newest + 1;
    fresh.id = QStringLiteral("new");
    std::vector<Call> top = page(0, 10);
    top.insert(top.begin(), fresh);
    QVERIFY(model.mergeCalls(top));
    QCOMPARE(model.callAt(0)->id, fresh.id);
    QCOMPARE(later.row(), 90 * pageLength);
}

void TestCostsData::callsTable()
{
    CallsModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    Call hit;
    hit.outcome = Outcome::Hit;
    hit.model = QStringLiteral("anthropic:claude-haiku-4-5");
    hit.cost = Money();
    hit.avoided = dollars("0.0042");
    hit.usage.inputTokens = 1200;
    hit.usage.outputTokens = 30;
    Call unpriced;
    unpriced.outcome = Outcome::Miss;
    unpriced.attempts = 1;
    model.setCalls({hit, unpriced});
    const auto text = [&model](int row, CallsModel::Column column) {
        return model.index(row, column).data().toString();
    };
    QCOMPARE(text(0, CallsModel::Model), QStringLiteral("claude-haiku-4-5"));
    QCOMPARE(text(0, CallsModel::State), badgeOf(Outcome::Hit).text);
    QCOMPARE(text(0, CallsModel::Latency), QStringLiteral("<1 ms"));
    QCOMPARE(text(0, CallsModel::Tokens), QStringLiteral("1,230"));
    QCOMPARE(text(0, CallsModel::Saved), QStringLiteral("$0.0042"));
    QCOMPARE(text(1, CallsModel::Cost), QStringLiteral("unpriced"));
    QCOMPARE(text(1, CallsModel::Saved), QString());
    QCOMPARE(model.index(1, CallsModel::Latency).data(Qt::ToolTipRole).toString(),
        QStringLiteral("1 provider request"));
}

LLMCACHE_GUI_TEST_MAIN(TestCostsData)
#include "tst_costsdata.moc"
