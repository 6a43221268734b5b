#include "base/gate.h"
#include "cache/session.h"
#include "guitest.h"
#include "redisserver.h"
#include "scriptedprovider.h"
#include "store/redis/redisstore.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/badge.h"
#include "widgets/card.h"
#include "widgets/codeedit.h"
#include "widgets/errorbanner.h"
#include "workbench/agentpanel.h"
#include "workbench/runpanel.h"
#include "workbench/workbenchview.h"
#include "workbenchtest.h"

#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTableView>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::RedisServer;
using llmcache::test::ScriptedProvider;
using llmcache::test::waitForTask;
using llmcache::test::WorkbenchTest;

namespace {

/// The first words come at once, the rest when `gate` opens.
QCoro::Task<ProviderReply> answerInTwoParts(Gate* gate, ProviderContext context)
{
    context.onText(QStringLiteral("first words"));
    co_await gate->passed();
    context.onText(QStringLiteral(", then the rest"));
    ProviderReply reply;
    reply.message = Message::assistant(QStringLiteral("first words, then the rest"));
    reply.usage = llmcache::test::scriptedUsage();
    reply.finishReason = FinishReason::Stop;
    co_return reply;
}

} // namespace

class TestWorkbenchView : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void firstStartHasTwoAgentsThatAnswer();
    void missThenHit();
    void structuredAnswer();
    void stopEndsARun();
    void failureSaysWhatToDo();
    void waitsAreShown();
    void textAppearsAsItComes();
    void severalRunsAtOnce();
    void savesAndReverts();
    void editOfSomebodyElseIsNotOverwritten();
    void newDuplicateDeleteUndo();
    void leavingADraftKeepsIt();
    void filtersAgents();
    void agentsAreFoundByTag();
    void badSchemaIsNotRun();
    void remembersTheAgent();
    void storeThatIsDown();
    void agentsComeWhenTheStoreIsBack();
    void whatIsTypedMeanwhileStays();
    void ledgerRunsAreListed();

private:
    void openBeforeTheStore(RedisServer* server);
    void startStore(RedisServer* server);
};

void TestWorkbenchView::firstStartHasTwoAgentsThatAnswer()
{
    open();
    QCOMPARE(find<QListView>("agents")->model()->rowCount(), 2);
    QCOMPARE(find<QLineEdit>("agent name")->text(), echo);
    QVERIFY2(state().startsWith(QStringLiteral("saved just now by ana")), qPrintable(state()));
    QVERIFY(find<QPushButton>("run")->isEnabled());
    // They are the workspace's from now on.
    QCOMPARE(waitForTask(m_session->store().listAgents()).size(), std::size_t(2));
}

void TestWorkbenchView::missThenHit()
{
    open();
    choose(echo);
    type("prompt", QStringLiteral("hello there"));
    const QSignalSpy running(m_view, &WorkbenchView::runningChanged);
    click("run");
    waitForBadge(Outcome::Miss);
    QVERIFY(raw().contains(QStringLiteral("hello there")));
    QVERIFY(tile("tile cost") != QStringLiteral("Cost: $0"));
    QVERIFY(running.count() >= 2);
    const QString answer = raw();
    const QString paid = tile("tile cost").section(QLatin1Char(' '), 1);

    QTest::keyClick(find<CodeEdit>("prompt"), Qt::Key_Return, Qt::ControlModifier);
    waitForBadge(Outcome::Hit);
    QCOMPARE(raw(), answer);
    QCOMPARE(tile("tile cost"), QStringLiteral("Cost: $0"));
    QCOMPARE(tile("tile saved"), QStringLiteral("Saved: ") + paid);
    auto* const runs = find<QTableView>("runs");
    QCOMPARE(runs->model()->rowCount(), 2);

    const auto entries = storedEntries();
    QCOMPARE(entries, 1);
    QGuiApplication::clipboard()->clear();
    for (QPushButton* button : m_window->findChildren<QPushButton*>()) {
        if (button->text() == QStringLiteral("copy fingerprint"))
            QTest::mouseClick(button, Qt::LeftButton);
    }
    const QString fingerprint = QGuiApplication::clipboard()->text();
    QVERIFY(waitForTask(m_session->store().lookup(fingerprint)).has_value());
    QVERIFY(fingerprint.startsWith(find<QLabel>("fingerprint")->text()));

    const QSignalSpy opened(m_view, &WorkbenchView::openEntry);
    click("open in cache");
    QCOMPARE(opened.value(0).value(0).toString(), fingerprint);

    // An earlier run can be looked at again.
    const QModelIndex first = runs->model()->index(1, 0);
    QTest::mouseClick(runs->viewport(), Qt::LeftButton, {}, runs->visualRect(first).center());
    QCOMPARE(badge(), badgeOf(Outcome::Miss).text);
}

