#include "cache/entrydetail.h"
#include "cacheviewtest.h"
#include "waitfortask.h"

#include <QInputDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QSpinBox>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::waitForTask;

/// Entries that the user deletes, pins and gives another TTL, many at once.
class TestCacheBulk : public test::CacheViewTest {
    Q_OBJECT
private Q_SLOTS:
    void invalidatesAfterAsking();
    void invalidatedEntriesComeBack();
    void pinsAndSetsTheTtl();
    void pinsWithAReason();
    void asksForOtherDays();
    void saysWhatCanNoLongerBeUndone();
    void entriesThatChangedStay();
    void theQuestionIsWhatTheStoreHas();
    void aChangeIsCancelled();
    void keepsWhenToldSo();
    void deletesFromTheDetail();
};

void TestCacheBulk::invalidatesAfterAsking()
{
    fill(1200);
    open();
    waitForRows(1200);
    clickRow(1);
    clickRow(3, Qt::ShiftModifier);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    QVERIFY(text("selectionText").contains(QStringLiteral("refilling costs")));
    QVERIFY(text("selectionText").endsWith(QStringLiteral("used in the last 7 days")));
    const QStringList chosen{fingerprintAt(1), fingerprintAt(2), fingerprintAt(3)};
    QTest::keyClick(m_table, Qt::Key_Delete);
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QVERIFY(confirm->isVisible());
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 3 entries"), patience);
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
    click("confirmInvalidate");
    waitForRows(0);
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("Invalidated 1,197 entries"), patience);
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("cacheEmpty")->isVisible(), patience);
    QCOMPARE(storedEntries(), 0);
}

void TestCacheBulk::invalidatedEntriesComeBack()
{
    fill(300);
    open();
    waitForRows(300);
    QString offered;
    std::function<void()> undo;
    const QObject listener; // goes before what it writes to
    connect(m_view.get(), &CacheView::notice, &listener,
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
    click("confirmInvalidate");
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
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Invalidated 300 entries|Undo"), patience);
    QTest::keySequence(m_view.get(), QKeySequence::Undo);
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Restored 300 entries|"), patience);
    waitForRows(300);
    QTest::keySequence(m_view.get(), QKeySequence::Undo);
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("There is nothing to undo|"), patience);
}

void TestCacheBulk::pinsAndSetsTheTtl()
{
    fill(300);
    open();
    waitForRows(300);
    QString offered;
    std::function<void()> undo;
    const QObject listener; // goes before what it writes to
    connect(m_view.get(), &CacheView::notice, &listener,
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
    // A row is as exact as the clocks; what the store has is compared to the bit in the tests of undo.
    QVERIFY(std::abs(meta(0).expiresMs.value() - before[0].expiresMs.value()) < 1000);
    QVERIFY(!meta(0).pinned);

    // Many at once.
    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("300 selected"));
    click("pinEntries");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Pinned 300 entries|Undo"), patience);
    find<QLineEdit>("filterField")->setText(QStringLiteral("is:pinned"));
    waitForRows(300);
}

void TestCacheBulk::pinsWithAReason()
{
    fill(3);
    open();
    waitForRows(3);
    clickRow(0);
    clickRow(1, Qt::ShiftModifier);
    const QStringList chosen{fingerprintAt(0), fingerprintAt(1)};
    const auto pin = [this] {
        for (QAction* action : m_view->commands()) {
            if (action->text() == QStringLiteral("Pin selected entries with a reason…"))
                action->trigger();
        }
        return m_view->findChild<QInputDialog*>(QStringLiteral("pinReason"));
    };
    QInputDialog* dialog = pin();
    QVERIFY(dialog);
    QTest::keyClicks(dialog->findChild<QLineEdit*>(), QStringLiteral("never mind"));
    QTest::keyClick(dialog, Qt::Key_Escape);
    QTRY_VERIFY(!m_view->findChild<QInputDialog*>());
    dialog = pin();
    QTest::keyClicks(dialog->findChild<QLineEdit*>(), QStringLiteral(" in the report "));
    QTest::keyClick(dialog, Qt::Key_Return);
    const auto note = [&](int which) {
        const auto images = waitForTask(m_session->store().readImages({chosen[which]}));
        return parseJson(images.front().fields.value("meta"), QStringLiteral("meta"));
    };
    QTRY_VERIFY_WITH_TIMEOUT(note(0).contains("pinned") && note(1).contains("pinned"), patience);
    for (const int which : {0, 1}) {
        QCOMPARE(note(which)["pin_reason"], Json("in the report"));
        QCOMPARE(note(which)["pinned_by"], Json(toUtf8(m_session->config().identity.user)));
    }
}

