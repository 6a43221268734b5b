#include "workbench/runpanel.h"

#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/tablestyle.h"
#include "workbench/answerpanel.h"

#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QHeaderView>
#include <QPointer>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr int ledgerRuns = 30;
constexpr int rowsShown = 5;
constexpr int tickMs = 100;

} // namespace

struct RunPanel::ActiveRun {
    int number = 0;
    std::stop_source stop;
    QElapsedTimer elapsed;
    QString what; ///< what it is doing now
    std::optional<QDeadlineTimer> waitEnds;
    QString text; ///< what has come so far
    QString model;
};

RunPanel::RunPanel(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_answer(new AnswerPanel(theme))
    , m_runs(new RunListModel(this))
    , m_table(new QTableView)
{
    setStyleProperty(this, "surface", QStringLiteral("panel"));
    createLayout();
    m_ticker.setInterval(tickMs);
    connect(&m_ticker, &QTimer::timeout, this, &RunPanel::tick);
    for (const TaskScope* scope : {&m_tasks, &m_ledgerTasks})
        connect(scope, &TaskScope::activeChanged, this, &RunPanel::activeTasksChanged);
    connect(m_answer, &AnswerPanel::openEntry, this, &RunPanel::openEntry);
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
    QHeaderView* const header = m_table->horizontalHeader();
    header->hide();
    header->setStretchLastSection(false);
    constexpr int widths[] = {24, 76, 60, 86, 60};
    for (int column = 0; column < RunListModel::ColumnCount; ++column)
        m_table->setColumnWidth(column, widths[column]);
    header->setSectionResizeMode(RunListModel::Latency, QHeaderView::Stretch);
    m_table->setFixedHeight(rowsShown * m_theme->rowHeight() + 4);
    runColumn->addWidget(m_table);

    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_answer, 1);
    column->addWidget(runBox);
}

void RunPanel::setSession(Session* session)
{
    stopAll();
    m_ledgerTasks.drop();
    m_session = session;
    m_answer->clear();
    m_runs->clear();
}

void RunPanel::start(const Agent& agent, const QString& prompt, RunOptions options)
{
    auto active = std::make_shared<ActiveRun>();
    active->number = m_runs->begin(m_session->clock().nowMs());
    active->model = agent.model;
    active->what = agent.model;
    active->elapsed.start();
    m_active.push_back(active);
    m_shown = active->number;
    m_answer->showStarted(agent.model);
    {
        const QSignalBlocker blocked(m_table->selectionModel());
        m_table->selectRow(0);
    }
    options.stop = active->stop.get_token();
    // The run may outlive the panel by a moment.
    options.progress = [panel = QPointer<RunPanel>(this), number = active->number](const RunEvent& event) {
        if (panel)
            panel->onEvent(number, event);
    };
    m_ticker.start();
    Q_EMIT runningChanged(running());
    m_tasks.run([session = m_session, agent, prompt, options](
                    std::stop_token) { return session->runner().run(agent, prompt, options); },
        [this, number = active->number](const RunResult& result) {
            RunItem item;
            item.outcome = result.data().outcome;
            item.latency = result.data().latency;
            item.cost = result.cost();
            item.fingerprint = result.fingerprint();
            item.result = result;
            m_callIds.insert(result.data().callId);
            finish(number, item);
            if (m_shown == number)
                m_answer->showResult(result, m_session->clock().nowMs());
            Q_EMIT finished(result);
        },
        [this, active](const Failure& failure) {
            RunItem item;
            item.outcome = failure.cancelled() ? Outcome::Cancelled : Outcome::Failed;
            item.latency = std::chrono::milliseconds(active->elapsed.elapsed());
            item.failure = failure;
            finish(active->number, item);
            if (m_shown == active->number)
                m_answer->showFailure(failure);
        });
}

void RunPanel::finish(int number, const RunItem& item)
{
    std::erase_if(m_active, [number](const auto& active) { return active->number == number; });
    if (m_active.empty())
        m_ticker.stop();
    m_runs->finish(number, item);
    Q_EMIT runningChanged(running());
}

void RunPanel::stop()
{
    const auto shown = std::find_if(
        m_active.begin(), m_active.end(), [this](const auto& active) { return active->number == m_shown; });
    if (shown == m_active.end()) {
        stopAll();
        return;
    }
    const auto active = *shown;
    active->stop.request_stop();
}

void RunPanel::stopAll()
{
    // Stopping may end a run at once, which takes it out of the list.
    const auto runs = m_active;
    for (const auto& active : runs)
        active->stop.request_stop();
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
        if (active->number != m_shown)
            continue;
        QString what = active->what;
        if (active->waitEnds)
            what = tr("next attempt in %1 s · %2")
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
    m_shown = item.number;
    if (item.running) {
        for (const auto& active : m_active) {
            if (active->number == item.number) {
                m_answer->showStarted(active->model);
                m_answer->appendText(active->text);
            }
        }
    } else if (item.result) {
        m_answer->showResult(*item.result, m_session->clock().nowMs());
    } else if (item.failure) {
        m_answer->showStarted({});
        m_answer->showFailure(*item.failure);
    } else if (!item.fingerprint.isEmpty()) {
        Q_EMIT openEntry(item.fingerprint);
    }
}

void RunPanel::loadRuns(const QString& agent)
{
    if (!m_session || agent.isEmpty())
        return;
    CallQuery query;
    query.filters = {{Dimension::Agent, {agent}}};
    query.limit = ledgerRuns;
    m_ledgerTasks.drop();
    m_ledgerTasks.run([session = m_session, query](std::stop_token) { return session->calls(query); },
        [this](const std::vector<Call>& calls) {
            const QSignalBlocker blocked(m_table->selectionModel());
            m_runs->setNow(m_session->clock().nowMs());
            m_runs->setLedger(calls, m_callIds);
        },
        [](const Failure&) {
            // The list of runs is a convenience; the store's state is said in the status line.
        });
}

} // namespace llmcache::ui
