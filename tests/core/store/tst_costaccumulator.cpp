#include "base/error.h"
#include "costaccumulator.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>
#include <QTimeZone>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 hourMs = 3'600'000;

qint64 utc(const char* iso)
{
    return QDateTime::fromString(QString::fromLatin1(iso) + QLatin1Char('Z'), Qt::ISODate)
        .toMSecsSinceEpoch();
}

CostReport reportOf(const std::vector<Call>& calls, const CostQuery& query)
{
    CostAccumulator accumulator(query);
    for (const Call& call : calls)
        accumulator.add(call);
    return accumulator.report();
}

} // namespace

class TestCostAccumulator : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void namesComeBack();
    void callComesBackUnchanged();
    void refusesHostileCalls_data();
    void refusesHostileCalls();
    void sumsByOutcome_data();
    void sumsByOutcome();
    void timeKeys_data();
    void timeKeys();
    void hourThatHappensTwiceIsOneRow();
    void keysAgreeWithQtForEveryQuarterHour_data();
    void keysAgreeWithQtForEveryQuarterHour();
    void everyGroupingHasTheSameTotal_data();
    void everyGroupingHasTheSameTotal();
    void bucketsGiveTheSameAsTheirCalls();
    void rangeIsHalfOpen();
    void filtersNarrow();
    void rowsAreOrdered();
    void largeSumsSaturate();
    void refusesUnknownZonesAndTimeFilters();
};

void TestCostAccumulator::namesComeBack()
{
    for (int i = 0; i < 7; ++i) {
        const auto outcome = static_cast<Outcome>(i);
        QCOMPARE(outcomeFromName(outcomeName(outcome)), outcome);
    }
    for (int i = 0; i < 13; ++i) {
        const auto dimension = static_cast<Dimension>(i);
        QCOMPARE(dimensionFromName(dimensionName(dimension)), dimension);
    }
    QVERIFY(!outcomeFromName(QStringLiteral("Hit")));
    QVERIFY(!outcomeFromName(QString()));
    QVERIFY(!dimensionFromName(QStringLiteral("year")));
}

void TestCostAccumulator::callComesBackUnchanged()
{
    Call call = sampleCall();
    call.usage.cacheWrite1hTokens = 5;
    call.rateLimits = 3;
    call.unstored = true;
    const Call again = callFromJson(toJson(call));
    QCOMPARE(toJsonText(toJson(again)), toJsonText(toJson(call)));
    QVERIFY(again.unstored);
    QVERIFY(!callFromJson(toJson(sampleCall())).unstored);
    QCOMPARE(again.usage, call.usage);
    QCOMPARE(again.cost, call.cost);
    QCOMPARE(again.avoided, call.avoided);
    QCOMPARE(again.timeToFirstToken, call.timeToFirstToken);
    QCOMPARE(again.tags, call.tags);
    QCOMPARE(again.rateLimits, 3);
    Call bare;
    bare.id = QStringLiteral("x");
    const Call bareAgain = callFromJson(toJson(bare));
    QVERIFY(!bareAgain.cost && !bareAgain.avoided && !bareAgain.timeToFirstToken);
}

void TestCostAccumulator::refusesHostileCalls_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char* text : {"null", "[]", "\"x\"", "{}", R"({"id": 5, "outcome": "hit"})", R"({"id": "x"})",
             R"({"id": "x", "outcome": "won"})", R"({"id": "x", "outcome": "hit", "cost_usd": "1.2.3"})",
             R"({"id": "x", "outcome": "hit", "avoided_cost_usd": 1})",
             R"({"id": "x", "outcome": "hit", "usage": {"output_tokens": -4}})"})
        QTest::newRow(text) << QByteArray(text);
}

void TestCostAccumulator::refusesHostileCalls()
{
    QFETCH(QByteArray, text);
    QVERIFY_EXCEPTION_THROWN(callFromJson(Json::parse(text.toStdString())), CacheError);
}

