#include "cache/ledgerwriter.h"
#include "store/sqlite/sqlitestore.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QTest>
#include <QUuid>

using namespace llmcache;
using namespace llmcache::test;

namespace {

Call callOf(Outcome outcome)
{
    Call call;
    call.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
    call.timeMs = 1'795'392'000'000;
    call.model = QStringLiteral("test:model");
    call.outcome = outcome;
    return call;
}

} // namespace

class TestLedgerWriter : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_environment = std::make_unique<TestEnvironment>();
        m_store = makeSqliteStore(m_environment->path(u"cache.sqlite"_qs), u"default"_qs);
        m_writer = std::make_unique<LedgerWriter>(*m_store, nullptr);
    }
    void cleanup()
    {
        drain();
        m_writer.reset();
        m_store.reset();
    }

    void hitsAreWrittenWithoutBeingAsked();
    void aPaidCallTakesTheHitsAlong();
    void drainWritesAllThatIsQueued_data();
    void drainWritesAllThatIsQueued();
    void drainWaitsForWhatWasThereOnly();

private:
    void drain()
    {
        waitForTask([](LedgerWriter* writer) -> QCoro::Task<bool> {
            co_await writer->drain();
            co_return true;
        }(m_writer.get()));
    }
    qint64 recorded() { return waitForTask(m_store->costs({})).total.calls; }

    std::unique_ptr<TestEnvironment> m_environment;
    std::unique_ptr<Store> m_store;
    std::unique_ptr<LedgerWriter> m_writer;
};

void TestLedgerWriter::hitsAreWrittenWithoutBeingAsked()
{
    m_writer->add(callOf(Outcome::Hit));
    m_writer->add(callOf(Outcome::Shared));
    QTRY_COMPARE(recorded(), 2);
    // And so is one that comes while the timer rests.
    m_writer->add(callOf(Outcome::Hit));
    QTRY_COMPARE(recorded(), 3);
}

void TestLedgerWriter::aPaidCallTakesTheHitsAlong()
{
    m_writer->add(callOf(Outcome::Hit));
    m_writer->add(callOf(Outcome::Miss));
    m_writer->add(callOf(Outcome::Hit));
    // The first turn of the event loop hands all three to the store, which does what it is asked in order.
    QCoreApplication::processEvents();
    QCOMPARE(recorded(), 3);
}

void TestLedgerWriter::drainWritesAllThatIsQueued_data()
{
    QTest::addColumn<int>("count");
    QTest::newRow("nothing") << 0;
    QTest::newRow("one") << 1;
    QTest::newRow("more than a batch") << 5'000;
}

void TestLedgerWriter::drainWritesAllThatIsQueued()
{
    QFETCH(int, count);
    for (int i = 0; i < count; ++i)
        m_writer->add(callOf(Outcome::Hit));
    drain();
    QCOMPARE(recorded(), count);
}

void TestLedgerWriter::drainWaitsForWhatWasThereOnly()
{
    m_writer->add(callOf(Outcome::Miss));
    bool added = false;
    const QObject listener; // goes before what it writes to
    connect(m_writer.get(), &LedgerWriter::wrote, &listener, [&] {
        if (!std::exchange(added, true))
            m_writer->add(callOf(Outcome::Hit));
    });
    drain();
    QVERIFY(added);
    QVERIFY(recorded() >= 1);
    drain();
    QCOMPARE(recorded(), 2);
}

LLMCACHE_TEST_MAIN(TestLedgerWriter)
#include "tst_ledgerwriter.moc"
