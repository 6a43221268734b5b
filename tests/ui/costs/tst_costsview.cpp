#include "cache/session.h"
#include "controlnames.h"
#include "costs/barlist.h"
#include "costs/callsmodel.h"
#include "costs/chartcard.h"
#include "costs/choicepopup.h"
#include "costs/costsview.h"
#include "costs/plotview.h"
#include "guitest.h"
#include "theme/theme.h"
#include "waitfortask.h"
#include "widgets/card.h"
#include "widgets/chip.h"
#include "widgets/errorbanner.h"

#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>
#include <QTreeWidget>
#include <QUuid>
#include <QVBoxLayout>

using namespace llmcache;
using namespace llmcache::ui;
using llmcache::test::verifyControlNames;
using llmcache::test::waitForTask;

namespace {

constexpr auto patience = 20'000;
const QString gpt = QStringLiteral("openai:gpt-5");
const QString claude = QStringLiteral("anthropic:claude-haiku-4-5");
const QString route = QStringLiteral("route_ticket");
const QString summary = QStringLiteral("call_summary");

} // namespace

class TestCostsView : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void emptyLedgerExplainsItself();
    void tilesAndBarsAddUp();
    void unpricedAloneIsNoSpend();
    void aModelFiltersEverything();
    void valuesToFilterByAreThoseOfTheLedger();
    void barsByKeyboard();
    void aDayShowsItsCalls();
    void legendHidesASeries();
    void stackedByTask();
    void rangeLeavesOutOlderCalls();
    void exportsWhatIsShown();
    void callOpensItsEntry();
    void newCallsAppear();
    void ledgerThatIsDown();
    void anotherSession();

private:
    void openSession(const QString& storeUrl = {});
    void open();
    void record(const QString& model, const QString& task, Outcome outcome, const char* cost,
        const char* avoided = nullptr, int daysAgo = 0);
    /// 12 calls of today: $0.07 spent on two models, 5 hits that saved $0.05, one unpriced, one failed.
    void fill();
    template <typename T>
    T* find(const QString& name) const
    {
        T* const found = m_window->findChild<T*>(name);
        return found ? found : (QTest::qFail(qPrintable(name), __FILE__, __LINE__), nullptr);
    }
    QString tile(const char* name) const
    {
        return find<Tile>(QString::fromLatin1(name))->accessibleName().section(QStringLiteral(": "), 1);
    }
    int calls() const { return find<QTableView>(QStringLiteral("calls"))->model()->rowCount(); }
    BarList* bars(const char* dimension) const
    {
        return find<BarList>(QStringLiteral("bars ") + QLatin1String(dimension));
    }
    QList<Chip*> visibleChips() const
    {
        QList<Chip*> chips;
        for (Chip* chip : m_window->findChildren<Chip*>()) {
            if (chip->isVisible())
                chips << chip;
        }
        return chips;
    }
    QStringList chips() const
    {
        QStringList texts;
        for (const Chip* chip : visibleChips())
            texts << chip->text();
        return texts;
    }
    ChartCard* chart(const char* name = "spend") const
    {
        return find<ChartCard>(QStringLiteral("chart ") + QLatin1String(name));
    }
    int columns() const { return static_cast<int>(chart()->data().columns.size()); }
    Money columnTotal(int column) const
    {
        return Money::fromPicodollars(chart()->data().columnTotal(column));
    }
    /// What the hover text of a column says of all series that are shown.
    QString hover(const char* name, int column) const
    {
        PlotView* const plot = chart(name)->plot();
        const QPoint place = plot->placeOf(column, -1);
        QMouseEvent move(
            QEvent::MouseMove, place, plot->viewport()->mapToGlobal(place), Qt::NoButton, {}, {});
        QApplication::sendEvent(plot->viewport(), &move);
        return plot->accessibleDescription();
    }
    void clickColumn(int column, int series, const char* name = "spend") const
    {
        PlotView* const plot = chart(name)->plot();
        QTest::mouseClick(plot->viewport(), Qt::LeftButton, {}, plot->placeOf(column, series));
    }
    void choose(const char* button, const QString& action) const
    {
        for (QAction* each : find<QPushButton>(QLatin1String(button))->menu()->actions()) {
            if (each->text() == action)
                each->trigger();
        }
    }
    void settle() const { QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience); }
    void clickBar(BarList* list, int row)
    {
        const int step = list->height() / std::max(4, static_cast<int>(list->rows().size()));
        QTest::mouseClick(list, Qt::LeftButton, {}, QPoint(20, std::min(27, step) * row + 10));
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Theme> m_theme;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<QWidget> m_window;
    CostsView* m_view = nullptr;
};

void TestCostsView::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_theme = std::make_unique<Theme>();
    m_theme->apply(*qApp);
    openSession();
}

