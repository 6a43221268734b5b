#include "base/gate.h"
#include "widgets/elidedlabel.h"
#include "workbench/agentform.h"
#include "workbench/answerpanel.h"
#include "workbench/comparedialog.h"
#include "workbench/runhistory.h"
#include "workbench/runpanel.h"
#include "workbench/versionsdialog.h"
#include "workbenchtest.h"

#include <QAction>
#include <QHelpEvent>
#include <QLineEdit>
#include <QTabBar>
#include <QTableView>
#include <QToolTip>

using namespace llmcache;
using namespace llmcache::test;
using namespace llmcache::ui;

namespace {

/// Some words, and then the connection is gone.
QCoro::Task<ProviderReply> breakOff(ProviderContext context)
{
    context.onText(QStringLiteral("Once upon a"));
    ProviderError::Details details;
    details.failure = ProviderFailure::Overloaded;
    details.status = 503;
    details.retryHint = std::chrono::milliseconds(1);
    throw ProviderError(QStringLiteral("The stream was cut."), {}, details);
    co_return {};
}

/// All words come, and the answer when `gate` opens.
QCoro::Task<ProviderReply> answerBehind(Gate* gate, ProviderContext context)
{
    context.onText(QStringLiteral("Once upon a time."));
    co_await gate->passed();
    ProviderReply reply;
    reply.message = Message::assistant(QStringLiteral("Once upon a time."));
    reply.usage = scriptedUsage();
    reply.finishReason = FinishReason::Stop;
    co_return reply;
}

} // namespace

/// What is shown of a run while it is under way and after it, and that it is of this run alone.
class TestWorkbenchProgress : public WorkbenchTest {
    Q_OBJECT
private Q_SLOTS:
    void hitShowsItsArithmetic();
    void runUnderWayShowsNothingOfTheOneBefore();
    void endedRunsAreListedOnce();
    void failedRunShowsWhatItCost();
    void textBeginsAnewWithTheNextAttempt();
    void runsAreComparedAfterASave();
    void escapeStopsTheRunOnShowAlone();
    void escapeClosesTheFindBarFirst();
    void dialogsCloseWithTheSession();

private:
    QTabBar* tabs() const { return find<QTabBar>("answer tabs"); }
    void showTab(const QString& title)
    {
        for (int tab = 0; tab < tabs()->count(); ++tab) {
            if (tabs()->tabText(tab).startsWith(title))
                tabs()->setCurrentIndex(tab);
        }
    }
    /// All that is written in the Usage tab.
    QString usage()
    {
        showTab(QStringLiteral("Usage"));
        QStringList texts;
        for (const QLabel* label : m_view->runPanel()->answer()->findChildren<QLabel*>()) {
            bool isInUsage = false;
            for (const QWidget* at = label; at; at = at->parentWidget())
                isInUsage = isInUsage || at->inherits("llmcache::ui::UsagePane");
            if (isInUsage && label->isVisible())
                texts.append(label->text());
        }
        return texts.join(QLatin1Char('\n'));
    }
    /// What is shown where the pointer rests on the value of a tile.
    QString hoverOf(const char* name) const
    {
        auto* const label = find<Tile>(name)->findChild<ElidedLabel*>();
        QHelpEvent event(QEvent::ToolTip, QPoint(2, 2), label->mapToGlobal(QPoint(2, 2)));
        QCoreApplication::sendEvent(label, &event);
        return QToolTip::text();
    }
};

void TestWorkbenchProgress::hitShowsItsArithmetic()
{
    open();
    choose(echo);
    run(QStringLiteral("count me"));
    waitForBadge(Outcome::Miss);
    const QString paid = hoverOf("tile cost");
    QVERIFY2(paid.contains(QStringLiteral(" × $")), qPrintable(paid));
    const QString bill = usage();
    QVERIFY2(bill.contains(QStringLiteral("per million")), qPrintable(bill));
    QVERIFY2(bill.contains(QStringLiteral("Price of")) && !bill.contains(QStringLiteral("Price of :")),
        qPrintable(bill));
    run(QStringLiteral("count me"));
    waitForBadge(Outcome::Hit);
    QCOMPARE(usage(), bill);
    QCOMPARE(hoverOf("tile saved"), paid);
}

