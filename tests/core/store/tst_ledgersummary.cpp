#include "base/error.h"
#include "costaccumulator.h"
#include "store/ledgersummary.h"
#include "store/localtime_p.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>
#include <QTimeZone>

#include <algorithm>
#include <random>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 minuteMs = 60'000;
constexpr qint64 hourMs = 3'600'000;
constexpr qint64 dayMs = 24 * hourMs;

qint64 utc(const char* iso)
{
    return QDateTime::fromString(QString::fromLatin1(iso) + QLatin1Char('Z'), Qt::ISODate)
        .toMSecsSinceEpoch();
}

LedgerReport reportOf(const std::vector<Call>& calls, const LedgerQuery& query)
{
    const auto names = std::make_shared<NameTable>();
    LedgerSummary summary(query, names);
    for (const Call& call : calls)
        summary.add(figuresOf(call, *names));
    return summary.report();
}

LedgerSums sumOfRows(const LedgerReport& report)
{
    LedgerSums sums;
    for (const LedgerRow& row : report.rows)
        sums += row.sums;
    return sums;
}

} // namespace

class TestLedgerSummary : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void histogramQuantiles_data();
    void histogramQuantiles();
    void histogramsAddUp();
    void histogramOfNothing();
    void bucketKeys_data();
    void bucketKeys();
    void bucketsAgreeWithQtForEveryMinute_data();
    void bucketsAgreeWithQtForEveryMinute();
    void axisHasEveryBucketOnce_data();
    void axisHasEveryBucketOnce();
    void minutesOfARepeatedHourAreTwo_data();
    void minutesOfARepeatedHourAreTwo();
    void everyGroupingAddsUpToTheTotal_data();
    void everyGroupingAddsUpToTheTotal();
    void agreesWithTheOlderReport();
    void topValuesAddUpWithOther();
    void topOfAReportIsThatOfTheQuery_data();
    void topOfAReportIsThatOfTheQuery();
    void topOfTwoDimensions();
    void tagsCountForEachTag();
    void sumsOfOneCall_data();
    void sumsOfOneCall();
    void ratesAreShares();
    void distributionsAreOfPaidCallsAndHits();
    void refusesWhatMakesNoSense();
    void calledCursorsAreRefused();
};

