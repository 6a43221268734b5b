#include "store/redis/scanpace_p.h"
#include "testenvironment.h"

#include <QTest>

using llmcache::redisstore::ScanPace;

class TestScanPace : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void twoMillisecondsOfTheServer_data();
    void twoMillisecondsOfTheServer();
    void aServerThatSlowsDown();
    void aClientThatIsBusy();
};

void TestScanPace::twoMillisecondsOfTheServer_data()
{
    QTest::addColumn<qint64>("roundTripNs");
    QTest::addColumn<qint64>("keyNs"); ///< what the server takes for a key
    QTest::addColumn<qint64>("least");
    QTest::addColumn<qint64>("most");
    QTest::newRow("quick, near") << qint64(50'000) << qint64(200) << qint64(2048) << qint64(2048);
    QTest::newRow("quick, far away") << qint64(80'000'000) << qint64(200) << qint64(2048) << qint64(2048);
    QTest::newRow("1 us a key") << qint64(50'000) << qint64(1000) << qint64(1024) << qint64(2000);
    QTest::newRow("1 us a key, far away")
        << qint64(80'000'000) << qint64(1000) << qint64(1024) << qint64(2000);
    QTest::newRow("10 us a key") << qint64(50'000) << qint64(10'000) << qint64(64) << qint64(200);
    QTest::newRow("very slow") << qint64(50'000) << qint64(1'000'000) << qint64(64) << qint64(64);
}

void TestScanPace::twoMillisecondsOfTheServer()
{
    QFETCH(qint64, roundTripNs);
    QFETCH(qint64, keyNs);
    QFETCH(qint64, least);
    QFETCH(qint64, most);
    ScanPace pace;
    pace.noteRoundTrip(roundTripNs);
    for (int i = 0; i < 40; ++i)
        pace.noteScan(roundTripNs + keyNs * pace.count());
    QVERIFY(pace.isSteady());
    QVERIFY2(pace.count() >= least && pace.count() <= most, qPrintable(QString::number(pace.count())));
}

void TestScanPace::aServerThatSlowsDown()
{
    ScanPace pace;
    pace.noteRoundTrip(100'000);
    while (pace.count() < ScanPace::largestCount)
        pace.noteScan(200'000);
    for (int i = 0; i < 4; ++i) {
        QCOMPARE(pace.count(), ScanPace::largestCount);
        pace.noteScan(8'000'000);
        QVERIFY(!pace.isSteady());
    }
    QCOMPARE(pace.count(), ScanPace::largestCount / 2);
    while (!pace.isSteady())
        pace.noteScan(8'000'000);
    QCOMPARE(pace.count(), ScanPace::smallestCount);
}

void TestScanPace::aClientThatIsBusy()
{
    // Three of four replies wait until a frame is painted.
    ScanPace pace;
    pace.noteRoundTrip(100'000);
    for (int i = 0; i < 40; ++i)
        pace.noteScan(100'000 + 200 * pace.count() + (i % 4 == 0 ? 0 : 14'000'000));
    QCOMPARE(pace.count(), ScanPace::largestCount);
}

LLMCACHE_TEST_MAIN(TestScanPace)
#include "tst_scanpace.moc"
