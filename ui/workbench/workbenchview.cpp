#include "workbench/workbenchview.h"

#include "base/error.h"
#include "cache/request.h"
#include "theme/theme.h"
#include "widgets/badge.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "widgets/searchfield.h"
#include "widgets/tablestyle.h"
#include "workbench/agentform.h"
#include "workbench/agentpanel.h"
#include "workbench/answerpanel.h"
#include "workbench/promptpanel.h"
#include "workbench/samples.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPointer>
#include <QSettings>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

constexpr int ledgerRuns = 30;
const QString lastAgentKey = QStringLiteral("workbench/agent");

/// Saves the samples where the workspace is the user's own; a team's store is not written to unasked.
QCoro::Task<std::vector<StoredAgent>> agentsOrSamples(Session* session)
{
    std::vector<StoredAgent> agents = co_await session->store().listAgents();
    if (!agents.empty())
        co_return agents;
    const bool own = session->store().info().kind == QLatin1String("sqlite");
    const std::vector<Agent> samples = sampleAgents();
    for (const Agent& sample : samples) {
        StoredAgent stored;
        stored.agent = sample;
        if (own) {
            Agent copy = sample;
            const QString user = session->config().identity.user;
            stored = co_await session->store().saveAgent(std::move(copy), -1, user, session->clock().nowMs());
        }
        agents.push_back(std::move(stored));
    }
    co_return agents;
}

} // namespace

struct WorkbenchView::ActiveRun {
    int number = 0;
    std::stop_source stop;
    QElapsedTimer elapsed;
    QString what; ///< what it is doing now
    std::optional<QDeadlineTimer> waitEnds;
    QString text; ///< what has come so far
    QString model;
};