void TestWorkbenchView::structuredAnswer()
{
    open();
    choose(profile);
    type("prompt", QStringLiteral("Alex, 30, hikes"));
    click("run");
    waitForBadge(Outcome::Miss);
    QCOMPARE(find<QTabBar>("answer tabs")->currentIndex(), 1);
    const Json answer =
        parseJson(find<CodeView>("answer json")->text().toUtf8(), QStringLiteral("the answer"));
    QVERIFY(answer.contains("interests"));
    bool said = false;
    for (const QLabel* label : m_window->findChildren<QLabel*>())
        said = said || label->text() == QStringLiteral("✓ valid UserProfile");
    QVERIFY(said);
}

void TestWorkbenchView::stopEndsARun()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    provider->hold();
    provider->reply(QStringLiteral("too late"));
    type("prompt", QStringLiteral("wait"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 1, patience);
    QTRY_VERIFY(find<QPushButton>("stop")->isVisible());
    click("stop");
    waitForBadge(Outcome::Cancelled);
    QVERIFY(!find<QPushButton>("stop")->isVisible());
    QCOMPARE(storedEntries(), 0);
    QCOMPARE(find<CodeEdit>("prompt")->text(), QStringLiteral("wait"));
}

void TestWorkbenchView::failureSaysWhatToDo()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    provider->fail(ProviderFailure::Authentication, 401);
    type("prompt", QStringLiteral("secret"));
    click("run");
    waitForBadge(Outcome::Failed);
    auto* const banner = find<ErrorBanner>("answer problem");
    QVERIFY(banner->isVisible());
    QVERIFY(!banner->what().isEmpty());
    QCOMPARE(find<CodeEdit>("prompt")->text(), QStringLiteral("secret"));
    // And the next one starts clean.
    provider->reply(QStringLiteral("fine"));
    click("run");
    waitForBadge(Outcome::Miss);
    QVERIFY(!banner->isVisible());
}

void TestWorkbenchView::waitsAreShown()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    provider->fail(ProviderFailure::RateLimited, 429, std::chrono::milliseconds(900));
    provider->reply(QStringLiteral("at last"));
    type("prompt", QStringLiteral("busy"));
    click("run");
    const auto says = [this](const QString& text) {
        for (const QLabel* label : m_view->runPanel()->findChildren<QLabel*>()) {
            if (label->isVisible() && label->text().contains(text))
                return true;
        }
        return false;
    };
    QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("retry in")), patience);
    waitForBadge(Outcome::Miss);
    QVERIFY(says(QStringLiteral("2 attempts")));
    QCOMPARE(provider->requests(), 2);
}

void TestWorkbenchView::textAppearsAsItComes()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    Gate gate;
    provider->then([&gate](ProviderRequest, ProviderContext context) -> QCoro::Task<ProviderReply> {
        return answerInTwoParts(&gate, std::move(context));
    });
    type("prompt", QStringLiteral("slowly"));
    click("run");
    auto* const rendered = find<QTextEdit>("answer rendered");
    QTRY_COMPARE_WITH_TIMEOUT(rendered->toPlainText(), QStringLiteral("first words"), patience);
    QCOMPARE(badge(), QStringLiteral("running"));
    gate.open();
    waitForBadge(Outcome::Miss);
    QCOMPARE(raw(), QStringLiteral("first words, then the rest"));
}

