// The charts of the Costs view against the ledger: every number, and what one does with a chart.

#include "costs/callsmodel.h"
#include "costs/costspanels.h"
#include "costs/rangepicker.h"
#include "costsviewtest.h"

#include <QAbstractItemModelTester>
#include <QAbstractProxyModel>
#include <QFileDialog>
#include <QLineEdit>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTimeZone>
#include <QToolButton>
#include <QTreeWidget>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::CostsWindow;
using llmcache::test::paidCall;
using llmcache::test::patience;

namespace {

constexpr qint64 hourMs = 3'600'000;
const QString gpt = QStringLiteral("openai:gpt-5");
const QString claude = QStringLiteral("anthropic:claude-haiku-4-5");

qint64 midnight(const QByteArray& zone, int month, int day)
{
    return QDate(2026, month, day).startOfDay(QTimeZone(zone)).toMSecsSinceEpoch();
}

} // namespace

class TestCostsCharts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyNumberIsTheLedgers_data();
    void everyNumberIsTheLedgers();
    void fromABarToItsEntry();
    void aDragZooms();
    void aZoomEndsWhereTheRangeDoes();
    void theKeyboardReachesBars();
    void aTileOpensItsCalls();
    void valuesAreFoundByTyping();
    void aYearInHours();
    void twoHundredModels();
    void pagesAskForWhatTheyShow();
    void nothingIsCutInASmallWindow();
    void picturesAndTables();
    void callsPageByPage();
    void everyCallInAFile();
    void breakdownsAsTables();
    void aSingleCall();
    void colorsAfterARestart();
    void lightAndDark();
};

void TestCostsCharts::everyNumberIsTheLedgers_data()
{
    QTest::addColumn<QByteArray>("zone");
    for (const char* zone : {"UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"})
        QTest::newRow(zone) << QByteArray(zone);
}

void TestCostsCharts::everyNumberIsTheLedgers()
{
    QFETCH(QByteArray, zone);
    CostsWindow costs;
    // Over the change of the clocks in Europe (25 October) and on Lord Howe (4 October).
    std::vector<Call> calls;
    const qint64 from = midnight(zone, 10, 1);
    const qint64 to = midnight(zone, 10, 29);
    QMap<QString, qint64> byDay;
    qint64 sum = 0;
    qint64 amount = 1;
    for (qint64 time = from; time < to; time += 17 * hourMs / 10) {
        calls.push_back(paidCall(time, amount, amount % 3 == 0 ? claude : gpt));
        byDay[QDateTime::fromMSecsSinceEpoch(time, QTimeZone(zone)).date().toString(Qt::ISODate)] += amount;
        sum += amount;
        amount = amount * 7 % 1'000'003;
    }
    costs.record(calls);
    costs.open();
    costs.view->setTimeZone(zone);
    costs.view->setSpan({from, to});
    ChartCard* const chart = costs.chart("spend");
    const QAbstractItemModelTester tester(
        chart->findChild<QTableView*>(QStringLiteral("chart table"))->model(),
        QAbstractItemModelTester::FailureReportingMode::QtTest);
    QTRY_COMPARE_WITH_TIMEOUT(chart->data().columns.size(), std::size_t(28), patience);
    costs.settle();
    const QStringList csv = QString::fromUtf8(chartCsv(chart->data())).split(QLatin1Char('\n'));
    chart->showAsTable(true);
    const auto* const table = chart->findChild<QTableView*>(QStringLiteral("chart table"))->model();
    for (int column = 0; column < 28; ++column) {
        const QString& day = chart->data().columns[static_cast<std::size_t>(column)].key;
        const Money expected = Money::fromPicodollars(byDay.value(day));
        QCOMPARE(Money::fromPicodollars(chart->data().columnTotal(column)), expected);
        QVERIFY2(csv.at(column + 1).endsWith(QLatin1Char(',') + expected.toDecimal()),
            qPrintable(csv.at(column + 1)));
        QCOMPARE(table->index(column, table->columnCount() - 1).data().toString(),
            QLatin1Char('$') + expected.toDecimal());
    }
    QCOMPARE(costs.tile("spent"), Money::fromPicodollars(sum).toDisplay());
    QCOMPARE(costs.view->snapshot().total.billed, Money::fromPicodollars(sum));
    QCOMPARE(costs.tile("calls"), QString::number(calls.size()));
    // A bar's calls are those that make up its sum.
    Q_EMIT chart->chosen(chart->data().columns[24], QString());
    const auto* const model =
        static_cast<CallsModel*>(costs.find<QTableView>(QStringLiteral("calls"))->model());
    const auto inBar = [&] {
        qint64 cost = 0;
        for (int row = 0; row < model->rowCount(); ++row)
            cost += model->callAt(row)->cost->picodollars();
        return cost;
    };
    QTRY_COMPARE_WITH_TIMEOUT(inBar(), byDay.value(QStringLiteral("2026-10-25")), patience);
}