void TestCacheBulk::asksForOtherDays()
{
    fill(3);
    open();
    waitForRows(3);
    const auto setDays = [this](const QString& days) {
        const QList<QAction*> actions = find<QPushButton>("setTtl")->menu()->actions();
        for (QAction* action : actions) {
            if (action->text() == QStringLiteral("Other…"))
                action->trigger();
        }
        auto* const dialog = m_view->findChild<QInputDialog*>(QStringLiteral("ttlDialog"));
        QVERIFY(dialog);
        auto* const field = dialog->findChild<QSpinBox*>();
        field->selectAll();
        QTest::keyClicks(field, days);
        QTest::keyClick(field, Qt::Key_Return);
        QTRY_VERIFY(!m_view->findChild<QInputDialog*>());
    };
    // Of one entry, and of several.
    for (const int last : {0, 2}) {
        clickRow(0);
        clickRow(last, Qt::ShiftModifier);
        QTRY_COMPARE(m_table->selectedRows().size(), std::size_t(last + 1));
        setDays(QString::number(40 + last));
        const auto isSet = [&](int row) {
            const auto entry = waitForTask(m_session->store().lookup(fingerprintAt(row)));
            const qint64 wanted = m_session->clock().nowMs() + qint64(40 + last) * 24 * 3600 * 1000;
            return entry && entry->meta.expiresMs && std::abs(*entry->meta.expiresMs - wanted) < 60'000;
        };
        QTRY_VERIFY_WITH_TIMEOUT(isSet(0) && isSet(last), patience);
        QCOMPARE(isSet(1), last == 2);
        QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("setTtl")->isVisible(), patience);
    }
}

void TestCacheBulk::saysWhatCanNoLongerBeUndone()
{
    fill(3);
    openNotLive();
    waitForRows(3);
    QString offered;
    const QObject listener; // goes before what it writes to
    connect(m_view.get(), &CacheView::notice, &listener, [&](const QString& text) { offered = text; });
    const QString forgotten = QStringLiteral("1 earlier change of the last 24 h can't be undone any more");

    // A deletion is asked for anyway.
    QVERIFY(fillUndoJournal());
    clickRow(0);
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("confirmInvalidate")->isEnabled(), patience);
    QVERIFY2(text("questionText").startsWith(forgotten), qPrintable(text("questionText")));
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Invalidated 1 entry · ") + forgotten, patience);

    // Other changes only then.
    QVERIFY(fillUndoJournal());
    clickRow(0);
    const QString kept = fingerprintAt(0);
    click("pinEntries");
    QTRY_VERIFY_WITH_TIMEOUT(find<QMessageBox>("roomQuestion"), patience);
    auto* question = find<QMessageBox>("roomQuestion");
    QVERIFY2(question->text().contains(forgotten), qPrintable(question->text()));
    QTest::keyClick(question, Qt::Key_Escape);
    QTRY_VERIFY(!find<QMessageBox>("roomQuestion"));
    QVERIFY(!waitForTask(m_session->store().lookup(kept))->meta.pinned);
    click("pinEntries");
    QTRY_VERIFY_WITH_TIMEOUT(find<QMessageBox>("roomQuestion"), patience);
    question = find<QMessageBox>("roomQuestion");
    for (QAbstractButton* button : question->buttons()) {
        if (question->buttonRole(button) == QMessageBox::AcceptRole)
            QTest::mouseClick(button, Qt::LeftButton);
    }
    QTRY_COMPARE_WITH_TIMEOUT(offered, QStringLiteral("Pinned 1 entry · ") + forgotten, patience);
    QVERIFY(waitForTask(m_session->store().lookup(kept))->meta.pinned);
}

void TestCacheBulk::entriesThatChangedStay()
{
    fill(3);
    openNotLive();
    waitForRows(3);
    const QString changed = fingerprintAt(1);
    QString told;
    const QObject listener; // goes before what it writes to
    connect(m_view.get(), &CacheView::notice, &listener, [&told](const QString& text) { told = text; });
    m_table->selectAll();
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("3 selected"));
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("confirmInvalidate")->isEnabled(), patience);
    // Somebody else runs its prompt again.
    Commit commit;
    commit.entry = *waitForTask(m_session->store().lookup(changed));
    waitForTask(m_session->store().commit(std::move(commit)));
    click("confirmInvalidate");
    waitForRows(1);
    QCOMPARE(fingerprintAt(0), changed);
    QTRY_COMPARE_WITH_TIMEOUT(
        told, QStringLiteral("Invalidated 2 entries · 1 had changed and stayed"), patience);
    // Now the row shows what is there; it is still selected, under what the change came to.
    QCOMPARE(m_table->selectedRows(), std::vector<int>{0});
    QCOMPARE(text("selectionTitle"), QStringLiteral("Invalidated 2 entries"));
    QTest::keyClick(m_table, Qt::Key_Delete);
    click("confirmInvalidate");
    waitForRows(0);
}

