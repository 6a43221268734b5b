#include "testenvironment.h"
#include "widgets/format.h"

#include <QDateTime>
#include <QTest>

#include <limits>

using namespace llmcache;
using namespace llmcache::ui;
using namespace std::chrono_literals;

class TestFormat : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void durations_data();
    void durations();
    void lifetimes();
    void counts();
    void bytes();
    void percents();
    void moneyIsExactInTheToolTip();
    void relativeTimes_data();
    void relativeTimes();
    void relativeTimesUseTheZone();
    void ages();
    void names();
};

void TestFormat::durations_data()
{
    QTest::addColumn<qint64>("microseconds");
    QTest::addColumn<QString>("text");
    QTest::newRow("zero") << qint64(0) << QStringLiteral("0 ms");
    QTest::newRow("negative") << qint64(-5) << QStringLiteral("0 ms");
    QTest::newRow("85 µs") << qint64(85) << QStringLiteral("85 µs");
    QTest::newRow("0.4 ms") << qint64(400) << QStringLiteral("0.4 ms");
    QTest::newRow("9.9 ms") << qint64(9'900) << QStringLiteral("9.9 ms");
    QTest::newRow("10 ms, not 10.0") << qint64(9'960) << QStringLiteral("10 ms");
    QTest::newRow("312 ms") << qint64(312'400) << QStringLiteral("312 ms");
    QTest::newRow("1.00 s, not 1,000 ms") << qint64(999'600) << QStringLiteral("1.00 s");
    QTest::newRow("2.31 s") << qint64(2'310'000) << QStringLiteral("2.31 s");
    QTest::newRow("10.0 s") << qint64(9'999'000) << QStringLiteral("10.0 s");
    QTest::newRow("42.3 s") << qint64(42'300'000) << QStringLiteral("42.3 s");
    QTest::newRow("1 min") << qint64(60'000'000) << QStringLiteral("1 min");
    QTest::newRow("12 min") << qint64(12 * 60'000'000LL) << QStringLiteral("12 min");
    QTest::newRow("3 h") << qint64(3 * 3'600'000'000LL) << QStringLiteral("3 h");
    QTest::newRow("3 d") << qint64(3 * 86'400'000'000LL) << QStringLiteral("3 d");
}

void TestFormat::durations()
{
    QFETCH(qint64, microseconds);
    QTEST(format::duration(std::chrono::microseconds(microseconds)), "text");
}

void TestFormat::lifetimes()
{
    QCOMPARE(format::lifetime(291h), QStringLiteral("12 d 3 h"));
    QCOMPARE(format::lifetime(288h), QStringLiteral("12 d"));
    QCOMPARE(format::lifetime(3h + 5min + 59s), QStringLiteral("3 h 5 min"));
    QCOMPARE(format::lifetime(90s), QStringLiteral("1 min 30 s"));
    QCOMPARE(format::lifetime(45s), QStringLiteral("45 s"));
    QCOMPARE(format::lifetime(0s), QStringLiteral("expired"));
    QCOMPARE(format::lifetime(-1s), QStringLiteral("expired"));
}

void TestFormat::counts()
{
    QCOMPARE(format::count(0), QStringLiteral("0"));
    QCOMPARE(format::count(999), QStringLiteral("999"));
    QCOMPARE(format::count(412'031), QStringLiteral("412,031"));
    QCOMPARE(format::count(-1'234'567), QStringLiteral("-1,234,567"));
}

void TestFormat::bytes()
{
    QCOMPARE(format::bytes(0), QStringLiteral("0 B"));
    QCOMPARE(format::bytes(-1), QStringLiteral("0 B"));
    QCOMPARE(format::bytes(1023), QStringLiteral("1,023 B"));
    QCOMPARE(format::bytes(1024), QStringLiteral("1.0 KB"));
    QCOMPARE(format::bytes(14'541), QStringLiteral("14.2 KB"));
    QCOMPARE(format::bytes(1024 * 1024 - 1), QStringLiteral("1.0 MB"));
    QCOMPARE(format::bytes(3'250'586), QStringLiteral("3.1 MB"));
    QCOMPARE(format::bytes(std::numeric_limits<qint64>::max()), QStringLiteral("8192.0 PB"));
}

void TestFormat::percents()
{
    QCOMPARE(format::percent(0.824), QStringLiteral("82.4 %"));
    QCOMPARE(format::percent(0.0), QStringLiteral("0.0 %"));
    QCOMPARE(format::percent(std::nullopt), QStringLiteral("–"));
    QCOMPARE(format::percent(std::numeric_limits<double>::quiet_NaN()), QStringLiteral("–"));
}

void TestFormat::moneyIsExactInTheToolTip()
{
    const auto amount = Money::fromDecimal(QStringLiteral("1930.444123456789"));
    QCOMPARE(format::money(amount), QStringLiteral("$1,930.44"));
    QCOMPARE(format::moneyToolTip(amount), QStringLiteral("$1930.444123456789 exactly"));
    QCOMPARE(
        format::moneyToolTip(Money::fromDecimal(QStringLiteral("-0.5"))), QStringLiteral("-$0.5 exactly"));
    QCOMPARE(format::money(std::nullopt), QStringLiteral("unpriced"));
    QVERIFY(!format::moneyToolTip(std::nullopt).contains(u'$'));
}

void TestFormat::relativeTimes_data()
{
    QTest::addColumn<QDateTime>("time");
    QTest::addColumn<QString>("text");
    const auto at = [](int year, int month, int day, int hour, int minute, int second = 0) {
        return QDateTime(QDate(year, month, day), QTime(hour, minute, second), Qt::UTC);
    };
    // Now is Mon 23 Nov 2026 15:00:00.
    QTest::newRow("now") << at(2026, 11, 23, 14, 59, 30) << QStringLiteral("just now");
    QTest::newRow("a clock that is ahead") << at(2026, 11, 23, 15, 0, 20) << QStringLiteral("just now");
    QTest::newRow("minutes") << at(2026, 11, 23, 14, 48) << QStringLiteral("12 min ago");
    QTest::newRow("today") << at(2026, 11, 23, 8, 5) << QStringLiteral("08:05");
    QTest::newRow("within the hour over midnight") << at(2026, 11, 22, 23, 59) << QStringLiteral("Sun 23:59");
    QTest::newRow("this week") << at(2026, 11, 17, 14, 2) << QStringLiteral("Tue 14:02");
    QTest::newRow("a week ago") << at(2026, 11, 16, 14, 2) << QStringLiteral("16 Nov");
    QTest::newRow("another year") << at(2025, 11, 17, 14, 2) << QStringLiteral("17 Nov 2025");
    QTest::newRow("never") << QDateTime::fromMSecsSinceEpoch(0) << QStringLiteral("–");
}

void TestFormat::relativeTimes()
{
    QFETCH(QDateTime, time);
    const QDateTime now(QDate(2026, 11, 23), QTime(15, 0), Qt::UTC);
    QTEST(format::relativeTime(time.toMSecsSinceEpoch(), now.toMSecsSinceEpoch(), QTimeZone::utc()), "text");
}

void TestFormat::relativeTimesUseTheZone()
{
    const QDateTime now(QDate(2026, 11, 23), QTime(15, 0), Qt::UTC);
    const QDateTime time(QDate(2026, 11, 17), QTime(23, 30), Qt::UTC);
    const QTimeZone tokyo("Asia/Tokyo");
    if (!tokyo.isValid())
        QSKIP("no time zone data");
    QCOMPARE(format::relativeTime(time.toMSecsSinceEpoch(), now.toMSecsSinceEpoch(), tokyo),
        QStringLiteral("Wed 08:30"));
    QCOMPARE(format::fullTime(time.toMSecsSinceEpoch(), tokyo), QStringLiteral("Wed 18 Nov 2026 08:30:00"));
}

void TestFormat::ages()
{
    const qint64 now = 1'795'392'000'000;
    QCOMPARE(format::age(now - 2'000, now), QStringLiteral("now"));
    QCOMPARE(format::age(now - 45'000, now), QStringLiteral("45 s"));
    QCOMPARE(format::age(now - 3'600'000, now), QStringLiteral("1 h"));
    QCOMPARE(format::age(now - 3 * 86'400'000LL, now), QStringLiteral("3 d"));
    QCOMPARE(format::age(now + 60'000, now), QStringLiteral("now"));
    QCOMPARE(format::age(0, now), QStringLiteral("–"));
}

void TestFormat::names()
{
    QCOMPARE(format::shortFingerprint(QStringLiteral("9f2c41d0e07b")), QStringLiteral("9f2c41d0"));
    QCOMPARE(
        format::shortModel(QStringLiteral("anthropic:claude-haiku-4-5")), QStringLiteral("claude-haiku-4-5"));
    QCOMPARE(format::shortModel(QStringLiteral("bare")), QStringLiteral("bare"));
    QCOMPARE(format::shortModel(QStringLiteral("ollama:qwen:7b")), QStringLiteral("qwen:7b"));
}

LLMCACHE_TEST_MAIN(TestFormat)
#include "tst_format.moc"
