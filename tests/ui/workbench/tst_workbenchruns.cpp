#include "base/error.h"
#include "base/gate.h"
#include "cache/runrecords.h"
#include "widgets/diffview.h"
#include "widgets/jsontree.h"
#include "workbench/agentform.h"
#include "workbench/answerpanel.h"
#include "workbench/promptpanel.h"
#include "workbench/runpanel.h"
#include "workbenchtest.h"

#include <QClipboard>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QTabBar>
#include <QTableView>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::ScriptedProvider;
using llmcache::test::waitForTask;
using llmcache::test::WorkbenchTest;

namespace {

/// The first words come at once, the rest when `gate` opens.
QCoro::Task<ProviderReply> answerSlowly(Gate* gate, ProviderContext context)
{
    context.onText(QString(40, QLatin1Char('x')));
    co_await gate->passed();
    if (context.stop.stop_requested())
        throw Cancelled();
    ProviderReply reply;
    reply.message = Message::assistant(QString(40, QLatin1Char('x')));
    reply.usage = llmcache::test::scriptedUsage();
    reply.finishReason = FinishReason::Stop;
    co_return reply;
}

} // namespace

/// What one does with runs: several at once, explain, compare, copy, save, find again.
class TestWorkbenchRuns : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void runsHaveTabs();
    void tokensSoFarAndStop();
    void missIsExplained();
    void explanationOfTheRunsOwnEntry();
    void runIsCopiedAsText();
    void answerIsSaved();
    void violationsAreMarkedInPlace();
    void usageIsShownByBucket();
    void runHasATaskOfItsOwn();
    void draftSurvives();
    void brokenSchemaSurvives();

private:
    void trigger(const char* action)
    {
        auto* const found = m_window->findChild<QAction*>(QString::fromLatin1(action));
        QVERIFY2(found, action);
        found->trigger();
    }
    QString verdict() const { return find<QLabel>("explain verdict")->text(); }
};

void TestWorkbenchRuns::runsHaveTabs()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    auto* const tabs = find<QTabBar>("run tabs");
    provider->hold();
    provider->reply(QStringLiteral("second"));
    provider->reply(QStringLiteral("first"));
    type("prompt", QStringLiteral("one"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 1, patience);
    QVERIFY(!tabs->isVisible()); // one alone needs none
    type("prompt", QStringLiteral("two"));
    click("run");
    waitForBadge(Outcome::Miss);
    QVERIFY(tabs->isVisible());
    QCOMPARE(tabs->count(), 2);
    QCOMPARE(tabs->tabText(1), QStringLiteral("#2 ") + badgeOf(Outcome::Miss).text);
    QTRY_VERIFY_WITH_TIMEOUT(tabs->tabText(0).startsWith(QStringLiteral("#1 · ")), patience); // its own timer
    QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(0).center());
    QCOMPARE(badge(), QStringLiteral("running"));
    provider->release();
    waitForBadge(Outcome::Miss);
    QCOMPARE(raw(), QStringLiteral("first"));
    QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(1).center());
    QCOMPARE(raw(), QStringLiteral("second"));
    Q_EMIT tabs->tabCloseRequested(0);
    QVERIFY(!tabs->isVisible());
    QCOMPARE(m_view->runPanel()->runs()->rowCount(), 2); // the list has it still
}

void TestWorkbenchRuns::tokensSoFarAndStop()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    Gate gate;
    provider->then([&gate](ProviderRequest, ProviderContext context) -> QCoro::Task<ProviderReply> {
        return answerSlowly(&gate, std::move(context));
    });
    type("prompt", QStringLiteral("slowly"));
    click("run");
    QTRY_VERIFY_WITH_TIMEOUT(tile("tile output").contains(QStringLiteral("≈ 10")), patience);
    QVERIFY(find<QPushButton>("stop this run")->isVisible());
    click("stop this run");
    gate.open();
    waitForBadge(Outcome::Cancelled);
    QVERIFY(!find<QPushButton>("stop this run")->isVisible());
}