void TestCostsCharts::fromABarToItsEntry()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    costs.record({paidCall(now - 1000, 5'000'000), paidCall(now - 60 * 24 * hourMs, 7'000'000)});
    costs.open();
    const QSignalSpy entry(costs.view, &CostsView::openEntry);
    const QSignalSpy run(costs.view, &CostsView::openRun);
    PlotView* const plot = costs.chart("spend")->plot();
    const int today = static_cast<int>(plot->data().columns.size()) - 1;
    QTest::mouseClick(plot->viewport(), Qt::LeftButton, {}, plot->placeOf(today, 0));
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 1, patience);
    costs.settle();
    auto* const table = costs.find<QTableView>(QStringLiteral("calls"));
    QTest::mouseClick(
        table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(0, 0)).center());
    auto* const detail = costs.find<QFrame>(QStringLiteral("call detail"));
    QVERIFY(detail->isVisible());
    QStringList words;
    for (const QLabel* label : detail->findChildren<QLabel*>())
        words << label->text();
    QVERIFY2(words.contains(QStringLiteral("$0.000005")), qPrintable(words.join(QLatin1Char('|'))));
    QTest::mouseClick(costs.find<QPushButton>(QStringLiteral("open entry")), Qt::LeftButton);
    QCOMPARE(entry.value(0).value(0).toString(), QString(64, QLatin1Char('b')));
    QTest::mouseClick(costs.find<QPushButton>(QStringLiteral("open run")), Qt::LeftButton);
    QCOMPARE(run.size(), 1);
}

void TestCostsCharts::aDragZooms()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    costs.record(
        {paidCall(now - 1, 1), paidCall(now - 2 * 24 * hourMs, 10), paidCall(now - 3 * 24 * hourMs, 100)});
    costs.open();
    PlotView* const plot = costs.chart("spend")->plot();
    const int last = static_cast<int>(plot->data().columns.size()) - 1;
    const QPoint from = plot->placeOf(last - 3, -1);
    const QPoint to = plot->placeOf(last - 2, -1);
    QTest::mousePress(plot->viewport(), Qt::LeftButton, {}, from);
    QMouseEvent move(
        QEvent::MouseMove, to, plot->viewport()->mapToGlobal(to), Qt::NoButton, Qt::LeftButton, {});
    QApplication::sendEvent(plot->viewport(), &move);
    QTest::mouseRelease(plot->viewport(), Qt::LeftButton, {}, to);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(110), patience);
    costs.settle();
    QVERIFY(plot->data().columns.size() > 24); // two days in hours
    auto* const reset = costs.chart("spend")->findChild<QPushButton*>(QStringLiteral("reset zoom"));
    QVERIFY(reset->isVisible());
    QTest::mouseClick(reset, Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(111), patience);
    QCOMPARE(costs.view->range(), CostsRange::Month);
}

void TestCostsCharts::aZoomEndsWhereTheRangeDoes()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    costs.record({paidCall(now - 1, 1), paidCall(now - 2 * 24 * hourMs, 10)});
    costs.open();
    const TimeSpan range = costs.view->snapshot().question.span;
    const ChartColumn today = costs.chart("spend")->data().columns.back();
    QVERIFY(today.span.toMs > range.toMs); // the day is not over
    Q_EMIT costs.chart("spend")->zoomed(today.span);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(1), patience);
    QCOMPARE(costs.view->snapshot().question.span.fromMs, today.span.fromMs);
    QCOMPARE(costs.view->snapshot().question.span.toMs, range.toMs);
}

