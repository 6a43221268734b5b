#include "workbench/runpanel.h"

#include "base/error.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/controls.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"
#include "widgets/tabstrip.h"
#include "workbench/answerpanel.h"
#include "workbench/explainpanel.h"

#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QHeaderView>
#include <QPointer>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace llmcache::ui {

namespace {

constexpr int rowsShown = 5;
constexpr int rowsShownInLowWindow = 3;
constexpr int lowWindow = 700;
constexpr int tickMs = 100;
/// Earlier runs are in the list below.
constexpr int mostTabs = 8;

} // namespace

struct RunPanel::ActiveRun {
    int number = 0;
    std::stop_source stop;
    QElapsedTimer elapsed;
    QString what; ///< what it is doing now
    std::optional<QDeadlineTimer> waitEnds;
    QString text; ///< what has come so far
    QString model;
    std::shared_ptr<const RunInput> waiting; ///< set until it is begun
    std::optional<Call> call; ///< its record in the ledger, once it is over
};

RunPanel::RunPanel(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_answer(new AnswerPanel(theme))
    , m_tabs(new TabStrip(theme))
    , m_runs(new RunListModel(this))
    , m_table(new QTableView)
{
    setStyleProperty(this, "surface", QStringLiteral("panel"));
    createLayout();
    m_ticker.setInterval(tickMs);
    connect(&m_ticker, &QTimer::timeout, this, &RunPanel::tick);
    for (const TaskScope* scope : {&m_tasks, &m_ledgerTasks, &m_explainTasks, &m_fileTasks, &m_dialogTasks})
        connect(scope, &TaskScope::activeChanged, this, &RunPanel::activeTasksChanged);
    connect(m_answer, &AnswerPanel::openEntry, this, &RunPanel::openEntry);
    connect(m_answer, &AnswerPanel::stopRequested, this, [this] { stopRun(m_shown); });
    connect(m_answer, &AnswerPanel::compareRequested, this, &RunPanel::compare);
    connect(m_answer, &AnswerPanel::copyAsRequested, this, &RunPanel::copyAs);
    connect(m_answer, &AnswerPanel::saveRequested, this, &RunPanel::saveAnswer);
    connect(m_answer->explanation(), &ExplainPanel::requested, this, &RunPanel::explain);
    connect(m_answer->explanation(), &ExplainPanel::cancelRequested, this, [this] { m_explainTasks.stop(); });
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int tab) {
        if (tab >= 0)
            showNumber(m_tabs->tabData(tab).toInt());
    });
    // Also the one that is current, while a draft is explained.
    connect(m_tabs, &QTabBar::tabBarClicked, this, [this](int tab) {
        if (tab >= 0 && m_shown == draftNumber)
            showNumber(m_tabs->tabData(tab).toInt());
    });
    connect(m_tabs, &QTabBar::tabCloseRequested, this, [this](int tab) {
        stopRun(m_tabs->tabData(tab).toInt());
        m_tabs->removeTab(tab);
        showTabs();
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex& current) { showRun(current.row()); });
}

RunPanel::~RunPanel()
{
    stopAll();
}

void RunPanel::createLayout()
{
    auto* const runBox = new QWidget;
    // Nothing to list yet is no list.
    const auto showList = [this, runBox] { runBox->setVisible(m_runs->rowCount() > 0); };
    connect(m_runs, &QAbstractItemModel::rowsInserted, runBox, showList);
    connect(m_runs, &QAbstractItemModel::modelReset, runBox, showList);
    runBox->hide();
    auto* runColumn = new QVBoxLayout(runBox);
    runColumn->setContentsMargins(16, 0, 16, 12);
    runColumn->setSpacing(4);
    runColumn->addWidget(fieldLabel(tr("Runs"), m_table));
    m_table->setModel(m_runs);
    m_table->setObjectName(QStringLiteral("runs"));
    m_table->setAccessibleName(tr("Runs of this agent, newest first"));
    setUpTable(m_table, m_theme);
    m_table->setSelectionMode(QAbstractItemView::ExtendedSelection);
    QHeaderView* const header = m_table->horizontalHeader();
    header->hide();
    header->setStretchLastSection(false);
    constexpr int widths[] = {48, 112, 60, 90, 60};
    for (int column = 0; column < RunListModel::ColumnCount; ++column)
        m_table->setColumnWidth(column, widths[column]);
    header->setSectionResizeMode(RunListModel::Latency, QHeaderView::Stretch);
    runColumn->addWidget(m_table);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_tabs->setObjectName(QStringLiteral("run tabs"));
    m_tabs->setAccessibleName(tr("Runs of this window"));
    m_tabs->setContextMenuPolicy(Qt::NoContextMenu);
    auto* tabBox = new QHBoxLayout;
    tabBox->setContentsMargins(16, 6, 16, 0);
    tabBox->addWidget(m_tabs);
    column->addLayout(tabBox);
    column->addWidget(m_answer, 1);
    column->addWidget(runBox);
}

