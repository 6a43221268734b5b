#include "cache/cacheview.h"
#include "cache/entrydetail.h"
#include "cache/entrytable.h"
#include "cache/session.h"
#include "guitest.h"
#include "redisserver.h"
#include "sampleentries.h"
#include "theme/theme.h"
#include "waitfortask.h"

#include <QClipboard>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTextEdit>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::sampleEntry;
using llmcache::test::waitForTask;

namespace {

constexpr auto patience = 30'000;

} // namespace

class TestCacheView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void emptyStoreSaysWhatWillBeHere();
    void thousandsOfEntries();
    void filterAsOneTypes();
    void aWrongFilterIsExplainedAndNothingIsLost();
    void nothingMatches();
    void searchesWholeTexts();
    void searchThatIsStopped();
    void detailShowsTheEntry();
    void entryThatIsGone();
    void invalidatesAfterAsking();
    void invalidatedEntriesComeBack();
    void pinsAndSetsTheTtl();
    void entriesThatChangedStay();
    void keepsWhenToldSo();
    void copiesRowsAsText();
    void deletesFromTheDetail();
    void rescanSeesChanges();
    void changesByOthersAppear();
    void changesByOthersLeaveTheUserWhereHeIs();
    void aServerThatTellsNothingIsSampled();
    void liveCanBeSwitchedOff();
    void storesOfRunsAppear();
    void showsAnEntryThatTheFilterHides();
    void storeThatIsDown();
    void largeValues();
    void columnsAreRemembered();
    void anotherSession();

private:
    void fill(quint32 count);
    void open();
    /// As one who has switched that off: what others do is for the test to show.
    void openNotLive();
    /// Another program on the same store.
    std::unique_ptr<Session> other() const;
    /// Waits until all rows are in the table.
    void waitForRows(int rows);
    template <typename T>
    T* find(const char* name) const
    {
        return m_view->findChild<T*>(QString::fromLatin1(name));
    }
    QString text(const char* label) const { return find<QLabel>(label)->text(); }
    void click(const char* button) { QTest::mouseClick(find<QPushButton>(button), Qt::LeftButton); }
    QString fingerprintAt(int row) const
    {
        return m_table->model()->index(row, 0).data(Qt::UserRole + 1).toString();
    }
    void clickRow(int row, Qt::KeyboardModifiers modifiers = {});

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<CacheView> m_view;
    EntryTable* m_table = nullptr;
};

void TestCacheView::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->setScheme(ColorScheme::Light);
    m_theme->apply(*qApp);
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    config.storeUrl = QStringLiteral("sqlite://") + m_folder->filePath(QStringLiteral("cache.db"));
    m_session = std::make_unique<Session>(config);
}

void TestCacheView::cleanup()
{
    if (m_view) {
        m_view->stopTasks();
        QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    }
    m_view.reset();
    m_table = nullptr;
    m_session.reset();
}

void TestCacheView::fill(quint32 count)
{
    const qint64 nowMs = m_session->clock().nowMs();
    for (quint32 number = 0; number < count; ++number) {
        Commit commit;
        commit.entry = sampleEntry(number, nowMs);
        // Some of the samples are about to expire; these are to stay for the test.
        commit.ttl = std::chrono::hours(24 + number);
        waitForTask(m_session->store().commit(std::move(commit)));
    }
}

void TestCacheView::open()
{
    m_view = std::make_unique<CacheView>(m_theme.get(), m_settings.get());
    m_view->resize(1384, 816);
    m_view->setSession(m_session.get());
    m_view->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    m_view->activateWindow();
    m_view->activate();
    m_table = find<EntryTable>("entryTable");
}

void TestCacheView::openNotLive()
{
    m_settings->setValue(QStringLiteral("cache/live"), false);
    open();
}

std::unique_ptr<Session> TestCacheView::other() const
{
    SessionConfig config = m_session->config();
    config.dataFolder = m_folder->filePath(QStringLiteral("elsewhere"));
    return std::make_unique<Session>(config);
}

void TestCacheView::waitForRows(int rows)
{
    QTRY_COMPARE_WITH_TIMEOUT(m_table->model()->rowCount(), rows, patience);
}

void TestCacheView::clickRow(int row, Qt::KeyboardModifiers modifiers)
{
    const QModelIndex index = m_table->model()->index(row, 0);
    m_table->scrollTo(index);
    QTest::mouseClick(m_table->viewport(), Qt::LeftButton, modifiers, m_table->visualRect(index).center());
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
    QCOMPARE(field->text(), QStringLiteral("hits>=0 agnt:x"));
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
    QVERIFY(shown("rawText").contains(expected.meta.fingerprint));
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
}

void TestCacheView::entryThatIsGone()
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