void TestCostsView::openSession(const QString& storeUrl)
{
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("data"));
    config.storeUrl = storeUrl;
    m_session = std::make_unique<Session>(config);
}

void TestCostsView::cleanup()
{
    if (m_view) {
        m_view->stopTasks();
        QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    }
    m_window.reset();
    m_view = nullptr;
    m_session.reset();
}

void TestCostsView::open()
{
    m_window = std::make_unique<QWidget>();
    m_view = new CostsView(m_theme.get(), m_session.get());
    auto* column = new QVBoxLayout(m_window.get());
    column->addWidget(m_view->createHeader());
    column->addWidget(m_view, 1);
    m_window->resize(1384, 840);
    m_window->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_window.get()));
    m_window->activateWindow();
    m_view->activate();
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
}

void TestCostsView::record(const QString& model, const QString& task, Outcome outcome, const char* cost,
    const char* avoided, int daysAgo)
{
    constexpr qint64 dayMs = 86'400'000;
    Call call;
    call.id = QUuid::createUuid().toString(QUuid::WithoutBraces);
    call.timeMs = m_session->clock().nowMs() - 1 - daysAgo * dayMs;
    call.agent = QStringLiteral("agent");
    call.user = QStringLiteral("ana");
    call.model = model;
    call.task = task;
    call.outcome = outcome;
    call.fingerprint = QString(64, QLatin1Char('a'));
    if (cost)
        call.cost = Money::fromDecimal(QString::fromLatin1(cost));
    if (avoided)
        call.avoided = Money::fromDecimal(QString::fromLatin1(avoided));
    waitForTask(m_session->store().recordCalls({call}));
}

void TestCostsView::fill()
{
    for (int i = 0; i < 3; ++i)
        record(gpt, route, Outcome::Miss, "0.01");
    for (int i = 0; i < 2; ++i)
        record(claude, summary, Outcome::Miss, "0.02");
    for (int i = 0; i < 5; ++i)
        record(gpt, route, Outcome::Hit, "0", "0.01");
    record(QStringLiteral("ollama:own"), summary, Outcome::Miss, nullptr);
    record(claude, summary, Outcome::Failed, "0");
}

void TestCostsView::emptyLedgerExplainsItself()
{
    open();
    QPushButton* action = nullptr;
    for (QPushButton* button : m_window->findChildren<QPushButton*>()) {
        if (button->isVisible() && button->text() == QStringLiteral("Open the workbench"))
            action = button;
    }
    QVERIFY(action);
    const QSignalSpy asked(m_view, &CostsView::openWorkbench);
    QTest::mouseClick(action, Qt::LeftButton);
    QCOMPARE(asked.count(), 1);
    QVERIFY(!find<QTableView>(QStringLiteral("calls"))->isVisible());
}

void TestCostsView::tilesAndBarsAddUp()
{
    fill();
    open();
    QCOMPARE(tile("tile spent"), QStringLiteral("$0.0700"));
    QCOMPARE(tile("tile saved"), QStringLiteral("$0.0500"));
    QCOMPARE(tile("tile hit rate"), QStringLiteral("45.5 %"));
    QCOMPARE(tile("tile calls"), QStringLiteral("12"));
    QCOMPARE(tile("tile unpriced"), QStringLiteral("1"));
    const CostReport ledger = waitForTask(m_session->store().costs({}));
    for (const char* dimension : {"model", "task"}) {
        Money sum;
        for (const BarList::Row& row : bars(dimension)->rows())
            sum += row.amount;
        QCOMPARE(sum, ledger.total.cost);
    }
    QCOMPARE(bars("model")->rows().front().name, claude);
    Money drawn;
    for (int column = 0; column < columns(); ++column)
        drawn += columnTotal(column);
    QCOMPARE(drawn, ledger.total.cost);
    QCOMPARE(calls(), 12);
    verifyControlNames(*m_window, 20);
}

void TestCostsView::unpricedAloneIsNoSpend()
{
    record(QStringLiteral("ollama:own"), summary, Outcome::Miss, nullptr);
    open();
    QCOMPARE(tile("tile spent"), QStringLiteral("$0"));
    QCOMPARE(tile("tile unpriced"), QStringLiteral("1"));
    QVERIFY(bars("model")->rows().empty());
    QCOMPARE(bars("model")->accessibleDescription(),
        QStringLiteral("No price is known for what was called here."));
    QCOMPARE(calls(), 1);
}

void TestCostsView::aModelFiltersEverything()
{
    fill();
    open();
    clickBar(bars("model"), 1);
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 8, patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    QCOMPARE(tile("tile spent"), QStringLiteral("$0.0300"));
    QTRY_COMPARE_WITH_TIMEOUT(chips(), QStringList{QStringLiteral("model: gpt-5")}, patience);
    auto* const chip = m_window->findChild<Chip*>();
    QTest::mouseClick(chip->findChild<QToolButton*>(), Qt::LeftButton);
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 12, patience);
    QTRY_VERIFY(chips().isEmpty());
}