void RunPanel::resizeEvent(QResizeEvent* event)
{
    QFrame::resizeEvent(event);
    const int rows = height() < lowWindow ? rowsShownInLowWindow : rowsShown;
    m_table->setFixedHeight(rows * m_theme->rowHeight() + 4);
    // The others whole rather than all of them cut; the number tells the time, too.
    constexpr int leastForTimes = 400;
    m_table->setColumnHidden(RunListModel::When, width() < leastForTimes);
}

void RunPanel::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_answer->clear();
    m_runs->clear();
    const QSignalBlocker blocked(m_tabs);
    while (m_tabs->count() > 0)
        m_tabs->removeTab(0);
    showTabs();
}

void RunPanel::stopTasks()
{
    stopAll();
    m_ledgerTasks.drop();
    m_explainTasks.drop();
}

void RunPanel::start(RunInput input)
{
    auto active = std::make_shared<ActiveRun>();
    active->model = input.agent.model;
    active->waiting = std::make_shared<const RunInput>(input);
    active->number = m_runs->begin(std::move(input), m_session->clock().nowMs());
    active->what = tr("waiting for another run to end");
    active->elapsed.start();
    m_active.push_back(active);
    m_shown = active->number;
    m_answer->showStarted(active->model);
    {
        const QSignalBlocker blocked(m_table->selectionModel());
        m_table->selectRow(0);
    }
    createTab(active->number);
    m_explainTasks.drop();
    m_ticker.start();
    Q_EMIT runningChanged(running());
    Q_EMIT shownChanged();
    launchWaiting();
}

void RunPanel::setMostAtOnce(int count)
{
    m_mostAtOnce = count;
    launchWaiting();
}

void RunPanel::launchWaiting()
{
    const auto isUnderWay = [](const auto& active) { return !active->waiting; };
    // A run may end at once, which begins others.
    for (const auto& active : std::vector(m_active)) {
        if (m_mostAtOnce > 0 && std::count_if(m_active.begin(), m_active.end(), isUnderWay) >= m_mostAtOnce)
            return;
        if (active->waiting)
            launch(active);
    }
}

void RunPanel::launch(const std::shared_ptr<ActiveRun>& active)
{
    const std::shared_ptr<const RunInput> input = std::exchange(active->waiting, nullptr);
    active->what = active->model;
    RunOptions options = input->options;
    options.stop = active->stop.get_token();
    // The run may outlive the panel by a moment.
    options.progress = [panel = QPointer<RunPanel>(this), number = active->number](const RunEvent& event) {
        if (panel)
            panel->onEvent(number, event);
    };
    options.expenseRecorder = [active](const Call& call) { active->call = call; };
    m_tasks.run([session = m_session, input, options](
                    std::stop_token) { return session->runner().run(input->agent, input->prompt, options); },
        [this, number = active->number](const RunResult& result) {
            RunItem item;
            item.outcome = result.data().outcome;
            item.latency = result.data().latency;
            item.cost = result.cost();
            item.fingerprint = result.fingerprint();
            item.callId = result.data().callId;
            item.result = result;
            finish(number, item);
            if (m_shown == number)
                showItem(item);
            Q_EMIT finished(result);
        },
        [this, active](const Failure& failure) { fail(active, failure); });
}