void TestCostsCharts::theKeyboardReachesBars()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    costs.record({paidCall(now - 1, 2'000'000'000), paidCall(now - 24 * hourMs, 10)});
    costs.open();
    PlotView* const plot = costs.chart("spend")->plot();
    plot->setFocus();
    QTest::keyClick(plot, Qt::Key_End);
    QVERIFY2(plot->accessibleDescription().contains(QStringLiteral("gpt-5: $0.002")),
        qPrintable(plot->accessibleDescription()));
    QTest::keyClick(plot, Qt::Key_Left);
    QVERIFY(plot->accessibleDescription().contains(QStringLiteral("$0.00000000001")));
    QTest::keyClick(plot, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 1, patience);
    QTest::keyClick(plot, Qt::Key_Right, Qt::ShiftModifier);
    QTest::keyClick(plot, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->range(), CostsRange::Custom, patience);
    QTest::keyClick(plot, Qt::Key_Backspace);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->range(), CostsRange::Month, patience);
}

void TestCostsCharts::aTileOpensItsCalls()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    Call unpriced = paidCall(now - 2, 0, QStringLiteral("ollama:own"));
    unpriced.cost.reset();
    Call hit = paidCall(now - 3, 0);
    hit.outcome = Outcome::Hit;
    costs.record({paidCall(now - 1, 4), unpriced, hit});
    costs.open();
    QCOMPARE(costs.tile("unpriced"), QStringLiteral("1"));
    QTest::mouseClick(costs.find<QFrame>(QStringLiteral("tile unpriced")), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 1, patience);
    QTest::mouseClick(costs.find<QFrame>(QStringLiteral("tile calls")), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 3, patience);
    auto* const spent = costs.find<QFrame>(QStringLiteral("tile spent"));
    spent->setFocus();
    QTest::keyClick(spent, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 2, patience);
}

void TestCostsCharts::valuesAreFoundByTyping()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    costs.record({paidCall(now - 1, 4), paidCall(now - 2, 50, claude)});
    costs.open();
    costs.view->filters()->open(Dimension::Model);
    auto* const popup = costs.find<QFrame>(QStringLiteral("filter values"));
    auto* const list = popup->findChild<QTreeWidget*>();
    QTRY_COMPARE_WITH_TIMEOUT(list->topLevelItemCount(), 2, patience);
    QTest::keyClicks(popup->findChild<QLineEdit*>(), QStringLiteral("haiku"));
    QTest::keyClick(popup->findChild<QLineEdit*>(), Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(50), patience);
    popup->close();
    costs.view->filters()->setFilters({});
    QTRY_COMPARE_WITH_TIMEOUT(costs.view->snapshot().total.billed, Money::fromPicodollars(54), patience);
}

void TestCostsCharts::aYearInHours()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    std::vector<Call> calls;
    qint64 sum = 0;
    for (int hour = 0; hour < 364 * 24; hour += 3) {
        calls.push_back(paidCall(now - 1 - hour * hourMs, hour + 1));
        sum += hour + 1;
    }
    costs.record(calls);
    costs.open();
    costs.view->setRange(CostsRange::Year);
    costs.view->setBucket(Dimension::Hour);
    ChartCard* const chart = costs.chart("spend");
    QTRY_VERIFY_WITH_TIMEOUT(chart->data().columns.size() > 8'700, patience);
    qint64 drawn = 0;
    for (int column = 0; column < static_cast<int>(chart->data().columns.size()); ++column)
        drawn += chart->data().columnTotal(column);
    QCOMPARE(drawn, sum);
    QVERIFY(!chart->png().isEmpty());
}

void TestCostsCharts::twoHundredModels()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    std::vector<Call> calls;
    for (int model = 1; model <= 200; ++model)
        calls.push_back(paidCall(now - model, model * 1'000'000, QStringLiteral("acme:m%1").arg(model)));
    costs.record(calls);
    costs.open();
    const ChartData& data = costs.chart("spend")->data();
    QCOMPARE(data.series.size(), std::size_t(7));
    QVERIFY(data.series.back().isOther);
    QCOMPARE(data.series.front().label, QStringLiteral("m200"));
    QCOMPARE(data.columnTotal(static_cast<int>(data.columns.size()) - 1), 20'100 * qint64{1'000'000});
}