void TestCacheView::invalidatesAfterAsking()
{
    fill(1200);
    open();
    waitForRows(1200);
    clickRow(1);
    clickRow(3, Qt::ShiftModifier);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    QVERIFY(text("selectionText").contains(QStringLiteral("refilling costs")));
    const QStringList chosen{fingerprintAt(1), fingerprintAt(2), fingerprintAt(3)};
    QTest::keyClick(m_table, Qt::Key_Delete);
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QVERIFY(confirm->isVisible());
    QCOMPARE(confirm->text(), QStringLiteral("Invalidate 3 entries"));
    QVERIFY(find<QPushButton>("keepEntries")->hasFocus());
    QCOMPARE(m_table->model()->rowCount(), 1200); // nothing has happened yet
    QTest::mouseClick(confirm, Qt::LeftButton);
    waitForRows(1197);
    for (const QString& fingerprint : chosen)
        QVERIFY(!waitForTask(m_session->store().lookup(fingerprint)));
    QTRY_COMPARE(m_table->selectedRows().size(), std::size_t(1)); // the row that moved up

    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("1,197 selected"));
    click("invalidate");
    QTest::mouseClick(confirm, Qt::LeftButton);
    waitForRows(0);
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("Invalidated 1,197 entries"), patience);
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("cacheEmpty")->isVisible(), patience);
    QCOMPARE(waitForTask(m_session->store().status()).entries, 0);
}

void TestCacheView::invalidatedEntriesComeBack()
{
    fill(300);
    open();
    waitForRows(300);
    QString offered;
    std::function<void()> undo;
    connect(m_view.get(), &CacheView::notice, this,
        [&](const QString& text, const QString& action, const std::function<void()>& run) {
            offered = text + QLatin1Char('|') + action;
            undo = run;
        });
    clickRow(1);
    clickRow(3, Qt::ShiftModifier);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    const QStringList chosen{fingerprintAt(1), fingerprintAt(2), fingerprintAt(3)};
    const auto before = waitForTask(m_session->store().readImages(chosen));
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTest::mouseClick(find<QPushButton>("confirmInvalidate"), Qt::LeftButton);
    waitForRows(297);
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Invalidated 3 entries|Undo"), patience);
    undo();
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Restored 3 entries|"), patience);
    waitForRows(300);
    QVERIFY(waitForTask(m_session->store().readImages(chosen)) == before);

    // Many, by the keyboard.
    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("300 selected"));
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTest::mouseClick(find<QPushButton>("confirmInvalidate"), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Invalidated 300 entries|Undo"), patience);
    QTest::keySequence(m_view.get(), QKeySequence::Undo);
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Restored 300 entries|"), patience);
    waitForRows(300);
    QTest::keySequence(m_view.get(), QKeySequence::Undo);
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("There is nothing to undo|"), patience);
}

void TestCacheView::pinsAndSetsTheTtl()
{
    fill(300);
    open();
    waitForRows(300);
    QString offered;
    std::function<void()> undo;
    connect(m_view.get(), &CacheView::notice, this,
        [&](const QString& text, const QString& action, const std::function<void()>& run) {
            offered = text + QLatin1Char('|') + action;
            undo = run;
        });
    clickRow(1);
    clickRow(2, Qt::ShiftModifier);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("2 selected"));
    const QStringList chosen{fingerprintAt(1), fingerprintAt(2)};
    const auto before = waitForTask(m_session->store().readImages(chosen));
    const auto meta = [&](int which) { return waitForTask(m_session->store().lookup(chosen[which]))->meta; };
    click("pinEntries");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Pinned 2 entries|Undo"), patience);
    QVERIFY(meta(0).pinned && meta(1).pinned && !meta(0).expiresMs);
    QCOMPARE(m_table->selectedRows().size(), std::size_t(2)); // for what comes next

    const auto choose = [this](const char* words) {
        auto* button = find<QPushButton>("setTtl");
        const QList<QAction*> actions = button->menu()->actions();
        for (QAction* action : actions) {
            if (action->text() == QLatin1String(words))
                action->trigger();
        }
    };
    const auto expiresInAWeek = [&] {
        const qint64 nowMs = m_session->clock().nowMs();
        const qint64 week = qint64(7) * 24 * 3600 * 1000;
        const auto expiresMs = meta(0).expiresMs;
        return expiresMs && std::abs(*expiresMs - nowMs - week) < 60'000 && !meta(0).pinned;
    };
    choose("7 days");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Set the TTL of 2 entries|Undo"), patience);
    QVERIFY(expiresInAWeek());
    choose("Never expires");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Removed the TTL of 2 entries|Undo"), patience);
    QVERIFY(!meta(0).expiresMs && !meta(0).pinned);

    // Taken back one by one.
    undo();
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Restored 2 entries|"), patience);
    QVERIFY(expiresInAWeek());
    for (int step = 0; step < 2; ++step) {
        offered.clear();
        QTest::keySequence(m_view.get(), QKeySequence::Undo);
        QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Restored 2 entries|"), patience);
    }
    QCOMPARE(meta(0).expiresMs, before[0].expiresMs);
    QVERIFY(!meta(0).pinned);

    // Many at once.
    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("300 selected"));
    click("pinEntries");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Pinned 300 entries|Undo"), patience);
    find<QLineEdit>("filterField")->setText(QStringLiteral("is:pinned"));
    waitForRows(300);
}

