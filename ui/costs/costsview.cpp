#include "costs/costsview.h"

#include "costs/barlist.h"
#include "costs/callsmodel.h"
#include "costs/chartlegend.h"
#include "costs/costspanels.h"
#include "costs/spendchart.h"
#include "theme/theme.h"
#include "widgets/card.h"
#include "widgets/chip.h"
#include "widgets/controls.h"
#include "widgets/emptystate.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QAction>
#include <QDateTime>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QSaveFile>
#include <QStackedWidget>
#include <QTableView>
#include <QTimeZone>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int callsShown = 500;

void clearRow(QHBoxLayout* row)
{
    while (QLayoutItem* item = row->takeAt(0)) {
        if (item->widget())
            item->widget()->deleteLater();
        delete item;
    }
}

} // namespace

CostsView::CostsView(const Theme* theme, Session* session, QWidget* parent)
    : View(parent)
    , m_theme(theme)
    , m_session(session)
    , m_pages(new QStackedWidget)
    , m_empty(new EmptyState(theme, IconName::Costs, tr("Nothing was spent yet"),
          tr("Every run is recorded here: what it cost, and what the cache saved. Run a prompt to see the "
             "first call."),
          tr("Open the workbench")))
    , m_banner(new ErrorBanner(theme))
    , m_tiles(new CostsTiles(theme))
    , m_chart(new SpendChart(theme))
    , m_chartTitle(makeLabel(tr("Spend per day"), Tone::Normal, TextSize::Large, QFont::DemiBold))
    , m_stackButton(secondaryButton(tr("model")))
    , m_legend(new ChartLegend(theme))
    , m_byModel(new BreakdownCard(theme, Dimension::Model))
    , m_byTask(new BreakdownCard(theme, Dimension::Task))
    , m_calls(new QTableView)
    , m_callsModel(new CallsModel(this))
    , m_callsSummary(makeLabel({}, Tone::Secondary))
    , m_callChips(new QHBoxLayout)
{
    m_banner->setObjectName(QStringLiteral("costs problem"));
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(14);
    column->addWidget(m_tiles);
    column->addWidget(createCharts(), 1);
    column->addWidget(createCalls(), 1);

    m_pages->addWidget(content);
    m_pages->addWidget(m_empty);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    outer->addWidget(m_banner);
    outer->addWidget(m_pages, 1);

    connect(m_empty, &EmptyState::actionTriggered, this, &CostsView::openWorkbench);
    connect(m_banner, &ErrorBanner::actionTriggered, this, &CostsView::reload);
    connect(m_byModel, &BreakdownCard::chosen, this, &CostsView::addFilter);
    connect(m_byTask, &BreakdownCard::chosen, this, &CostsView::addFilter);
    connect(m_chart, &SpendChart::chosen, this, &CostsView::chooseBucket);
    connect(m_legend, &ChartLegend::hiddenChanged, this,
        [this] { m_chart->setData(m_snapshot, m_legend->hidden()); });
    for (const TaskScope* scope : {&m_tasks, &m_callTasks})
        connect(scope, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    m_reloadTimer.setSingleShot(true);
    m_reloadTimer.setInterval(400);
    connect(&m_reloadTimer, &QTimer::timeout, this, &CostsView::reload);
    createCommands();
}

QWidget* CostsView::createCharts()
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);

    auto* spend = new Card;
    spend->headingRow()->addWidget(m_chartTitle);
    spend->headingRow()->addWidget(makeLabel(tr("by"), Tone::Secondary));
    auto* menu = new QMenu(m_stackButton);
    for (const Dimension dimension :
        {Dimension::Model, Dimension::Task, Dimension::Agent, Dimension::User, Dimension::Provider}) {
        menu->addAction(dimensionName(dimension), this, [this, dimension] {
            m_stackBy = dimension;
            m_stackButton->setText(dimensionName(dimension));
            reload();
        });
    }
    m_stackButton->setMenu(menu);
    m_stackButton->setObjectName(QStringLiteral("stack by"));
    m_stackButton->setAccessibleName(tr("Stack the chart by"));
    spend->headingRow()->addWidget(m_stackButton);
    spend->headingRow()->addStretch(1);
    spend->body()->addWidget(m_chart, 1);
    spend->body()->addWidget(m_legend);
    m_chart->setMinimumHeight(150);

    layout->addWidget(spend, 15);
    layout->addWidget(m_byModel, 8);
    layout->addWidget(m_byTask, 8);
    return row;
}

