#include "workbench/workbenchview.h"

#include "base/error.h"
#include "provider/untaken.h"
#include "settings/runpreferences.h"
#include "theme/theme.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "workbench/agentform.h"
#include "workbench/agentheader.h"
#include "workbench/agentpanel.h"
#include "workbench/answerpanel.h"
#include "workbench/promptpanel.h"
#include "workbench/runpanel.h"
#include "workbench/samples.h"

#include <QAction>
#include <QApplication>
#include <QDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QListView>
#include <QScrollArea>
#include <QSettings>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

/// With what it takes to ask the store, the outlook is there 50 ms after a pause.
constexpr int predictDelayMs = 30;
constexpr int draftDelayMs = 500;

} // namespace

WorkbenchView::WorkbenchView(const Theme* theme, Session* session, QSettings* settings, QWidget* parent)
    : View(parent)
    , m_theme(theme)
    , m_session(session)
    , m_settings(settings)
    , m_agents(new AgentPanel(theme))
    , m_form(new AgentForm(theme))
    , m_prompt(new PromptPanel(theme))
    , m_runs(new RunPanel(theme))
    , m_banner(new ErrorBanner(theme))
{
    m_banner->setObjectName(QStringLiteral("workbench problem"));
    createLayout();
    createCommands();
    m_predictDelay.setSingleShot(true);
    m_predictDelay.setInterval(predictDelayMs);
    m_draftDelay.setSingleShot(true);
    m_draftDelay.setInterval(draftDelayMs);
    connect(&m_draftDelay, &QTimer::timeout, this, &WorkbenchView::saveDraft);
    connect(&m_predictDelay, &QTimer::timeout, this, &WorkbenchView::predict);
    connect(m_agents, &AgentPanel::chosen, this, &WorkbenchView::chooseAgent);
    connect(m_agents, &AgentPanel::newRequested, this, &WorkbenchView::newAgent);
    connect(m_agents, &AgentPanel::duplicateRequested, this, &WorkbenchView::duplicateAgent);
    connect(m_agents, &AgentPanel::deleteRequested, this, &WorkbenchView::deleteAgent);
    connect(m_agents, &AgentPanel::importRequested, this, &WorkbenchView::importAgent);
    connect(m_agents, &AgentPanel::exportRequested, this, &WorkbenchView::exportAgent);
    connect(m_agents, &AgentPanel::versionsRequested, this, &WorkbenchView::showVersions);
    connect(m_form, &AgentForm::edited, this, &WorkbenchView::edited);
    connect(m_form, &AgentForm::problem, m_banner,
        [this](const QString& message, const QString& remedy) { m_banner->showProblem(message, remedy); });
    connect(m_prompt, &PromptPanel::edited, this, &WorkbenchView::edited);
    connect(m_prompt, &PromptPanel::attachmentRefused, m_banner,
        [this](const QString& message, const QString& remedy) { m_banner->showProblem(message, remedy); });
    connect(m_prompt, &PromptPanel::runRequested, this, &WorkbenchView::run);
    connect(m_prompt, &PromptPanel::stopRequested, m_runs,
        [this] { m_runs->isShownRunning() ? m_runs->stop() : m_runs->stopAll(); });
    connect(m_prompt, &PromptPanel::explainRequested, this, &WorkbenchView::explainDraft);
    connect(m_runs, &RunPanel::openEntry, this, &WorkbenchView::openEntry);
    connect(m_runs, &RunPanel::runningChanged, this, [this](int running) {
        updateStop();
        Q_EMIT runningChanged(running);
    });
    connect(m_runs, &RunPanel::shownChanged, this, &WorkbenchView::updateStop);
    connect(m_runs, &RunPanel::finished, this, [this](const RunResult& result) {
        m_predictDelay.start();
        Q_EMIT runFinished(result);
    });
    connect(m_runs, &RunPanel::ended, this, &WorkbenchView::keepRun);
    m_runs->setSession(session);
    connect(m_runs, &RunPanel::activeTasksChanged, this, &View::activeTasksChanged);
    for (const TaskScope* scope : std::initializer_list<const TaskScope*>{&m_predictTasks, &m_listTasks,
             &m_agentTasks, &m_saveTasks, &m_recordTasks, &m_dialogTasks, &m_prompt->tasks()})
        connect(scope, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    setPrompt(samplePrompt(), {{QStringLiteral("who"), QStringLiteral("the user")}});
    followSession();
    openRecords();
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
    // It scrolls where the window is too low for all of it.
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("agent form scroll"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus); // it follows the fields in it
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setMinimumHeight(150);
    scroll->setWidget(m_form);
    parts->addWidget(scroll);
    parts->addWidget(m_prompt);
    parts->setHandleWidth(12);
    setStyleProperty(parts, "gap", true);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    middleColumn->addWidget(parts, 1);

    auto* columns = new QSplitter(Qt::Horizontal);
    columns->setObjectName(QStringLiteral("workbench columns"));
    columns->setChildrenCollapsible(false);
    columns->setHandleWidth(1);
    columns->addWidget(m_agents);
    columns->addWidget(middle);
    columns->addWidget(m_runs);
    columns->setStretchFactor(0, 0);
    columns->setStretchFactor(1, 4);
    columns->setStretchFactor(2, 3);
    columns->setSizes({200, 660, 500});
    middle->setMinimumWidth(360);
    m_runs->setMinimumWidth(370);
    // Over all columns, where its words and buttons fit beside each other: the form and the prompt need their
    // height in a small window.
    auto* top = new QWidget;
    auto* bannerRow = new QHBoxLayout(top);
    bannerRow->setContentsMargins(12, 10, 12, 10);
    bannerRow->addWidget(m_banner);
    top->hide();
    connect(m_banner, &ErrorBanner::shown, top, &QWidget::setVisible);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    outer->addWidget(top);
    outer->addWidget(columns, 1);
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
    m_stop = add(tr("Stop the run"), {QKeySequence(Qt::Key_Escape)}, [this] { m_runs->stop(); });
    m_stop->setEnabled(false);
    m_stopAll = add(tr("Stop all runs"), {}, [this] { m_runs->stopAll(); });
    m_stopAll->setEnabled(false);
    add(tr("Explain the miss"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E)},
        [this] { m_runs->answer()->showExplanation(); });
    add(tr("Explain what will happen"), {QKeySequence(Qt::CTRL | Qt::Key_E)}, [this] { explainDraft(); });
    add(tr("Compare runs"), {QKeySequence(Qt::CTRL | Qt::Key_D)}, [this] { m_runs->compare(); });
    add(tr("Run history"), {QKeySequence(Qt::CTRL | Qt::Key_H)}, [this] { showHistory(); });
    add(tr("Find and replace"), {QKeySequence(QKeySequence::Find), QKeySequence(Qt::CTRL | Qt::Key_R)},
        [this] {
            if (m_prompt->isAncestorOf(QApplication::focusWidget()))
                m_prompt->openFind();
            else
                m_form->openFind();
        });
    add(tr("Save answer"), {}, [this] { m_runs->saveAnswer(); });
    add(tr("Copy run as cURL"), {}, [this] { m_runs->copyAs(CodeKind::Curl); });
    add(tr("Copy run as C++"), {}, [this] { m_runs->copyAs(CodeKind::Cpp); });
    add(tr("Copy run as Python"), {}, [this] { m_runs->copyAs(CodeKind::Python); });
    add(tr("Copy run as command line"), {}, [this] { m_runs->copyAs(CodeKind::CommandLine); });
    add(tr("Save agent"), {QKeySequence::Save}, [this] { save(); });
    add(tr("New agent"), {QKeySequence::New}, [this] { newAgent(); });
    add(tr("Duplicate agent"), {}, [this] { duplicateAgent(m_stored.agent.name); });
    add(tr("Delete agent"), {}, [this] { deleteAgent(m_stored.agent.name); });
    add(tr("Revert agent"), {}, [this] { revert(); });
    add(tr("Versions of the agent"), {}, [this] { showVersions(m_stored.agent.name); });
    add(tr("Reload agents"), {QKeySequence(QKeySequence::Refresh)}, [this] { refreshAgents(); });
    add(tr("Import agent"), {}, [this] { importAgent(); });
    add(tr("Export agent"), {}, [this] { exportAgent(m_stored.agent.name); });
}