void TestWorkbenchRuns::missIsExplained()
{
    open();
    choose(echo);
    run(QStringLiteral("Say hello to Ada"));
    find<QTabBar>("agent tabs")->setCurrentIndex(3);
    auto* const temperature = find<QLineEdit>("temperature");
    temperature->setFocus();
    temperature->selectAll();
    QTest::keyClicks(temperature, QStringLiteral("0.3"));
    run(QStringLiteral("Say hello to Ada"));
    waitForBadge(Outcome::Miss);
    click("explain");
    QTRY_VERIFY2_WITH_TIMEOUT(
        verdict().startsWith(QStringLiteral("temperature")), qPrintable(verdict()), patience);
    QVERIFY(verdict().contains(QStringLiteral("0.3")));
    QTRY_VERIFY_WITH_TIMEOUT(!find<QPushButton>("cancel explain")->isVisible(), patience);
    QCOMPARE(find<DiffView>("explain differences")->changeCount() > 0, true);
    // The nearest entry can be looked at.
    QString opened;
    const QObject listener;
    connect(
        m_view, &WorkbenchView::openEntry, &listener, [&opened](const QString& print) { opened = print; });
    click("open nearest");
    QCOMPARE(opened, m_view->runPanel()->runs()->at(1).fingerprint);
    // A hit has nothing to explain.
    run(QStringLiteral("Say hello to Ada"));
    waitForBadge(Outcome::Hit);
    QVERIFY(!find<QPushButton>("explain")->isEnabled());
}

void TestWorkbenchRuns::explanationOfTheRunsOwnEntry()
{
    open();
    choose(echo);
    run(QStringLiteral("The very first"));
    click("explain");
    QTRY_VERIFY2_WITH_TIMEOUT(
        verdict().startsWith(QStringLiteral("never stored")), qPrintable(verdict()), patience);
}

void TestWorkbenchRuns::runIsCopiedAsText()
{
    open();
    choose(echo);
    run(QStringLiteral("Hello {{who}}"));
    trigger("copy as command");
    QVERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("llmcache run")));
    trigger("copy as cpp");
    QVERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("cachedAgentRunSync")));
    trigger("copy as python");
    QVERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("cached_agent_run_sync")));
    trigger("copy as curl");
    QVERIFY(find<ErrorBanner>("answer problem")->isVisible()); // test: needs no HTTP
    trigger("copy answer text");
    QCOMPARE(QGuiApplication::clipboard()->text(), raw());
}

void TestWorkbenchRuns::answerIsSaved()
{
    open();
    choose(echo);
    run(QStringLiteral("Keep this"));
    trigger("save answer");
    auto* const dialog = m_window->findChild<QFileDialog*>();
    QVERIFY(dialog);
    const QString path = m_folder->filePath(QStringLiteral("answer.md"));
    dialog->selectFile(path);
    QMetaObject::invokeMethod(dialog, "accept");
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), patience);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(file.readAll()), raw() + QLatin1Char('\n'));
}