void RunPanel::fail(const std::shared_ptr<ActiveRun>& active, const Failure& failure)
{
    RunItem item;
    item.outcome = failure.cancelled() ? Outcome::Cancelled : Outcome::Failed;
    item.latency = std::chrono::milliseconds(active->elapsed.elapsed());
    item.failure = failure;
    if (active->call) {
        item.callId = active->call->id;
        item.fingerprint = active->call->fingerprint;
        item.cost = active->call->cost;
        item.usage = active->call->usage;
    }
    finish(active->number, item);
    if (m_shown == active->number)
        showItem(item);
}

/// How it ended.
void RunPanel::showItem(const RunItem& item)
{
    if (item.result)
        m_answer->showResult(*item.result, quoteOf(*item.result), m_session->clock().nowMs());
    else if (item.failure)
        m_answer->showFailure(*item.failure, item.usage, item.cost);
}

/// The arithmetic of its price; what is stored has the total alone.
Quote RunPanel::quoteOf(const RunResult& result) const
{
    const RunData& run = result.data();
    if (!result.cached() || !run.quote.lines.empty())
        return run.quote;
    const qint64 paidMs = run.entry ? run.entry->createdMs : m_session->clock().nowMs();
    return m_session->runner().prices().quote(run.model, run.usage, paidMs);
}

void RunPanel::createTab(int number)
{
    const QSignalBlocker blocked(m_tabs);
    // The oldest one that is over makes room.
    for (int tab = 0; m_tabs->count() >= mostTabs && tab < m_tabs->count(); ++tab) {
        const int row = m_runs->rowOf(m_tabs->tabData(tab).toInt());
        if (row < 0 || !m_runs->at(row).running)
            m_tabs->removeTab(tab--);
    }
    const int tab = m_tabs->addTab(tr("#%1").arg(number));
    m_tabs->setTabData(tab, number);
    auto* const close = new QToolButton;
    close->setText(QStringLiteral("×"));
    close->setAutoRaise(true);
    close->setFocusPolicy(Qt::NoFocus);
    close->setToolTip(tr("Close the tab; a run under way is stopped"));
    close->setAccessibleName(tr("Close the tab of run %1").arg(number));
    connect(close, &QToolButton::clicked, m_tabs, [this, number] {
        for (int at = 0; at < m_tabs->count(); ++at) {
            if (m_tabs->tabData(at).toInt() == number) {
                Q_EMIT m_tabs->tabCloseRequested(at);
                return;
            }
        }
    });
    m_tabs->setTabButton(tab, QTabBar::RightSide, close);
    m_tabs->setCurrentIndex(tab);
    showTabs();
}

void RunPanel::updateTab(int number, const QString& text)
{
    for (int tab = 0; tab < m_tabs->count(); ++tab) {
        if (m_tabs->tabData(tab).toInt() == number)
            m_tabs->setTabText(tab, text);
    }
}

/// One run alone needs no tab.
void RunPanel::showTabs()
{
    m_tabs->setVisible(m_tabs->count() > 1);
}

void RunPanel::showNumber(int number)
{
    if (const int row = m_runs->rowOf(number); row >= 0)
        m_table->selectRow(row);
}

const RunItem* RunPanel::shownItem() const
{
    const int row = m_runs->rowOf(m_shown);
    return row < 0 ? nullptr : &m_runs->at(row);
}

void RunPanel::finish(int number, const RunItem& item)
{
    std::erase_if(m_active, [number](const auto& active) { return active->number == number; });
    if (m_active.empty())
        m_ticker.stop();
    m_runs->finish(number, item);
    updateTab(number, QStringLiteral("#%1 %2").arg(number).arg(badgeOf(item.outcome).text));
    Q_EMIT runningChanged(running());
    launchWaiting();
    if (number == m_shown)
        Q_EMIT shownChanged();
    const int row = m_runs->rowOf(number);
    if (row < 0)
        return; // of another session
    if (!item.callId.isEmpty())
        m_callIds.insert(item.callId);
    RunRecord record;
    record.callId = item.callId;
    record.timeMs = m_session->clock().nowMs();
    record.workspace = m_session->config().workspace;
    record.fingerprint = item.fingerprint;
    record.input = *m_runs->at(row).input;
    Q_EMIT ended(record);
}

void RunPanel::stop()
{
    stopRun(m_shown);
}