void TestCostAccumulator::sumsByOutcome_data()
{
    QTest::addColumn<int>("outcome");
    QTest::addColumn<int>("attempts");
    QTest::addColumn<bool>("priced");
    QTest::addColumn<qint64>("hits");
    QTest::addColumn<qint64>("misses");
    QTest::addColumn<qint64>("failures");
    QTest::addColumn<qint64>("unpriced");
    QTest::addColumn<bool>("tokensCount");
    const auto row = [](const char* name, Outcome outcome, int attempts, bool priced, qint64 hits,
                         qint64 misses, qint64 failures, qint64 unpriced, bool tokensCount) {
        QTest::newRow(name) << static_cast<int>(outcome) << attempts << priced << hits << misses << failures
                            << unpriced << tokensCount;
    };
    row("hit", Outcome::Hit, 0, true, 1, 0, 0, 0, false);
    row("unpriced hit", Outcome::Hit, 0, false, 1, 0, 0, 0, false);
    row("shared", Outcome::Shared, 0, true, 1, 0, 0, 0, false);
    row("miss", Outcome::Miss, 1, true, 0, 1, 0, 0, true);
    row("unpriced miss", Outcome::Miss, 1, false, 0, 1, 0, 1, true);
    row("refreshed", Outcome::Refreshed, 1, true, 0, 1, 0, 0, true);
    row("bypassed", Outcome::Bypassed, 1, true, 0, 1, 0, 0, true);
    row("failed after paying", Outcome::Failed, 2, true, 0, 0, 1, 0, true);
    row("failed, nobody knows", Outcome::Failed, 2, false, 0, 0, 1, 1, true);
    row("failed before sending", Outcome::Failed, 0, false, 0, 0, 1, 0, true);
    row("cancelled, nobody knows", Outcome::Cancelled, 1, false, 0, 0, 1, 1, true);
}

void TestCostAccumulator::sumsByOutcome()
{
    QFETCH(int, outcome);
    QFETCH(int, attempts);
    QFETCH(bool, priced);
    QFETCH(bool, tokensCount);
    Call call = sampleCall();
    call.outcome = static_cast<Outcome>(outcome);
    call.attempts = attempts;
    if (!priced)
        call.cost = std::nullopt;
    call.avoided = Money::fromPicodollars(77);
    const CostSums sums = sumsOf(call);
    QCOMPARE(sums.calls, 1);
    QTEST(sums.hits, "hits");
    QTEST(sums.misses, "misses");
    QTEST(sums.failures, "failures");
    QTEST(sums.unpriced, "unpriced");
    QCOMPARE(sums.cost, priced ? *call.cost : Money());
    QCOMPARE(sums.avoided, Money::fromPicodollars(77));
    QCOMPARE(sums.inputTokens, tokensCount ? 1200 : 0);
    QCOMPARE(sums.outputTokens, tokensCount ? 300 : 0);
    QCOMPARE(sums.reasoningTokens, tokensCount ? 20 : 0);
}

void TestCostAccumulator::timeKeys_data()
{
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<qint64>("timeMs");
    QTest::addColumn<QString>("hour");
    const auto row = [](const char* zone, const char* iso, const char* hour) {
        QTest::addRow("%s %s", zone, iso) << QByteArray(zone) << utc(iso) << QString::fromLatin1(hour);
    };
    row("UTC", "2026-11-23T14:59:59", "2026-11-23T14:00");
    row("UTC", "2026-12-31T23:59:59", "2026-12-31T23:00");
    row("Europe/Berlin", "2026-12-31T23:00:00", "2027-01-01T00:00");
    // Los Angeles: 2026-03-08 has no 02:00, 2026-11-01 has two 01:00.
    row("America/Los_Angeles", "2026-03-08T09:59:59", "2026-03-08T01:00");
    row("America/Los_Angeles", "2026-03-08T10:00:00", "2026-03-08T03:00");
    row("America/Los_Angeles", "2026-11-01T08:30:00", "2026-11-01T01:00");
    row("America/Los_Angeles", "2026-11-01T09:30:00", "2026-11-01T01:00");
    row("America/Los_Angeles", "2026-11-01T10:00:00", "2026-11-01T02:00");
    row("Asia/Kolkata", "2026-11-23T18:29:59", "2026-11-23T23:00");
    row("Asia/Kolkata", "2026-11-23T18:30:00", "2026-11-24T00:00");
    row("Asia/Kathmandu", "2026-11-23T18:14:59", "2026-11-23T23:00");
    row("Asia/Kathmandu", "2026-11-23T18:15:00", "2026-11-24T00:00");
    // Lord Howe moves by half an hour: +10:30 to +11:00 at 2026-10-03 15:30 UTC.
    row("Australia/Lord_Howe", "2026-10-03T15:29:59", "2026-10-04T01:00");
    row("Australia/Lord_Howe", "2026-10-03T15:30:00", "2026-10-04T02:00");
    row("Australia/Lord_Howe", "2026-04-04T14:59:59", "2026-04-05T01:00");
    row("Australia/Lord_Howe", "2026-04-04T15:00:00", "2026-04-05T01:00");
    row("Australia/Lord_Howe", "2026-04-04T15:30:00", "2026-04-05T02:00");
}