void TestLedgerSummary::histogramQuantiles_data()
{
    QTest::addColumn<qint64>("largest");
    for (const qint64 largest : {qint64{1}, qint64{127}, qint64{128}, qint64{4'000}, qint64{60'000},
             qint64{5'000'000'000}, std::numeric_limits<qint64>::max() - 1})
        QTest::addRow("to %lld", largest) << largest;
}

void TestLedgerSummary::histogramQuantiles()
{
    QFETCH(qint64, largest);
    std::mt19937_64 random(5);
    std::vector<qint64> values;
    LogHistogram histogram;
    for (int i = 0; i < 3000; ++i) {
        values.push_back(std::uniform_int_distribution<qint64>(0, largest)(random));
        histogram.add(values.back());
    }
    std::sort(values.begin(), values.end());
    QCOMPARE(histogram.count(), 3000);
    QCOMPARE(histogram.smallest(), values.front());
    QCOMPARE(histogram.largest(), values.back());
    for (const double share : {0.0, 0.01, 0.5, 0.95, 0.99, 1.0}) {
        const auto rank = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(share * 3000)));
        const auto exact = static_cast<double>(values[rank - 1]);
        const auto found = static_cast<double>(histogram.quantile(share));
        QVERIFY2(std::abs(found - exact) <= 0.008 * exact,
            qPrintable(QStringLiteral("%1: %2 for %3").arg(share).arg(found).arg(exact)));
    }
    qint64 counted = 0;
    qint64 end = 0;
    for (const LogHistogram::Bucket& bucket : histogram.buckets()) {
        QVERIFY(bucket.from >= end && bucket.to > bucket.from && bucket.count > 0);
        end = bucket.to;
        counted += bucket.count;
    }
    QCOMPARE(counted, 3000);
}

void TestLedgerSummary::histogramsAddUp()
{
    std::mt19937_64 random(6);
    LogHistogram all;
    std::array<LogHistogram, 3> parts;
    for (int i = 0; i < 1000; ++i) {
        // A later part begins lower or higher than what is there.
        const qint64 value = std::uniform_int_distribution<qint64>(0, qint64{1} << (i % 40))(random);
        all.add(value);
        parts[static_cast<std::size_t>(i % 3)].add(value);
    }
    LogHistogram sum;
    for (const LogHistogram& part : parts)
        sum += part;
    QVERIFY(sum == all);
    LogHistogram same = parts[2];
    same += LogHistogram();
    QVERIFY(same == parts[2]);
    QVERIFY(!(same == all));
}

void TestLedgerSummary::histogramOfNothing()
{
    LogHistogram histogram;
    QVERIFY(histogram.isEmpty());
    QCOMPARE(histogram.quantile(0.5), 0);
    QVERIFY(histogram.buckets().empty());
    histogram.add(-5);
    QCOMPARE(histogram.quantile(0.5), 0);
    histogram.add(7, 0);
    QCOMPARE(histogram.count(), 1);
}

void TestLedgerSummary::bucketKeys_data()
{
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<qint64>("timeMs");
    QTest::addColumn<QStringList>("texts"); // minute, hour, day, week, month
    QTest::addColumn<qint64>("hourStart");
    QTest::addColumn<qint64>("dayStart");
    const auto row = [](const char* zone, const char* time, const char* texts, const char* hourStart,
                         const char* dayStart) {
        QTest::addRow("%s %s", zone, time)
            << QByteArray(zone) << utc(time) << QString::fromLatin1(texts).split(QLatin1Char(' '))
            << utc(hourStart) << utc(dayStart);
    };
    row("UTC", "2026-11-23T14:05:59", "2026-11-23T14:05 2026-11-23T14:00 2026-11-23 2026-W48 2026-11",
        "2026-11-23T14:00:00", "2026-11-23T00:00:00");
    // The first days of a year may belong to the last week of the year before.
    row("UTC", "2027-01-03T23:59:59", "2027-01-03T23:59 2027-01-03T23:00 2027-01-03 2026-W53 2027-01",
        "2027-01-03T23:00:00", "2027-01-03T00:00:00");
    row("Europe/Berlin", "2026-12-31T23:00:00",
        "2027-01-01T00:00 2027-01-01T00:00 2027-01-01 2026-W53 2027-01", "2026-12-31T23:00:00",
        "2026-12-31T23:00:00");
    // Los Angeles: 2026-03-08 has no 02:00, 2026-11-01 has two 01:00, which are one key; their
    // minutes are not.
    row("America/Los_Angeles", "2026-03-08T10:00:00",
        "2026-03-08T03:00 2026-03-08T03:00 2026-03-08 2026-W10 2026-03", "2026-03-08T10:00:00",
        "2026-03-08T08:00:00");
    row("America/Los_Angeles", "2026-11-01T08:30:00",
        "2026-11-01T01:30 2026-11-01T01:00 2026-11-01 2026-W44 2026-11", "2026-11-01T08:00:00",
        "2026-11-01T07:00:00");
    row("America/Los_Angeles", "2026-11-01T09:30:00",
        "2026-11-01T01:30-08:00 2026-11-01T01:00 2026-11-01 2026-W44 2026-11", "2026-11-01T08:00:00",
        "2026-11-01T07:00:00");
    row("Asia/Kolkata", "2026-11-23T18:29:59",
        "2026-11-23T23:59 2026-11-23T23:00 2026-11-23 2026-W48 2026-11", "2026-11-23T17:30:00",
        "2026-11-22T18:30:00");
    row("Asia/Kathmandu", "2026-11-23T18:15:00",
        "2026-11-24T00:00 2026-11-24T00:00 2026-11-24 2026-W48 2026-11", "2026-11-23T18:15:00",
        "2026-11-23T18:15:00");
    // Lord Howe moves by half an hour: +10:30 to +11:00 at 2026-10-03 15:30 UTC, so 02:00 lasts 30 minutes.
    row("Australia/Lord_Howe", "2026-10-03T15:29:59",
        "2026-10-04T01:59 2026-10-04T01:00 2026-10-04 2026-W40 2026-10", "2026-10-03T14:30:00",
        "2026-10-03T13:30:00");
    row("Australia/Lord_Howe", "2026-10-03T15:30:00",
        "2026-10-04T02:30 2026-10-04T02:00 2026-10-04 2026-W40 2026-10", "2026-10-03T15:30:00",
        "2026-10-03T13:30:00");
    // Midnight does not happen on the day that the clocks of Santiago go forward.
    row("America/Santiago", "2026-09-06T04:30:00",
        "2026-09-06T01:30 2026-09-06T01:00 2026-09-06 2026-W36 2026-09", "2026-09-06T04:00:00",
        "2026-09-06T04:00:00");
}

void TestLedgerSummary::bucketKeys()
{
    QFETCH(QByteArray, zone);
    QFETCH(qint64, timeMs);
    QFETCH(QStringList, texts);
    Call call = sampleCall();
    call.timeMs = timeMs;
    LedgerQuery query;
    query.timeZone = zone;
    query.groupBy = {Dimension::Minute, Dimension::Hour, Dimension::Day, Dimension::Week, Dimension::Month};
    const LedgerReport report = reportOf({call}, query);
    QCOMPARE(report.rows.size(), 1U);
    QStringList found;
    for (const LedgerKey& key : report.rows[0].keys) {
        QCOMPARE(key.kind, LedgerKey::Kind::Time);
        found.append(key.text);
    }
    QCOMPARE(found, texts);
    QTEST(report.rows[0].keys[2].startMs, "dayStart");
    QTEST(report.rows[0].keys[1].startMs, "hourStart");
}

void TestLedgerSummary::bucketsAgreeWithQtForEveryMinute_data()
{
    QTest::addColumn<QByteArray>("zone");
    for (const char* zone : {"UTC", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu",
             "Australia/Lord_Howe", "Pacific/Chatham", "Africa/Casablanca"})
        QTest::newRow(zone) << QByteArray(zone);
}

void TestLedgerSummary::bucketsAgreeWithQtForEveryMinute()
{
    QFETCH(QByteArray, zone);
    const QTimeZone timeZone(zone);
    LocalBuckets minutes(timeZone, Dimension::Minute);
    LocalBuckets days(timeZone, Dimension::Day);
    LocalBuckets months(timeZone, Dimension::Month);
    // Some of them, forwards and backwards through a year: spans between transitions are remembered.
    const qint64 beginMs = utc("2026-01-01T00:00:00");
    constexpr qint64 count = qint64{365} * 24 * 60;
    for (qint64 i = 0; i < count; i += 97) {
        for (const qint64 timeMs : {beginMs + i * minuteMs, beginMs + (count - i) * minuteMs - 1}) {
            const QDateTime local = QDateTime::fromMSecsSinceEpoch(timeMs, timeZone);
            const QString minute = minutes.textOf(minutes.bucketOf(timeMs));
            QCOMPARE(minute.left(16), local.toString(QStringLiteral("yyyy-MM-ddTHH:mm")));
            // The second time that the clock shows it.
            const auto showedIt = [&](qint64 backMs) {
                const QDateTime earlier = QDateTime::fromMSecsSinceEpoch(timeMs - backMs, timeZone);
                return earlier.date() == local.date() && earlier.time() == local.time();
            };
            const bool isSecond = showedIt(hourMs / 2) || showedIt(hourMs);
            QCOMPARE(minute.size() > 16, isSecond);
            QCOMPARE(days.textOf(days.bucketOf(timeMs)), local.toString(QStringLiteral("yyyy-MM-dd")));
            QCOMPARE(months.textOf(months.bucketOf(timeMs)), local.toString(QStringLiteral("yyyy-MM")));
            QVERIFY(minutes.startMs(minutes.bucketOf(timeMs), timeMs) <= timeMs);
        }
    }
}

void TestLedgerSummary::axisHasEveryBucketOnce_data()
{
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<int>("dimension");
    QTest::addColumn<int>("count");
    const auto row = [](const char* zone, Dimension dimension, int count) {
        QTest::addRow("%s %s", zone, qPrintable(dimensionName(dimension)))
            << QByteArray(zone) << static_cast<int>(dimension) << count;
    };
    // Through 2026.
    row("UTC", Dimension::Day, 365);
    row("UTC", Dimension::Hour, 8760);
    row("UTC", Dimension::Week, 53);
    row("UTC", Dimension::Month, 12);
    // Two hours have one key.
    row("America/Los_Angeles", Dimension::Hour, 8759);
    row("America/Los_Angeles", Dimension::Day, 366);
    row("Asia/Kathmandu", Dimension::Day, 366);
    row("Asia/Kathmandu", Dimension::Hour, 8761);
    row("Australia/Lord_Howe", Dimension::Day, 366);
    row("America/Santiago", Dimension::Day, 366);
}

void TestLedgerSummary::axisHasEveryBucketOnce()
{
    QFETCH(QByteArray, zone);
    QFETCH(int, dimension);
    const auto kind = static_cast<Dimension>(dimension);
    const qint64 fromMs = utc("2026-01-01T00:00:00");
    const qint64 toMs = utc("2027-01-01T00:00:00");
    const auto axis = timeBuckets(kind, zone, fromMs, toMs);
    QTEST(static_cast<int>(axis.size()), "count");
    QVERIFY(axis.front().startMs <= fromMs && axis.front().endMs > fromMs);
    QVERIFY(axis.back().startMs < toMs && axis.back().endMs >= toMs);
    LocalBuckets buckets(QTimeZone(zone), kind);
    for (std::size_t i = 0; i < axis.size(); ++i) {
        QVERIFY(axis[i].startMs < axis[i].endMs);
        QCOMPARE(buckets.textOf(buckets.bucketOf(axis[i].startMs)), axis[i].text);
        QCOMPARE(buckets.textOf(buckets.bucketOf(axis[i].endMs - 1)), axis[i].text);
        if (i > 0) {
            QCOMPARE(axis[i].startMs, axis[i - 1].endMs);
            QVERIFY(axis[i].text > axis[i - 1].text);
        }
    }
    QVERIFY(timeBuckets(kind, zone, toMs, fromMs).empty());
    QCOMPARE(timeBuckets(Dimension::Minute, zone, fromMs, toMs).size(), std::size_t(mostBuckets));
    QVERIFY_EXCEPTION_THROWN(timeBuckets(Dimension::Model, zone, fromMs, toMs), ConfigurationError);
}

void TestLedgerSummary::minutesOfARepeatedHourAreTwo_data()
{
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<qint64>("changeMs"); // when the clock is put back
    QTest::newRow("Berlin") << QByteArray("Europe/Berlin") << utc("2026-10-25T01:00:00");
    QTest::newRow("Los Angeles") << QByteArray("America/Los_Angeles") << utc("2026-11-01T09:00:00");
    QTest::newRow("Lord Howe") << QByteArray("Australia/Lord_Howe") << utc("2026-04-04T15:00:00");
}

void TestLedgerSummary::minutesOfARepeatedHourAreTwo()
{
    QFETCH(QByteArray, zone);
    QFETCH(qint64, changeMs);
    // The clock shows the same at both ends.
    const QDateTime before = QDateTime::fromMSecsSinceEpoch(changeMs - 1, QTimeZone(zone));
    const QDateTime after = QDateTime::fromMSecsSinceEpoch(changeMs, QTimeZone(zone));
    const qint64 backMs = qint64{before.offsetFromUtc() - after.offsetFromUtc()} * 1000;
    QVERIFY(backMs > 0);
    const qint64 fromMs = changeMs - backMs / 2;
    const qint64 toMs = changeMs + backMs / 2;
    std::vector<Call> calls;
    for (qint64 timeMs = fromMs; timeMs < toMs; timeMs += minuteMs / 2) {
        calls.push_back(sampleCall());
        calls.back().timeMs = timeMs;
    }
    LedgerQuery query;
    query.timeZone = zone;
    query.groupBy = {Dimension::Minute};
    const LedgerReport report = reportOf(calls, query);
    const auto axis = timeBuckets(Dimension::Minute, zone, fromMs, toMs);
    QCOMPARE(axis.size(), static_cast<std::size_t>(backMs / minuteMs));
    QCOMPARE(report.rows.size(), axis.size());
    for (std::size_t at = 0; at < axis.size(); ++at) {
        // Each bar has its own calls, and in the order of time.
        QCOMPARE(report.rows[at].keys.front().text, axis[at].text);
        QCOMPARE(report.rows[at].keys.front().startMs, axis[at].startMs);
        QCOMPARE(report.rows[at].sums.calls(), 2);
        QCOMPARE(axis[at].endMs - axis[at].startMs, minuteMs);
    }
    QCOMPARE(timeBuckets(Dimension::Hour, zone, fromMs, toMs).size(), std::size_t(1));
}

void TestLedgerSummary::everyGroupingAddsUpToTheTotal_data()
{
    QTest::addColumn<unsigned>("seed");
    for (const unsigned seed : {11U, 12U, 13U, 14U})
        QTest::addRow("seed %u", seed) << seed;
}

void TestLedgerSummary::everyGroupingAddsUpToTheTotal()
{
    QFETCH(unsigned, seed);
    const std::vector<Call> ledger = randomLedger(seed, 800, utc("2026-10-25T00:00:00"), 10 * dayMs);
    LedgerQuery query;
    query.distributions = true;
    query.timeZone = "America/Los_Angeles";
    const LedgerReport whole = reportOf(ledger, query);
    QCOMPARE(whole.total.sums.calls(), 800);
    QCOMPARE(whole.rows.size(), 1U);
    const std::vector<Dimension> dimensions{Dimension::Model, Dimension::Provider, Dimension::Task,
        Dimension::Agent, Dimension::User, Dimension::Host, Dimension::Outcome, Dimension::Minute,
        Dimension::Hour, Dimension::Day, Dimension::Week, Dimension::Month};
    for (const Dimension first : dimensions) {
        for (const Dimension second : dimensions) {
            query.groupBy = {first};
            if (second != first)
                query.groupBy.push_back(second);
            query.top.clear();
            if (!isTimeDimension(first))
                query.top.push_back({first, 2, Measure::Calls});
            const LedgerReport report = reportOf(ledger, query);
            QCOMPARE(report.total.sums, whole.total.sums);
            QVERIFY(report.total.distributions == whole.total.distributions);
            QCOMPARE(sumOfRows(report), whole.total.sums);
        }
    }
}

void TestLedgerSummary::agreesWithTheOlderReport()
{
    const std::vector<Call> ledger = randomLedger(21, 500, utc("2026-10-25T00:00:00"), 10 * dayMs);
    CostQuery query;
    query.timeZone = "Australia/Lord_Howe";
    query.groupBy = {Dimension::Day, Dimension::Model};
    query.filters = {{Dimension::User, {QStringLiteral("user 1")}}};
    query.fromMs = utc("2026-10-26T03:00:00");
    CostAccumulator accumulator(query);
    for (const Call& call : ledger)
        accumulator.add(call);
    QCOMPARE(describe(costReportOf(reportOf(ledger, ledgerQueryOf(query)))), describe(accumulator.report()));
}

void TestLedgerSummary::topValuesAddUpWithOther()
{
    std::vector<Call> ledger;
    for (int user = 0; user < 30; ++user) {
        Call call = sampleCall();
        call.user = QStringLiteral("user %1").arg(user);
        call.cost = Money::fromPicodollars(1000 * (user % 10) + user);
        ledger.push_back(call);
    }
    LedgerQuery query;
    query.groupBy = {Dimension::User};
    query.top = {{Dimension::User, 3, Measure::Billed}};
    const LedgerReport report = reportOf(ledger, query);
    QCOMPARE(report.rows.size(), 4U);
    QStringList users;
    for (const LedgerRow& row : report.rows)
        users.append(row.keys[0].text);
    QCOMPARE(users,
        (QStringList{
            QStringLiteral("user 29"), QStringLiteral("user 19"), QStringLiteral("user 9"), QString()}));
    // Last, although it is the largest.
    QCOMPARE(report.rows[3].keys[0].kind, LedgerKey::Kind::Other);
    QCOMPARE(report.rows[3].sums.calls(), 27);
    QVERIFY(report.rows[3].sums.billed > report.rows[0].sums.billed);
    QCOMPARE(sumOfRows(report), report.total.sums);
    // Nothing is left for others.
    query.top = {{Dimension::User, 30, Measure::Calls}};
    QCOMPARE(reportOf(ledger, query).rows.size(), 30U);
}

void TestLedgerSummary::topOfAReportIsThatOfTheQuery_data()
{
    QTest::addColumn<int>("count");
    QTest::addColumn<Measure>("by");
    QTest::newRow("some") << 2 << Measure::Billed;
    QTest::newRow("by another measure") << 2 << Measure::Unpriced;
    QTest::newRow("none") << 0 << Measure::Calls;
    QTest::newRow("all") << 5 << Measure::Tokens;
    QTest::newRow("more than there are") << 50 << Measure::Hits;
}

void TestLedgerSummary::topOfAReportIsThatOfTheQuery()
{
    QFETCH(int, count);
    QFETCH(Measure, by);
    const std::vector<Call> ledger = randomLedger(3, 900, 1'795'392'000'000, dayMs);
    LedgerQuery query;
    query.groupBy = {Dimension::Model}; // five of them
    query.distributions = true;
    query.orderBy = by;
    const LedgerReport all = reportOf(ledger, query);
    query.top = {{Dimension::Model, count, by}};
    QCOMPARE(describe(withTop(all, query.top.front())), describe(reportOf(ledger, query)));
}

void TestLedgerSummary::topOfTwoDimensions()
{
    const std::vector<Call> ledger = randomLedger(31, 600, utc("2026-10-25T00:00:00"), 3 * dayMs);
    LedgerQuery query;
    query.groupBy = {Dimension::Day, Dimension::Model, Dimension::Task};
    query.top = {{Dimension::Model, 2, Measure::Billed}, {Dimension::Task, 1, Measure::Calls}};
    const LedgerReport report = reportOf(ledger, query);
    QCOMPARE(report.rows.size(), 3U * 3U * 2U);
    QCOMPARE(sumOfRows(report), report.total.sums);
    // The same two models every day: those of the whole range.
    QSet<QString> models;
    for (const LedgerRow& row : report.rows) {
        if (row.keys[1].kind == LedgerKey::Kind::Value)
            models.insert(row.keys[1].text);
    }
    QCOMPARE(models.size(), 2);
}

void TestLedgerSummary::tagsCountForEachTag()
{
    Call both = sampleCall();
    both.tags = {QStringLiteral("a"), QStringLiteral("b")};
    Call one = sampleCall();
    one.tags = {QStringLiteral("b")};
    Call none = sampleCall();
    none.tags.clear();
    const std::vector<Call> ledger{both, one, none};
    LedgerQuery query;
    query.groupBy = {Dimension::Tag};
    const LedgerReport report = reportOf(ledger, query);
    QCOMPARE(report.rows.size(), 3U);
    QCOMPARE(report.rows[0].keys[0].text, QStringLiteral("b"));
    QCOMPARE(report.rows[0].sums.calls(), 2);
    QCOMPARE(report.total.sums.calls(), 3);
    query.selection.filters = {{Dimension::Tag, {QStringLiteral("a")}}};
    QCOMPARE(reportOf(ledger, query).total.sums.calls(), 1);
    query.selection.filters = {{Dimension::Tag, {QString()}}};
    QCOMPARE(reportOf(ledger, query).total.sums.calls(), 1);
}

void TestLedgerSummary::sumsOfOneCall_data()
{
    QTest::addColumn<int>("outcome");
    QTest::addColumn<bool>("priced");
    QTest::addColumn<qint64>("unpriced");
    QTest::addColumn<qint64>("tokens");
    QTest::addColumn<qint64>("served");
    const auto row = [](Outcome outcome, bool priced, qint64 unpriced, qint64 tokens, qint64 served) {
        QTest::addRow("%s %d", qPrintable(outcomeName(outcome)), priced)
            << static_cast<int>(outcome) << priced << unpriced << tokens << served;
    };
    row(Outcome::Hit, true, 0, 0, 1500);
    row(Outcome::Shared, false, 0, 0, 1500);
    row(Outcome::Miss, true, 0, 1500, 0);
    row(Outcome::Miss, false, 1, 1500, 0);
    row(Outcome::Refreshed, true, 0, 1500, 0);
    row(Outcome::Bypassed, false, 1, 1500, 0);
    row(Outcome::Failed, false, 1, 1500, 0);
    row(Outcome::Cancelled, true, 0, 1500, 0);
}

void TestLedgerSummary::sumsOfOneCall()
{
    QFETCH(int, outcome);
    QFETCH(bool, priced);
    Call call = sampleCall();
    call.outcome = static_cast<Outcome>(outcome);
    call.attempts = 3;
    call.rateLimits = 2;
    if (!priced)
        call.cost = std::nullopt;
    const LedgerSums sums = reportOf({call}, {}).total.sums;
    QCOMPARE(sums.of(call.outcome), 1);
    QCOMPARE(sums.calls(), 1);
    QCOMPARE(sums.hits() + sums.paid() + sums.failures(), 1);
    QCOMPARE(sums.failed, call.outcome == Outcome::Failed ? 1 : 0);
    QTEST(sums.unpriced, "unpriced");
    QTEST(sums.tokens(), "tokens");
    QTEST(sums.servedTokens, "served");
    QCOMPARE(sums.attempts, 3);
    QCOMPARE(sums.retriedCalls, 1);
    QCOMPARE(sums.rateLimits, 2);
    QCOMPARE(sums.rateLimitedCalls, 1);
    QCOMPARE(sums.waitedMs, 900);
    QCOMPARE(sums.latencyMs, 1834);
    QCOMPARE(costSumsOf(sums), sumsOf(call));
}

void TestLedgerSummary::ratesAreShares()
{
    LedgerSums sums;
    QVERIFY(!sums.hitRate() && !sums.retryRate() && !sums.rateLimitRate());
    sums.outcomes[static_cast<std::size_t>(Outcome::Hit)] = 2;
    sums.outcomes[static_cast<std::size_t>(Outcome::Shared)] = 1;
    sums.outcomes[static_cast<std::size_t>(Outcome::Miss)] = 1;
    sums.outcomes[static_cast<std::size_t>(Outcome::Refreshed)] = 7; // did not ask the cache
    QCOMPARE(sums.hitRate(), 0.75);
    sums.sendingCalls = 8;
    sums.retriedCalls = 2;
    sums.rateLimitedCalls = 1;
    QCOMPARE(sums.retryRate(), 0.25);
    QCOMPARE(sums.rateLimitRate(), 0.125);
}

void TestLedgerSummary::distributionsAreOfPaidCallsAndHits()
{
    std::vector<Call> ledger;
    for (int i = 1; i <= 100; ++i) {
        Call call = sampleCall();
        call.outcome = i % 2 == 0 ? Outcome::Miss : Outcome::Hit;
        call.latency = std::chrono::milliseconds(i);
        call.cost = Money::fromPicodollars(i);
        ledger.push_back(call);
    }
    ledger.push_back(sampleCall());
    ledger.back().outcome = Outcome::Failed;
    LedgerQuery query;
    QVERIFY(reportOf(ledger, query).total.distributions.hitLatency.isEmpty());
    query.distributions = true;
    const Distributions found = reportOf(ledger, query).total.distributions;
    QCOMPARE(found.paidLatency.count(), 50);
    QCOMPARE(found.paidLatency.quantile(0.5), 50);
    QCOMPARE(found.hitLatency.quantile(0.95), 95);
    QCOMPARE(found.hitLatency.largest(), 99);
    QCOMPARE(found.firstToken.count(), 50);
    QCOMPARE(found.billed.quantile(1), 100);
}

void TestLedgerSummary::refusesWhatMakesNoSense()
{
    const auto refused = [](const std::function<void(LedgerQuery&)>& change) {
        LedgerQuery query;
        change(query);
        try {
            const LedgerSummary summary(query, std::make_shared<NameTable>());
        } catch (const ConfigurationError& error) {
            return !error.message().isEmpty();
        }
        return false;
    };
    QVERIFY(!refused([](LedgerQuery&) {}));
    QVERIFY(refused([](LedgerQuery& query) { query.timeZone = "Mars/Olympus_Mons"; }));
    QVERIFY(refused([](LedgerQuery& query) {
        query.selection.filters = {{Dimension::Week, {QStringLiteral("2026-W01")}}};
    }));
    QVERIFY(refused([](LedgerQuery& query) { query.groupBy = {Dimension::Model, Dimension::Model}; }));
    QVERIFY(refused([](LedgerQuery& query) { query.top = {{Dimension::Model, 3, Measure::Calls}}; }));
    QVERIFY(refused([](LedgerQuery& query) {
        query.groupBy = {Dimension::Day};
        query.top = {{Dimension::Day, 3, Measure::Calls}};
    }));
    QVERIFY(refused([](LedgerQuery& query) {
        query.groupBy = {Dimension::Model, Dimension::Task, Dimension::Agent, Dimension::User,
            Dimension::Outcome, Dimension::Day, Dimension::Host};
    }));
}

void TestLedgerSummary::calledCursorsAreRefused()
{
    for (const char* bad : {"x", "12", ":", "12:", "a:b", "99999999999999999999:x"})
        QVERIFY_EXCEPTION_THROWN(positionOf(bad), CacheError);
    QVERIFY(!positionOf({}));
    const Call call = sampleCall();
    const auto position = positionOf(cursorOf(call));
    QCOMPARE(position->timeMs, call.timeMs);
    QCOMPARE(position->id, call.id);
    QVERIFY(!position->isBefore(call));
}

LLMCACHE_TEST_MAIN(TestLedgerSummary)
#include "tst_ledgersummary.moc"