void TestCostsCharts::pagesAskForWhatTheyShow()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    Call hit = paidCall(now - 2, 0);
    hit.outcome = Outcome::Hit;
    hit.avoided = Money::fromPicodollars(9);
    hit.latency = std::chrono::milliseconds(3);
    Call failed = paidCall(now - 3, 0);
    failed.outcome = Outcome::Failed;
    failed.rateLimits = 2;
    failed.attempts = 3;
    failed.usage = {};
    costs.record({paidCall(now - 1, 4), hit, failed});
    costs.open();
    const auto last = [&costs](const char* chart, std::size_t series) {
        return costs.chart(chart)->data().series.at(series).values.back();
    };
    costs.view->setPage(CostsPage::Cache);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.chart("hit rate")->data().columns.empty(), patience);
    QCOMPARE(last("hit rate", 0), (ChartValue{1, 2}));
    QCOMPARE(last("saved", 0), (ChartValue{4, 1}));
    QCOMPARE(last("saved", 1), (ChartValue{9, 1}));
    costs.view->setPage(CostsPage::Tokens);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.chart("tokens")->data().columns.empty(), patience);
    QCOMPARE(last("tokens", 0), (ChartValue{10, 1}));
    QCOMPARE(last("tokens", 3), (ChartValue{3, 1}));
    QCOMPARE(last("run cost", 0), (ChartValue{1, 1}));
    costs.view->setPage(CostsPage::Latency);
    QTRY_VERIFY_WITH_TIMEOUT(!costs.chart("errors")->data().columns.empty(), patience);
    QCOMPARE(last("latency paid", 0), (ChartValue{100, 1}));
    QCOMPARE(last("latency hits", 2), (ChartValue{3, 1}));
    QCOMPARE(last("errors", 0), (ChartValue{1, 1}));
    QCOMPARE(last("errors", 1), (ChartValue{2, 1}));
    QCOMPARE(last("errors", 2), (ChartValue{1, 1}));
    costs.view->setPage(CostsPage::Prices);
    auto* const table = costs.find<QTableView>(QStringLiteral("model prices"));
    const auto how = QAbstractItemModelTester::FailureReportingMode::QtTest;
    const QAbstractItemModelTester tester(table->model(), how);
    const QAbstractItemModelTester sourceTester(
        static_cast<QAbstractProxyModel*>(table->model())->sourceModel(), how);
    QTRY_VERIFY_WITH_TIMEOUT(table->model()->rowCount() > 100, patience);
    QTest::keyClicks(costs.find<QLineEdit>(QStringLiteral("find model")), QStringLiteral("claude-haiku-4-5"));
    QTRY_VERIFY(table->model()->rowCount() < 20 && table->model()->rowCount() > 0);
    table->selectRow(0);
    QVERIFY(costs.find<QLineEdit>(QStringLiteral("custom model"))->text().contains(QStringLiteral("haiku")));
    costs.settle();
}

void TestCostsCharts::picturesAndTables()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    costs.record({paidCall(now - 1, 4), paidCall(now - 2, 5, claude)});
    costs.open();
    ChartCard* const chart = costs.chart("spend");
    const QImage picture = QImage::fromData(chart->png(), "PNG");
    QVERIFY(picture.width() >= 1280);
    const QByteArray svg = chart->svg();
    QVERIFY(svg.contains("<svg"));
    QVERIFY(svg.contains("Spend per day"));
    QVERIFY(svg.contains("claude-haiku-4-5"));
}

void TestCostsCharts::callsPageByPage()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    std::vector<Call> calls;
    for (int at = 1; at <= 450; ++at)
        calls.push_back(paidCall(now - at, at));
    costs.record(calls);
    costs.open();
    auto* const table = costs.find<QTableView>(QStringLiteral("calls"));
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 200, patience);
    for (const int rows : {400, 450}) {
        table->scrollToBottom();
        QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), rows, patience);
    }
    // A new call comes on top, and the row that is looked at stays.
    const QModelIndex looked = table->model()->index(440, 0);
    const QPersistentModelIndex place(looked);
    const QString text = looked.data(Qt::ToolTipRole).toString();
    costs.record({paidCall(now, 1)});
    QTRY_COMPARE_WITH_TIMEOUT(table->model()->rowCount(), 451, patience);
    QCOMPARE(place.row(), 441);
    QCOMPARE(place.data(Qt::ToolTipRole).toString(), text);
}