WorkbenchView::WorkbenchView(const Theme* theme, Session* session, QSettings* settings, QWidget* parent)
    : View(parent)
    , m_theme(theme)
    , m_session(session)
    , m_settings(settings)
    , m_agents(new AgentPanel(theme))
    , m_form(new AgentForm(theme))
    , m_prompt(new PromptPanel(theme))
    , m_answer(new AnswerPanel(theme))
    , m_runs(new RunListModel(this))
    , m_runTable(new QTableView)
    , m_banner(new ErrorBanner(theme))
{
    createLayout();
    createCommands();
    m_predictDelay.setSingleShot(true);
    m_predictDelay.setInterval(150);
    m_ticker.setInterval(100);
    connect(&m_predictDelay, &QTimer::timeout, this, &WorkbenchView::predict);
    connect(&m_ticker, &QTimer::timeout, this, &WorkbenchView::tick);
    connect(m_agents, &AgentPanel::chosen, this, &WorkbenchView::chooseAgent);
    connect(m_agents, &AgentPanel::newRequested, this, &WorkbenchView::newAgent);
    connect(m_agents, &AgentPanel::duplicateRequested, this, &WorkbenchView::duplicateAgent);
    connect(m_agents, &AgentPanel::deleteRequested, this, &WorkbenchView::deleteAgent);
    connect(m_form, &AgentForm::edited, this, &WorkbenchView::edited);
    connect(m_prompt, &PromptPanel::edited, this, &WorkbenchView::edited);
    connect(m_prompt, &PromptPanel::runRequested, this, &WorkbenchView::run);
    connect(m_prompt, &PromptPanel::stopRequested, this, &WorkbenchView::stop);
    connect(m_answer, &AnswerPanel::openEntry, this, &WorkbenchView::openEntry);
    connect(m_banner, &ErrorBanner::actionTriggered, this, [this] {
        if (m_loaded)
            save(true);
        else
            loadAgents();
    });
    connect(m_runTable->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        [this](const QModelIndex& current) { showRun(current.row()); });
    for (const TaskScope* scope : {&m_runTasks, &m_predictTasks, &m_agentTasks, &m_ledgerTasks})
        connect(scope, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    setPrompt(samplePrompt(), {{QStringLiteral("who"), QStringLiteral("the user")}});
    if (m_session)
        m_form->setPrices(m_session->runner().prices());
}

WorkbenchView::~WorkbenchView()
{
    stopTasks();
}

void WorkbenchView::createLayout()
{
    auto* middle = new QWidget;
    auto* middleColumn = new QVBoxLayout(middle);
    middleColumn->setContentsMargins(16, 14, 16, 14);
    middleColumn->setSpacing(10);
    auto* parts = new QSplitter(Qt::Vertical);
    parts->setObjectName(QStringLiteral("form and prompt"));
    parts->setChildrenCollapsible(false);
    parts->addWidget(m_form);
    parts->addWidget(m_prompt);
    parts->setHandleWidth(12);
    setStyleProperty(parts, "gap", true);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    middleColumn->addWidget(m_banner);
    middleColumn->addWidget(parts, 1);

    auto* right = new QFrame;
    setStyleProperty(right, "surface", QStringLiteral("panel"));
    auto* rightColumn = new QVBoxLayout(right);
    rightColumn->setContentsMargins(0, 0, 0, 0);
    rightColumn->setSpacing(0);
    auto* runBox = new QWidget;
    auto* runColumn = new QVBoxLayout(runBox);
    runColumn->setContentsMargins(16, 0, 16, 12);
    runColumn->setSpacing(4);
    runColumn->addWidget(fieldLabel(tr("Runs"), m_runTable));
    m_runTable->setModel(m_runs);
    m_runTable->setObjectName(QStringLiteral("runs"));
    m_runTable->setAccessibleName(tr("Runs of this agent, newest first"));
    setUpTable(m_runTable, m_theme);
    m_runTable->horizontalHeader()->hide();
    QHeaderView* const header = m_runTable->horizontalHeader();
    header->setStretchLastSection(false);
    constexpr int widths[] = {52, 110, 80, 90, 90};
    for (int column = 0; column < RunListModel::ColumnCount; ++column)
        m_runTable->setColumnWidth(column, widths[column]);
    header->setSectionResizeMode(RunListModel::Latency, QHeaderView::Stretch);
    constexpr int runRows = 5;
    m_runTable->setFixedHeight(runRows * m_theme->rowHeight() + 4);
    runColumn->addWidget(m_runTable);
    rightColumn->addWidget(m_answer, 1);
    rightColumn->addWidget(runBox);

    auto* columns = new QSplitter(Qt::Horizontal);
    columns->setObjectName(QStringLiteral("workbench columns"));
    columns->setChildrenCollapsible(false);
    columns->setHandleWidth(1);
    columns->addWidget(m_agents);
    columns->addWidget(middle);
    columns->addWidget(right);
    columns->setStretchFactor(0, 0);
    columns->setStretchFactor(1, 4);
    columns->setStretchFactor(2, 3);
    columns->setSizes({208, 660, 490});
    middle->setMinimumWidth(380);
    right->setMinimumWidth(340);
    auto* outer = new QHBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(columns);
}

void WorkbenchView::createCommands()
{
    const auto add = [this](const QString& text, const QList<QKeySequence>& keys, auto slot) {
        auto* action = new QAction(text, this);
        action->setShortcuts(keys);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, slot);
        addAction(action);
        m_commands.append(action);
        return action;
    };
    add(tr("Run"), {QKeySequence(Qt::CTRL | Qt::Key_Return), QKeySequence(Qt::CTRL | Qt::Key_Enter)},
        [this] { run(); });
    add(tr("Stop the run"), {QKeySequence(Qt::Key_Escape)}, [this] { stop(); });
    add(tr("Save agent"), {QKeySequence::Save}, [this] { save(); });
    add(tr("New agent"), {QKeySequence::New}, [this] { newAgent(); });
    add(tr("Duplicate agent"), {}, [this] { duplicateAgent(m_stored.agent.name); });
    add(tr("Delete agent"), {}, [this] { deleteAgent(m_stored.agent.name); });
    add(tr("Revert agent"), {}, [this] { revert(); });
}

QWidget* WorkbenchView::createHeader()
{
    auto* header = new QWidget;
    auto* row = new QHBoxLayout(header);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(10);
    m_name = makeLabel({}, Tone::Normal, TextSize::Large, QFont::DemiBold);
    m_revision = new Badge;
    m_savedNote = makeLabel({}, Tone::Secondary);
    m_revert = secondaryButton(tr("Revert"));
    m_revert->setObjectName(QStringLiteral("revert agent"));
    m_save = secondaryButton(tr("Save"));
    m_save->setObjectName(QStringLiteral("save agent"));
    m_save->setKeyHint(QStringLiteral("Ctrl S"));
    row->addWidget(m_name);
    row->addWidget(m_revision);
    row->addWidget(m_savedNote);
    row->addStretch(1);
    row->addWidget(m_revert);
    row->addWidget(m_save);
    connect(m_save, &QPushButton::clicked, this, [this] { save(); });
    connect(m_revert, &QPushButton::clicked, this, &WorkbenchView::revert);
    updateHeader();
    return header;
}