void TestWorkbenchView::severalRunsAtOnce()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    provider->hold();
    provider->reply(QStringLiteral("second"));
    provider->reply(QStringLiteral("first"));
    type("prompt", QStringLiteral("one"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 1, patience);
    type("prompt", QStringLiteral("two"));
    QTest::keyClick(find<CodeEdit>("prompt"), Qt::Key_Return, Qt::ControlModifier);
    waitForBadge(Outcome::Miss); // of the second, which is on show
    QCOMPARE(raw(), QStringLiteral("second"));
    QCOMPARE(m_view->runPanel()->running(), 1);
    provider->release();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->runPanel()->running(), 0, patience);
    QCOMPARE(raw(), QStringLiteral("second")); // the one on show stays
    auto* const runs = find<QTableView>("runs");
    QTest::mouseClick(
        runs->viewport(), Qt::LeftButton, {}, runs->visualRect(runs->model()->index(1, 0)).center());
    QTRY_COMPARE(raw(), QStringLiteral("first"));
}

void TestWorkbenchView::savesAndReverts()
{
    open();
    choose(echo);
    type("system prompt", QStringLiteral("Be brief."));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
    click("revert agent");
    QTRY_VERIFY_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), patience);
    QVERIFY(find<CodeEdit>("system prompt")->text() != QStringLiteral("Be brief."));

    type("system prompt", QStringLiteral("Be brief."));
    QTest::keySequence(find<CodeEdit>("system prompt"), QKeySequence::Save);
    QTRY_VERIFY_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), patience);
    const auto stored = waitForTask(m_session->store().loadAgent(echo));
    QCOMPARE(stored->agent.systemPrompt.join(QString()), QStringLiteral("Be brief."));
    QCOMPARE(stored->revision, 2);
    QVERIFY(!find<QPushButton>("save agent")->isEnabled());
}

void TestWorkbenchView::editOfSomebodyElseIsNotOverwritten()
{
    open();
    choose(echo);
    StoredAgent theirs = *waitForTask(m_session->store().loadAgent(echo));
    theirs.agent.systemPrompt = SystemPrompt(QStringLiteral("Theirs."));
    waitForTask(m_session->store().saveAgent(
        theirs.agent, theirs.revision, QStringLiteral("ben"), theirs.savedMs + 1));
    type("system prompt", QStringLiteral("Mine."));
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(problem()->isVisible(), patience);
    QCOMPARE(waitForTask(m_session->store().loadAgent(echo))->agent.systemPrompt.join(QString()),
        QStringLiteral("Theirs."));
    QCOMPARE(find<CodeEdit>("system prompt")->text(), QStringLiteral("Mine."));
    for (QPushButton* button : problem()->findChildren<QPushButton*>()) {
        if (button->text() == QStringLiteral("Save anyway"))
            QTest::mouseClick(button, Qt::LeftButton);
    }
    QTRY_VERIFY_WITH_TIMEOUT(!problem()->isVisible(), patience);
    QCOMPARE(waitForTask(m_session->store().loadAgent(echo))->agent.systemPrompt.join(QString()),
        QStringLiteral("Mine."));
}

