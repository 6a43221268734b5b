// From what the Costs view shows to the calls behind it: those that make up the number, and no others.

#include "cache/repricing.h"
#include "costs/barlist.h"
#include "costs/callsmodel.h"
#include "costs/costspanels.h"
#include "costs/rangepicker.h"
#include "costsviewtest.h"
#include "widgets/chip.h"

#include <QSignalSpy>
#include <QTimeZone>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::CostsWindow;
using llmcache::test::patience;

namespace {

constexpr qint64 hourMs = 3'600'000;
constexpr qint64 dayMs = 24 * hourMs;
const QString gpt = QStringLiteral("openai:gpt-5");

Call callAt(qint64 timeMs, qint64 picodollars, Outcome outcome = Outcome::Miss, const QString& model = gpt)
{
    Call call = llmcache::test::paidCall(timeMs, picodollars, model);
    call.outcome = outcome;
    call.usage.requests = 1;
    return call;
}

/// One of each kind, today.
std::vector<Call> oneOfEach(qint64 nowMs)
{
    Call hit = callAt(nowMs - 2, 0, Outcome::Hit);
    hit.avoided = Money::fromPicodollars(70);
    hit.attempts = 0;
    Call shared = hit;
    shared.outcome = Outcome::Shared;
    Call failed = callAt(nowMs - 4, 5, Outcome::Failed); // billed before it failed
    failed.rateLimits = 1;
    failed.attempts = 2;
    Call cancelled = callAt(nowMs - 5, 3, Outcome::Cancelled);
    Call retried = callAt(nowMs - 6, 1'000, Outcome::Refreshed);
    retried.attempts = 2;
    Call unpriced = callAt(nowMs - 7, 0, Outcome::Bypassed, QStringLiteral("ollama:own"));
    unpriced.cost.reset();
    return {callAt(nowMs - 1, 40), hit, shared, failed, cancelled, retried, unpriced};
}

} // namespace

class TestCostsDrilldown : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aTileOpensWhatItCounts_data();
    void aTileOpensWhatItCounts();
    void aChartOpensWhatItShows_data();
    void aChartOpensWhatItShows();
    void otherOpensTheRest();
    void repricedCallsAreFoundByWhatTheyCostNow();
    void aSearchGoesOnUntilItFinds();
    void theBarOfNowGrowsWithItsCalls();
    void resetZoomReturnsToACustomRange();
    void tooManyBarsBecomeFewer();

private:
    static CallsModel* listOf(const CostsWindow& costs)
    {
        return static_cast<CallsModel*>(costs.find<QTableView>(QStringLiteral("calls"))->model());
    }
    static QStringList outcomesOf(const CostsWindow& costs)
    {
        QStringList outcomes;
        for (int row = 0; row < listOf(costs)->rowCount(); ++row)
            outcomes << outcomeName(listOf(costs)->callAt(row)->outcome);
        outcomes.sort();
        return outcomes;
    }
    static qint64 sumOf(const CostsWindow& costs)
    {
        qint64 sum = 0;
        for (int row = 0; row < listOf(costs)->rowCount(); ++row)
            sum += listOf(costs)->callAt(row)->cost.value_or(Money()).picodollars();
        return sum;
    }
    static void click(const CostsWindow& costs, const char* chart, int column, int series)
    {
        PlotView* const plot = costs.chart(chart)->plot();
        QTest::mouseClick(plot->viewport(), Qt::LeftButton, {}, plot->placeOf(column, series));
    }
    static int lastColumn(const CostsWindow& costs, const char* chart)
    {
        return static_cast<int>(costs.chart(chart)->data().columns.size()) - 1;
    }
};

void TestCostsDrilldown::aTileOpensWhatItCounts_data()
{
    QTest::addColumn<QString>("outcomes");
    QTest::newRow("spent") << QStringLiteral("bypassed cancelled failed miss refreshed");
    QTest::newRow("saved") << QStringLiteral("hit shared");
    QTest::newRow("hit rate") << QStringLiteral("hit shared");
    QTest::newRow("calls") << QStringLiteral("bypassed cancelled failed hit miss refreshed shared");
    QTest::newRow("unpriced") << QStringLiteral("bypassed");
}

