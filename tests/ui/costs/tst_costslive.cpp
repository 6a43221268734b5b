// The Costs view while others write to the ledger.

#include "costs/callsmodel.h"
#include "costs/liveledger.h"
#include "costsviewtest.h"

#include <QSignalSpy>
#include <QTimer>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::CostsWindow;
using llmcache::test::patience;

namespace {

Call callAt(qint64 timeMs, qint64 picodollars)
{
    Call call;
    call.timeMs = timeMs;
    call.task = QStringLiteral("task");
    call.model = QStringLiteral("openai:gpt-5");
    call.attempts = 1;
    call.cost = Money::fromPicodollars(picodollars);
    return call;
}

} // namespace

class TestCostsLive : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void onlyNewCallsAreNews();
    void correctWhileOthersWrite();
    void whatIsTheSameIsNotShownAgain();
};

void TestCostsLive::onlyNewCallsAreNews()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    std::vector<Call> calls;
    for (int at = 0; at < 10; ++at)
        calls.push_back(callAt(nowMs - 1'000 - at * 1'800'000, 1)); // through five hours
    costs.record(calls);
    LiveLedger live;
    const QSignalSpy changed(&live, &LiveLedger::changed);
    QSignalSpy looks(&live.tasks(), &TaskScope::activeChanged); // begun and ended
    live.setSession(costs.session.get());
    live.setOn(true);
    constexpr int several = 12;
    QTRY_VERIFY_WITH_TIMEOUT(looks.count() >= several, patience);
    QCOMPARE(changed.count(), 1); // the first look
    costs.record({callAt(nowMs, 1)});
    QTRY_COMPARE_WITH_TIMEOUT(changed.count(), 2, patience);
    // One that comes late, from a machine that was offline for a while, is news as soon.
    costs.record({callAt(nowMs - 600'000, 1)});
    looks.clear();
    QTRY_VERIFY_WITH_TIMEOUT(looks.count() >= 6, patience);
    QCOMPARE(changed.count(), 3);
    // A clock that is ahead hides nothing that comes after.
    costs.record({callAt(nowMs + 86'400'000, 1)});
    QTRY_COMPARE_WITH_TIMEOUT(changed.count(), 4, patience);
    costs.record({callAt(nowMs + 1, 1)});
    QTRY_COMPARE_WITH_TIMEOUT(changed.count(), 5, patience);
    live.setOn(false);
    QTRY_COMPARE_WITH_TIMEOUT(live.activeTasks(), 0, patience);
}

void TestCostsLive::correctWhileOthersWrite()
{
    CostsWindow costs;
    const auto other = test::waitForTask(costs.session->store().status()); // it is open
    Q_UNUSED(other)
    SessionConfig config = costs.session->config();
    Session writer(config);
    std::vector<Call> calls;
    for (int at = 1; at <= 300; ++at)
        calls.push_back(callAt(costs.session->clock().nowMs() - at * 1'000, 1));
    costs.record(calls);
    costs.open();
    const auto* const list =
        static_cast<CallsModel*>(costs.find<QTableView>(QStringLiteral("calls"))->model());
    const QSignalSpy reset(list, &QAbstractItemModel::modelReset);
    int written = 300;
    int shown = 0;
    QTimer busy;
    std::vector<QCoro::Task<qint64>> tasks;
    connect(&busy, &QTimer::timeout, this, [&] {
        Call call = callAt(writer.clock().nowMs(), 1);
        call.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
        tasks.push_back(writer.store().recordCalls({call}));
        ++written;
        // Whatever of them is shown, it adds up.
        const CostsSnapshot& snapshot = costs.view->snapshot();
        LedgerSums bars;
        for (const LedgerSums& each : snapshot.perBucket)
            bars += each;
        QCOMPARE(bars, snapshot.total);
        QCOMPARE(costs.tile("calls"), QString::number(snapshot.total.calls()));
        shown = std::max(shown, static_cast<int>(snapshot.total.calls()));
    });
    busy.start(5);
    // It follows a writer who never pauses.
    QTRY_VERIFY_WITH_TIMEOUT(shown > 450, patience);
    busy.stop();
    for (auto& task : tasks)
        test::waitForTask(std::move(task));
    QTRY_COMPARE_WITH_TIMEOUT(costs.tile("calls"), QString::number(written), patience);
    costs.settle();
    // The list was added to, row by row.
    QCOMPARE(reset.count(), 0);
    for (int row = 1; row < list->rowCount(); ++row)
        QVERIFY(comesBefore(*list->callAt(row - 1), *list->callAt(row)));
    tasks.clear();
}

void TestCostsLive::whatIsTheSameIsNotShownAgain()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    costs.record({callAt(nowMs - 1'000, 5)});
    Call other = callAt(nowMs - 2'000, 7);
    other.task = QStringLiteral("other");
    costs.record({other});
    costs.open();
    costs.view->filters()->setValues(Dimension::Task, {QStringLiteral("task")});
    costs.settle();
    QCOMPARE(costs.calls(), 1);
    const auto* const list = costs.find<QTableView>(QStringLiteral("calls"))->model();
    const QSignalSpy reset(list, &QAbstractItemModel::modelReset);
    const QSignalSpy inserted(list, &QAbstractItemModel::rowsInserted);
    PlotView* const plot = costs.chart("spend")->plot();
    const ChartData shown = costs.chart("spend")->data();
    QSignalSpy drawn(plot->scene(), &QGraphicsScene::changed);
    // What was laid out last is drawn one turn of the event loop after the other.
    for (qsizetype seen = -1; seen != drawn.count();) {
        seen = drawn.count();
        QTest::qWait(0);
        QCoreApplication::processEvents();
    }
    drawn.clear();
    const qint64 before = costs.view->snapshot().question.span.toMs;
    Call more = callAt(nowMs - 500, 7);
    more.task = QStringLiteral("other");
    costs.record({more});
    QTRY_VERIFY_WITH_TIMEOUT(costs.view->snapshot().question.span.toMs > before, patience);
    costs.settle();
    QCoreApplication::processEvents();
    QCOMPARE(costs.tile("calls"), QStringLiteral("1"));
    QCOMPARE(reset.count() + inserted.count(), 0);
    QVERIFY(costs.chart("spend")->data() == shown);
    QCOMPARE(drawn.count(), 0);
}

LLMCACHE_GUI_TEST_MAIN(TestCostsLive)
#include "tst_costslive.moc"