void TestWorkbenchView::newDuplicateDeleteUndo()
{
    open();
    std::function<void()> undo;
    const QObject listener; // goes before what it writes to
    connect(m_view, &WorkbenchView::notice, &listener,
        [&undo](const QString&, const QString&, const std::function<void()>& run) { undo = run; });
    click("new agent");
    auto* const name = find<QLineEdit>("agent name");
    QVERIFY(name->hasFocus());
    QTest::keyClicks(name, QStringLiteral("summarise"));
    QCOMPARE(state(), QStringLiteral("not saved in this workspace"));
    click("save agent");
    QTRY_VERIFY_WITH_TIMEOUT(state().startsWith(QStringLiteral("saved")), patience);
    auto* const list = find<QListView>("agents");
    QCOMPARE(list->model()->rowCount(), 3);
    QCOMPARE(list->currentIndex().data().toString(), QStringLiteral("summarise"));

    list->setFocus();
    QTest::keyClick(list, Qt::Key_Delete);
    QTRY_COMPARE_WITH_TIMEOUT(list->model()->rowCount(), 2, patience);
    QVERIFY(!waitForTask(m_session->store().loadAgent(QStringLiteral("summarise"))));
    QVERIFY(undo);
    undo();
    QTRY_COMPARE_WITH_TIMEOUT(list->model()->rowCount(), 3, patience);
    QVERIFY(waitForTask(m_session->store().loadAgent(QStringLiteral("summarise"))).has_value());

    for (QAction* action : m_view->commands()) {
        if (action->text() == QStringLiteral("Duplicate agent"))
            action->trigger();
    }
    QCOMPARE(name->text(), QStringLiteral("summarise copy"));
    QCOMPARE(state(), QStringLiteral("not saved in this workspace"));
}

void TestWorkbenchView::leavingADraftKeepsIt()
{
    open();
    std::function<void()> back;
    const QObject listener; // goes before what it writes to
    connect(m_view, &WorkbenchView::notice, &listener,
        [&back](const QString&, const QString&, const std::function<void()>& run) { back = run; });
    choose(echo);
    type("system prompt", QStringLiteral("A draft."));
    choose(profile);
    QVERIFY(back);
    back();
    QCOMPARE(find<QLineEdit>("agent name")->text(), echo);
    QCOMPARE(find<CodeEdit>("system prompt")->text(), QStringLiteral("A draft."));
    QCOMPARE(state(), QStringLiteral("edited, not saved"));
}

void TestWorkbenchView::filtersAgents()
{
    open();
    auto* const list = find<QListView>("agents");
    find<QLineEdit>("agent filter")->setFocus();
    QTest::keyClicks(find<QLineEdit>("agent filter"), QStringLiteral("PROF"));
    QCOMPARE(list->model()->rowCount(), 1);
    QCOMPARE(list->model()->index(0, 0).data().toString(), profile);
    QTest::keyClick(find<QLineEdit>("agent filter"), Qt::Key_Escape);
    QTRY_COMPARE(list->model()->rowCount(), 2);
}

void TestWorkbenchView::agentsAreFoundByTag()
{
    const auto save = [this](const char* name, const char* tag) {
        Agent agent;
        agent.name = QString::fromLatin1(name);
        agent.model = QStringLiteral("test:echo");
        agent.tags = {QString::fromLatin1(tag)};
        waitForTask(m_session->store().saveAgent(
            std::move(agent), -1, QStringLiteral("ben"), m_session->clock().nowMs()));
    };
    save("summaries", "nightly");
    save("replies", "support");
    open();
    auto* const list = find<QListView>("agents");
    QTest::keyClicks(find<QLineEdit>("agent filter"), QStringLiteral("night"));
    QCOMPARE(list->model()->rowCount(), 1);
    QCOMPARE(list->model()->index(0, 0).data().toString(), QStringLiteral("summaries"));
}

void TestWorkbenchView::badSchemaIsNotRun()
{
    open();
    choose(profile);
    find<QTabBar>("agent tabs")->setCurrentIndex(2);
    type("schema", QStringLiteral("{\"type\": "));
    click("run");
    QVERIFY(problem()->isVisible());
    QCOMPARE(m_view->runPanel()->runs()->rowCount(), 0);
    QVERIFY2(!problem()->what().isEmpty(), "it says what is wrong with the schema");
}

void TestWorkbenchView::remembersTheAgent()
{
    open();
    choose(profile);
    m_view->stopTasks();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    m_window.reset();
    open();
    QCOMPARE(find<QLineEdit>("agent name")->text(), profile);
}

