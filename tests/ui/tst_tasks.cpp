#include "guitest.h"
#include "widgets/tasks.h"

#include <QRegularExpression>
#include <QSignalSpy>
#include <QWidget>

#include <coroutine>
#include <utility>

using namespace llmcache;
using namespace llmcache::ui;

namespace {

/// Something to wait for that the test opens when it likes; honours stop like the engine does. Resumes who
/// waits at once, unlike a signal: QCoro's wait for one breaks when it is emitted twice in a turn.
class Gate {
public:
    QCoro::Task<int> pass(int value, std::stop_token stop)
    {
        const std::stop_callback wake(stop, [this] { open(); });
        Wait wait{this};
        co_await wait;
        ++m_passed;
        if (stop.stop_requested())
            throw Cancelled();
        co_return value;
    }
    void open()
    {
        for (const std::coroutine_handle<>& waiting : std::exchange(m_waiting, {}))
            waiting.resume();
    }
    int passed() const { return m_passed; }

private:
    struct Wait {
        Gate* gate;
        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) { gate->m_waiting.push_back(handle); }
        void await_resume() const noexcept { }
    };
    std::vector<std::coroutine_handle<>> m_waiting;
    int m_passed = 0;
};

QCoro::Task<int> answer(int value)
{
    co_return value;
}

QCoro::Task<> nothing()
{
    co_return;
}

QCoro::Task<int> fail()
{
    throw ConfigurationError(QStringLiteral("No key for x."), QStringLiteral("Set X_KEY."));
    co_return 0;
}

QCoro::Task<int> failForeign()
{
    throw std::runtime_error("disk on fire");
    co_return 0;
}

/// A widget as views are: its callbacks write to it.
class Panel : public QWidget {
public:
    int shown = 0;
    Failure failure;
    TaskScope tasks;

    void ask(Gate* gate, int value)
    {
        tasks.run([gate, value](std::stop_token stop) { return gate->pass(value, stop); },
            [this](int result) { shown = result; }, [this](const Failure& problem) { failure = problem; });
    }
};

} // namespace

class TestTasks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void deliversResults();
    void errorsBecomeFailures();
    void whatAHandlerThrowsIsAFailureToo();
    void aThrowingFailureHandlerEndsNothing();
    void aJobThatThrowsBeforeItsTask();
    void widgetDiesWhileAwaiting();
    void widgetDiesInItsOwnCallback();
    void droppingForgets();
    void stoppingReportsCancelled();
    void newestWins();
    void countsTasks();
    void outerScopeCountsWhatOutlivesItsDialog();
    void moveOnlyResults();
};

void TestTasks::deliversResults()
{
    Panel panel;
    int done = 0;
    panel.tasks.run([](std::stop_token) { return answer(7); }, [&](int value) { panel.shown = value; }, {});
    panel.tasks.run([](std::stop_token) { return nothing(); }, [&] { ++done; }, {});
    QTRY_COMPARE(panel.shown, 7);
    QCOMPARE(done, 1);
}

void TestTasks::errorsBecomeFailures()
{
    Panel panel;
    const auto never = [](int) { QFAIL("a failed task has no result"); };
    const auto keep = [&panel](const Failure& failure) { panel.failure = failure; };
    panel.tasks.run([](std::stop_token) { return fail(); }, never, keep);
    QTRY_COMPARE(panel.failure.kind, QStringLiteral("configuration"));
    QCOMPARE(panel.failure.message, QStringLiteral("No key for x."));
    QCOMPARE(panel.failure.remedy, QStringLiteral("Set X_KEY."));
    QVERIFY_EXCEPTION_THROWN(std::rethrow_exception(panel.failure.error), ConfigurationError);
    panel.tasks.run([](std::stop_token) { return failForeign(); }, never, keep);
    QTRY_COMPARE(panel.failure.kind, QStringLiteral("internal"));
    QCOMPARE(panel.failure.message, QStringLiteral("disk on fire"));
}

void TestTasks::whatAHandlerThrowsIsAFailureToo()
{
    Panel panel;
    panel.tasks.run([](std::stop_token) { return answer(1); },
        [](int) { throw CacheError(QStringLiteral("The row is broken.")); },
        [&panel](const Failure& failure) { panel.failure = failure; });
    QTRY_COMPARE(panel.failure.kind, QStringLiteral("cache"));
}