void TestWorkbenchProgress::runUnderWayShowsNothingOfTheOneBefore()
{
    ScriptedProvider* const provider = script();
    provider->reply(QStringLiteral("one"));
    open();
    choose(echo);
    run(QStringLiteral("one"));
    QVERIFY(!usage().isEmpty());
    provider->hold();
    provider->fail(ProviderFailure::Authentication, 401);
    type("prompt", QStringLiteral("two"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 2, patience);
    QCOMPARE(usage(), QString());
    for (int tab = 0; tab < tabs()->count(); ++tab)
        QVERIFY2(tabs()->tabText(tab) != QStringLiteral("Messages 2"), "of the run before");
    provider->release();
    waitForBadge(Outcome::Failed);
    QCOMPARE(usage(), QString());
}

void TestWorkbenchProgress::endedRunsAreListedOnce()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    provider->fail(ProviderFailure::Authentication, 401);
    run(QStringLiteral("refused"));
    waitForBadge(Outcome::Failed);
    provider->hold();
    provider->reply(QStringLiteral("too late"));
    type("prompt", QStringLiteral("stopped"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 2, patience);
    click("stop this run");
    waitForBadge(Outcome::Cancelled);
    waitForTask(m_session->runner().writeLedger());
    settle();
    choose(profile);
    settle();
    choose(echo);
    settle();
    QCOMPARE(m_view->runPanel()->runs()->rowCount(), 2);
    command(QStringLiteral("Run history"));
    auto* const dialog = m_window->findChild<RunHistoryDialog*>();
    QVERIFY(dialog);
    auto* const table = dialog->findChild<QTableView*>(QStringLiteral("past runs"));
    QTRY_VERIFY_WITH_TIMEOUT(table->model()->rowCount() > 0, patience);
    QCOMPARE(table->model()->rowCount(), 2);
    dialog->close();
}

void TestWorkbenchProgress::failedRunShowsWhatItCost()
{
    ScriptedProvider* const provider = script();
    open();
    choose(profile);
    for (int i = 0; i < 6; ++i)
        provider->replyJson(parseJson(R"({"name": 3})", QStringLiteral("answer")));
    run(QStringLiteral("Ada"));
    waitForBadge(Outcome::Failed);
    // The answers that did not fit were paid for.
    QVERIFY2(tile("tile cost").startsWith(QStringLiteral("Cost: $0.")), qPrintable(tile("tile cost")));
    QVERIFY2(tile("tile input").contains(QStringLiteral("00")), qPrintable(tile("tile input")));
}

void TestWorkbenchProgress::textBeginsAnewWithTheNextAttempt()
{
    ScriptedProvider* const provider = script();
    open();
    choose(echo);
    Gate gate;
    provider->then([](ProviderRequest, ProviderContext context) -> QCoro::Task<ProviderReply> {
        return breakOff(std::move(context));
    });
    provider->then([&gate](ProviderRequest, ProviderContext context) -> QCoro::Task<ProviderReply> {
        return answerBehind(&gate, std::move(context));
    });
    type("prompt", QStringLiteral("a story"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 2, patience);
    auto* const rendered = find<QTextEdit>("answer rendered");
    QTRY_COMPARE_WITH_TIMEOUT(rendered->toPlainText(), QStringLiteral("Once upon a time."), patience);
    QTRY_VERIFY2_WITH_TIMEOUT(tile("tile output").contains(QStringLiteral("≈ 5")),
        qPrintable(tile("tile output")), patience); // 17 characters
    gate.open();
    waitForBadge(Outcome::Miss);
}

void TestWorkbenchProgress::runsAreComparedAfterASave()
{
    open();
    choose(echo);
    run(QStringLiteral("one"));
    run(QStringLiteral("two"));
    type("system prompt", QStringLiteral("Be brief."));
    click("save agent");
    settle();
    click("compare");
    QVERIFY(m_window->findChild<CompareDialog*>());
    QVERIFY(!find<ErrorBanner>("answer problem")->isVisible());
    m_window->findChild<CompareDialog*>()->close();
    // The run on show is the chosen one still.
    QCOMPARE(m_view->runPanel()->table()->selectionModel()->selectedRows().size(), 1);
}

void TestWorkbenchProgress::escapeStopsTheRunOnShowAlone()
{
    ScriptedProvider* const provider = script();
    provider->reply(QStringLiteral("done"));
    open();
    choose(echo);
    run(QStringLiteral("done"));
    for (const char* prompt : {"slow", "slower"}) {
        provider->hold();
        type("prompt", QString::fromLatin1(prompt));
        click("run");
    }
    auto* const runs = find<QTabBar>("run tabs");
    QTest::mouseClick(runs, Qt::LeftButton, {}, runs->tabRect(0).center());
    QCOMPARE(badge(), badgeOf(Outcome::Miss).text);
    QTest::keyClick(find<CodeEdit>("prompt"), Qt::Key_Escape);
    QCOMPARE(m_view->runPanel()->running(), 2);
    QTest::mouseClick(runs, Qt::LeftButton, {}, runs->tabRect(1).center());
    QTest::keyClick(find<CodeEdit>("prompt"), Qt::Key_Escape);
    waitForBadge(Outcome::Cancelled);
    QCOMPARE(m_view->runPanel()->running(), 1);
    // The button beside the prompt says what it does.
    QCOMPARE(find<QPushButton>("stop")->text(), QStringLiteral("Stop all"));
    click("stop");
    QTRY_COMPARE_WITH_TIMEOUT(m_view->runPanel()->running(), 0, patience);
}

void TestWorkbenchProgress::escapeClosesTheFindBarFirst()
{
    ScriptedProvider* const provider = script();
    provider->hold();
    provider->reply(QStringLiteral("done"));
    open();
    choose(echo);
    type("prompt", QStringLiteral("slow"));
    click("run");
    QTRY_COMPARE_WITH_TIMEOUT(provider->requests(), 1, patience);
    QTest::keySequence(find<CodeEdit>("prompt"), QKeySequence::Find);
    auto* const bar = find<QWidget>("prompt find bar");
    QVERIFY(bar->isVisible());
    QTest::keyClick(bar->findChild<QLineEdit*>(QStringLiteral("find text")), Qt::Key_Escape);
    QVERIFY(!bar->isVisible());
    QCOMPARE(m_view->runPanel()->running(), 1);
    provider->release();
    waitForBadge(Outcome::Miss);
}

void TestWorkbenchProgress::dialogsCloseWithTheSession()
{
    open();
    choose(echo);
    for (const char* const text : {"Run history", "Versions of the agent"})
        command(QString::fromLatin1(text));
    m_view->stopTasks();
    settle();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(!m_window->findChild<QDialog*>());
}

LLMCACHE_GUI_TEST_MAIN(TestWorkbenchProgress)
#include "tst_workbenchprogress.moc"