void TestCostsDrilldown::aTileOpensWhatItCounts()
{
    QFETCH(QString, outcomes);
    CostsWindow costs;
    costs.record(oneOfEach(costs.session->clock().nowMs()));
    costs.open();
    QTest::mouseClick(
        costs.find<QFrame>(QStringLiteral("tile ") + QLatin1String(QTest::currentDataTag())), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(outcomesOf(costs), outcomes.split(QLatin1Char(' ')), patience);
    // All that was billed is behind the tile that says so.
    if (qstrcmp(QTest::currentDataTag(), "spent") == 0) {
        QCOMPARE(Money::fromPicodollars(sumOf(costs)), costs.view->snapshot().total.billed);
        QTRY_COMPARE_WITH_TIMEOUT(costs.find<QLabel>(QStringLiteral("calls summary"))->text(),
            QStringLiteral("5 calls · ") + costs.view->snapshot().total.billed.toDisplay(), patience);
    }
}

void TestCostsDrilldown::aChartOpensWhatItShows_data()
{
    QTest::addColumn<CostsPage>("page");
    QTest::addColumn<QByteArray>("chart");
    QTest::addColumn<int>("series");
    QTest::addColumn<QString>("outcomes");
    const QString all = QStringLiteral("bypassed cancelled failed hit miss refreshed shared");
    const QString billed = QStringLiteral("bypassed cancelled failed miss refreshed");
    const QString paid = QStringLiteral("bypassed miss refreshed");
    QTest::newRow("spend") << CostsPage::Spend << QByteArray("spend") << 0
                           << QStringLiteral("cancelled failed hit miss refreshed shared"); // of gpt
    QTest::newRow("a day of spend") << CostsPage::Spend << QByteArray("spend") << -1 << all;
    QTest::newRow("spent") << CostsPage::Cache << QByteArray("saved") << 0 << billed;
    QTest::newRow("saved") << CostsPage::Cache << QByteArray("saved") << 1 << QStringLiteral("hit shared");
    QTest::newRow("hit rate") << CostsPage::Cache << QByteArray("hit rate") << 0 << all;
    QTest::newRow("tokens") << CostsPage::Tokens << QByteArray("tokens") << 0 << billed;
    QTest::newRow("cost per run") << CostsPage::Tokens << QByteArray("run cost") << 0
                                  << QStringLiteral("miss");
    QTest::newRow("latency") << CostsPage::Latency << QByteArray("latency paid") << 0 << paid;
    QTest::newRow("latency of hits") << CostsPage::Latency << QByteArray("latency hits") << 0
                                     << QStringLiteral("hit shared");
    QTest::newRow("failed") << CostsPage::Latency << QByteArray("errors") << 0 << QStringLiteral("failed");
    QTest::newRow("429") << CostsPage::Latency << QByteArray("errors") << 1 << QStringLiteral("failed");
    QTest::newRow("retried") << CostsPage::Latency << QByteArray("errors") << 2
                             << QStringLiteral("failed refreshed");
}

void TestCostsDrilldown::aChartOpensWhatItShows()
{
    QFETCH(CostsPage, page);
    QFETCH(QByteArray, chart);
    QFETCH(int, series);
    QFETCH(QString, outcomes);
    CostsWindow costs;
    costs.record(oneOfEach(costs.session->clock().nowMs()));
    costs.record({callAt(costs.session->clock().nowMs() - 3 * dayMs, 11)});
    costs.open();
    costs.view->setPage(page);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.chart(chart.constData())->data().columns.empty(), patience);
    costs.settle();
    const ChartData& data = costs.chart(chart.constData())->data();
    PlotView* const plot = costs.chart(chart.constData())->plot();
    plot->setFocus();
    // From the keyboard, as the smallest parts of a bar are hard to hit: today, or the bar with 40
    // picodollars.
    QTest::keyClick(plot, data.isTime() ? Qt::Key_End : Qt::Key_Home);
    for (std::size_t column = 0; !data.isTime() && data.columns.at(column).upTo < 40; ++column)
        QTest::keyClick(plot, Qt::Key_Right);
    for (int at = 0; at <= series; ++at)
        QTest::keyClick(plot, Qt::Key_Up);
    QTest::keyClick(plot, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(outcomesOf(costs), outcomes.split(QLatin1Char(' ')), patience);
}

void TestCostsDrilldown::otherOpensTheRest()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    std::vector<Call> calls;
    for (int model = 1; model <= 12; ++model)
        calls.push_back(callAt(
            nowMs - model, model * 1'000'000'000'000, Outcome::Miss, QStringLiteral("acme:m%1").arg(model)));
    costs.record(calls);
    costs.open();
    // Seven bars and six series have names.
    auto* const bars = costs.find<BarList>(QStringLiteral("bars model"));
    QCOMPARE(bars->rows().size(), std::size_t(mostBars + 1));
    bars->setFocus();
    for (int row = 0; row < mostBars; ++row)
        QTest::keyClick(bars, Qt::Key_Down);
    QTest::keyClick(bars, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 12 - mostBars, patience);
    QCOMPARE(Money::fromPicodollars(sumOf(costs)), bars->rows().back().amount);
    const ChartData& data = costs.chart("spend")->data();
    const auto other = std::find_if(
        data.series.begin(), data.series.end(), [](const ChartSeries& series) { return series.isOther; });
    click(costs, "spend", lastColumn(costs, "spend"), static_cast<int>(other - data.series.begin()));
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 12 - mostSeries, patience);
    QCOMPARE(sumOf(costs), other->values.back()->amount);
}