void WorkbenchView::activate()
{
    if (!m_loaded)
        loadAgents();
    m_prompt->promptEdit()->setFocus();
}

QList<QWidget*> WorkbenchView::panes()
{
    return {m_agents->view(), m_form->systemPrompt(), m_prompt->promptEdit(), m_answer, m_runTable};
}

void WorkbenchView::stopTasks()
{
    for (const auto& active : m_active)
        active->stop.request_stop();
    m_predictDelay.stop();
    m_predictTasks.drop();
    m_agentTasks.drop();
    m_ledgerTasks.drop();
}

int WorkbenchView::activeTasks() const
{
    return m_runTasks.active() + m_predictTasks.active() + m_agentTasks.active() + m_ledgerTasks.active();
}

void WorkbenchView::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_loaded = false;
    m_answer->clear();
    m_runs->clear();
    if (!m_session)
        return;
    m_form->setPrices(m_session->runner().prices());
    if (isVisible())
        loadAgents();
}

void WorkbenchView::loadAgents()
{
    if (!m_session)
        return;
    m_agentTasks.drop();
    m_agentTasks.run([session = m_session](std::stop_token) { return agentsOrSamples(session); },
        [this](std::vector<StoredAgent> agents) { showAgents(std::move(agents)); },
        [this](const Failure& failure) {
            if (failure.cancelled())
                return;
            m_banner->showProblem(
                tr("The agents can't be read: %1").arg(failure.message), failure.remedy, tr("Retry"));
            // One can still work: runs fail open, and the samples need no store.
            if (m_agents->agents()->rowCount() == 0) {
                std::vector<StoredAgent> samples;
                for (Agent& sample : sampleAgents()) {
                    StoredAgent stored;
                    stored.agent = std::move(sample);
                    samples.push_back(std::move(stored));
                }
                m_agents->agents()->setAgents(std::move(samples));
                m_agents->select(m_agents->agents()->at(0).agent.name);
                showStored(m_agents->agents()->at(0));
            }
        });
}

void WorkbenchView::showAgents(std::vector<StoredAgent> agents)
{
    m_loaded = true;
    m_banner->clear();
    m_agents->agents()->setAgents(std::move(agents));
    const QString last = m_settings ? m_settings->value(lastAgentKey).toString() : QString();
    const StoredAgent* chosen = m_agents->agents()->find(last);
    if (!chosen && m_agents->agents()->rowCount() > 0)
        chosen = &m_agents->agents()->at(0);
    if (chosen) {
        const StoredAgent copy = *chosen;
        m_agents->select(copy.agent.name);
        showStored(copy);
    }
}

void WorkbenchView::chooseAgent(const QString& name)
{
    if (isDirty()) {
        // What was typed is not thrown away: it can be had back for as long as the notice is shown.
        try {
            const Agent draft = m_form->agent();
            const StoredAgent base = m_stored;
            Q_EMIT notice(
                tr("Left %1 without saving.").arg(draft.name), tr("Back to the draft"), [this, draft, base] {
                    m_agents->select(base.agent.name);
                    showStored(base);
                    editAgent(draft);
                });
        } catch (const Error&) {
            // A form that does not make an agent can't be restored either.
        }
    }
    if (const StoredAgent* stored = m_agents->agents()->find(name)) {
        const StoredAgent copy = *stored;
        showStored(copy);
    }
}

void WorkbenchView::showStored(const StoredAgent& stored)
{
    m_stored = stored;
    m_form->setAgent(stored.agent);
    if (m_settings)
        m_settings->setValue(lastAgentKey, stored.agent.name);
    m_prompt->setTemplateTexts(m_form->templateTexts());
    updateHeader();
    loadRuns();
    m_predictDelay.start();
}

void WorkbenchView::editAgent(const Agent& agent)
{
    m_form->setAgent(agent);
    edited();
}

void WorkbenchView::setPrompt(const QString& prompt, const Variables& variables)
{
    m_prompt->setPrompt(prompt);
    m_prompt->setVariables(variables);
}

void WorkbenchView::newAgent()
{
    Agent agent;
    agent.name = tr("new agent");
    for (int number = 2; m_agents->agents()->find(agent.name); ++number)
        agent.name = tr("new agent %1").arg(number);
    agent.model = m_stored.agent.model.isEmpty() ? QStringLiteral("test:echo") : m_stored.agent.model;
    StoredAgent fresh;
    fresh.agent = agent;
    m_agents->select({});
    showStored(fresh);
    m_form->nameField()->setFocus();
    m_form->nameField()->selectAll();
}