void TestCostsCharts::everyCallInAFile()
{
    CostsWindow costs;
    const qint64 now = costs.session->clock().nowMs();
    Call evil = paidCall(now - 1, 4);
    evil.task = QStringLiteral("=HYPERLINK(\"x\")");
    Call unpriced = paidCall(now - 2, 0);
    unpriced.cost.reset();
    unpriced.usage.cacheWriteTokens = 7;
    unpriced.usage.cacheWrite1hTokens = 5;
    unpriced.usage.inputAudioTokens = 2;
    unpriced.usage.webSearches = 9;
    costs.record({evil, unpriced});
    costs.open();
    const QSignalSpy notice(costs.view, &CostsView::notice);
    for (QAction* action : costs.find<QPushButton>(QStringLiteral("export"))->menu()->actions()) {
        if (action->text() == QStringLiteral("Every call in range…"))
            action->trigger();
    }
    auto* const dialog = costs.window->findChild<QFileDialog*>();
    QVERIFY(dialog);
    const QString path = costs.folder.filePath(QStringLiteral("calls.csv"));
    Q_EMIT dialog->fileSelected(path);
    dialog->close();
    QTRY_COMPARE_WITH_TIMEOUT(notice.size(), 1, patience);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
    QCOMPARE(lines.size(), 3);
    QVERIFY(lines.at(0).startsWith("time,local_time,id,"));
    QVERIFY2(lines.at(1).contains(",\"'=HYPERLINK(\"\"x\"\")\","), lines.at(1).constData());
    QVERIFY2(lines.at(1).contains(",0.000000000004,"), lines.at(1).constData());
    QVERIFY2(lines.at(2).contains("miss,,,,,"), lines.at(2).constData()); // no error, and no amounts
    const QList<QByteArray> names = lines.at(0).split(',');
    const QList<QByteArray> cells = lines.at(2).split(',');
    QCOMPARE(cells.size(), names.size());
    for (const auto& [name, value] : {std::pair("cache_write_tokens", "7"),
             std::pair("cache_write_1h_tokens", "5"), std::pair("input_audio_tokens", "2"),
             std::pair("web_searches", "9"), std::pair("repriced_source", "")})
        QCOMPARE(cells.at(names.indexOf(name)), QByteArray(value));
}

void TestCostsCharts::breakdownsAsTables()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    costs.record({paidCall(nowMs - 1, 2'000'000'000'001), paidCall(nowMs - 2, 7, claude)});
    costs.open();
    const auto* const card = costs.window->findChildren<BreakdownCard*>().constFirst();
    auto* const table = costs.find<QTableView>(QStringLiteral("table model"));
    QVERIFY(!table->isVisible());
    for (QAction* action : card->findChild<QToolButton*>()->menu()->actions()) {
        if (action->text() == QStringLiteral("Show as table"))
            action->trigger();
    }
    QVERIFY(table->isVisible());
    QCOMPARE(table->model()->index(0, 0).data().toString(), QStringLiteral("gpt-5"));
    QCOMPARE(table->model()->index(0, 1).data().toString(), QStringLiteral("$2.000000000001"));
    QCOMPARE(table->model()->index(1, 1).data().toString(), QStringLiteral("$0.000000000007"));
    // No digit is cut.
    QVERIFY(
        table->columnWidth(1) >= table->itemDelegate()->sizeHint({}, table->model()->index(0, 1)).width());
    ChartCard* const spend = costs.chart("spend");
    spend->showAsTable(true);
    auto* const byTime = spend->findChild<QTableView*>(QStringLiteral("chart table"));
    for (int column = 1; column < byTime->model()->columnCount(); ++column) {
        for (int row = 0; row < byTime->model()->rowCount(); ++row)
            QVERIFY(byTime->columnWidth(column)
                >= byTime->itemDelegate()->sizeHint({}, byTime->model()->index(row, column)).width());
    }
    // A row is chosen as a bar is.
    table->setFocus();
    table->setCurrentIndex(table->model()->index(1, 0));
    QTest::keyClick(table, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(costs.calls(), 1, patience);
}