void TestCostAccumulator::timeKeys()
{
    QFETCH(QByteArray, zone);
    QFETCH(qint64, timeMs);
    QFETCH(QString, hour);
    Call call = sampleCall();
    call.timeMs = timeMs;
    CostQuery query;
    query.timeZone = zone;
    query.groupBy = {Dimension::Hour, Dimension::Day, Dimension::Month};
    const CostReport report = reportOf({call}, query);
    QCOMPARE(report.rows.size(), 1U);
    QCOMPARE(report.rows[0].keys, (QStringList{hour, hour.first(10), hour.first(7)}));
}

void TestCostAccumulator::hourThatHappensTwiceIsOneRow()
{
    Call first = sampleCall();
    first.timeMs = utc("2026-11-01T08:30:00");
    Call second = sampleCall();
    second.timeMs = utc("2026-11-01T09:30:00");
    CostQuery query;
    query.timeZone = "America/Los_Angeles";
    query.groupBy = {Dimension::Hour};
    const CostReport report = reportOf({first, second}, query);
    QCOMPARE(report.rows.size(), 1U);
    QCOMPARE(report.rows[0].sums.calls, 2);
}

void TestCostAccumulator::keysAgreeWithQtForEveryQuarterHour_data()
{
    QTest::addColumn<QByteArray>("zone");
    for (const char* zone : {"UTC", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu",
             "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Chatham", "America/St_Johns",
             "Africa/Casablanca", "Pacific/Kiritimati"})
        QTest::newRow(zone) << QByteArray(zone);
}

void TestCostAccumulator::keysAgreeWithQtForEveryQuarterHour()
{
    QFETCH(QByteArray, zone);
    CostQuery query;
    query.timeZone = zone;
    query.groupBy = {Dimension::Hour};
    // Forwards and backwards through a year: the accumulator remembers spans between transitions.
    CostAccumulator accumulator(query);
    QMap<QString, qint64> expected;
    const QTimeZone timeZone(zone);
    const qint64 beginMs = utc("2026-01-01T00:00:00");
    constexpr qint64 quarterMs = hourMs / 4;
    constexpr qint64 quarters = qint64{365} * 96;
    CostSums one;
    one.calls = 1;
    const auto noValue = [](Dimension) { return QString(); };
    for (qint64 i = 0; i < quarters; i += 7) {
        for (const qint64 timeMs : {beginMs + i * quarterMs, beginMs + (quarters - i) * quarterMs - 1}) {
            accumulator.add(timeMs, noValue, one);
            ++expected[QDateTime::fromMSecsSinceEpoch(timeMs, timeZone)
                           .toString(QStringLiteral("yyyy-MM-ddTHH:00"))];
        }
    }
    QMap<QString, qint64> found;
    const CostReport report = accumulator.report();
    for (const CostRow& row : report.rows)
        found[row.keys.at(0)] = row.sums.calls;
    QCOMPARE(found, expected);
}

void TestCostAccumulator::everyGroupingHasTheSameTotal_data()
{
    QTest::addColumn<unsigned>("seed");
    for (const unsigned seed : {1U, 2U, 3U, 4U, 5U})
        QTest::addRow("seed %u", seed) << seed;
}

void TestCostAccumulator::everyGroupingHasTheSameTotal()
{
    QFETCH(unsigned, seed);
    const std::vector<Call> ledger = randomLedger(seed, 1000, utc("2026-10-25T00:00:00"), 10 * 24 * hourMs);
    CostSums expected;
    for (const Call& call : ledger)
        expected += sumsOf(call);
    for (int i = 0; i < 9; ++i) {
        for (const char* zone : {"UTC", "America/Los_Angeles", "Asia/Kathmandu"}) {
            CostQuery query;
            query.timeZone = zone;
            query.groupBy = {static_cast<Dimension>(i)};
            const CostReport report = reportOf(ledger, query);
            QCOMPARE(report.total, expected);
            CostSums rows;
            for (const CostRow& row : report.rows)
                rows += row.sums;
            QCOMPARE(rows, expected);
        }
    }
}

