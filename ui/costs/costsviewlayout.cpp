// How the parts of the Costs view are put together.

#include "costs/barlist.h"
#include "costs/chartcard.h"
#include "costs/costsview.h"
#include "costs/exportbar.h"
#include "costs/filesaver.h"
#include "costs/liveledger.h"
#include "costs/plotview.h"
#include "costs/pricespage.h"
#include "costs/rangepicker.h"
#include "costs/repricedialog.h"
#include "theme/theme.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"
#include "widgets/tabstrip.h"

#include <QAction>
#include <QHBoxLayout>
#include <QMenu>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr Dimension stackDimensions[] = {Dimension::Model, Dimension::Task, Dimension::Agent, Dimension::User,
    Dimension::Provider, Dimension::Tag};
constexpr Dimension bucketDimensions[] = {
    Dimension::Minute, Dimension::Hour, Dimension::Day, Dimension::Week, Dimension::Month};

} // namespace

void CostsView::layOut()
{
    m_banner->setObjectName(QStringLiteral("costs problem"));
    auto* parts = new QSplitter(Qt::Vertical);
    parts->setObjectName(QStringLiteral("costs parts"));
    parts->setProperty("gap", true);
    parts->setHandleWidth(12);
    parts->setChildrenCollapsible(false);
    parts->addWidget(createCharts());
    parts->addWidget(m_calls);
    constexpr int chartsShare = 11;
    constexpr int callsShare = 10;
    parts->setStretchFactor(0, chartsShare);
    parts->setStretchFactor(1, callsShare);

    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(16, 12, 16, 16);
    column->setSpacing(12);
    column->addWidget(m_tiles);
    column->addWidget(parts, 1);

    m_pages->addWidget(content);
    m_pages->addWidget(m_empty);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    outer->addWidget(m_banner);
    outer->addWidget(m_export);
    outer->addWidget(createTopRow());
    outer->addWidget(m_pages, 1);
}

QWidget* CostsView::createTopRow()
{
    m_tabs->setObjectName(QStringLiteral("costs pages"));
    m_tabs->setAccessibleName(tr("Pages of the costs"));
    for (const QString& page :
        {tr("Spend"), tr("Cache"), tr("Tokens"), tr("Latency and errors"), tr("Prices")}) // as CostsPage
        m_tabs->addTab(page);
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(16, 8, 16, 0);
    layout->setSpacing(16);
    layout->addWidget(m_tabs, 0, Qt::AlignTop);
    layout->addWidget(m_filters, 1);
    return row;
}

ChartCard* CostsView::createChart(const QString& name)
{
    auto* card = new ChartCard(m_theme, m_saver);
    card->setObjectName(QStringLiteral("chart ") + name);
    connect(card, &ChartCard::zoomed, this, &CostsView::zoomTo);
    connect(card, &ChartCard::zoomReset, this, &CostsView::resetZoom);
    connect(card, &ChartCard::chosen, this,
        [this, card](const ChartColumn& column, const QString& series) { openColumn(card, column, series); });
    connect(card, &ChartCard::otherChosen, this, [this](const ChartColumn& column) {
        QStringList shown;
        for (const CostsSeries& series : m_snapshot.series) {
            if (!series.isOther)
                shown.append(series.name);
        }
        openOther(m_snapshot.question.stackBy, shown, &column);
    });
    return card;
}

QWidget* CostsView::rowOf(const QList<QWidget*>& cards) const
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    for (QWidget* card : cards)
        layout->addWidget(card, 1);
    return row;
}

QWidget* CostsView::createSpendPage()
{
    auto* menu = new QMenu(m_stackButton);
    for (const Dimension dimension : stackDimensions)
        menu->addAction(dimensionName(dimension), this, [this, dimension] { setStackBy(dimension); });
    m_stackButton->setMenu(menu);
    m_stackButton->setObjectName(QStringLiteral("stack by"));
    m_stackButton->setAccessibleName(tr("Stack the chart by"));
    m_spend->addControl(m_stackButton);
    m_spend->addControl(makeLabel(tr("by"), Tone::Secondary));
    auto* row = rowOf({m_spend, m_byModel, m_byTask});
    auto* layout = static_cast<QHBoxLayout*>(row->layout());
    constexpr int wide = 15;
    constexpr int narrow = 8;
    layout->setStretch(0, wide);
    layout->setStretch(1, narrow);
    layout->setStretch(2, narrow);
    return row;
}

QWidget* CostsView::createCharts()
{
    m_charts->addWidget(createSpendPage());
    m_charts->addWidget(rowOf({m_saved, m_hitRate}));
    m_charts->addWidget(rowOf({m_tokens, m_runCost}));
    m_charts->addWidget(rowOf({m_latencyPaid, m_latencyHits, m_errors}));
    return m_charts;
}