QWidget* CostsView::createCalls()
{
    auto* card = new Card;
    card->headingRow()->addWidget(makeLabel(tr("Calls"), Tone::Normal, TextSize::Large, QFont::DemiBold));
    m_callChips->setSpacing(6);
    card->headingRow()->addLayout(m_callChips);
    card->headingRow()->addWidget(m_callsSummary);
    card->headingRow()->addStretch(1);
    m_calls->setModel(m_callsModel);
    m_calls->setObjectName(QStringLiteral("calls"));
    m_calls->setAccessibleName(tr("Calls in this range, newest first"));
    setUpTable(m_calls, m_theme);
    QHeaderView* const header = m_calls->horizontalHeader();
    header->setStretchLastSection(false);
    constexpr int widths[] = {132, 100, 120, 100, 64, 96, 74, 68, 100, 100};
    for (int column = 0; column < CallsModel::ColumnCount; ++column)
        m_calls->setColumnWidth(column, widths[column]);
    for (const int column : {CallsModel::Agent, CallsModel::Model, CallsModel::Task})
        header->setSectionResizeMode(column, QHeaderView::Stretch);
    connect(m_calls, &QTableView::activated, this, [this](const QModelIndex& index) {
        if (const Call& call = m_callsModel->callAt(index.row()); !call.fingerprint.isEmpty())
            Q_EMIT openEntry(call.fingerprint);
    });
    m_calls->setMinimumHeight(120);
    card->body()->addWidget(m_calls, 1);
    return card;
}

QWidget* CostsView::createHeader()
{
    auto* header = new QWidget;
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    row->addWidget(makeLabel(tr("Costs"), Tone::Normal, TextSize::Large, QFont::DemiBold));
    row->addSpacing(4);
    m_rangeButton = secondaryButton(rangeName(m_range));
    m_rangeButton->setObjectName(QStringLiteral("range"));
    m_rangeButton->setAccessibleName(tr("Range"));
    auto* menu = new QMenu(m_rangeButton);
    for (const CostsRange range :
        {CostsRange::Today, CostsRange::Week, CostsRange::Month, CostsRange::Quarter, CostsRange::Year})
        menu->addAction(rangeName(range), this, [this, range] { setRange(range); });
    m_rangeButton->setMenu(menu);
    row->addWidget(m_rangeButton);
    m_compare = makeLabel(previousName(m_range), Tone::Secondary);
    row->addWidget(m_compare);
    m_chips = new QHBoxLayout;
    m_chips->setSpacing(6);
    row->addLayout(m_chips);
    row->addStretch(1);
    auto* zone = makeLabel(QString::fromLatin1(timeZone()), Tone::Secondary);
    zone->setToolTip(tr("Days are cut in this time zone"));
    row->addWidget(zone);
    auto* exportButton = secondaryButton(tr("Export CSV"));
    exportButton->setObjectName(QStringLiteral("export"));
    connect(exportButton, &QPushButton::clicked, this, &CostsView::exportCsv);
    row->addWidget(exportButton);
    updateChips();
    return header;
}

void CostsView::createCommands()
{
    auto* refresh = new QAction(tr("Reload costs"), this);
    refresh->setShortcut(QKeySequence::Refresh);
    refresh->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(refresh, &QAction::triggered, this, &CostsView::reload);
    auto* exporting = new QAction(tr("Export costs as CSV"), this);
    connect(exporting, &QAction::triggered, this, &CostsView::exportCsv);
    auto* clear = new QAction(tr("Clear cost filters"), this);
    connect(clear, &QAction::triggered, this, [this] {
        m_filters.clear();
        m_bucket.clear();
        updateChips();
        reload();
    });
    m_commands = {refresh, exporting, clear};
    for (const CostsRange range :
        {CostsRange::Today, CostsRange::Week, CostsRange::Month, CostsRange::Quarter, CostsRange::Year}) {
        auto* action = new QAction(tr("Costs of: %1").arg(rangeName(range).toLower()), this);
        connect(action, &QAction::triggered, this, [this, range] { setRange(range); });
        m_commands.append(action);
    }
    addAction(refresh);
}

void CostsView::activate()
{
    reload();
    m_calls->setFocus();
}

QList<QWidget*> CostsView::panes()
{
    return {m_chart, m_byModel->bars(), m_byTask->bars(), m_calls};
}

