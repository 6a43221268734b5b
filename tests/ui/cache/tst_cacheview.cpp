#include "base/error.h"
#include "cache/entrydetail.h"
#include "cache/filterfield.h"
#include "cacheviewtest.h"
#include "controlnames.h"
#include "sampleentries.h"
#include "waitfortask.h"

#include <QClipboard>
#include <QHeaderView>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QTabBar>
#include <QTextEdit>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::verifyControlNames;
using llmcache::test::waitForTask;

/// Reads, filters, sorts and searches entries.
class TestCacheView : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void emptyStoreSaysWhatWillBeHere();
    void thousandsOfEntries();
    void filterAsOneTypes();
    void aWrongFilterIsExplainedAndNothingIsLost();
    void nothingMatches();
    void searchesWholeTexts();
    void aScanIsPausedAndStopped();
    void aScanThatIsLeftIsGivenUp();
    void searchThatIsStopped();
    void detailShowsTheEntry();
    void selectedRowsAreInOrder();
    void copiesRowsAsText();
    void showsAnEntryThatTheFilterHides();
    void storeThatIsDown();
    void largeValues();
    void columnsAreRemembered();
    void anotherSession();

private:
    /// Of those that have begun with this session; a SQLite file keeps none.
    bool storeKeepsListings() const;
};

bool TestCacheView::storeKeepsListings() const
{
    constexpr int more = 20; // than these tests begin
    for (int number = 1; number <= more; ++number) {
        try {
            waitForTask(m_session->store().listEntries("listing " + QByteArray::number(number), 1));
            return true;
        } catch (const CacheError&) {
            continue; // not known any more
        }
    }
    return false;
}

void TestCacheView::emptyStoreSaysWhatWillBeHere()
{
    open();
    QWidget* const empty = find<QWidget>("cacheEmpty");
    QTRY_VERIFY_WITH_TIMEOUT(empty->isVisible(), patience);
    const QSignalSpy asked(m_view.get(), &CacheView::workbenchRequested);
    auto* action = empty->findChild<QPushButton*>();
    QCOMPARE(action->text(), QStringLiteral("Open the workbench"));
    QTest::mouseClick(action, Qt::LeftButton);
    QCOMPARE(asked.count(), 1);
}

void TestCacheView::thousandsOfEntries()
{
    fill(3000);
    open();
    waitForRows(3000);
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState"), QStringLiteral("scanned 100 %"), patience);
    QVERIFY(!find<QLabel>("partialMark")->isVisible());
    QCOMPARE(text("rowCount"), QStringLiteral("3,000 entries"));
    QVERIFY(text("shownSums").startsWith(QStringLiteral("cost to refill $")));
    // Newest first, and by cost after a click on its header.
    const auto cell = [&](int row, EntryColumn column) {
        return m_table->model()->index(row, int(column)).data(Qt::UserRole + 2);
    };
    for (int row = 1; row < 3000; ++row)
        QVERIFY(cell(row - 1, EntryColumn::Created).toString() >= cell(row, EntryColumn::Created).toString());
    QHeaderView* const header = m_table->horizontalHeader();
    const int cost = int(EntryColumn::Cost);
    const QPoint place(
        header->sectionViewportPosition(cost) + header->sectionSize(cost) / 2, header->height() / 2);
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
    QTRY_VERIFY_WITH_TIMEOUT(
        cell(0, EntryColumn::Cost).toDouble() <= cell(2999, EntryColumn::Cost).toDouble(), patience);
    QTest::mouseClick(header->viewport(), Qt::LeftButton, {}, place);
    QTRY_VERIFY_WITH_TIMEOUT(
        cell(0, EntryColumn::Cost).toDouble() > cell(1500, EntryColumn::Cost).toDouble(), patience);
}

void TestCacheView::filterAsOneTypes()
{
    fill(400);
    open();
    waitForRows(400);
    m_table->setFocus();
    QTest::keySequence(m_table, QKeySequence::Find);
    auto* field = find<QLineEdit>("filterField");
    QTRY_VERIFY(field->hasFocus());
    QTest::keyClicks(field, QStringLiteral("agent:triage size>100"));
    QTRY_VERIFY_WITH_TIMEOUT(m_table->model()->rowCount() < 400, patience);
    const int shown = m_table->model()->rowCount();
    QVERIFY(shown > 0);
    for (int row = 0; row < shown; ++row)
        QCOMPARE(m_table->model()->index(row, 0).data().toString(), QStringLiteral("triage"));
    QTRY_COMPARE(text("rowCount"), QStringLiteral("%1 of 400").arg(shown));
    QTest::keyClick(field, Qt::Key_Down); // on to the rows
    QTRY_VERIFY(m_table->hasFocus());
    QCOMPARE(m_table->selectedRows(), std::vector<int>{0});
    field->setFocus();
    QTest::keyClick(field, Qt::Key_Escape);
    waitForRows(400);
}