void TestTasks::aThrowingFailureHandlerEndsNothing()
{
    Panel panel;
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("A failure could not be shown")));
    panel.tasks.run([](std::stop_token) { return fail(); }, [](int) {},
        [](const Failure&) { throw std::runtime_error("again"); });
    QTRY_COMPARE(panel.tasks.active(), 0);
}

void TestTasks::aJobThatThrowsBeforeItsTask()
{
    Panel panel;
    panel.tasks.run(
        [](std::stop_token) -> QCoro::Task<int> {
            throw ConfigurationError(QStringLiteral("No such agent."));
        },
        [](int) {}, [&panel](const Failure& failure) { panel.failure = failure; });
    QCOMPARE(panel.failure.message, QStringLiteral("No such agent."));
    QCOMPARE(panel.tasks.active(), 0);
}

void TestTasks::widgetDiesWhileAwaiting()
{
    Gate gate;
    auto panel = std::make_unique<Panel>();
    panel->ask(&gate, 1);
    panel->ask(&gate, 2);
    QCOMPARE(panel->tasks.active(), 2);
    // The handlers write into the panel: ASan sees it if one of them still runs.
    panel.reset();
    gate.open();
    QTRY_COMPARE(gate.passed(), 2);
}

void TestTasks::widgetDiesInItsOwnCallback()
{
    auto* panel = new Panel;
    bool deleted = false;
    panel->tasks.run([](std::stop_token) { return answer(3); },
        [panel, &deleted](int) {
            delete panel;
            deleted = true;
        },
        [](const Failure&) { QFAIL("deleting a widget is no failure"); });
    QTRY_VERIFY(deleted);
}

void TestTasks::droppingForgets()
{
    Gate gate;
    Panel panel;
    panel.ask(&gate, 5);
    panel.tasks.drop();
    QTRY_COMPARE(gate.passed(), 1);
    QTRY_COMPARE(panel.tasks.active(), 0);
    QCOMPARE(panel.shown, 0);
    QVERIFY(panel.failure.kind.isEmpty());
}

void TestTasks::stoppingReportsCancelled()
{
    Gate gate;
    Panel panel;
    panel.ask(&gate, 5);
    panel.tasks.stop();
    QTRY_VERIFY(panel.failure.cancelled());
    QCOMPARE(panel.shown, 0);
}

void TestTasks::newestWins()
{
    Gate old;
    Gate young;
    Panel panel;
    panel.ask(&old, 1);
    panel.tasks.drop();
    panel.ask(&young, 2);
    young.open();
    QTRY_COMPARE(panel.shown, 2);
    QTRY_COMPARE(panel.tasks.active(), 0);
    QCOMPARE(panel.shown, 2);
}

void TestTasks::countsTasks()
{
    Gate gate;
    Panel panel;
    QSignalSpy changes(&panel.tasks, &TaskScope::activeChanged);
    panel.ask(&gate, 1);
    QCOMPARE(panel.tasks.active(), 1);
    gate.open();
    QTRY_COMPARE(panel.tasks.active(), 0);
    QCOMPARE(changes.size(), 2);
    QCOMPARE(changes.constLast().constFirst().toInt(), 0);
}

namespace {

QCoro::Task<std::unique_ptr<int>> makeOwned()
{
    co_return std::make_unique<int>(9);
}

} // namespace

void TestTasks::outerScopeCountsWhatOutlivesItsDialog()
{
    Gate gate;
    const TaskScope view;
    QList<int> counts;
    connect(&view, &TaskScope::activeChanged, this, [&counts](int active) { counts.append(active); });
    auto dialog = std::make_unique<Panel>();
    dialog->tasks.countIn(view);
    // Of the kind that can't be stopped on its way.
    dialog->tasks.run([&gate](std::stop_token) { return gate.pass(1, {}); }, [](int) {}, {});
    QCOMPARE(view.active(), 1);
    dialog.reset();
    QCOMPARE(view.active(), 1); // the window waits for it
    gate.open();
    QTRY_COMPARE(view.active(), 0);
    QCOMPARE(counts, (QList<int>{1, 0}));
}

void TestTasks::moveOnlyResults()
{
    Panel panel;
    panel.tasks.run([](std::stop_token) { return makeOwned(); },
        [&panel](std::unique_ptr<int> value) { panel.shown = *value; }, {});
    QTRY_COMPARE(panel.shown, 9);
}

LLMCACHE_GUI_TEST_MAIN(TestTasks)
#include "tst_tasks.moc"
