#include "cache/entrydetail.h"
#include "cache/entrytablemodel.h"
#include "cacheviewtest.h"
#include "redisserver.h"
#include "sampleentries.h"
#include "waitfortask.h"

#include <QLineEdit>
#include <QScrollBar>
#include <QTabBar>
#include <QTextEdit>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::waitForTask;

/// Entries that others change while the user looks at them.
class TestCacheChanges : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void entryThatIsGone();
    void othersDoNotCloseTheQuestion();
    void newRowsDoNotMoveWhatIsInSight();
    void rescanSeesChanges();
    void changesByOthersAppear();
    void changesByOthersLeaveTheUserWhereHeIs();
    void aServerThatTellsNothingIsSampled();
    void liveCanBeSwitchedOff();
    void storesOfRunsAppear();
};

void TestCacheChanges::entryThatIsGone()
{
    fill(10);
    openNotLive();
    waitForRows(10);
    const QString gone = fingerprintAt(4);
    waitForTask(m_session->store().removeEntries({gone}));
    clickRow(4);
    QWidget* const state = find<QWidget>("entryGone");
    QTRY_VERIFY_WITH_TIMEOUT(state->isVisible(), patience);
    QTest::mouseClick(state->findChild<QPushButton*>(), Qt::LeftButton);
    waitForRows(9);
}

void TestCacheChanges::othersDoNotCloseTheQuestion()
{
    fill(20);
    open();
    waitForRows(20);
    clickRow(1);
    clickRow(3, Qt::ShiftModifier);
    click("invalidate");
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 3 entries"), patience);
    const QStringList chosen{fingerprintAt(1), fingerprintAt(2), fingerprintAt(3)};
    // Others store an entry, and delete one that is asked about and one that is not.
    const auto theirs = other();
    Commit commit;
    commit.entry = sampleEntry(1000, m_session->clock().nowMs());
    commit.ttl = std::chrono::hours(24);
    waitForTask(theirs->store().commit(std::move(commit)));
    waitForTask(theirs->store().removeEntries({chosen[1], fingerprintAt(10)}));
    waitForRows(19);
    QVERIFY(confirm->isVisible());
    QCOMPARE(confirm->text(), QStringLiteral("Invalidate 3 entries"));
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("Invalidated 2 entries"), patience);
    QCOMPARE(text("selectionText"), QStringLiteral("1 were already gone"));
    QVERIFY(find<QPushButton>("bulkDetails")->isVisible()); // nothing has taken the place of the result
    QCOMPARE(storedEntries(), 17);
}

void TestCacheChanges::newRowsDoNotMoveWhatIsInSight()
{
    fill(500);
    open();
    waitForRows(500);
    m_table->scrollTo(m_table->model()->index(250, 0), QAbstractItemView::PositionAtTop);
    const QString top = fingerprintAt(m_table->rowAt(0));
    const int y = m_table->rowViewportPosition(m_table->rowAt(0));
    const auto yOf = [this](const QString& fingerprint) {
        return m_table->rowViewportPosition(
            static_cast<EntryTableModel*>(m_table->model())->rowOf(fingerprint));
    };
    const auto theirs = other();
    for (quint32 number = 1000; number < 1007; ++number) { // newest, so on top
        Commit commit;
        commit.entry = sampleEntry(number, m_session->clock().nowMs());
        commit.entry.meta.createdMs = m_session->clock().nowMs();
        commit.ttl = std::chrono::hours(24);
        waitForTask(theirs->store().commit(std::move(commit)));
    }
    waitForRows(507);
    QCOMPARE(yOf(top), y);
    waitForTask(theirs->store().removeEntries({fingerprintAt(20), fingerprintAt(21), fingerprintAt(22)}));
    waitForRows(504);
    QCOMPARE(yOf(top), y);
    // Another order is another list: it begins where it did.
    const int scrolled = m_table->verticalScrollBar()->value();
    m_table->sortByColumn(int(EntryColumn::Cost), Qt::DescendingOrder);
    QTRY_VERIFY_WITH_TIMEOUT(yOf(top) != y, patience);
    QCOMPARE(m_table->verticalScrollBar()->value(), scrolled);
    // What passes another filter is looked at from the top.
    find<QLineEdit>("filterField")->setText(QStringLiteral("hits>=0"));
    QTRY_COMPARE_WITH_TIMEOUT(m_table->verticalScrollBar()->value(), 0, patience);
}

void TestCacheChanges::rescanSeesChanges()
{
    fill(10);
    openNotLive();
    waitForRows(10);
    const QString gone = fingerprintAt(0);
    waitForTask(m_session->store().removeEntries({gone}));
    Commit commit;
    commit.entry = sampleEntry(1000, m_session->clock().nowMs());
    waitForTask(m_session->store().commit(std::move(commit)));
    commit = {};
    commit.entry = sampleEntry(1001, m_session->clock().nowMs());
    waitForTask(m_session->store().commit(std::move(commit)));
    QTest::keyClick(m_table, Qt::Key_F5);
    waitForRows(11);
    for (int row = 0; row < 11; ++row)
        QVERIFY(fingerprintAt(row) != gone);
}