void TestCacheView::aWrongFilterIsExplainedAndNothingIsLost()
{
    fill(50);
    open();
    waitForRows(50);
    auto* field = find<QLineEdit>("filterField");
    QTest::keyClicks(field, QStringLiteral("hits>=0 agnt:x"));
    auto* error = find<QLabel>("filterError");
    QTRY_VERIFY_WITH_TIMEOUT(error->isVisible(), patience);
    QVERIFY2(error->text().contains(QStringLiteral("column 9")), qPrintable(error->text()));
    QVERIFY(error->text().contains(QStringLiteral("agent")));
    QCOMPARE(m_view->findChild<FilterField*>()->text(), QStringLiteral("hits>=0 agnt:x"));
    QCOMPARE(m_table->model()->rowCount(), 50); // the last good filter is in force
    for (int i = 0; i < 6; ++i)
        QTest::keyClick(field, Qt::Key_Backspace);
    QTRY_VERIFY(!error->isVisible());
}

void TestCacheView::nothingMatches()
{
    fill(20);
    open();
    waitForRows(20);
    QTest::keyClicks(find<QLineEdit>("filterField"), QStringLiteral("zebra"));
    QWidget* const empty = find<QWidget>("cacheEmpty");
    QTRY_VERIFY_WITH_TIMEOUT(empty->isVisible(), patience);
    QTest::mouseClick(empty->findChild<QPushButton*>(), Qt::LeftButton);
    waitForRows(20);
    QVERIFY(!empty->isVisible());
    QVERIFY(find<QLineEdit>("filterField")->text().isEmpty());
}

void TestCacheView::searchesWholeTexts()
{
    fill(60);
    // One of them says more than its row shows.
    const qint64 nowMs = m_session->clock().nowMs();
    Commit commit;
    commit.entry = sampleEntry(17, nowMs);
    const QString special = commit.entry.meta.fingerprint;
    commit.entry.output = std::string(500, '.') + " the hidden\nclause";
    waitForTask(m_session->store().commit(commit));
    open();
    waitForRows(60);
    QLineEdit* const field = find<QLineEdit>("filterField");
    QTest::keyClicks(field, QStringLiteral("text:\"Hidden clause\""));
    waitForRows(1);
    QCOMPARE(fingerprintAt(0), special);
    QTRY_COMPARE_WITH_TIMEOUT(
        text("scanState"), QStringLiteral("scanned 100 % · searched 60 texts"), patience);
    QVERIFY(!find<QLabel>("partialMark")->isVisible());
    QCOMPARE(text("rowCount"), QStringLiteral("1 of 60"));

    // Another entry that comes to match appears, and one that does no more goes.
    const Entry other = sampleEntry(18, nowMs);
    Commit changed;
    changed.entry = other;
    changed.entry.output = "a hidden clause";
    waitForTask(m_session->store().commit(changed));
    m_view->noteStored(other.meta.fingerprint);
    waitForRows(2);
    commit.entry.output = "nothing";
    waitForTask(m_session->store().commit(commit));
    m_view->noteStored(special);
    waitForRows(1);
    QCOMPARE(fingerprintAt(0), other.meta.fingerprint);

    // With conditions on the metadata fewer texts are read.
    field->clear();
    waitForRows(60);
    QCOMPARE(text("scanState"), QStringLiteral("scanned 100 %"));
    QTest::keyClicks(field, QStringLiteral("agent:triage text:zebra"));
    QWidget* const empty = find<QWidget>("cacheEmpty");
    QTRY_VERIFY_WITH_TIMEOUT(
        empty->isVisible() && text("scanState").contains(QStringLiteral("searched")), patience);
    QVERIFY(!text("scanState").contains(QStringLiteral(" 60 ")));
}