QWidget* WorkbenchView::createHeader()
{
    m_header = new AgentHeader;
    connect(m_header, &AgentHeader::saveRequested, this, [this] { save(); });
    connect(m_header, &AgentHeader::revertRequested, this, &WorkbenchView::revert);
    updateHeader();
    return m_header;
}

void WorkbenchView::activate()
{
    if (!m_loaded) {
        loadAgents();
    } else {
        refreshAgents();
        m_predictDelay.start(); // entries may have gone or come meanwhile
    }
    m_prompt->promptEdit()->setFocus();
}

QList<QWidget*> WorkbenchView::panes()
{
    return {
        m_agents->view(), m_form->systemPrompt(), m_prompt->promptEdit(), m_runs->answer(), m_runs->table()};
}

void WorkbenchView::stopTasks()
{
    if (m_draftDelay.isActive())
        saveDraft();
    m_runs->stopTasks();
    m_predictDelay.stop();
    for (TaskScope* scope : {&m_predictTasks, &m_listTasks, &m_agentTasks, &m_saveTasks})
        scope->drop();
    // They show what is in the store that goes.
    const QList<QDialog*> dialogs = findChildren<QDialog*>();
    for (QDialog* dialog : dialogs)
        dialog->close();
}

int WorkbenchView::activeTasks() const
{
    return m_runs->activeTasks() + m_predictTasks.active() + m_listTasks.active() + m_agentTasks.active()
        + m_saveTasks.active() + m_recordTasks.active() + m_dialogTasks.active() + m_prompt->tasks().active();
}