void CostsView::stopTasks()
{
    m_reloadTimer.stop();
    m_tasks.drop();
    m_callTasks.drop();
}

void CostsView::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_loaded = false;
    m_filters.clear();
    m_bucket.clear();
    if (m_chips)
        updateChips();
    if (isVisible())
        reload();
}

void CostsView::scheduleReload()
{
    if (isVisible() && !m_reloadTimer.isActive())
        m_reloadTimer.start();
}

void CostsView::setRange(CostsRange range)
{
    m_range = range;
    m_bucket.clear();
    if (m_rangeButton) {
        m_rangeButton->setText(rangeName(range));
        m_compare->setText(previousName(range));
    }
    reload();
}

QByteArray CostsView::timeZone() const
{
    const QByteArray id = QTimeZone::systemTimeZoneId();
    return id.isEmpty() ? QByteArrayLiteral("UTC") : id;
}

void CostsView::reload()
{
    if (!m_session)
        return;
    if (!m_loaded)
        m_tiles->setLoading();
    CostsQuestion question;
    question.range = m_range;
    question.stackBy = m_stackBy;
    question.timeZone = timeZone();
    question.filters = m_filters;
    question.nowMs = m_session->clock().nowMs();
    m_tasks.drop();
    m_tasks.run([session = m_session, question](std::stop_token) { return loadCosts(session, question); },
        [this](CostsSnapshot snapshot) { showSnapshot(std::move(snapshot)); },
        [this](const Failure& failure) {
            if (!failure.cancelled())
                m_banner->showProblem(
                    tr("The ledger can't be read: %1").arg(failure.message), failure.remedy, tr("Retry"));
        });
}

void CostsView::showSnapshot(CostsSnapshot snapshot)
{
    m_banner->clear();
    m_snapshot = std::move(snapshot);
    m_loaded = true;
    const bool nothing = m_snapshot.total.calls == 0;
    if (nothing && m_filters.empty()) {
        if (m_snapshot.before.calls == 0 && m_range != CostsRange::Today)
            m_empty->setContent(IconName::Costs, tr("Nothing was spent yet"),
                tr("Every run is recorded here: what it cost, and what the cache saved. Run a prompt to see "
                   "the first call."),
                tr("Open the workbench"));
        else
            m_empty->setContent(IconName::Costs, tr("No calls in this range"),
                tr("%1 has no recorded calls in this workspace. Choose a longer range above, or run a "
                   "prompt.")
                    .arg(rangeName(m_range)),
                tr("Open the workbench"));
        m_pages->setCurrentIndex(1);
        return;
    }
    m_pages->setCurrentIndex(0);
    m_tiles->show(m_snapshot);
    showChart();
    const bool byModel = m_stackBy == Dimension::Model;
    const bool byTask = m_stackBy == Dimension::Task;
    const std::vector<CostsSeries> none;
    m_byModel->show(m_snapshot.byModel, byModel ? m_snapshot.series : none);
    m_byTask->show(m_snapshot.byTask, byTask ? m_snapshot.series : none);
    if (m_bucket.isEmpty()) {
        m_callsSummary->setText(m_snapshot.total.calls > callsShown
                ? tr("newest %1 of %2 · %3")
                      .arg(format::count(callsShown), format::count(m_snapshot.total.calls),
                          m_snapshot.total.cost.toDisplay())
                : tr("%1 calls · %2")
                      .arg(format::count(m_snapshot.total.calls), m_snapshot.total.cost.toDisplay()));
        m_callsModel->setCalls(m_snapshot.calls);
    } else {
        loadCalls();
    }
}

void CostsView::showChart()
{
    m_chartTitle->setText(m_snapshot.hourly ? tr("Spend per hour") : tr("Spend per day"));
    std::vector<ChartLegend::Item> items;
    for (std::size_t at = 0; at < m_snapshot.series.size(); ++at) {
        const CostsSeries& series = m_snapshot.series[at];
        ChartLegend::Item item;
        item.name = series.name;
        item.label = m_stackBy == Dimension::Model ? format::shortModel(series.name) : series.name;
        if (item.label.isEmpty())
            item.label = tr("(none)");
        item.colorIndex = series.other ? -1 : static_cast<int>(at);
        items.push_back(std::move(item));
    }
    m_legend->setItems(items);
    m_chart->setData(m_snapshot, m_legend->hidden());
}