void TestCostAccumulator::bucketsGiveTheSameAsTheirCalls()
{
    const std::vector<Call> ledger = randomLedger(6, 500, utc("2026-10-25T00:00:00"), 10 * 24 * hourMs);
    CostQuery query;
    query.timeZone = "America/Los_Angeles";
    query.groupBy = {Dimension::Day, Dimension::Model};
    query.filters = {{Dimension::User, {QStringLiteral("user 1")}}};
    CostAccumulator accumulator(query);
    for (const Call& call : ledger) {
        const auto valueOf = [&call](Dimension dimension) { return dimensionValue(call, dimension); };
        accumulator.add(call.timeMs / hourMs * hourMs, valueOf, sumsOf(call));
    }
    QCOMPARE(describe(accumulator.report()), describe(reportOf(ledger, query)));
}

void TestCostAccumulator::rangeIsHalfOpen()
{
    std::vector<Call> calls(3, sampleCall());
    calls[0].timeMs = 1000;
    calls[1].timeMs = 1999;
    calls[2].timeMs = 2000;
    CostQuery query;
    query.fromMs = 1000;
    query.toMs = 2000;
    QCOMPARE(reportOf(calls, query).total.calls, 2);
}

void TestCostAccumulator::filtersNarrow()
{
    const std::vector<Call> ledger = randomLedger(9, 300, utc("2026-10-25T00:00:00"), hourMs);
    CostQuery query;
    query.filters = {{Dimension::Provider, {QStringLiteral("openai"), QStringLiteral("test")}},
        {Dimension::Outcome, {QStringLiteral("miss")}}};
    const auto expected = std::count_if(ledger.begin(), ledger.end(), [](const Call& call) {
        return (call.provider() == QLatin1String("openai") || call.provider() == QLatin1String("test"))
            && call.outcome == Outcome::Miss;
    });
    QVERIFY(expected > 0);
    QCOMPARE(reportOf(ledger, query).total.calls, static_cast<qint64>(expected));
    query.filters = {{Dimension::Task, {}}};
    QCOMPARE(reportOf(ledger, query).total.calls, 0);
}

void TestCostAccumulator::rowsAreOrdered()
{
    const std::vector<Call> ledger = randomLedger(10, 300, utc("2026-10-25T00:00:00"), 5 * 24 * hourMs);
    CostQuery query;
    query.groupBy = {Dimension::Model, Dimension::Task};
    const CostReport byCost = reportOf(ledger, query);
    QVERIFY(byCost.rows.size() > 10);
    QVERIFY(std::is_sorted(byCost.rows.begin(), byCost.rows.end(),
        [](const CostRow& left, const CostRow& right) { return left.sums.cost > right.sums.cost; }));
    query.groupBy = {Dimension::Day, Dimension::Task};
    const CostReport byDay = reportOf(ledger, query);
    QVERIFY(
        std::is_sorted(byDay.rows.begin(), byDay.rows.end(), [](const CostRow& left, const CostRow& right) {
            return left.keys[0] != right.keys[0] ? left.keys[0] < right.keys[0]
                                                 : left.sums.cost > right.sums.cost;
        }));
    // The order of the calls does not matter.
    std::vector<Call> reversed(ledger.rbegin(), ledger.rend());
    QCOMPARE(describe(reportOf(reversed, query)), describe(byDay));
}

void TestCostAccumulator::largeSumsSaturate()
{
    std::vector<Call> calls(3, sampleCall());
    for (Call& call : calls) {
        call.cost = Money::fromPicodollars(std::numeric_limits<qint64>::max());
        call.usage.inputTokens = std::numeric_limits<qint64>::max();
    }
    const CostReport report = reportOf(calls, {});
    QCOMPARE(report.total.cost, Money::fromPicodollars(std::numeric_limits<qint64>::max()));
    QCOMPARE(report.total.inputTokens, std::numeric_limits<qint64>::max());
}

void TestCostAccumulator::refusesUnknownZonesAndTimeFilters()
{
    CostQuery query;
    query.timeZone = "Mars/Olympus_Mons";
    QVERIFY_EXCEPTION_THROWN(CostAccumulator{query}, ConfigurationError);
    query.timeZone = "UTC";
    query.filters = {{Dimension::Day, {QStringLiteral("2026-11-23")}}};
    QVERIFY_EXCEPTION_THROWN(CostAccumulator{query}, ConfigurationError);
}

LLMCACHE_TEST_MAIN(TestCostAccumulator)
#include "tst_costaccumulator.moc"
