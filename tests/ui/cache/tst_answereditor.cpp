#include "../../core/cache/readablecommit.h"
#include "cache/answereditor.h"
#include "cache/bulkchange.h"
#include "cache/entrydetail.h"
#include "cache/revisionsdialog.h"
#include "cache/session.h"
#include "guitest.h"
#include "redisserver.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/codeedit.h"
#include "widgets/diffview.h"

#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::readableCommit;
using llmcache::test::waitForTask;

namespace {

constexpr auto patience = 30'000;

} // namespace

/// Answers are edited where they are read.
class TestAnswerEditor : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void anEditIsSaved();
    void onlyWhatFitsIsSaved();
    void nothingIsSavedWithoutAChange();
    void bothVersionsAreShown();
    void theirsCanBeKept();
    void whatComesMeanwhileIsShown();
    void theTextOutlivesItsEntry();
    void draftsWait();
    void draftsSurviveARestart();
    void earlierRevisionsComeBack();
    void largeAnswersAreNotEdited();

private:
    /// Stores it and shows it.
    void open(const Commit& commit);
    void show(const QString& fingerprint);
    /// As the program does when it ends.
    void close();
    Entry stored() const { return *waitForTask(m_session->store().lookup(m_detail->fingerprint())); }
    /// As somebody else would.
    void storeAnswer(const QString& answer);
    template <typename T>
    T* find(const char* name) const
    {
        return m_detail->findChild<T*>(QString::fromLatin1(name));
    }
    QPushButton* button(const char* name) const { return find<QPushButton>(name); }
    void click(const char* name) const { QTest::mouseClick(button(name), Qt::LeftButton); }
    CodeEdit* editor() const { return find<CodeEdit>("answerEdit"); }
    QString status() const { return find<QLabel>("editStatus")->text(); }
    void type(const QString& text) const
    {
        editor()->selectAll();
        QTest::keyClicks(editor(), text);
    }
    QString shownAnswer() const
    {
        const auto* rendered = find<QTextEdit>("answerRendered");
        return rendered->isVisible() ? rendered->toPlainText()
                                     : find<QWidget>("answerText")->findChild<QTextEdit*>()->toPlainText();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<test::RedisServer> m_redis; ///< where LLMCACHE_TEST_STORE is "redis"
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<EntryDetail> m_detail;
};

void TestAnswerEditor::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->setScheme(ColorScheme::Light);
    m_theme->apply(*qApp);
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    if (qgetenv("LLMCACHE_TEST_STORE") == "redis") {
        if (!test::RedisServer::isInstalled())
            QSKIP(qPrintable(test::RedisServer::missingText()));
        m_redis = std::make_unique<test::RedisServer>();
        QVERIFY2(m_redis->start(), qPrintable(m_redis->log()));
        config.storeUrl = m_redis->url();
    } else {
        config.storeUrl = QStringLiteral("sqlite://") + m_folder->filePath(QStringLiteral("cache.db"));
    }
    config.identity.user = QStringLiteral("eve");
    m_session = std::make_unique<Session>(config);
}

void TestAnswerEditor::close()
{
    if (m_detail) {
        m_detail->stopTasks();
        QTRY_COMPARE_WITH_TIMEOUT(m_detail->activeTasks(), 0, patience);
    }
    m_detail.reset();
    m_session.reset();
}

void TestAnswerEditor::cleanup()
{
    close();
    m_redis.reset();
}

void TestAnswerEditor::open(const Commit& commit)
{
    waitForTask(m_session->store().commit(commit));
    m_detail = std::make_unique<EntryDetail>(m_theme.get());
    m_detail->resize(434, 720);
    m_detail->setSession(m_session.get());
    m_detail->setVisible(true);
    QVERIFY(QTest::qWaitForWindowExposed(m_detail.get()));
    m_detail->activateWindow();
    show(commit.entry.meta.fingerprint);
}

void TestAnswerEditor::show(const QString& fingerprint)
{
    m_detail->show(fingerprint);
    QTRY_VERIFY_WITH_TIMEOUT(m_detail->isLoaded(), patience);
}