void TestWorkbenchRuns::violationsAreMarkedInPlace()
{
    ScriptedProvider* const provider = script();
    open();
    choose(profile);
    for (int i = 0; i < 6; ++i)
        provider->replyJson(parseJson(R"({"name": 3, "wrong": true})", QStringLiteral("answer")));
    run(QStringLiteral("Ada"));
    waitForBadge(Outcome::Failed);
    QCOMPARE(find<QTabBar>("answer tabs")->currentIndex(), 1);
    const auto marks = find<CodeView>("answer json")->extraSelections();
    QVERIFY(!marks.isEmpty());
    QStringList said;
    for (const QTextEdit::ExtraSelection& mark : marks)
        said.append(mark.format.toolTip());
    QVERIFY2(said.join(QLatin1Char('\n')).contains(QStringLiteral("/name")),
        qPrintable(said.join(QLatin1Char('|'))));
    // In the tree as well.
    auto* const model = find<JsonTreeView>("answer tree")->jsonModel();
    const QModelIndex name = model->index(0, JsonTreeModel::Value);
    QCOMPARE(name.sibling(0, JsonTreeModel::Key).data().toString(), QStringLiteral("name"));
    QCOMPARE(name.data(Qt::ForegroundRole).value<QColor>(), m_theme->color(Token::Error));
    QVERIFY(name.data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("/name: ")));
    const QModelIndex other = model->index(1, JsonTreeModel::Value);
    QVERIFY(other.data(Qt::ForegroundRole).value<QColor>() != m_theme->color(Token::Error)
        || other.data(Qt::AccessibleTextRole).toString().contains(QStringLiteral("/wrong")));
    // The next answer has none of them, also before it is there.
    provider->hold();
    provider->reply(QStringLiteral("no JSON"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(badge(), QStringLiteral("running"), patience);
    QVERIFY(find<CodeView>("answer json")->extraSelections().isEmpty());
    click("stop");
    waitForBadge(Outcome::Cancelled);
}

void TestWorkbenchRuns::usageIsShownByBucket()
{
    open();
    choose(echo);
    run(QStringLiteral("count me"));
    find<QTabBar>("answer tabs")->setCurrentIndex(5);
    QVERIFY(find<QLabel>("priceSource")->isVisible());
    QVERIFY(!find<QLabel>("priceSource")->text().isEmpty());
}

void TestWorkbenchRuns::runHasATaskOfItsOwn()
{
    open();
    choose(echo);
    const QString saved = state();
    auto* const task = find<QLineEdit>("run task");
    QCOMPARE(task->placeholderText(), m_view->form()->task());
    task->setFocus();
    QTest::keyClicks(task, QStringLiteral("trial"));
    QCOMPARE(state(), saved); // the agent is as it was
    run(QStringLiteral("hello"));
    QCOMPARE(m_view->runPanel()->runs()->at(0).result->data().task, QStringLiteral("trial"));
    task->clear();
    run(QStringLiteral("hello again"));
    QCOMPARE(m_view->runPanel()->runs()->at(0).result->data().task, m_view->form()->task());
}

void TestWorkbenchRuns::draftSurvives()
{
    open();
    choose(profile);
    type("prompt", QStringLiteral("half a thought"));
    type("system prompt", QStringLiteral("Be exact."));
    // Written by itself a moment after one typed, as a crash would find it.
    RunRecords records(m_session->config().dataFolder + QStringLiteral("/runs"));
    const auto kept = [&] {
        const StoreInfo where = m_session->store().info();
        const auto draft = waitForTask(records.loadDraft(
            QStringList{where.kind, where.name, where.workspace}.join(QLatin1Char('\n')), {}));
        return draft ? draft->input.prompt : QString();
    };
    QTRY_COMPARE_WITH_TIMEOUT(kept(), QStringLiteral("half a thought"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    m_window.reset();
    open();
    QTRY_COMPARE_WITH_TIMEOUT(find<CodeEdit>("prompt")->text(), QStringLiteral("half a thought"), patience);
    QCOMPARE(find<QLineEdit>("agent name")->text(), profile);
    QCOMPARE(find<CodeEdit>("system prompt")->text(), QStringLiteral("Be exact."));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
}

void TestWorkbenchRuns::brokenSchemaSurvives()
{
    open();
    choose(profile);
    find<QTabBar>("agent tabs")->setCurrentIndex(2);
    type("schema", QStringLiteral("{\"type\": "));
    m_view->stopTasks();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    m_window.reset();
    open();
    QTRY_COMPARE_WITH_TIMEOUT(find<CodeEdit>("schema")->text(), QStringLiteral("{\"type\": "), patience);
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchRuns)
#include "tst_workbenchruns.moc"
