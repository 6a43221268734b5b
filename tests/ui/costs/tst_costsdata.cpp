#include "costs/callsmodel.h"
#include "costs/costsdata.h"
#include "guitest.h"
#include "widgets/badge.h"

#include <QAbstractItemModelTester>
#include <QTimeZone>

using namespace llmcache;
using namespace llmcache::ui;

namespace {

Money dollars(const char* text)
{
    return *Money::fromDecimal(QString::fromLatin1(text));
}

CostRow row(const QString& bucket, const QString& name, const char* cost)
{
    CostRow result;
    result.keys = {bucket, name};
    result.sums.cost = dollars(cost);
    return result;
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
    void largestSeriesFirstTheRestIsOther();
    void csvIsExactAndSafe();
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
    CostsQuestion question;
    question.timeZone = zone;
    question.nowMs = at(zone.constData(), 2026, 11, 23, 0, 30);
    question.range = CostsRange::Today;
    QCOMPARE(rangeStart(question), at(zone.constData(), 2026, 11, 23, 0));
    question.range = CostsRange::Week;
    QCOMPARE(rangeStart(question), at(zone.constData(), 2026, 11, 17, 0));
    const QStringList days = bucketKeys(rangeStart(question), question.nowMs, false, zone);
    QCOMPARE(days.size(), 7);
    QCOMPARE(days.front(), QStringLiteral("2026-11-17"));
    QCOMPARE(days.back(), QStringLiteral("2026-11-23"));
}

void TestCostsData::daysAcrossTheEndOfSummerTime()
{
    const QByteArray zone = "Europe/Berlin";
    const QStringList days =
        bucketKeys(at(zone.constData(), 2026, 10, 24, 0), at(zone.constData(), 2026, 10, 27, 0), false, zone);
    QCOMPARE(days,
        (QStringList{
            QStringLiteral("2026-10-24"), QStringLiteral("2026-10-25"), QStringLiteral("2026-10-26")}));
}

void TestCostsData::theRepeatedHourIsOneBucket()
{
    const QByteArray zone = "Europe/Berlin";
    const QStringList hours =
        bucketKeys(at(zone.constData(), 2026, 10, 25, 0), at(zone.constData(), 2026, 10, 26, 0), true, zone);
    QCOMPARE(hours.size(), 24); // 25 hours, two of them called 02:00
    QCOMPARE(hours.count(QStringLiteral("2026-10-25T02:00")), 1);
}

void TestCostsData::largestSeriesFirstTheRestIsOther()
{
    const QStringList buckets{QStringLiteral("d1"), QStringLiteral("d2")};
    CostReport report;
    report.rows = {row(buckets[0], QStringLiteral("a"), "1"), row(buckets[1], QStringLiteral("b"), "5"),
        row(buckets[0], QStringLiteral("c"), "2"), row(buckets[1], QStringLiteral("d"), "0.5"),
        row(buckets[1], QStringLiteral("free"), "0")};
    const auto series = seriesOf(report, buckets, 2);
    QCOMPARE(series.size(), std::size_t(3));
    QCOMPARE(series[0].name, QStringLiteral("b"));
    QCOMPARE(series[1].name, QStringLiteral("c"));
    QVERIFY(series[2].other);
    QCOMPARE(series[2].total, dollars("1.5"));
    QCOMPARE(series[2].values[0], dollars("1"));
    Money sum;
    for (const CostsSeries& each : series)
        sum += each.total;
    QCOMPARE(sum, dollars("8.5"));
}

void TestCostsData::csvIsExactAndSafe()
{
    CostReport report;
    report.rows = {row(QStringLiteral("=cmd|' /C calc'!A0"), QStringLiteral("a,\"b\""), "0.000000000001")};
    const QByteArray csv = costsCsv({Dimension::Task, Dimension::Model}, report);
    QVERIFY2(csv.contains("0.000000000001"), csv.constData());
    QVERIFY(!csv.contains("\n=cmd"));
    QVERIFY(csv.contains("'=cmd"));
    QVERIFY(csv.contains("\"a,\"\"b\"\"\""));
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