void TestCacheChanges::changesByOthersAppear()
{
    fill(10);
    open();
    waitForRows(10);
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState"), QStringLiteral("scanned 100 %"), patience);
    const auto theirs = other();
    Commit commit;
    commit.entry = sampleEntry(1000, m_session->clock().nowMs());
    waitForTask(theirs->store().commit(std::move(commit)));
    waitForRows(11);
    const QString gone = fingerprintAt(3);
    waitForTask(theirs->store().removeEntries({gone}));
    waitForRows(10);
    for (int row = 0; row < 10; ++row)
        QVERIFY(fingerprintAt(row) != gone);
}

void TestCacheChanges::changesByOthersLeaveTheUserWhereHeIs()
{
    fill(500);
    open();
    waitForRows(500);
    m_table->scrollTo(m_table->model()->index(250, 0), QAbstractItemView::PositionAtTop);
    clickRow(255);
    const QString chosen = fingerprintAt(255);
    const int scrolled = m_table->verticalScrollBar()->value();
    QTRY_VERIFY_WITH_TIMEOUT(find<EntryDetail>("entryDetail")->isLoaded(), patience);
    const auto theirs = other();
    // Somebody edits the entry that is looked at, and deletes some that are far away.
    auto entry = waitForTask(theirs->store().lookup(chosen));
    QVERIFY(entry);
    Commit commit;
    commit.entry = *entry;
    commit.entry.output = Json("Another answer than before");
    waitForTask(theirs->store().commit(std::move(commit)));
    waitForTask(theirs->store().removeEntries({fingerprintAt(490), fingerprintAt(491)}));
    waitForRows(498);
    auto* answer = find<QTextEdit>("answerRendered");
    QTRY_VERIFY_WITH_TIMEOUT(answer->toPlainText().contains(QStringLiteral("Another answer")), patience);
    QCOMPARE(m_table->verticalScrollBar()->value(), scrolled);
    QCOMPARE(m_table->selectedRows(), std::vector<int>{255});
    QCOMPARE(fingerprintAt(255), chosen);
}

void TestCacheChanges::aServerThatTellsNothingIsSampled()
{
    if (!test::RedisServer::isInstalled())
        QSKIP(qPrintable(test::RedisServer::missingText()));
    test::RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    SessionConfig config = m_session->config();
    config.storeUrl = server.url();
    m_session = std::make_unique<Session>(config);
    fill(20);
    open();
    waitForRows(20);
    QTRY_COMPARE_WITH_TIMEOUT(find<QPushButton>("live")->text(), QStringLiteral("Live, sampled"), patience);
    const auto theirs = other();
    const QString gone = fingerprintAt(3);
    waitForTask(theirs->store().removeEntries({gone})); // a visible row
    waitForRows(19);
    Commit commit;
    commit.entry = sampleEntry(1000, m_session->clock().nowMs());
    waitForTask(theirs->store().commit(std::move(commit))); // one that nobody has seen
    waitForRows(20);
    QCOMPARE(text("scanState"), QStringLiteral("scanned 100 %"));
}

void TestCacheChanges::liveCanBeSwitchedOff()
{
    fill(10);
    open();
    waitForRows(10);
    QTRY_COMPARE_WITH_TIMEOUT(find<QPushButton>("live")->text(), QStringLiteral("Live"), patience);
    click("live");
    QCOMPARE(find<QPushButton>("live")->text(), QStringLiteral("Not live"));
    const auto theirs = other();
    waitForTask(theirs->store().removeEntries({fingerprintAt(3)}));
    QCOMPARE(m_table->model()->rowCount(), 10);
    // It is seen once it is switched on again: nothing is forgotten in between.
    click("live");
    waitForRows(9);
    // The choice is remembered.
    click("live");
    CacheView again(m_theme.get(), m_settings.get());
    QCOMPARE(again.findChild<QPushButton*>(QStringLiteral("live"))->text(), QStringLiteral("Not live"));
}

void TestCacheChanges::storesOfRunsAppear()
{
    open();
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("cacheEmpty")->isVisible(), patience);
    Agent agent;
    agent.name = QStringLiteral("greeter");
    agent.model = QStringLiteral("test:any-name");
    const RunResult miss = waitForTask(m_session->runner().run(agent, QStringLiteral("Say hello"), {}));
    m_view->noteStored(miss.fingerprint());
    waitForRows(1);
    QCOMPARE(m_table->model()->index(0, 0).data().toString(), QStringLiteral("greeter"));
    QCOMPARE(m_table->model()->index(0, int(EntryColumn::Hits)).data().toString(), QStringLiteral("0"));
    waitForTask(m_session->runner().run(agent, QStringLiteral("Say hello"), {}));
    QCoro::waitFor(m_session->runner().drain());
    m_view->noteStored(miss.fingerprint());
    QTRY_COMPARE_WITH_TIMEOUT(
        m_table->model()->index(0, int(EntryColumn::Hits)).data().toString(), QStringLiteral("1"), patience);
    clickRow(0);
    auto* detail = find<EntryDetail>("entryDetail");
    QTRY_VERIFY_WITH_TIMEOUT(detail->isLoaded(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(find<QTabBar>("detailTabs")->tabText(3), QStringLiteral("Calls 2"), patience);
}

LLMCACHE_GUI_TEST_MAIN(TestCacheChanges)
#include "tst_cachechanges.moc"
