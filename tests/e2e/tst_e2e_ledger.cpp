// A ledger whose writers are killed: what the store said it has taken is there, and counted once.
#include "ledgersample.h"
#include "redisserver.h"
#include "storesamples.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include "store/ledgerupkeep.h"

#include <QProcess>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr int processPatienceMs = 60'000;

} // namespace

class TestE2eLedger : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void writersThatAreKilled();

private:
    std::unique_ptr<Store> store() const { return openLedger(m_place, m_workspace); }

    RedisServer m_redis;
    QTemporaryDir m_folder;
    QString m_place; ///< for openLedger()
    QString m_workspace = QStringLiteral("ledger");
};

void TestE2eLedger::initTestCase_data()
{
    QTest::addColumn<bool>("redis");
    QTest::newRow("SQLite") << false;
    QTest::newRow("Redis") << true;
}

void TestE2eLedger::init()
{
    QFETCH_GLOBAL(bool, redis);
    m_place = m_folder.filePath(QStringLiteral("ledger.db"));
    if (!redis)
        return;
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    QVERIFY2(m_redis.start(), qPrintable(m_redis.log()));
    m_place = m_redis.url();
}

void TestE2eLedger::writersThatAreKilled()
{
    constexpr unsigned writers = 8;
    constexpr int callsEach = 4'000;
    std::vector<std::unique_ptr<QProcess>> processes;
    for (unsigned writer = 0; writer < writers; ++writer) {
        auto process = std::make_unique<QProcess>();
        process->start(QStringLiteral(LLMCACHE_CALLWRITER),
            {m_place, m_workspace, QString::number(writer + 1), QString::number(callsEach)});
        QVERIFY(process->waitForStarted(processPatienceMs));
        processes.push_back(std::move(process));
    }
    // Each after another number of batches, while reports pack what is there.
    const auto reader = store();
    std::vector<qint64> taken;
    for (auto& process : processes) {
        const int batches = 3 + QRandomGenerator::global()->bounded(60);
        int lines = 0;
        QByteArray last;
        while (lines < batches && process->waitForReadyRead(processPatienceMs)) {
            while (process->canReadLine() && lines < batches) {
                last = process->readLine();
                ++lines;
            }
        }
        waitForTask(reader->report({}));
        process->kill();
        process->waitForFinished(processPatienceMs);
        while (process->canReadLine())
            last = process->readLine();
        QVERIFY2(last.trimmed().toLongLong() > 0, process->readAllStandardError().constData());
        taken.push_back(last.trimmed().toLongLong());
    }

    // What the store said it has taken is there, and what is there is counted once.
    const auto fresh = store();
    CallPageQuery page;
    page.limit = CallPageQuery::mostCalls;
    std::vector<Call> listed;
    do {
        const CallPage some = waitForTask(fresh->callPage(page));
        listed.insert(listed.end(), some.calls.begin(), some.calls.end());
        page.cursor = some.cursor;
    } while (!page.cursor.isEmpty());
    QSet<QString> ids;
    for (const Call& call : listed)
        ids.insert(call.id);
    QCOMPARE(ids.size(), static_cast<qsizetype>(listed.size()));
    for (unsigned writer = 0; writer < writers; ++writer) {
        for (qint64 at = 0; at < taken[writer]; ++at)
            QVERIFY(ids.contains(QStringLiteral("%1-%2").arg(writer + 1).arg(at)));
    }
    LedgerQuery query;
    query.groupBy = {Dimension::Model, Dimension::User};
    const LedgerReport live = waitForTask(fresh->report(query));
    QCOMPARE(describe(live), describe(reportOfCalls(listed, query)));
    QCOMPARE(live.total.sums.calls(), static_cast<qint64>(listed.size()));
    auto& upkeep = dynamic_cast<LedgerUpkeep&>(*fresh);
    const LedgerRebuild rebuilt = waitForTask(upkeep.rebuildPacks({}, {}));
    QCOMPARE(rebuilt.repaired, 0);
    QCOMPARE(rebuilt.calls, static_cast<qint64>(listed.size()));
    QCOMPARE(describe(waitForTask(store()->report(query))), describe(live));
}

LLMCACHE_TEST_MAIN(TestE2eLedger)
#include "tst_e2e_ledger.moc"