void TestCacheBulk::theQuestionIsWhatTheStoreHas()
{
    fill(6);
    openNotLive();
    waitForRows(6);
    const auto theirs = other();
    waitForTask(theirs->store().removeEntries({fingerprintAt(1)}));
    Commit commit;
    commit.entry = *waitForTask(theirs->store().lookup(fingerprintAt(2)));
    commit.entry.output = Json("Another answer than before");
    waitForTask(theirs->store().commit(std::move(commit)));
    const QString kept = fingerprintAt(2);
    clickRow(0);
    clickRow(4, Qt::ShiftModifier);
    QTRY_COMPARE(text("selectionTitle"), QStringLiteral("5 selected"));
    click("invalidate");
    auto* confirm = find<QPushButton>("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 3 entries"), patience);
    QCOMPARE(text("selectionTitle"), QStringLiteral("Invalidate 3 entries?"));
    QVERIFY2(text("questionText")
                 .startsWith(QStringLiteral("1 gone already · 1 changed since they were listed, kept · ")),
        qPrintable(text("questionText")));
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("Invalidated 3 entries"), patience);
    QVERIFY(waitForTask(m_session->store().lookup(kept)));
    QCOMPARE(storedEntries(), 2);
    waitForRows(2);
    // Of the one that was kept the table has the new revision by now.
    QCOMPARE(fingerprintAt(m_table->selectedRows().at(0)), kept);
    click("invalidate");
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 1 entry"), patience);
}

void TestCacheBulk::aChangeIsCancelled()
{
    constexpr int all = 6000;
    fill(all);
    openNotLive();
    waitForRows(all);
    m_table->selectAll();
    click("invalidate");
    auto* const cancel = find<QPushButton>("cancelChange");
    // At the first sign of progress, when there is much left to do.
    auto* const title = find<QLabel>("selectionTitle");
    click("confirmInvalidate");
    QTRY_VERIFY_WITH_TIMEOUT(cancel->isVisible() && cancel->isEnabled(), patience);
    QVERIFY2(title->text().endsWith(QStringLiteral(" of 6,000")), qPrintable(title->text()));
    QTest::mouseClick(cancel, Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(!cancel->isVisible(), patience);
    const qint64 left = storedEntries();
    QVERIFY(left > 0);
    QVERIFY2(text("selectionText").startsWith(QStringLiteral("cancelled with ")),
        qPrintable(text("selectionText")));
    QCOMPARE(qint64(m_table->model()->rowCount()), left);
    // What was done comes back all the same.
    if (left < all) {
        QTest::keySequence(m_view.get(), QKeySequence::Undo);
        waitForRows(all);
        QCOMPARE(storedEntries(), all);
    }
}

void TestCacheBulk::keepsWhenToldSo()
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
    QCOMPARE(storedEntries(), 5);
}

void TestCacheBulk::deletesFromTheDetail()
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
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 1 entry"), patience);
    click("confirmInvalidate");
    waitForRows(5);
    QVERIFY(!waitForTask(m_session->store().lookup(shown)));
    // Also one that the filter hides, whatever is selected.
    clickRow(0);
    const QString hidden = fingerprintAt(0);
    QTRY_VERIFY_WITH_TIMEOUT(detail->isLoaded() && detail->fingerprint() == hidden, patience);
    auto* filter = find<QLineEdit>("filterField");
    filter->setText(QStringLiteral("tokens>1000000000"));
    waitForRows(0);
    click("deleteEntry");
    QTRY_COMPARE_WITH_TIMEOUT(confirm->text(), QStringLiteral("Invalidate 1 entry"), patience);
    click("confirmInvalidate");
    QTRY_COMPARE_WITH_TIMEOUT(text("selectionTitle"), QStringLiteral("Invalidated 1 entry"), patience);
    QVERIFY(!waitForTask(m_session->store().lookup(hidden)));
    QCOMPARE(storedEntries(), 4);
}

LLMCACHE_GUI_TEST_MAIN(TestCacheBulk)
#include "tst_cachebulk.moc"