void TestAnswerEditor::storeAnswer(const QString& answer)
{
    Commit commit;
    commit.entry = withOutput(stored(), Json(toUtf8(answer)), QStringLiteral("bob"));
    commit.ttl = std::chrono::hours(5);
    waitForTask(m_session->store().commit(commit));
}

void TestAnswerEditor::anEditIsSaved()
{
    open(readableCommit(false));
    const Entry before = stored();
    QSignalSpy saved(m_detail.get(), &EntryDetail::saved);
    click("editAnswer");
    QVERIFY(editor()->isVisible() && editor()->hasFocus());
    QCOMPARE(editor()->text(), QStringLiteral("Ada"));
    type(QStringLiteral("Grace"));
    QTRY_VERIFY(button("saveEdit")->isEnabled());
    QTest::keySequence(editor(), QKeySequence::Save);
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
    const Entry after = stored();
    QCOMPARE(outputText(after.output), QStringLiteral("Grace"));
    QCOMPARE(after.meta.revision, before.meta.revision + 1);
    QCOMPARE(after.meta.author, QStringLiteral("eve"));
    QVERIFY(after.meta.human);
    QVERIFY(std::abs(after.meta.expiresMs.value() - before.meta.expiresMs.value()) < 1000);
    QVERIFY(!saved.front()[1].value<EditResult>().undoId.isEmpty());
    QVERIFY(!editor()->isVisible());
    QCOMPARE(shownAnswer(), QStringLiteral("Grace"));
    // Now that there is a badge, too, the heading still fits a narrow pane.
    m_detail->resize(310, 720); // as in the smallest window
    QTRY_VERIFY(button("runAgain")->width() >= button("runAgain")->sizeHint().width());
    const auto* title = find<QLabel>("detailTitle");
    QTRY_VERIFY_WITH_TIMEOUT(title->width() >= 40, patience); // the spinner is gone
}

void TestAnswerEditor::onlyWhatFitsIsSaved()
{
    open(readableCommit(true));
    click("editAnswer");
    QTRY_COMPARE(status(), QStringLiteral("Fits the schema"));
    type(QStringLiteral("{\"name\": "));
    QTRY_VERIFY2(status().contains(QLatin1String("The answer")), qPrintable(status()));
    QVERIFY(!button("saveEdit")->isEnabled());
    type(QStringLiteral("{\"name\": 7}"));
    QTRY_VERIFY2(status().contains(QLatin1String("name")), qPrintable(status()));
    QTest::keySequence(editor(), QKeySequence::Save);
    QCOMPARE(m_detail->activeTasks(), 0);
    QCOMPARE(stored().meta.revision, 1);
    type(QStringLiteral("{\"name\": \"Grace\"}"));
    QTRY_COMPARE(status(), QStringLiteral("Fits the schema"));
    click("saveEdit");
    QTRY_VERIFY_WITH_TIMEOUT(!editor()->isVisible(), patience);
    QCOMPARE(stored().output, (Json{{"name", "Grace"}}));
}

void TestAnswerEditor::nothingIsSavedWithoutAChange()
{
    open(readableCommit(false));
    click("editAnswer");
    QVERIFY(!button("saveEdit")->isEnabled());
    type(QStringLiteral("Grace"));
    QTRY_VERIFY(button("saveEdit")->isEnabled());
    type(QStringLiteral("Ada"));
    QTRY_VERIFY(!button("saveEdit")->isEnabled());
    click("discardEdit");
    QVERIFY(!editor()->isVisible());
    QCOMPARE(stored().meta.revision, 1);
}