void WorkbenchView::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_loaded = false;
    m_draftRestored = false;
    m_begun = false;
    m_runs->setSession(session);
    m_storeDown = false;
    m_unread.clear();
    m_agents->setAway(false);
    followSession();
    openRecords();
    if (m_session && isVisible())
        loadAgents();
}

/// Escape is about what one looks at: it stops no run that is out of sight.
void WorkbenchView::updateStop()
{
    const bool any = m_runs->running() > 0;
    m_prompt->setRunning(any, m_runs->isShownRunning());
    m_stop->setEnabled(m_runs->isShownRunning());
    m_stopAll->setEnabled(any);
}

void WorkbenchView::followSession()
{
    if (!m_session)
        return;
    connect(&m_session->store(), &Store::connectionChanged, this, &WorkbenchView::followConnection);
    const auto update = [this] { m_form->setPrices(m_session->runner().prices()); };
    connect(m_session, &Session::pricesChanged, this, update);
    update();
}

void WorkbenchView::setPrompt(const QString& prompt, const Variables& variables)
{
    m_prompt->setPrompt(prompt);
    m_prompt->setVariables(variables);
}

void WorkbenchView::edited()
{
    // What is typed over a sample stays when the store comes back.
    m_begun = m_begun || (!m_loaded && m_agents->agents()->rowCount() > 0);
    m_prompt->setTemplateTexts(m_form->templateTexts());
    updateHeader();
    m_predictDelay.start();
    m_draftDelay.start();
}

/// Nothing can be shown yet: the store has not told its agents, and nobody has begun one.
bool WorkbenchView::isReading() const
{
    return m_listTasks.active() > 0 && !m_loaded && !m_begun && m_agents->agents()->rowCount() == 0;
}

void WorkbenchView::updateHeader()
{
    m_prompt->setDefaultTask(m_form->task());
    if (m_header && m_session)
        m_header->setObstacle(m_session->isReadOnly()
                ? tr("This connection is read-only: agents can be changed and tried, not saved.")
                : QString());
    if (m_header && isReading())
        m_header->showReading();
    else if (m_header && m_session)
        m_header->show(m_stored, m_form->nameField()->text(), isDirty(), m_session->clock().nowMs());
}

RunInput WorkbenchView::input() const
{
    RunInput input;
    input.agent = m_form->agent();
    input.agentRevision = m_stored.revision;
    input.prompt = m_prompt->prompt();
    if (m_prompt->isReading()) // a run without it would be another one
        throw ConfigurationError(
            tr("A file is still being read."), tr("Wait for it, or take it away to go on without it."));
    input.options = options();
    if (m_settings && !input.agent.ttl) {
        const int days = RunPreferences::from(*m_settings).lifeDays;
        if (days != RunPreferences().lifeDays) // what a run does by itself
            input.options.ttl = std::chrono::days(days);
    }
    return input;
}

RunOptions WorkbenchView::options() const
{
    RunOptions options;
    options.messageHistory = m_form->history();
    options.variables = m_prompt->variables();
    options.taskName = m_prompt->taskName();
    options.cachePolicy = m_prompt->policy();
    options.attachments = m_prompt->attachments();
    options.sample = m_prompt->sample();
    options.stream = true;
    if (m_settings) {
        const RunPreferences preferences = RunPreferences::from(*m_settings);
        options.initialWait = preferences.initialWait;
        options.maxWait = preferences.maxWait;
    }
    return options;
}

void WorkbenchView::predict()
{
    if (!m_session)
        return;
    m_predictTasks.drop();
    if (isReading()) {
        m_prompt->showNoPrediction(tr("reading the agents"));
        return;
    }
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
    if (m_prompt->isReading()) {
        m_prompt->showNoPrediction(tr("reading what is attached"));
        return;
    }
    m_predictTasks.run([session = m_session, agent, prompt = m_prompt->prompt(), options = options()](
                           std::stop_token) { return session->runner().predict(agent, prompt, options); },
        [this, model = agent.model](const Prediction& prediction) {
            m_prompt->showPrediction(prediction, m_session->clock().nowMs(),
                untakenAttachment(ModelRef::parse(model), m_prompt->attachments()));
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
    RunInput started;
    try {
        started = input();
        if (started.prompt.trimmed().isEmpty())
            throw ConfigurationError(tr("There is no prompt."), tr("Type one."));
    } catch (const Error& error) {
        m_banner->showProblem(error.message(), error.remedy());
        return;
    }
    m_banner->clear();
    if (m_settings)
        m_runs->setMostAtOnce(RunPreferences::from(*m_settings).atOnce);
    m_runs->start(std::move(started));
}

void WorkbenchView::explainDraft()
{
    if (!m_session)
        return;
    try {
        m_runs->explainDraft(input());
    } catch (const Error& error) {
        m_banner->showProblem(error.message(), error.remedy());
    }
}

void WorkbenchView::reportError(const Failure& failure)
{
    if (!failure.cancelled())
        m_banner->showProblem(failure.message, failure.remedy);
}

} // namespace llmcache::ui