void WorkbenchView::duplicateAgent(const QString& name)
{
    const StoredAgent* stored = m_agents->agents()->find(name);
    if (!stored)
        return;
    StoredAgent copy;
    copy.agent = stored->agent;
    copy.agent.name = tr("%1 copy").arg(name);
    for (int number = 2; m_agents->agents()->find(copy.agent.name); ++number)
        copy.agent.name = tr("%1 copy %2").arg(name).arg(number);
    m_agents->select({});
    showStored(copy);
    m_form->nameField()->setFocus();
}

void WorkbenchView::deleteAgent(const QString& name)
{
    const StoredAgent* found = m_agents->agents()->find(name);
    if (!found || !m_session)
        return;
    const StoredAgent stored = *found;
    m_agentTasks.run(
        [store = &m_session->store(), name](std::stop_token) { return store->removeAgent(name); },
        [this, stored](bool) {
            m_agents->agents()->remove(stored.agent.name);
            if (m_stored.agent.name == stored.agent.name && m_agents->agents()->rowCount() > 0) {
                const StoredAgent next = m_agents->agents()->at(0);
                m_agents->select(next.agent.name);
                showStored(next);
            }
            Q_EMIT notice(tr("Deleted %1.").arg(stored.agent.name), tr("Undo"), [this, stored] {
                const QString user = m_session->config().identity.user;
                m_agentTasks.run(
                    [session = m_session, stored, user](std::stop_token) {
                        return session->store().saveAgent(stored.agent, 0, user, session->clock().nowMs());
                    },
                    [this](const StoredAgent& back) {
                        m_agents->agents()->put(back);
                        m_agents->select(back.agent.name);
                        showStored(back);
                    },
                    [this](const Failure& failure) { reportError(failure); });
            });
        },
        [this](const Failure& failure) { reportError(failure); });
}

void WorkbenchView::save(bool overwrite)
{
    if (!m_session)
        return;
    Agent agent;
    try {
        agent = m_form->agent();
    } catch (const Error& error) {
        m_banner->showProblem(error.message(), error.remedy());
        return;
    }
    const bool renamed = agent.name != m_stored.agent.name;
    const qint64 expected = overwrite ? -1 : renamed ? 0 : m_stored.revision;
    const QString user = m_session->config().identity.user;
    m_agentTasks.run(
        [session = m_session, agent, expected, user](std::stop_token) {
            return session->store().saveAgent(agent, expected, user, session->clock().nowMs());
        },
        [this](const StoredAgent& stored) {
            m_banner->clear();
            m_agents->agents()->put(stored);
            m_agents->select(stored.agent.name);
            showStored(stored);
        },
        [this](const Failure& failure) {
            if (failure.kind == QLatin1String("cache"))
                m_banner->showProblem(failure.message,
                    tr("Reload to see the other version, or replace it with yours."), tr("Save anyway"));
            else
                reportError(failure);
        });
}

void WorkbenchView::revert()
{
    const QString name = m_stored.agent.name;
    if (!m_session || m_stored.revision == 0) {
        showStored(m_stored);
        return;
    }
    m_agentTasks.run([store = &m_session->store(), name](std::stop_token) { return store->loadAgent(name); },
        [this](const std::optional<StoredAgent>& stored) {
            m_banner->clear();
            if (stored) {
                m_agents->agents()->put(*stored);
                showStored(*stored);
            } else {
                m_banner->showProblem(tr("%1 was deleted by somebody else.").arg(m_stored.agent.name),
                    tr("Save puts it back."));
                m_stored.revision = 0;
                updateHeader();
            }
        },
        [this](const Failure& failure) { reportError(failure); });
}

bool WorkbenchView::isDirty() const
{
    if (m_stored.agent.name.isEmpty() && m_stored.agent.model.isEmpty())
        return false;
    try {
        return !(m_form->agent() == m_stored.agent);
    } catch (const Error&) {
        return true;
    }
}

void WorkbenchView::edited()
{
    m_prompt->setTemplateTexts(m_form->templateTexts());
    updateHeader();
    m_predictDelay.start();
}