void TestWorkbenchView::storeThatIsDown()
{
    m_session.reset();
    openSession(QStringLiteral("redis://127.0.0.1:1"));
    open();
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("agents away")->isVisible(), patience);
    QVERIFY(!problem()->isVisible()); // the window says it, once for all views
    QCOMPARE(find<QListView>("agents")->model()->rowCount(), 2); // the samples need no store
    type("prompt", QStringLiteral("still"));
    click("run");
    waitForBadge(Outcome::Miss);
    QVERIFY(raw().contains(QStringLiteral("still")));
    // Said, since the answer is not in the store.
    QVERIFY(find<ErrorBanner>("answer problem")->isVisible());
    QVERIFY(!find<QPushButton>("open in cache")->isEnabled());
}

/// Opens over a Redis that is not up, and will start with an agent of the team's.
void TestWorkbenchView::openBeforeTheStore(RedisServer* server)
{
    server->addArguments({QStringLiteral("--appendonly"), QStringLiteral("yes")});
    QVERIFY2(server->start(), qPrintable(server->log()));
    Agent agent;
    agent.name = QStringLiteral("team's");
    agent.model = QStringLiteral("test:echo");
    {
        const auto elsewhere =
            makeRedisStore(redis::RedisUrl::parse(server->url()), QStringLiteral("default"));
        waitForTask(elsewhere->saveAgent(agent, -1, QStringLiteral("bo"), 1));
    }
    server->stop();
    m_session.reset();
    m_settings->setValue(QStringLiteral("workbench/agent"), QStringLiteral("team's"));
    openSession(server->url());
    open();
    QTRY_VERIFY_WITH_TIMEOUT(find<QLabel>("agents away")->isVisible(), patience);
}

void TestWorkbenchView::startStore(RedisServer* server)
{
    QVERIFY2(server->start(), qPrintable(server->log()));
    waitForTask(m_session->store().status()); // as the window asks every few seconds
    QTRY_VERIFY_WITH_TIMEOUT(!find<QLabel>("agents away")->isVisible(), patience);
    settle();
    QCOMPARE(find<QListView>("agents")->model()->rowCount(), 1);
}

void TestWorkbenchView::agentsComeWhenTheStoreIsBack()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    RedisServer server;
    openBeforeTheStore(&server);
    QCOMPARE(find<QLineEdit>("agent name")->text(), echo);
    startStore(&server);
    // The one that was on show last, though a sample took its place.
    QCOMPARE(find<QLineEdit>("agent name")->text(), QStringLiteral("team's"));
    QVERIFY(!problem()->isVisible());
}

void TestWorkbenchView::whatIsTypedMeanwhileStays()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    RedisServer server;
    openBeforeTheStore(&server);
    type("prompt", QStringLiteral("typed while it was down"));
    startStore(&server);
    QCOMPARE(find<CodeEdit>("prompt")->toPlainText(), QStringLiteral("typed while it was down"));
    QCOMPARE(find<QLineEdit>("agent name")->text(), echo);
}

void TestWorkbenchView::ledgerRunsAreListed()
{
    open();
    Call call;
    call.id = QStringLiteral("3f0e8a52-0000-4000-8000-000000000009");
    call.timeMs = m_session->clock().nowMs() - 60'000;
    call.agent = profile;
    call.outcome = Outcome::Failed;
    call.error = QStringLiteral("provider");
    waitForTask(m_session->store().recordCalls({call}));
    choose(profile);
    auto* const runs = find<QTableView>("runs");
    QTRY_COMPARE_WITH_TIMEOUT(runs->model()->rowCount(), 1, patience);
    QTest::mouseClick(
        runs->viewport(), Qt::LeftButton, {}, runs->visualRect(runs->model()->index(0, 0)).center());
    QCOMPARE(badge(), badgeOf(Outcome::Failed).text);
    QVERIFY(find<ErrorBanner>("answer problem")->what().contains(QStringLiteral("provider")));
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchView)
#include "tst_workbenchview.moc"