void TestCacheView::entriesThatChangedStay()
{
    fill(3);
    openNotLive();
    waitForRows(3);
    const QString changed = fingerprintAt(1);
    QString told;
    connect(m_view.get(), &CacheView::notice, this, [&told](const QString& text) { told = text; });
    // Somebody else runs its prompt again.
    Commit commit;
    commit.entry = *waitForTask(m_session->store().lookup(changed));
    waitForTask(m_session->store().commit(std::move(commit)));
    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTest::mouseClick(find<QPushButton>("confirmInvalidate"), Qt::LeftButton);
    waitForRows(1);
    QCOMPARE(fingerprintAt(0), changed);
    QTRY_COMPARE_WITH_TIMEOUT(
        told, QStringLiteral("Invalidated 2 entries · 1 had changed and stayed"), patience);
    // Now the row shows what is there.
    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("1 selected"));
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTest::mouseClick(find<QPushButton>("confirmInvalidate"), Qt::LeftButton);
    waitForRows(0);
}

void TestCacheView::keepsWhenToldSo()
{
    fill(5);
    open();
    waitForRows(5);
    clickRow(2);
    QTest::keyClick(m_table, Qt::Key_Delete);
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QTRY_VERIFY(confirm->isVisible());
    QTest::keyClick(find<QPushButton>("keepEntries"), Qt::Key_Space);
    QVERIFY(!confirm->isVisible());
    QTRY_VERIFY(m_table->hasFocus());
    // Another selection voids the question as well.
    QTest::keyClick(m_table, Qt::Key_Delete);
    QVERIFY(confirm->isVisible());
    clickRow(0);
    QTRY_VERIFY(!confirm->isVisible());
    QCOMPARE(m_table->model()->rowCount(), 5);
    QCOMPARE(waitForTask(m_session->store().status()).entries, 5);
}

void TestCacheView::copiesRowsAsText()
{
    fill(5);
    open();
    waitForRows(5);
    clickRow(0);
    clickRow(2, Qt::ControlModifier);
    QTest::keySequence(m_table, QKeySequence::Copy);
    const QStringList lines = QApplication::clipboard()->text().split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 4); // header, two rows, the end
    QVERIFY(lines.at(0).startsWith(QStringLiteral("agent\tmodel\ttask\tprompt")));
    QVERIFY(lines.at(1).endsWith(fingerprintAt(0)));
    QVERIFY(lines.at(2).endsWith(fingerprintAt(2)));
}

void TestCacheView::deletesFromTheDetail()
{
    fill(6);
    open();
    waitForRows(6);
    clickRow(0);
    clickRow(3, Qt::ShiftModifier); // four rows; the detail shows the last one clicked
    const QString shown = fingerprintAt(3);
    auto* detail = find<EntryDetail>("entryDetail");
    QTRY_VERIFY_WITH_TIMEOUT(detail->isLoaded() && detail->fingerprint() == shown, patience);
    click("deleteEntry");
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QTRY_VERIFY(confirm->isVisible());
    QCOMPARE(confirm->text(), QStringLiteral("Invalidate 1 entry"));
    QTest::mouseClick(confirm, Qt::LeftButton);
    waitForRows(5);
    QVERIFY(!waitForTask(m_session->store().lookup(shown)));
}

void TestCacheView::rescanSeesChanges()
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

void TestCacheView::changesByOthersAppear()
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

void TestCacheView::changesByOthersLeaveTheUserWhereHeIs()
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
    auto* answer = find<QWidget>("answerText")->findChild<QTextEdit*>();
    QTRY_VERIFY_WITH_TIMEOUT(answer->toPlainText().contains(QStringLiteral("Another answer")), patience);
    QCOMPARE(m_table->verticalScrollBar()->value(), scrolled);
    QCOMPARE(m_table->selectedRows(), std::vector<int>{255});
    QCOMPARE(fingerprintAt(255), chosen);
}

void TestCacheView::aServerThatTellsNothingIsSampled()
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

void TestCacheView::liveCanBeSwitchedOff()
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

void TestCacheView::storesOfRunsAppear()
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
    m_table->setColumnShown(EntryColumn::Author, true);
    m_table->setColumnShown(EntryColumn::Task, false);
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
    m_table->resetColumns();
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