void WorkbenchView::updateHeader()
{
    if (!m_name)
        return;
    const bool dirty = isDirty();
    const bool saved = m_stored.revision > 0;
    m_name->setText(m_form->nameField()->text());
    m_revision->setVisible(saved);
    m_revision->setBadge(BadgeKind::Neutral, QStringLiteral("v%1").arg(m_stored.revision));
    QString note;
    if (!saved)
        note = tr("not saved in this workspace");
    else if (dirty)
        note = tr("edited, not saved");
    else if (m_session)
        note = tr("saved %1 by %2")
                   .arg(format::relativeTime(m_stored.savedMs, m_session->clock().nowMs()), m_stored.savedBy);
    m_savedNote->setText(note);
    m_save->setEnabled(dirty || !saved);
    m_revert->setVisible(dirty);
}

RunOptions WorkbenchView::options() const
{
    RunOptions options;
    options.messageHistory = m_form->history();
    options.variables = m_prompt->variables();
    options.cachePolicy = m_prompt->policy();
    options.sample = m_prompt->sample();
    options.stream = true;
    return options;
}

void WorkbenchView::predict()
{
    if (!m_session)
        return;
    m_predictTasks.drop();
    Agent agent;
    try {
        agent = m_form->agent();
    } catch (const Error& error) {
        m_prompt->showNoPrediction(error.message());
        return;
    }
    if (m_prompt->prompt().trimmed().isEmpty()) {
        m_prompt->showNoPrediction(tr("Type a prompt to see what a run would cost."));
        return;
    }
    m_predictTasks.run([session = m_session, agent, prompt = m_prompt->prompt(), options = options()](
                           std::stop_token) { return session->runner().predict(agent, prompt, options); },
        [this](const Prediction& prediction) {
            m_prompt->showPrediction(prediction, m_session->clock().nowMs());
        },
        [this](const Failure& failure) {
            if (!failure.cancelled())
                m_prompt->showNoPrediction(failure.message);
        });
}

void WorkbenchView::run()
{
    if (!m_session)
        return;
    Agent agent;
    try {
        agent = m_form->agent();
        if (m_prompt->prompt().trimmed().isEmpty())
            throw ConfigurationError(tr("There is no prompt."), tr("Type one."));
    } catch (const Error& error) {
        m_banner->showProblem(error.message(), error.remedy());
        return;
    }
    m_banner->clear();
    auto active = std::make_shared<ActiveRun>();
    active->number = m_runs->begin(m_session->clock().nowMs());
    active->model = agent.model;
    active->what = agent.model;
    active->elapsed.start();
    m_active.push_back(active);
    m_shownRun = active->number;
    m_answer->showStarted(agent.model);
    {
        const QSignalBlocker blocked(m_runTable->selectionModel());
        m_runTable->selectRow(0);
    }
    RunOptions runOptions = options();
    runOptions.stop = active->stop.get_token();
    // The run may outlive the view by a moment.
    runOptions.progress = [view = QPointer<WorkbenchView>(this), number = active->number](
                              const RunEvent& event) {
        if (view)
            view->onEvent(number, event);
    };
    m_ticker.start();
    updateRunning();
    m_runTasks.run([session = m_session, agent, prompt = m_prompt->prompt(), runOptions](
                       std::stop_token) { return session->runner().run(agent, prompt, runOptions); },
        [this, number = active->number](const RunResult& result) {
            RunItem item;
            item.outcome = result.data().outcome;
            item.latency = result.data().latency;
            item.cost = result.cost();
            item.fingerprint = result.fingerprint();
            item.result = result;
            m_callIds.insert(result.data().callId);
            finish(number, std::move(item));
            if (m_shownRun == number)
                m_answer->showResult(result, m_session->clock().nowMs());
            m_predictDelay.start();
            Q_EMIT runFinished(result);
        },
        [this, active](const Failure& failure) {
            RunItem item;
            item.outcome = failure.cancelled() ? Outcome::Cancelled : Outcome::Failed;
            item.latency = std::chrono::milliseconds(active->elapsed.elapsed());
            item.error = failure.message;
            finish(active->number, std::move(item));
            if (m_shownRun == active->number)
                m_answer->showFailure(failure);
        });
}

void WorkbenchView::finish(int number, RunItem item)
{
    std::erase_if(m_active, [number](const auto& active) { return active->number == number; });
    if (m_active.empty())
        m_ticker.stop();
    m_runs->finish(number, item);
    updateRunning();
}

void WorkbenchView::stop()
{
    // The run on show first; with none, all of them.
    bool stopped = false;
    const auto runs = m_active;
    for (const auto& active : runs) {
        if (active->number == m_shownRun) {
            active->stop.request_stop();
            stopped = true;
        }
    }
    if (stopped)
        return;
    for (const auto& active : runs)
        active->stop.request_stop();
}

