#include "base/error.h"
#include "base/gate.h"
#include "base/tasksunderway_p.h"
#include "testenvironment.h"

#include <QTest>

#include <array>

using namespace llmcache;

namespace {

QCoro::Task<> passAndCount(Gate* gate, int* passed)
{
    auto passing = gate->passed();
    co_await passing;
    ++*passed;
}

QCoro::Task<> passAndFail(Gate* gate, QString problem, int* passed)
{
    auto passing = gate->passed();
    co_await passing;
    ++*passed;
    throw CacheError(problem);
}

/// 1 when it is done, 2 when it has thrown.
QCoro::Task<> finish(TasksUnderWay* tasks, std::size_t mostLeft, int* state, QString* problem)
{
    try {
        auto finishing = tasks->finish(mostLeft);
        co_await finishing;
        *state = 1;
    } catch (const CacheError& error) {
        *problem = error.message();
        *state = 2;
    }
}

} // namespace

class TestTasksUnderWay final : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theOldestAreAwaited();
    void oneThatFailsEndsAll();
};

void TestTasksUnderWay::theOldestAreAwaited()
{
    std::array<Gate, 3> gates;
    int passed = 0;
    int state = 0;
    QString problem;
    TasksUnderWay tasks;
    for (Gate& gate : gates)
        tasks.add(passAndCount(&gate, &passed));
    auto finishing = finish(&tasks, 2, &state, &problem);
    gates[1].open();
    QTRY_COMPARE(passed, 1);
    QCOMPARE(state, 0);
    gates[0].open();
    QTRY_COMPARE(state, 1);
    QCOMPARE(passed, 2);
    state = 0;
    auto finishingAll = finish(&tasks, 0, &state, &problem);
    gates[2].open();
    QTRY_COMPARE(state, 1);
    QCOMPARE(passed, 3);
}

void TestTasksUnderWay::oneThatFailsEndsAll()
{
    std::array<Gate, 3> gates;
    int passed = 0;
    int state = 0;
    QString problem;
    TasksUnderWay tasks;
    tasks.add(passAndFail(&gates[0], QStringLiteral("first"), &passed));
    tasks.add(passAndFail(&gates[1], QStringLiteral("second"), &passed));
    tasks.add(passAndCount(&gates[2], &passed));
    auto finishing = finish(&tasks, 2, &state, &problem);
    gates[0].open();
    gates[1].open();
    QTRY_COMPARE(passed, 2);
    QCOMPARE(state, 0); // the last one may still use what its caller owns
    gates[2].open();
    QTRY_COMPARE(state, 2);
    QCOMPARE(passed, 3);
    QCOMPARE(problem, QStringLiteral("first"));
}

LLMCACHE_TEST_MAIN(TestTasksUnderWay)
#include "tst_tasksunderway.moc"