void TestCostsDrilldown::repricedCallsAreFoundByWhatTheyCostNow()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    Call unpriced = callAt(nowMs - 1, 0);
    unpriced.cost.reset();
    costs.record({unpriced, callAt(nowMs - 2, 7)});
    costs.session->setPrices(PriceTable::fromJson(
        R"({"schema": 1, "version": "2026-11", "providers": [{"id": "openai", "name": "OpenAI",
            "prefixes": ["openai"], "models": [{"id": "gpt-5", "prices": [{"input": "3", "output": "10"}]}]}]})",
        QStringLiteral("the test's table")));
    test::waitForTask(repriceCalls(costs.session.get(), 0, nowMs, true, {}, {}));
    costs.open();
    QCOMPARE(costs.tile("unpriced"), QStringLiteral("0"));
    QTest::mouseClick(costs.find<QFrame>(QStringLiteral("tile unpriced")), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 0, patience);
    costs.view->setPage(CostsPage::Tokens);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.chart("run cost")->data().columns.empty(), patience);
    costs.settle();
    // Both cost $0.00006 now.
    QCOMPARE(costs.chart("run cost")->data().columns.size(), std::size_t(1));
    click(costs, "run cost", 0, 0);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 2, patience);
}

void TestCostsDrilldown::aSearchGoesOnUntilItFinds()
{
    // The oldest of many: more than is looked at in one go.
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    Call retried = callAt(nowMs - 50'000, 1);
    retried.attempts = 2;
    std::vector<Call> calls{retried};
    for (int at = 1; at <= 25'000; ++at)
        calls.push_back(callAt(nowMs - at, 1));
    costs.record(std::move(calls));
    costs.open();
    costs.view->setPage(CostsPage::Latency);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.chart("errors")->data().columns.empty(), patience);
    costs.settle();
    click(costs, "errors", lastColumn(costs, "errors"), 2);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 1, patience);
    QTRY_COMPARE_WITH_TIMEOUT(
        costs.find<QLabel>(QStringLiteral("calls summary"))->text(), QStringLiteral("1 call"), patience);
    QCOMPARE(listOf(costs)->callAt(0)->attempts, 2);
    // One that comes while it is open is on top.
    Call fresh = callAt(costs.session->clock().nowMs(), 1);
    fresh.attempts = 3;
    costs.record({fresh});
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 2, patience);
    QCOMPARE(listOf(costs)->callAt(0)->attempts, 3);
}

void TestCostsDrilldown::theBarOfNowGrowsWithItsCalls()
{
    CostsWindow costs;
    costs.record({callAt(costs.session->clock().nowMs() - 1, 1'000)});
    costs.open();
    click(costs, "spend", lastColumn(costs, "spend"), 0);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.window->findChildren<Chip*>().isEmpty(), patience);
    costs.settle();
    QCOMPARE(costs.calls(), 1);
    costs.record({callAt(costs.session->clock().nowMs(), 500)});
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 2, patience);
    QCOMPARE(sumOf(costs), 1'500);
    QTRY_COMPARE_WITH_TIMEOUT(
        costs.chart("spend")->data().columnTotal(lastColumn(costs, "spend")), 1'500, patience);
}

void TestCostsDrilldown::resetZoomReturnsToACustomRange()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    costs.record({callAt(nowMs - 1, 1), callAt(nowMs - 3 * dayMs, 10), callAt(nowMs - 20 * dayMs, 100)});
    costs.open();
    costs.view->setTimeZone("UTC");
    const TimeSpan custom{nowMs - 10 * dayMs, nowMs + 1};
    Q_EMIT costs.window->findChild<RangePicker*>()->spanChosen(custom);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(11), patience);
    costs.settle();
    auto* const reset = costs.chart("spend")->findChild<QPushButton*>(QStringLiteral("reset zoom"));
    QVERIFY(!reset->isVisible()); // it was chosen, not zoomed into
    const ChartColumn last = costs.chart("spend")->data().columns.back();
    Q_EMIT costs.chart("spend")->zoomed(last.span);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(1), patience);
    costs.settle();
    QTest::mouseClick(reset, Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(11), patience);
    QCOMPARE(costs.view->snapshot().question.span, custom);
}

void TestCostsDrilldown::tooManyBarsBecomeFewer()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    costs.record({callAt(nowMs - 1, 1), callAt(nowMs - 29 * dayMs, 10)});
    costs.open();
    costs.view->setBucket(Dimension::Minute); // 43,200 in the last 30 days
    ChartCard* const chart = costs.chart("spend");
    QTRY_VERIFY_WITH_TIMEOUT(chart->data().columns.size() > 600, patience);
    qint64 drawn = 0;
    for (int column = 0; column <= lastColumn(costs, "spend"); ++column)
        drawn += chart->data().columnTotal(column);
    QCOMPARE(drawn, 11);
    QCOMPARE(chart->data().columnTitle, QStringLiteral("hour"));
    QVERIFY(chart->data().caption.contains(QStringLiteral("one per hour")));
    // What was wanted comes back where there is room for it.
    costs.view->setRange(CostsRange::Today);
    QTRY_COMPARE_WITH_TIMEOUT(chart->data().columnTitle, QStringLiteral("minute"), patience);
    QVERIFY(chart->data().caption.isEmpty());
}

LLMCACHE_GUI_TEST_MAIN(TestCostsDrilldown)
#include "tst_costsdrilldown.moc"