void TestCacheView::aScanIsPausedAndStopped()
{
    fill(3000);
    open();
    auto* const pause = find<QPushButton>("pauseScan");
    auto* const state = find<QLabel>("scanState");
    auto* const partial = find<QLabel>("partialMark");
    // As soon as it runs: the first rows may have come by then, but not all of them.
    QTRY_VERIFY_WITH_TIMEOUT(pause->isVisible(), patience);
    QVERIFY(partial->isVisible());
    QTest::mouseClick(pause, Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(pause->text(), QStringLiteral("Resume"), patience);
    QVERIFY2(state->text().startsWith(QStringLiteral("paused at ")), qPrintable(state->text()));
    QVERIFY(partial->isVisible());
    const auto rows = [this] { return m_table->model()->rowCount(); };
    QVERIFY(rows() < 3000);
    // All that is there is less than all there is, and a question about it says so.
    QTRY_VERIFY_WITH_TIMEOUT(rows() > 1, patience);
    m_table->selectAll();
    click("invalidate");
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("confirmInvalidate")->isEnabled(), patience);
    QVERIFY2(text("questionText").startsWith(QStringLiteral("of what has been scanned so far · ")),
        qPrintable(text("questionText")));
    click("keepEntries");
    QTest::mouseClick(find<QPushButton>("stopScan"), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(state->text().startsWith(QStringLiteral("stopped at ")), patience);
    QVERIFY(partial->isVisible() && !pause->isVisible());
    QVERIFY(!storeKeepsListings()); // nobody reads on
    QTest::mouseClick(find<QPushButton>("rescan"), Qt::LeftButton);
    waitForRows(3000);
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState"), QStringLiteral("scanned 100 %"), patience);
    QVERIFY(!partial->isVisible());
}

void TestCacheView::aScanThatIsLeftIsGivenUp()
{
    fill(3000);
    open();
    auto* const pause = find<QPushButton>("pauseScan");
    QTRY_VERIFY_WITH_TIMEOUT(pause->isVisible(), patience);
    // With a page on its way,
    m_view->setSession(nullptr);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    QVERIFY(!storeKeepsListings());
    m_view->setSession(m_session.get());
    QTRY_VERIFY_WITH_TIMEOUT(pause->isVisible(), patience);
    QTest::mouseClick(pause, Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState").left(6), QStringLiteral("paused"), patience);
    QTRY_VERIFY_WITH_TIMEOUT(m_table->model()->rowCount() > 0, patience);
    // and between two pages.
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    m_view->setSession(nullptr);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    QVERIFY(!storeKeepsListings());
}

void TestCacheView::searchThatIsStopped()
{
    fill(3000);
    open();
    waitForRows(3000);
    QTRY_COMPARE_WITH_TIMEOUT(text("scanState"), QStringLiteral("scanned 100 %"), patience);
    QLineEdit* const field = find<QLineEdit>("filterField");
    auto* const stop = find<QPushButton>("stopScan");
    field->setText(QStringLiteral("text:e"));
    QTest::keyClick(field, Qt::Key_Return);
    QTRY_VERIFY_WITH_TIMEOUT(stop->isVisible(), patience);
    QTest::mouseClick(stop, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(text("scanState").contains(QStringLiteral("search stopped after")), patience);
    QVERIFY(find<QLabel>("partialMark")->isVisible());
    QTRY_VERIFY_WITH_TIMEOUT(m_table->model()->rowCount() < 3000, patience);
    // Again, to the end.
    QTest::keySequence(m_view.get(), QKeySequence::Refresh);
    QTRY_COMPARE_WITH_TIMEOUT(
        text("scanState"), QStringLiteral("scanned 100 % · searched 3,000 texts"), patience);
    waitForRows(3000);
    QVERIFY(!find<QLabel>("partialMark")->isVisible());
}

void TestCacheView::detailShowsTheEntry()
{
    fill(30);
    const Entry expected = sampleEntry(7, m_session->clock().nowMs());
    Call call;
    call.id = QStringLiteral("3f0e8a52-0000-4000-8000-000000000001");
    call.timeMs = m_session->clock().nowMs();
    call.agent = expected.meta.agent;
    call.outcome = Outcome::Hit;
    call.fingerprint = expected.meta.fingerprint;
    waitForTask(m_session->store().recordCalls({call}));
    open();
    waitForRows(30);
    m_view->showEntry(expected.meta.fingerprint);
    auto* detail = find<EntryDetail>("entryDetail");
    QTRY_VERIFY_WITH_TIMEOUT(detail->isLoaded(), patience);
    QCOMPARE(detail->fingerprint(), expected.meta.fingerprint);
    QCOMPARE(fingerprintAt(m_table->selectedRows().front()), expected.meta.fingerprint);
    QCOMPARE(text("detailTitle"), expected.meta.agent);
    const auto shown = [&](const char* name) {
        return find<QWidget>(name)->findChild<QTextEdit*>()->toPlainText();
    };
    QCOMPARE(shown("promptText"), expected.meta.promptExcerpt);
    QVERIFY(shown("requestText").contains(QStringLiteral("You work for a support team.")));
    QTRY_VERIFY_WITH_TIMEOUT(shown("rawText").contains(expected.meta.fingerprint), patience);
    auto* tabs = find<QTabBar>("detailTabs");
    QTRY_COMPARE_WITH_TIMEOUT(tabs->tabText(3), QStringLiteral("Calls 1"), patience);
    tabs->setCurrentIndex(3);
    auto* calls = find<QTableView>("callsTable");
    QVERIFY(calls->isVisible());
    QCOMPARE(calls->model()->rowCount(), 1);

    const QSignalSpy again(m_view.get(), &CacheView::runAgain);
    click("runAgain");
    QCOMPARE(again.count(), 1);
    QCOMPARE(again.first().first().toString(), expected.meta.fingerprint);

    // Arrows preview.
    clickRow(0);
    QTest::keyClick(m_table, Qt::Key_Down);
    QTRY_VERIFY_WITH_TIMEOUT(detail->isLoaded() && detail->fingerprint() == fingerprintAt(1), patience);
    verifyControlNames(*m_view, 15);
}

void TestCacheView::selectedRowsAreInOrder()
{
    fill(20);
    open();
    waitForRows(20);
    clickRow(8);
    clickRow(2, Qt::ControlModifier);
    clickRow(4, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(m_table->selectedRows(), (std::vector<int>{2, 3, 4, 8}));
    // Ranges that overlap.
    const QAbstractItemModel* const model = m_table->model();
    m_table->selectionModel()->select(QItemSelection(model->index(3, 0), model->index(9, 0)),
        QItemSelectionModel::Select | QItemSelectionModel::Rows);
    QCOMPARE(m_table->selectedRows(), (std::vector<int>{2, 3, 4, 5, 6, 7, 8, 9}));
}

void TestCacheView::copiesRowsAsText()
{
    fill(5);
    open();
    waitForRows(5);
    clickRow(0);
    clickRow(2, Qt::ControlModifier);
    const QObject listener;
    QString told;
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& notice) { told = notice; });
    QTest::keySequence(m_table, QKeySequence::Copy);
    QTRY_COMPARE_WITH_TIMEOUT(told, QStringLiteral("Copied 2 entries"), patience);
    const QStringList lines = QApplication::clipboard()->text().split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 4); // header, two rows, the end
    QVERIFY(lines.at(0).startsWith(QStringLiteral("agent\tmodel\ttask\tprompt")));
    QVERIFY(lines.at(1).endsWith(fingerprintAt(0)));
    QVERIFY(lines.at(2).endsWith(fingerprintAt(2)));
}

void TestCacheView::showsAnEntryThatTheFilterHides()
{
    fill(40);
    open();
    waitForRows(40);
    const Entry wanted = sampleEntry(11, m_session->clock().nowMs());
    QTest::keyClicks(find<QLineEdit>("filterField"), QStringLiteral("-agent:") + wanted.meta.agent);
    QTRY_VERIFY_WITH_TIMEOUT(m_table->model()->rowCount() < 40, patience);
    m_view->showEntry(wanted.meta.fingerprint);
    waitForRows(40);
    QTRY_COMPARE_WITH_TIMEOUT(m_table->selectedRows().size(), std::size_t(1), patience);
    QCOMPARE(fingerprintAt(m_table->selectedRows().front()), wanted.meta.fingerprint);
}

void TestCacheView::storeThatIsDown()
{
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    config.storeUrl = QStringLiteral("redis://127.0.0.1:1/0"); // nobody listens on port 1
    Session down(config);
    open();
    m_view->setSession(&down);
    QWidget* const empty = find<QWidget>("cacheEmpty");
    const auto retry = [&]() -> QPushButton* {
        auto* button = empty->findChild<QPushButton*>();
        return empty->isVisible() && button->text() == QStringLiteral("Retry") ? button : nullptr;
    };
    QTRY_VERIFY_WITH_TIMEOUT(retry(), patience);
    QTest::mouseClick(retry(), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(retry(), patience);
    QCOMPARE(text("scanState"), QStringLiteral("scan failed"));
    m_view->stopTasks();
    m_view->setSession(m_session.get());
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
}

void TestCacheView::largeValues()
{
    Commit commit;
    commit.entry = sampleEntry(3, m_session->clock().nowMs());
    const QString line = QStringLiteral("a line that is repeated until it is much\n");
    const QString large = line.repeated(20'000) + QString(1'000'000, QLatin1Char('x'));
    commit.entry.output = Json(toUtf8(large));
    waitForTask(m_session->store().commit(std::move(commit)));
    open();
    waitForRows(1);
    clickRow(0);
    auto* detail = find<EntryDetail>("entryDetail");
    QTRY_VERIFY_WITH_TIMEOUT(detail->isLoaded(), patience);
    find<QWidget>("textForms")->findChildren<QPushButton*>().at(1)->click(); // not rendered
    QWidget* const answer = find<QWidget>("answerText");
    QVERIFY(answer->findChild<QTextEdit*>()->toPlainText().size() <= 21'000);
    auto* copyAll = answer->findChild<QPushButton*>(QStringLiteral("copyAll"));
    QVERIFY(copyAll->isVisible());
    QTest::mouseClick(copyAll, Qt::LeftButton);
    QVERIFY(QApplication::clipboard()->text() == large);
    QTest::mouseClick(answer->findChild<QPushButton*>(QStringLiteral("showAll")), Qt::LeftButton);
    auto* all = answer->findChild<QPlainTextEdit*>();
    QTRY_VERIFY_WITH_TIMEOUT(all->isVisible() && all->document()->characterCount() > large.size(), patience);
    // Nothing but the breaks of the overlong line has been added.
    QString shown = all->toPlainText();
    QCOMPARE(shown.count(QLatin1Char('x')), qsizetype(1'000'000) + 0);
    QVERIFY(shown.startsWith(line.repeated(20'000)));
}

void TestCacheView::columnsAreRemembered()
{
    fill(3);
    open();
    waitForRows(3);
    const auto columnAction = [this](EntryColumn column) {
        return menuAction("columnsButton", columnInfo(column).description);
    };
    QVERIFY(columnAction(EntryColumn::Task)->isChecked());
    QVERIFY(!columnAction(EntryColumn::Author)->isChecked());
    columnAction(EntryColumn::Author)->trigger();
    columnAction(EntryColumn::Task)->trigger();
    m_table->horizontalHeader()->moveSection(
        m_table->horizontalHeader()->visualIndex(int(EntryColumn::Author)), 0);
    m_table->setColumnWidth(int(EntryColumn::Cost), 130);
    m_table->horizontalHeader()->setSortIndicator(int(EntryColumn::Hits), Qt::DescendingOrder);
    QTRY_VERIFY(m_settings->contains(QStringLiteral("cache/sort"))
        && m_settings->value(QStringLiteral("cache/sort")).toString() == QStringLiteral("hits:descending"));
    m_view->stopTasks();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    m_view.reset();
    open();
    waitForRows(3);
    const auto columns = m_table->shownColumns();
    QCOMPARE(columns.front(), EntryColumn::Author);
    QVERIFY(!m_table->isColumnShown(EntryColumn::Task));
    QCOMPARE(m_table->columnWidth(int(EntryColumn::Cost)), 130);
    QCOMPARE(m_table->horizontalHeader()->sortIndicatorSection(), int(EntryColumn::Hits));
    menuAction("columnsButton", QStringLiteral("Reset columns"))->trigger();
    QCOMPARE(m_table->shownColumns().front(), EntryColumn::Agent);
    QVERIFY(m_table->isColumnShown(EntryColumn::Task));
}

void TestCacheView::anotherSession()
{
    fill(8);
    open();
    waitForRows(8);
    clickRow(0);
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("other"));
    config.storeUrl = QStringLiteral("sqlite://") + m_folder->filePath(QStringLiteral("other.db"));
    Session other(config);
    m_view->setSession(&other);
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("cacheEmpty")->isVisible(), patience);
    QCOMPARE(m_table->model()->rowCount(), 0);
    QVERIFY(find<EntryDetail>("entryDetail")->fingerprint().isEmpty());
    m_view->setSession(nullptr);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
}

LLMCACHE_GUI_TEST_MAIN(TestCacheView)
#include "tst_cacheview.moc"