void WorkbenchView::onEvent(int number, const RunEvent& event)
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
        if (m_shownRun == number)
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

void WorkbenchView::tick()
{
    for (const auto& active : m_active) {
        if (active->number != m_shownRun)
            continue;
        QString what = active->what;
        if (active->waitEnds)
            what = tr("next attempt in %1 s · %2")
                       .arg(static_cast<double>(active->waitEnds->remainingTime()) / 1000.0, 0, 'f', 1)
                       .arg(active->what);
        m_answer->showProgress(what, std::chrono::milliseconds(active->elapsed.elapsed()));
    }
}

void WorkbenchView::showRun(int row)
{
    if (row < 0 || row >= m_runs->rowCount())
        return;
    const RunItem item = m_runs->at(row);
    m_shownRun = item.number;
    if (item.running) {
        for (const auto& active : m_active) {
            if (active->number == item.number) {
                m_answer->showStarted(active->model);
                m_answer->appendText(active->text);
            }
        }
        return;
    }
    if (item.result) {
        m_answer->showResult(*item.result, m_session->clock().nowMs());
        return;
    }
    if (item.fingerprint.isEmpty() || item.outcome == Outcome::Failed || item.outcome == Outcome::Cancelled) {
        Failure failure;
        failure.kind = item.outcome == Outcome::Cancelled ? QStringLiteral("cancelled") : item.error;
        failure.message = item.error.isEmpty() ? tr("This run failed.") : item.error;
        m_answer->showStarted({});
        m_answer->showFailure(failure);
        return;
    }
    Q_EMIT openEntry(item.fingerprint);
}

void WorkbenchView::loadRuns()
{
    if (!m_session || m_stored.agent.name.isEmpty())
        return;
    CallQuery query;
    query.filters = {{Dimension::Agent, {m_stored.agent.name}}};
    query.limit = ledgerRuns;
    m_ledgerTasks.drop();
    m_ledgerTasks.run(
        [store = &m_session->store(), query](std::stop_token) { return store->listCalls(query); },
        [this](const std::vector<Call>& calls) {
            const QSignalBlocker blocked(m_runTable->selectionModel());
            m_runs->setNow(m_session->clock().nowMs());
            m_runs->setLedger(calls, m_callIds);
        },
        [](const Failure&) {
            // The list of runs is a convenience; the store's state is said in the status line.
        });
}

void WorkbenchView::updateRunning()
{
    m_prompt->setRunning(!m_active.empty());
    Q_EMIT runningChanged(static_cast<int>(m_active.size()));
}

void WorkbenchView::openEntryRequest(const QString& fingerprint)
{
    if (!m_session)
        return;
    m_agentTasks.run(
        [store = &m_session->store(), fingerprint](std::stop_token) { return store->lookup(fingerprint); },
        [this](const std::optional<Entry>& entry) {
            if (!entry) {
                m_banner->showProblem(
                    tr("The entry is gone; it may have expired."), tr("Rescan the cache view."));
                return;
            }
            const Request request = requestFromJson(entry->request);
            StoredAgent base;
            if (const StoredAgent* known = m_agents->agents()->find(entry->meta.agent))
                base = *known;
            Agent agent = base.agent;
            agent.name = entry->meta.agent.isEmpty() ? tr("from the cache") : entry->meta.agent;
            agent.model = request.model.toString();
            agent.systemPrompt = SystemPrompt(request.systemPrompts);
            agent.instructions = request.instructions;
            agent.output = request.output;
            agent.output.pythonType = base.agent.output.pythonType;
            const auto timeout = base.agent.settings.timeout;
            agent.settings = request.settings;
            agent.settings.timeout = timeout;
            agent.tools = request.tools;
            agent.baseUrl = request.endpoint;
            agent.task = entry->meta.task;
            m_agents->select(base.agent.name);
            showStored(base.revision > 0 ? base : StoredAgent{agent, 0, 0, {}});
            editAgent(agent);
            m_form->setHistory(request.history);
            m_prompt->setPrompt(request.prompt);
            m_prompt->setSample(request.sample);
            m_prompt->setPolicy(CachePolicy::Use);
            edited();
        },
        [this](const Failure& failure) { reportError(failure); });
}

void WorkbenchView::reportError(const Failure& failure)
{
    if (!failure.cancelled())
        m_banner->showProblem(failure.message, failure.remedy);
}

} // namespace llmcache::ui