void TestCostsView::valuesToFilterByAreThoseOfTheLedger()
{
    fill();
    open();
    const auto choose = [this](const QString& dimension) {
        for (QAction* action : find<QPushButton>(QStringLiteral("add filter"))->menu()->actions()) {
            if (action->text() == dimension)
                action->trigger();
        }
    };
    choose(QStringLiteral("model"));
    auto* const popup = find<ChoicePopup>(QStringLiteral("filter values"));
    QVERIFY(popup->isVisible());
    auto* const list = popup->findChild<QTreeWidget*>();
    QTRY_VERIFY_WITH_TIMEOUT(list->topLevelItemCount() > 0, patience);
    // A click on the box, another on the name, and one typed.
    const auto click = [list](const QString& label, int x) {
        const QList<QTreeWidgetItem*> found = list->findItems(label, Qt::MatchExactly);
        QCOMPARE(found.size(), 1);
        const QRect place = list->visualItemRect(found.front());
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, QPoint(place.left() + x, place.center().y()));
    };
    constexpr int onTheBox = 9;
    constexpr int onTheName = 60;
    click(QStringLiteral("gpt-5"), onTheBox);
    QTRY_COMPARE_WITH_TIMEOUT(chips(), QStringList{QStringLiteral("model: gpt-5")}, patience);
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 8, patience);
    click(QStringLiteral("claude-haiku-4-5"), onTheName);
    QTRY_COMPARE_WITH_TIMEOUT(chips(), QStringList{QStringLiteral("model: gpt-5 +1")}, patience);
    click(QStringLiteral("gpt-5"), onTheBox);
    QTRY_COMPARE_WITH_TIMEOUT(chips(), QStringList{QStringLiteral("model: claude-haiku-4-5")}, patience);
    auto* const search = popup->findChild<QLineEdit*>();
    QTest::keyClicks(search, QStringLiteral("haiku"));
    QTest::keyClick(search, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(chips(), QStringList(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 12, patience);
    QTest::keyClicks(search, QStringLiteral("zzz"));
    QVERIFY(!list->isVisible());
    QTest::keyClick(search, Qt::Key_Escape); // what was typed goes first
    QVERIFY(list->isVisible());
    QTest::keyClick(search, Qt::Key_Escape);
    QTRY_VERIFY_WITH_TIMEOUT(!popup->isVisible(), patience);
    // From a chip the list opens with what is chosen.
    choose(QStringLiteral("task"));
    QTRY_COMPARE_WITH_TIMEOUT(list->findItems(route, Qt::MatchExactly).size(), 1, patience);
    QTest::keyClicks(search, route);
    QTest::keyClick(search, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(chips(), QStringList{QStringLiteral("task: ") + route}, patience);
    popup->close();
    QTest::mouseClick(m_window->findChild<Chip*>(), Qt::LeftButton);
    QVERIFY(popup->isVisible());
    QTRY_COMPARE_WITH_TIMEOUT(list->findItems(route, Qt::MatchExactly).size(), 1, patience);
    QCOMPARE(list->findItems(route, Qt::MatchExactly).front()->checkState(0), Qt::Checked);
    popup->close();
}

void TestCostsView::barsByKeyboard()
{
    fill();
    open();
    BarList* const list = bars("task");
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Down);
    QTest::keyClick(list, Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(chips(), QStringList{QStringLiteral("task: ") + route}, patience);
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 8, patience);
}

void TestCostsView::aDayShowsItsCalls()
{
    fill();
    record(gpt, route, Outcome::Miss, "0.5", nullptr, 3);
    open();
    QCOMPARE(calls(), 13);
    const int column = columns() - 4;
    QCOMPARE(columnTotal(column).toDecimal(), QStringLiteral("0.5"));
    clickColumn(column, 0);
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 1, patience);
    QTRY_COMPARE_WITH_TIMEOUT(chips().size(), 2, patience); // the day, and the model of the bar
    // The line under the list is another query than the list itself.
    QTRY_COMPARE_WITH_TIMEOUT(
        find<QLabel>(QStringLiteral("calls summary"))->text(), QStringLiteral("1 call · $0.5000"), patience);
    // The chips go one by one.
    for (int left = 1; left >= 0; --left) {
        QTest::mouseClick(visibleChips().front()->findChild<QToolButton*>(), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(chips().size(), left, patience);
    }
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 13, patience);
}