void TestAnswerEditor::bothVersionsAreShown()
{
    open(readableCommit(false));
    click("editAnswer");
    type(QStringLiteral("Grace"));
    storeAnswer(QStringLiteral("Hedy"));
    QTRY_VERIFY(button("saveEdit")->isEnabled());
    click("saveEdit");
    auto* theirs = find<QWidget>("theirAnswer");
    QTRY_VERIFY_WITH_TIMEOUT(theirs->isVisible(), patience);
    QCOMPARE(find<QLabel>("conflict")->text(), QStringLiteral("bob stored revision 2 meanwhile:"));
    // Their text and mine, with what differs marked.
    const QString both = theirs->findChild<QTextEdit*>()->toPlainText();
    QVERIFY2(
        both.contains(QStringLiteral("Hedy")) && both.contains(QStringLiteral("Grace")), qPrintable(both));
    QVERIFY(static_cast<DiffView*>(theirs)->changeCount() > 0);
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    QCOMPARE(outputText(stored().output), QStringLiteral("Hedy")); // nothing was written
    QCOMPARE(button("saveEdit")->text(), QStringLiteral("Save mine over it"));
    click("saveEdit");
    QTRY_VERIFY_WITH_TIMEOUT(!editor()->isVisible(), patience);
    QCOMPARE(outputText(stored().output), QStringLiteral("Grace"));
    QCOMPARE(stored().meta.revision, 3);
}

void TestAnswerEditor::theirsCanBeKept()
{
    open(readableCommit(false));
    click("editAnswer");
    type(QStringLiteral("Grace"));
    storeAnswer(QStringLiteral("Hedy"));
    QTRY_VERIFY(button("saveEdit")->isEnabled());
    click("saveEdit");
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("theirAnswer")->isVisible(), patience);
    QCOMPARE(button("discardEdit")->text(), QStringLiteral("Keep theirs"));
    click("discardEdit");
    QTRY_COMPARE_WITH_TIMEOUT(shownAnswer(), QStringLiteral("Hedy"), patience);
    QCOMPARE(stored().meta.revision, 2);
}

void TestAnswerEditor::whatComesMeanwhileIsShown()
{
    open(readableCommit(false));
    click("editAnswer");
    type(QStringLiteral("Grace"));
    storeAnswer(QStringLiteral("Hedy"));
    m_detail->reload(); // as the view does when it hears of it
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("theirAnswer")->isVisible(), patience);
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
}

void TestAnswerEditor::theTextOutlivesItsEntry()
{
    open(readableCommit(false));
    click("editAnswer");
    type(QStringLiteral("Grace"));
    waitForTask(m_session->store().removeEntries({m_detail->fingerprint()}));
    QTRY_VERIFY(button("saveEdit")->isEnabled());
    click("saveEdit");
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("conflict")->isVisible(), patience);
    QVERIFY(find<QLabel>("conflict")->text().contains(QStringLiteral("gone")));
    QVERIFY(editor()->isVisible());
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    m_detail->reload();
    QTRY_VERIFY_WITH_TIMEOUT(m_detail->isLoaded(), patience);
    QVERIFY(editor()->isVisible());
    // Once it is back, the text can be saved.
    waitForTask(m_session->store().commit(readableCommit(false)));
    m_detail->reload();
    QTRY_VERIFY_WITH_TIMEOUT(button("saveEdit")->isVisible() && button("saveEdit")->isEnabled(), patience);
    QVERIFY(!find<QLabel>("conflict")->isVisible());
    waitForTask(m_session->store().removeEntries({m_detail->fingerprint()}));
    m_detail->reload();
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("conflict")->isVisible(), patience);
    click("discardEdit");
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("entryGone")->isVisible(), patience);
}

void TestAnswerEditor::draftsWait()
{
    const Commit other = readableCommit(true);
    waitForTask(m_session->store().commit(other));
    const Commit commit = readableCommit(false);
    open(commit);
    click("editAnswer");
    type(QStringLiteral("Grace"));
    show(other.entry.meta.fingerprint);
    QVERIFY(!editor()->isVisible());
    show(commit.entry.meta.fingerprint);
    QVERIFY(editor()->isVisible());
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    // Without a change there is nothing to keep.
    type(QStringLiteral("Ada"));
    show(other.entry.meta.fingerprint);
    show(commit.entry.meta.fingerprint);
    QVERIFY(!editor()->isVisible());
}