bool RunPanel::isShownRunning() const
{
    const RunItem* const item = shownItem();
    return item && item->running;
}

void RunPanel::stopActive(const std::shared_ptr<ActiveRun>& active)
{
    if (!std::exchange(active->waiting, nullptr)) {
        active->stop.request_stop();
        return;
    }
    fail(active, failureFrom(std::make_exception_ptr(Cancelled())));
}

void RunPanel::stopRun(int number)
{
    for (const auto& active : std::vector(m_active)) {
        if (active->number == number)
            stopActive(active);
    }
}

void RunPanel::stopAll()
{
    // Stopping may end a run at once, which takes it out of the list. The ones that wait go first: they are
    // not to begin in its place.
    auto runs = m_active;
    std::stable_partition(runs.begin(), runs.end(), [](const auto& active) { return active->waiting; });
    for (const auto& active : runs)
        stopActive(active);
}

void RunPanel::onEvent(int number, const RunEvent& event)
{
    const auto found = std::find_if(
        m_active.begin(), m_active.end(), [number](const auto& active) { return active->number == number; });
    if (found == m_active.end())
        return;
    ActiveRun& active = **found;
    active.waitEnds.reset();
    switch (event.kind) {
    case RunEvent::Kind::LookingUp:
        active.what = tr("looking up");
        break;
    case RunEvent::Kind::WaitingForOther:
        active.what = tr("waiting for another run of the same request");
        break;
    case RunEvent::Kind::Requesting:
        // What came of an attempt before is not part of this one's answer.
        if (!active.text.isEmpty()) {
            active.text.clear();
            if (m_shown == number)
                m_answer->restartText();
        }
        active.what = event.attempt == 0
            ? tr("asking %1").arg(active.model)
            : tr("asking %1, attempt %2").arg(active.model).arg(event.attempt + 1);
        break;
    case RunEvent::Kind::Retrying:
        active.what = event.text;
        active.waitEnds = QDeadlineTimer(event.wait);
        break;
    case RunEvent::Kind::Text:
        active.what = tr("answering");
        active.text += event.text;
        if (m_shown == number)
            m_answer->appendText(event.text);
        break;
    case RunEvent::Kind::Validating:
        active.what = tr("the answer does not fit, asking again");
        break;
    case RunEvent::Kind::Storing:
        active.what = tr("storing");
        break;
    }
}

void RunPanel::tick()
{
    for (const auto& active : m_active) {
        updateTab(active->number,
            QStringLiteral("#%1 · %2")
                .arg(active->number)
                .arg(format::duration(std::chrono::milliseconds(active->elapsed.elapsed()))));
        if (active->number != m_shown)
            continue;
        QString what = active->what;
        if (active->waitEnds)
            what = tr("retry in %1 s · %2")
                       .arg(static_cast<double>(active->waitEnds->remainingTime()) / 1000.0, 0, 'f', 1)
                       .arg(active->what);
        m_answer->showProgress(what, std::chrono::milliseconds(active->elapsed.elapsed()));
    }
}

void RunPanel::showRun(int row)
{
    if (row < 0 || row >= m_runs->rowCount())
        return;
    const RunItem item = m_runs->at(row);
    if (item.number != m_shown)
        m_explainTasks.drop();
    m_shown = item.number;
    for (int tab = 0; tab < m_tabs->count(); ++tab) {
        if (item.number != 0 && m_tabs->tabData(tab).toInt() == item.number) {
            const QSignalBlocker blocked(m_tabs);
            m_tabs->setCurrentIndex(tab);
        }
    }
    if (item.running) {
        for (const auto& active : m_active) {
            if (active->number == item.number) {
                m_answer->showStarted(active->model);
                m_answer->appendText(active->text);
            }
        }
    } else if (item.result) {
        showItem(item);
    } else if (item.failure) {
        m_answer->showStarted({});
        showItem(item);
    } else if (!item.fingerprint.isEmpty()) {
        Q_EMIT openEntry(item.fingerprint);
    }
    if (item.explanation)
        m_answer->explanation()->showExplanation(*item.explanation, m_session->clock().nowMs());
    Q_EMIT shownChanged();
}

} // namespace llmcache::ui