QWidget* CostsView::createHeader()
{
    auto* header = new QWidget;
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addWidget(makeLabel(tr("Costs"), Tone::Normal, TextSize::Large, QFont::DemiBold));
    row->addSpacing(4);
    m_picker = new RangePicker(m_theme);
    QMenu* const steps = m_picker->addMenu(tr("Bars"));
    steps->addAction(tr("Automatic"), this, [this] { setBucket({}); });
    for (const Dimension bucket : bucketDimensions)
        steps->addAction(
            tr("One per %1").arg(dimensionName(bucket)), this, [this, bucket] { setBucket(bucket); });
    row->addWidget(m_picker);
    row->addStretch(1);
    m_reprice = secondaryButton({});
    m_reprice->setObjectName(QStringLiteral("open repricing"));
    connect(m_reprice, &QPushButton::clicked, this, &CostsView::openRepricing);
    showRepriced();
    row->addWidget(m_reprice);
    auto* exportButton = secondaryButton(tr("Export"));
    exportButton->setObjectName(QStringLiteral("export"));
    auto* menu = new QMenu(exportButton);
    menu->addAction(tr("Sums by time, model and task…"), this, &CostsView::exportSums);
    menu->addAction(tr("Every call in range…"), this, [this] { exportCalls(false); });
    exportButton->setMenu(menu);
    row->addWidget(exportButton);
    connect(m_picker, &RangePicker::rangeChosen, this, &CostsView::setRange);
    connect(m_picker, &RangePicker::spanChosen, this, &CostsView::setSpan);
    connect(m_picker, &RangePicker::timeZoneChosen, this, &CostsView::setTimeZone);
    connect(m_picker, &RangePicker::compareToggled, this, &CostsView::setCompare);
    showPeriod();
    return header;
}

QAction* CostsView::addCommand(const QString& text, std::function<void()> run)
{
    auto* action = new QAction(text, this);
    connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
    m_commands.append(action);
    return action;
}

void CostsView::createCommands()
{
    QAction* const refresh = addCommand(tr("Reload costs"), [this] { reload(); });
    refresh->setShortcut(QKeySequence::Refresh);
    refresh->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    addAction(refresh);
    addCommand(tr("Export cost sums as CSV"), [this] { exportSums(); });
    addCommand(tr("Export every call in range as CSV"), [this] { exportCalls(false); });
    addCommand(tr("Reprice calls in range"), [this] { openRepricing(); });
    addCommand(tr("Clear cost filters"), [this] {
        m_calls->setScope({});
        m_filters->setFilters({});
    });
    addCommand(tr("Compare costs with the time before"), [this] { setCompare(!m_compare); });
    addCommand(tr("Reset the zoom of costs"), [this] { resetZoom(); });
    for (int page = 0; page < m_tabs->count(); ++page)
        addCommand(tr("Costs: %1").arg(m_tabs->tabText(page).toLower()),
            [this, page] { setPage(static_cast<CostsPage>(page)); });
    for (const CostsRange range : namedRanges)
        addCommand(tr("Costs of: %1").arg(rangeName(range).toLower()), [this, range] { setRange(range); });
    for (const Dimension dimension : filterDimensions)
        addCommand(tr("Filter costs by %1").arg(dimensionName(dimension)),
            [this, dimension] { m_filters->open(dimension); });
}

void CostsView::connectParts()
{
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int page) {
        remember("page", page);
        showPage();
        reload();
    });
    connect(m_filters, &FilterBar::filtersChanged, this, &CostsView::reload);
    connect(m_filters, &FilterBar::valuesWanted, this, &CostsView::loadFilterValues);
    connect(m_empty, &EmptyState::actionTriggered, this, &CostsView::openWorkbench);
    connect(m_banner, &ErrorBanner::actionTriggered, this, &CostsView::reload);
    connect(m_tiles, &CostsTiles::chosen, this, &CostsView::openTile);
    for (BreakdownCard* breakdown : {m_byModel, m_byTask}) {
        connect(breakdown, &BreakdownCard::chosen, this,
            [this](Dimension dimension, const QString& value) { m_filters->setValues(dimension, {value}); });
        connect(breakdown, &BreakdownCard::otherChosen, this,
            [this](Dimension dimension, const QStringList& shown) { openOther(dimension, shown, nullptr); });
    }
    connect(m_calls, &CallsPanel::openEntry, this, &CostsView::openEntry);
    connect(m_calls, &CallsPanel::openRun, this, &CostsView::openRun);
    connect(m_calls, &CallsPanel::exportRequested, this, [this] { exportCalls(true); });
    connect(m_calls, &CallsPanel::problem, this,
        [this](const Failure& failure) { showProblem(tr("The calls can't be read: %1"), failure); });
    connect(m_live, &LiveLedger::changed, this, &CostsView::scheduleReload);
    connect(m_saver, &FileSaver::failed, this,
        [this](const QString& what, const QString& remedy) { m_banner->showProblem(what, remedy); });
    connect(m_saver, &FileSaver::saved, this,
        [this](const QString& path) { Q_EMIT notice(tr("Saved %1").arg(path), {}, {}); });
    connect(m_export, &ExportBar::failed, this,
        [this](const QString& what, const QString& remedy) { m_banner->showProblem(what, remedy); });
    connect(
        m_export, &ExportBar::finished, this, [this](const QString& text) { Q_EMIT notice(text, {}, {}); });
    for (const TaskScope* scope : {&std::as_const(m_tasks), &std::as_const(m_otherTasks), &m_saver->tasks(),
             &m_live->tasks(), &m_export->tasks()})
        connect(scope, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    connect(m_repricing, &RepriceDialog::repriced, this, [this] {
        m_calls->invalidate();
        reload();
    });
    connect(m_repricing, &RepriceDialog::activeTasksChanged, this, &View::activeTasksChanged);
    connect(m_calls, &CallsPanel::activeTasksChanged, this, &View::activeTasksChanged);
}

QList<QWidget*> CostsView::panes()
{
    if (page() == CostsPage::Prices && m_prices)
        return {m_tabs, m_prices->table(), m_prices};
    QList<QWidget*> all{m_tabs, m_tiles};
    for (PlotView* plot : m_charts->currentWidget()->findChildren<PlotView*>())
        all.append(plot);
    if (page() == CostsPage::Spend)
        all += {m_byModel->view(), m_byTask->view()};
    all.append(m_calls->table());
    return all;
}

} // namespace llmcache::ui