void TestCostsView::legendHidesASeries()
{
    fill();
    open();
    const int today = columns() - 1;
    QVERIFY(hover("spend", today).endsWith(QStringLiteral("all: $0.07")));
    QTest::mouseClick(find<QToolButton>(QStringLiteral("legend ") + claude), Qt::LeftButton);
    QVERIFY2(
        hover("spend", today).endsWith(QStringLiteral("gpt-5: $0.03")), qPrintable(hover("spend", today)));
    QTest::mouseClick(find<QToolButton>(QStringLiteral("legend ") + claude), Qt::LeftButton);
    QVERIFY(hover("spend", today).endsWith(QStringLiteral("all: $0.07")));
}

void TestCostsView::stackedByTask()
{
    fill();
    open();
    auto* const button = find<QPushButton>(QStringLiteral("stack by"));
    choose("stack by", QStringLiteral("task"));
    QTRY_VERIFY_WITH_TIMEOUT(m_window->findChild<QToolButton*>(QStringLiteral("legend ") + route), patience);
    QCOMPARE(button->text(), QStringLiteral("task"));
}

void TestCostsView::rangeLeavesOutOlderCalls()
{
    fill();
    record(gpt, route, Outcome::Miss, "1", nullptr, 20);
    open();
    QCOMPARE(tile("tile spent"), QStringLiteral("$1.07"));
    auto* const range = find<QPushButton>(QStringLiteral("range"));
    choose("range", QStringLiteral("Last 7 days"));
    QTRY_COMPARE_WITH_TIMEOUT(tile("tile spent"), QStringLiteral("$0.0700"), patience);
    QCOMPARE(range->text(), QStringLiteral("Last 7 days"));
}

void TestCostsView::exportsWhatIsShown()
{
    fill();
    open();
    choose("export", QStringLiteral("Sums by time, model and task…"));
    auto* const dialog = m_window->findChild<QFileDialog*>();
    QVERIFY(dialog);
    const QString path = m_folder->filePath(QStringLiteral("out.csv"));
    Q_EMIT dialog->fileSelected(path);
    dialog->close();
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), patience);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
    QCOMPARE(lines.size(), 4); // heading, and three models
    QVERIFY(lines.front().startsWith("day,model,task"));
    const auto line = std::find_if(lines.cbegin(), lines.cend(),
        [](const QByteArray& each) { return each.contains("anthropic:claude-haiku-4-5"); });
    QVERIFY(line != lines.cend());
    QVERIFY2(line->contains(",0.04,"), line->constData());
}

void TestCostsView::callOpensItsEntry()
{
    fill();
    open();
    const QSignalSpy opened(m_view, &CostsView::openEntry);
    auto* const table = find<QTableView>(QStringLiteral("calls"));
    table->setFocus();
    table->setCurrentIndex(table->model()->index(0, 0));
    QTest::keyClick(table, Qt::Key_Return);
    QCOMPARE(opened.value(0).value(0).toString(), QString(64, QLatin1Char('a')));
}

void TestCostsView::newCallsAppear()
{
    fill();
    open();
    // Nobody tells the view: it looks.
    record(gpt, route, Outcome::Miss, "0.01");
    QTRY_COMPARE_WITH_TIMEOUT(calls(), 13, patience);
    QTRY_COMPARE_WITH_TIMEOUT(tile("tile spent"), QStringLiteral("$0.0800"), patience);
}

void TestCostsView::ledgerThatIsDown()
{
    m_session.reset();
    openSession(QStringLiteral("redis://127.0.0.1:1"));
    open();
    auto* const banner = find<ErrorBanner>(QStringLiteral("costs problem"));
    QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), patience);
    QVERIFY2(banner->what().contains(QStringLiteral("ledger")), qPrintable(banner->what()));
    const QString unknown = QStringLiteral("Not known: the ledger can't be read.");
    QCOMPARE(bars("task")->accessibleDescription(), unknown);
    const auto* const spend = find<ChartCard>(QStringLiteral("chart spend"));
    QCOMPARE(spend->data().title, QStringLiteral("Spend per day"));
    QCOMPARE(spend->data().emptyText, unknown);
    QVERIFY(!spend->plot()->isVisible());
}

void TestCostsView::anotherSession()
{
    fill();
    open();
    QCOMPARE(calls(), 12);
    SessionConfig config;
    config.dataFolder = m_folder->filePath(QStringLiteral("other"));
    auto other = std::make_unique<Session>(config);
    m_view->setSession(other.get());
    QTRY_VERIFY_WITH_TIMEOUT(!find<QTableView>(QStringLiteral("calls"))->isVisible(), patience);
    QTRY_COMPARE_WITH_TIMEOUT(m_view->activeTasks(), 0, patience);
    m_session = std::move(other);
}

LLMCACHE_GUI_TEST_MAIN(TestCostsView)
#include "tst_costsview.moc"