void TestCostsCharts::nothingIsCutInASmallWindow()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    std::vector<Call> calls;
    for (int model = 0; model < 8; ++model)
        calls.push_back(paidCall(nowMs - model, (8 - model) * 1'000'000'000LL,
            QStringLiteral("openai:a-model-with-a-long-name-%1").arg(model)));
    costs.record(std::move(calls));
    costs.open();
    // What the frame leaves of 1024×700.
    costs.window->resize(968, 640);
    costs.settle();
    QCOMPARE(costs.window->size(), QSize(968, 640));
    // What is compared with is named as far as there is room.
    auto* const picker = costs.window->findChild<RangePicker*>();
    const auto* const compare = picker->findChild<QPushButton*>(QStringLiteral("compare"));
    const int roomy = picker->sizeHint().width();
    const QString name = compare->text();
    QCOMPARE(name, QStringLiteral("vs. 30 days before"));
    picker->setMaximumWidth(roomy - 1);
    QTRY_COMPARE(compare->text(), QStringLiteral("vs. before"));
    QVERIFY(compare->width() >= compare->sizeHint().width());
    QCOMPARE(compare->accessibleName(), name);
    QCOMPARE(picker->sizeHint().width(), roomy);
    picker->setMaximumWidth(QWIDGETSIZE_MAX);
    QTRY_COMPARE(compare->text(), name);
    // The names of the series take nothing from the chart.
    const auto* const plot = costs.chart("spend")->findChild<PlotView*>();
    QTRY_VERIFY2(plot->height() >= plot->minimumHeight(), qPrintable(QString::number(plot->height())));
    // Every bar can be brought into sight.
    auto* const bars = costs.find<BarList>(QStringLiteral("bars model"));
    bars->setFocus();
    for (std::size_t row = 1; row < bars->rows().size(); ++row)
        QTest::keyClick(bars, Qt::Key_Down);
    const int last = static_cast<int>(bars->rows().size()) * BarList::rowStep - 1;
    QTRY_VERIFY(bars->visibleRegion().contains(QPoint(1, last - 2)));

    costs.find<QTabBar>(QStringLiteral("costs pages"))->setCurrentIndex(4);
    const auto* const prices = costs.find<QTableView>(QStringLiteral("model prices"));
    QTRY_VERIFY_WITH_TIMEOUT(prices->isVisible(), patience);
    constexpr int leastName = 160;
    QTRY_VERIFY2(prices->columnWidth(0) >= leastName, qPrintable(QString::number(prices->columnWidth(0))));
    const auto* const remove = costs.find<QPushButton>(QStringLiteral("remove costs"));
    QVERIFY(remove->mapTo(costs.window.get(), remove->rect().bottomRight()).x() < costs.window->width());
}

void TestCostsCharts::aSingleCall()
{
    CostsWindow costs;
    costs.record({paidCall(costs.session->clock().nowMs() - 1, 4)});
    costs.open();
    QCOMPARE(costs.tile("calls"), QStringLiteral("1"));
    QCOMPARE(costs.calls(), 1);
    for (const CostsPage page : {CostsPage::Spend, CostsPage::Cache, CostsPage::Tokens, CostsPage::Latency}) {
        costs.view->setPage(page);
        costs.settle();
        for (ChartCard* chart : costs.window->findChildren<ChartCard*>()) {
            if (!chart->isVisible() || chart->data().isEmpty())
                continue;
            for (int column = 0; column < static_cast<int>(chart->data().columns.size()); ++column)
                QVERIFY(!columnText(chart->data(), column, {}).contains(QStringLiteral("nan")));
            QVERIFY(!chart->plot()->grab().isNull());
        }
    }
    const auto total = [](const ChartData& data) {
        qint64 sum = 0;
        for (int column = 0; column < static_cast<int>(data.columns.size()); ++column)
            sum += data.columnTotal(column);
        return sum;
    };
    QCOMPARE(total(costs.chart("spend")->data()), 4);
    QCOMPARE(total(costs.chart("run cost")->data()), 1);
}

void TestCostsCharts::colorsAfterARestart()
{
    CostsWindow costs;
    const qint64 nowMs = costs.session->clock().nowMs();
    costs.record({paidCall(nowMs - 1, 4), paidCall(nowMs - 2, 7, claude)});
    QSettings settings(costs.folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    const auto colorOf = [&](const QString& model) {
        const auto& series = costs.chart("spend")->data().series;
        const auto found = std::find_if(
            series.begin(), series.end(), [&](const ChartSeries& each) { return each.name == model; });
        return found == series.end() ? -1 : found->color;
    };
    costs.open(&settings);
    const int gptColor = colorOf(gpt);
    QVERIFY(gptColor >= 0 && gptColor != colorOf(claude));
    // Another order of spend would give them other colours.
    costs.record({paidCall(nowMs - 3, 1'000)});
    costs.close();
    costs.open(&settings);
    QCOMPARE(colorOf(gpt), gptColor);
}

void TestCostsCharts::lightAndDark()
{
    CostsWindow costs;
    costs.record({paidCall(costs.session->clock().nowMs() - 1, 4)});
    costs.open();
    PlotView* const plot = costs.chart("spend")->plot();
    costs.theme.setScheme(ColorScheme::Light);
    const QImage light = plot->grab().toImage();
    costs.theme.setScheme(ColorScheme::Dark);
    QVERIFY(plot->grab().toImage() != light);
}

LLMCACHE_GUI_TEST_MAIN(TestCostsCharts)
#include "tst_costscharts.moc"