void TestAnswerEditor::draftsSurviveARestart()
{
    const Commit commit = readableCommit(false);
    open(commit);
    click("editAnswer");
    type(QStringLiteral("Grace"));
    cleanup();
    init(); // another folder
    open(commit);
    QVERIFY(!editor()->isVisible());
    click("editAnswer");
    type(QStringLiteral("Grace"));
    // The same again, as a program that starts anew.
    const SessionConfig config = m_session->config();
    close();
    m_session = std::make_unique<Session>(config);
    m_detail = std::make_unique<EntryDetail>(m_theme.get());
    m_detail->setSession(m_session.get());
    m_detail->setVisible(true);
    m_detail->show(commit.entry.meta.fingerprint);
    QTRY_VERIFY_WITH_TIMEOUT(editor()->isVisible(), patience);
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    // Somebody else stored another answer while the window was closed.
    m_detail->stopTasks();
    storeAnswer(QStringLiteral("Hedy"));
    QTRY_COMPARE_WITH_TIMEOUT(m_detail->activeTasks(), 0, patience);
    m_detail = std::make_unique<EntryDetail>(m_theme.get());
    m_detail->setSession(m_session.get());
    m_detail->setVisible(true);
    m_detail->show(commit.entry.meta.fingerprint);
    QTRY_VERIFY_WITH_TIMEOUT(find<QWidget>("theirAnswer")->isVisible(), patience);
    QCOMPARE(editor()->text(), QStringLiteral("Grace"));
    // What is discarded is gone.
    click("discardEdit");
    m_detail->stopTasks();
    QTRY_COMPARE_WITH_TIMEOUT(m_detail->activeTasks(), 0, patience);
    m_detail = std::make_unique<EntryDetail>(m_theme.get());
    m_detail->setSession(m_session.get());
    m_detail->setVisible(true);
    show(commit.entry.meta.fingerprint);
    QTRY_COMPARE_WITH_TIMEOUT(m_detail->activeTasks(), 0, patience);
    QVERIFY(!editor()->isVisible());
}

void TestAnswerEditor::earlierRevisionsComeBack()
{
    open(readableCommit(false));
    click("revisions");
    QTRY_COMPARE_WITH_TIMEOUT(
        find<QLabel>("editStatus")->text(), QStringLiteral("No edit has replaced anything yet"), patience);
    click("editAnswer");
    type(QStringLiteral("Grace"));
    QTRY_VERIFY(button("saveEdit")->isEnabled());
    QSignalSpy saved(m_detail.get(), &EntryDetail::saved);
    click("saveEdit");
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
    // A tag and a pin that come later are not the answer's.
    for (const BulkAction& action : {BulkAction{BulkAction::Kind::AddTag, {}, QStringLiteral("reviewed")},
             BulkAction{BulkAction::Kind::Pin}}) {
        BulkOptions options;
        options.by = QStringLiteral("bob");
        const BulkReport report =
            waitForTask(changeMany(&m_session->store(), {{m_detail->fingerprint(), 0}}, action, options));
        QCOMPARE(report.changed, 1);
    }
    m_detail->reload();
    QTRY_VERIFY_WITH_TIMEOUT(m_detail->isLoaded() && m_detail->revision() == 4, patience);
    click("revisions");
    QTRY_VERIFY_WITH_TIMEOUT(m_detail->findChild<RevisionsDialog*>(), patience);
    auto* const dialog = m_detail->findChild<RevisionsDialog*>();
    QTRY_VERIFY(dialog->isVisible());
    QCOMPARE(find<QListWidget>("revisionList")->count(), 1);
    QVERIFY(find<DiffView>("revisionDifferences")->changeCount() > 0);
    click("restoreRevision");
    QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 2, patience);
    QCOMPARE(outputText(stored().output), QStringLiteral("Ada"));
    QVERIFY(!stored().meta.human); // it is the model's own again
    QCOMPARE(stored().meta.revision, 5);
    QVERIFY(stored().meta.tags.contains(QStringLiteral("reviewed")));
    QVERIFY(stored().meta.pinned && !stored().meta.expiresMs);
}

void TestAnswerEditor::largeAnswersAreNotEdited()
{
    Commit commit = readableCommit(false);
    commit.entry.output = Json(std::string(AnswerEditor::largest + 1, 'x'));
    open(commit);
    QVERIFY(!button("editAnswer")->isEnabled());
    QVERIFY(button("editAnswer")->toolTip().contains(QStringLiteral("not edited here")));
}

LLMCACHE_GUI_TEST_MAIN(TestAnswerEditor)
#include "tst_answereditor.moc"