void CostsView::addFilter(Dimension dimension, const QString& value)
{
    for (auto& [existing, values] : m_filters) {
        if (existing == dimension) {
            values = QStringList{value};
            updateChips();
            reload();
            return;
        }
    }
    m_filters.emplace_back(dimension, QStringList{value});
    updateChips();
    reload();
}

void CostsView::removeFilter(int index)
{
    m_filters.erase(m_filters.begin() + index);
    updateChips();
    reload();
}

void CostsView::chooseBucket(const QString& bucket, const QString& series)
{
    m_bucket = bucket;
    updateChips();
    if (!series.isEmpty())
        addFilter(m_stackBy, series);
    else
        loadCalls();
}

void CostsView::updateChips()
{
    if (m_chips) {
        clearRow(m_chips);
        for (int at = 0; at < static_cast<int>(m_filters.size()); ++at) {
            const auto& [dimension, values] = m_filters[static_cast<std::size_t>(at)];
            auto* chip = new Chip(m_theme,
                QStringLiteral("%1: %2").arg(dimensionName(dimension), values.join(QStringLiteral(", "))));
            connect(chip, &Chip::removeRequested, this, [this, at] { removeFilter(at); });
            m_chips->addWidget(chip);
        }
    }
    clearRow(m_callChips);
    if (!m_bucket.isEmpty()) {
        auto* chip = new Chip(m_theme, bucketLabel(m_bucket, m_bucket.contains(QLatin1Char('T'))));
        connect(chip, &Chip::removeRequested, this, [this] {
            m_bucket.clear();
            updateChips();
            reload();
        });
        m_callChips->addWidget(chip);
    }
}

void CostsView::loadCalls()
{
    const QTimeZone zone(timeZone());
    const bool hourly = m_bucket.contains(QLatin1Char('T'));
    const QDateTime start = hourly
        ? QDateTime(QDate::fromString(m_bucket.section(QLatin1Char('T'), 0, 0), Qt::ISODate),
            QTime::fromString(m_bucket.section(QLatin1Char('T'), 1), QStringLiteral("HH:mm")), zone)
        : QDateTime(QDate::fromString(m_bucket, Qt::ISODate), QTime(0, 0), zone);
    CallQuery query;
    query.fromMs = start.toMSecsSinceEpoch();
    query.toMs = (hourly ? start.addSecs(3600) : start.addDays(1)).toMSecsSinceEpoch();
    query.filters = m_filters;
    query.limit = callsShown;
    m_callTasks.drop();
    m_callTasks.run([session = m_session, query](std::stop_token) { return session->calls(query); },
        [this](std::vector<Call> calls) {
            Money sum;
            for (const Call& call : calls)
                sum += call.cost.value_or(Money());
            const auto count = static_cast<qint64>(calls.size());
            m_callsSummary->setText(count == callsShown
                    ? tr("newest %1").arg(format::count(count))
                    : tr("%1 calls · %2").arg(format::count(count), sum.toDisplay()));
            m_callsModel->setCalls(std::move(calls));
        },
        [this](const Failure& failure) {
            if (!failure.cancelled())
                m_banner->showProblem(
                    tr("The calls can't be read: %1").arg(failure.message), failure.remedy, tr("Retry"));
        });
}

void CostsView::exportCsv()
{
    if (!m_loaded)
        return;
    auto* dialog =
        new QFileDialog(this, tr("Export costs"), QStringLiteral("costs.csv"), tr("CSV files (*.csv)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("csv"));
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        CostQuery query;
        query.fromMs = m_snapshot.fromMs;
        query.toMs = m_snapshot.toMs;
        query.timeZone = m_snapshot.question.timeZone;
        query.filters = m_snapshot.question.filters;
        query.groupBy = {
            m_snapshot.hourly ? Dimension::Hour : Dimension::Day, Dimension::Model, Dimension::Task};
        const std::vector<Dimension> groups = query.groupBy;
        m_tasks.run([session = m_session, query](std::stop_token) { return session->costs(query); },
            [this, path, groups](const CostReport& report) {
                QSaveFile file(path);
                if (!file.open(QIODevice::WriteOnly) || file.write(costsCsv(groups, report)) < 0
                    || !file.flush() || !file.commit()) // commit() does not notice a disk that is full
                    m_banner->showProblem(tr("%1 can't be written: %2.").arg(path, file.errorString()),
                        tr("Choose another folder."));
            },
            [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
    });
    dialog->open();
}

} // namespace llmcache::ui
