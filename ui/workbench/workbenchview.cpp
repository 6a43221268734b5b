#include "workbench/workbenchview.h"

#include "agent/agentjson.h"
#include "base/error.h"
#include "base/textfile.h"
#include "base/worker.h"
#include "cache/request.h"
#include "theme/theme.h"
#include "widgets/codeedit.h"
#include "widgets/controls.h"
#include "widgets/errorbanner.h"
#include "workbench/agentform.h"
#include "workbench/agentheader.h"
#include "workbench/agentpanel.h"
#include "workbench/answerpanel.h"
#include "workbench/entryagent.h"
#include "workbench/promptpanel.h"
#include "workbench/runhistory.h"
#include "workbench/runpanel.h"
#include "workbench/samples.h"
#include "workbench/versionsdialog.h"

#include <qcorofuture.h>

#include <QAction>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QListView>
#include <QSettings>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

namespace llmcache::ui {

namespace {

const QString lastAgentKey = QStringLiteral("workbench/agent");
/// With what it takes to ask the store, the outlook is there 50 ms after a pause.
constexpr int predictDelayMs = 30;
constexpr int draftDelayMs = 500;

/// Runs are awaited with their folder, which goes with the last of them.
QCoro::Task<> keep(std::shared_ptr<RunRecords> records, RunRecord record)
{
    auto adding = records->add(std::move(record));
    co_await adding;
}

QCoro::Task<> keepDraft(std::shared_ptr<RunRecords> records, QString workspace, Json draft)
{
    auto saving = records->saveDraft(std::move(workspace), std::move(draft));
    co_await saving;
}

QCoro::Task<RunInput> readKept(std::shared_ptr<RunRecords> records, QString file)
{
    auto reading = records->read(std::move(file));
    RunInput input = co_await reading;
    co_return input;
}

constexpr qint64 largestAgentFile = qint64(64) * 1024 * 1024;

QCoro::Task<Agent> readAgentFile(QString path)
{
    const auto work = [path] {
        return parseAgent(readWholeFile(path, largestAgentFile), QStringLiteral("Agent file ") + path);
    };
    const QFuture<Agent> reading = runOn(*QThreadPool::globalInstance(), work);
    Agent agent = co_await reading;
    co_return agent;
}

QCoro::Task<> writeAgentFile(QString path, Agent agent)
{
    const auto work = [path, agent] {
        writeWholeFile(path, toPrettyJsonText(toJson(agent)) + '\n');
        return true;
    };
    const QFuture<bool> writing = runOn(*QThreadPool::globalInstance(), work);
    co_await writing;
}

/// The agents, and what was in the window last.
struct Opening {
    std::vector<StoredAgent> agents;
    Json draft;
};

QCoro::Task<Opening> openWorkspace(Session* session, std::shared_ptr<RunRecords> records)
{
    Opening opening;
    const QString workspace = session->config().workspace;
    auto loading = records->loadDraft(workspace);
    opening.draft = co_await loading;
    auto listing = agentsOrSamples(session);
    opening.agents = co_await listing;
    co_return opening;
}

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
    connect(m_prompt, &PromptPanel::stopRequested, m_runs, &RunPanel::stop);
    connect(m_runs, &RunPanel::openEntry, this, &WorkbenchView::openEntry);
    connect(m_runs, &RunPanel::runningChanged, this, [this](int running) {
        m_prompt->setRunning(running > 0);
        m_stop->setEnabled(running > 0);
        Q_EMIT runningChanged(running);
    });
    connect(m_runs, &RunPanel::finished, this, [this](const RunResult& result) {
        m_predictDelay.start();
        Q_EMIT runFinished(result);
    });
    connect(m_runs, &RunPanel::ended, this, &WorkbenchView::keepRun);
    connect(m_banner, &ErrorBanner::actionTriggered, this, [this] {
        if (m_loaded)
            save(true);
        else
            loadAgents();
    });
    m_runs->setSession(session);
    connect(m_runs, &RunPanel::activeTasksChanged, this, &View::activeTasksChanged);
    for (const TaskScope* scope : {&m_predictTasks, &m_agentTasks, &m_recordTasks})
        connect(scope, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    setPrompt(samplePrompt(), {{QStringLiteral("who"), QStringLiteral("the user")}});
    followPrices();
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
    parts->addWidget(m_form);
    parts->addWidget(m_prompt);
    parts->setHandleWidth(12);
    setStyleProperty(parts, "gap", true);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    middleColumn->addWidget(m_banner);
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
    m_stop = add(tr("Stop the run"), {QKeySequence(Qt::Key_Escape)}, [this] { m_runs->stop(); });
    m_stop->setEnabled(false);
    add(tr("Explain the miss"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E)},
        [this] { m_runs->answer()->showExplanation(); });
    add(tr("Compare runs"), {QKeySequence(Qt::CTRL | Qt::Key_D)}, [this] { m_runs->compare(); });
    add(tr("Run history"), {QKeySequence(Qt::CTRL | Qt::Key_H)}, [this] { showHistory(); });
    add(tr("Find and replace"), {QKeySequence(QKeySequence::Find), QKeySequence(Qt::CTRL | Qt::Key_R)},
        [this] { m_form->openFind(); });
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
    if (!m_loaded)
        loadAgents();
    else
        m_predictDelay.start(); // entries may have gone or come meanwhile
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
    m_runs->stopAll();
    m_predictDelay.stop();
    m_predictTasks.drop();
    m_agentTasks.drop();
}

int WorkbenchView::activeTasks() const
{
    return m_runs->activeTasks() + m_predictTasks.active() + m_agentTasks.active() + m_recordTasks.active();
}

void WorkbenchView::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_loaded = false;
    m_draftRestored = false;
    m_runs->setSession(session);
    followPrices();
    openRecords();
    if (m_session && isVisible())
        loadAgents();
}

void WorkbenchView::followPrices()
{
    if (!m_session)
        return;
    const auto update = [this] { m_form->setPrices(m_session->runner().prices()); };
    connect(m_session, &Session::pricesChanged, this, update);
    update();
}

void WorkbenchView::loadAgents()
{
    if (!m_session)
        return;
    m_agentTasks.drop();
    m_agentTasks.run([session = m_session, records = m_records](
                         std::stop_token) { return openWorkspace(session, records); },
        [this](Opening opening) {
            showAgents(std::move(opening.agents));
            restoreDraft(opening.draft);
            loadTasks();
        },
        [this](const Failure& failure) {
            if (failure.cancelled())
                return;
            m_banner->showProblem(
                tr("The agents can't be read: %1").arg(failure.message), failure.remedy, tr("Retry"));
            // One can still work: runs fail open, and the samples need no store.
            if (m_agents->agents()->rowCount() == 0) {
                m_agents->agents()->setAgents(unsavedSamples());
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
    m_runs->loadRuns(stored.agent.name);
    m_predictDelay.start();
    m_draftDelay.start();
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

void WorkbenchView::importAgent()
{
    auto* const dialog = new QFileDialog(this, tr("Import agent"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    dialog->setNameFilters({tr("Agents (*.agent.json *.json)"), tr("All files (*)")});
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        m_agentTasks.run([path](std::stop_token) { return readAgentFile(path); },
            [this](const Agent& agent) {
                // Into the form: nothing is overwritten before one has seen it and saves.
                const StoredAgent* const known = m_agents->agents()->find(agent.name);
                const StoredAgent base = known ? *known : StoredAgent{agent, 0, 0, {}};
                m_agents->select(known ? agent.name : QString());
                showStored(base);
                editAgent(agent);
            },
            [this](const Failure& failure) { reportError(failure); });
    });
    dialog->open();
}

void WorkbenchView::exportAgent(const QString& name)
{
    Agent agent;
    try {
        const StoredAgent* const known = m_agents->agents()->find(name);
        agent = known && name != m_stored.agent.name ? known->agent : m_form->agent();
    } catch (const Error& error) {
        m_banner->showProblem(error.message(), error.remedy());
        return;
    }
    auto* const dialog = new QFileDialog(this, tr("Export agent"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("agent.json"));
    QString plain = agent.name;
    dialog->selectFile(plain.replace(QLatin1Char('/'), QLatin1Char('-')) + QStringLiteral(".agent.json"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, agent](const QString& path) {
        m_agentTasks.run([path, agent](std::stop_token) { return writeAgentFile(path, agent); },
            [this, agent] { Q_EMIT notice(tr("Exported %1.").arg(agent.name), {}, {}); },
            [this](const Failure& failure) { reportError(failure); });
    });
    dialog->open();
}

void WorkbenchView::showVersions(const QString& name)
{
    const StoredAgent* const stored = m_agents->agents()->find(name);
    if (!stored || !m_session)
        return;
    auto* const dialog =
        new VersionsDialog(m_theme, &m_session->store(), *stored, m_session->clock().nowMs(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &VersionsDialog::restoreRequested, this, [this, base = *stored](const Agent& agent) {
        m_agents->select(base.agent.name);
        if (m_stored.agent.name != base.agent.name)
            showStored(base);
        editAgent(agent);
    });
    dialog->open();
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
    m_draftDelay.start();
}

void WorkbenchView::updateHeader()
{
    if (m_header && m_session)
        m_header->show(m_stored, m_form->nameField()->text(), isDirty(), m_session->clock().nowMs());
}

RunInput WorkbenchView::input() const
{
    RunInput input;
    input.agent = m_form->agent();
    input.agentRevision = m_stored.revision;
    input.prompt = m_prompt->prompt();
    input.options = options();
    return input;
}

void WorkbenchView::restore(const RunInput& input)
{
    StoredAgent base;
    if (const StoredAgent* known = m_agents->agents()->find(input.agent.name))
        base = *known;
    m_agents->select(base.agent.name);
    showStored(base.revision > 0 ? base : StoredAgent{input.agent, 0, 0, {}});
    m_form->setAgent(input.agent);
    m_form->setHistory(input.options.messageHistory);
    m_prompt->setPrompt(input.prompt);
    if (input.options.variables)
        m_prompt->setVariables(*input.options.variables);
    m_prompt->setAttachments(input.options.attachments);
    m_prompt->setSample(input.options.sample);
    m_prompt->setPolicy(input.options.cachePolicy);
    edited();
    if (input.options.variables)
        m_prompt->setVariables(*input.options.variables); // of the agent's texts, whose fields are there now
}

void WorkbenchView::openRecords()
{
    m_records = m_session
        ? std::make_shared<RunRecords>(QDir(m_session->config().dataFolder).filePath(QStringLiteral("runs")))
        : nullptr;
}

void WorkbenchView::loadTasks()
{
    CostQuery query;
    query.groupBy = {Dimension::Task};
    m_agentTasks.run([session = m_session, query](std::stop_token) { return session->costs(query); },
        [this](const CostReport& report) {
            QStringList tasks;
            for (const CostRow& row : report.rows)
                tasks.append(row.keys.front());
            m_form->setTasks(tasks);
        },
        [](const Failure&) {
            // One can type without them; the store's state is said in the status line.
        });
}

void WorkbenchView::keepRun(const RunRecord& record)
{
    m_recordTasks.run([records = m_records, record](std::stop_token) { return keep(records, record); }, [] {},
        [this](const Failure& failure) {
            m_banner->showProblem(tr("This run can't be kept in the history: %1").arg(failure.message),
                failure.remedy, {}, ErrorBanner::Severity::Warning);
        });
}

void WorkbenchView::saveDraft()
{
    m_draftDelay.stop();
    if (!m_records || !m_loaded)
        return;
    RunInput draft;
    Json json;
    try {
        json = toJson(input());
    } catch (const Error&) {
        // A form that makes no agent yet: what can be told of it, and its schema as it was typed.
        draft.agent = m_form->lenientAgent();
        draft.agentRevision = m_stored.revision;
        draft.prompt = m_prompt->prompt();
        draft.options = options();
        json = toJson(draft);
        json["schema_text"] = toUtf8(m_form->schemaText());
    }
    const QString workspace = m_session->config().workspace;
    m_recordTasks.run([records = m_records, workspace, json](
                          std::stop_token) { return keepDraft(records, workspace, json); },
        [] {},
        [this](const Failure& failure) {
            m_banner->showProblem(tr("What you type can't be kept: %1").arg(failure.message), failure.remedy,
                {}, ErrorBanner::Severity::Warning);
        });
}

void WorkbenchView::restoreDraft(const Json& draft)
{
    // Once: an agent that is chosen later is not replaced by what was there before.
    if (std::exchange(m_draftRestored, true) || draft.is_null())
        return;
    try {
        restore(runInputFromJson(draft));
        if (const QString schema = stringMember(draft, "schema_text"); !schema.isEmpty())
            m_form->setSchemaText(schema);
    } catch (const Error& error) {
        qWarning("%s", error.what());
    }
}

void WorkbenchView::reopen(const QString& file)
{
    m_recordTasks.run([records = m_records, file](std::stop_token) { return readKept(records, file); },
        [this](const RunInput& input) { restore(input); },
        [this](const Failure& failure) { reportError(failure); });
}

void WorkbenchView::showHistory()
{
    if (!m_session)
        return;
    auto* const dialog = new RunHistoryDialog(m_theme, m_session, m_records, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &RunHistoryDialog::reopen, this, &WorkbenchView::reopen);
    connect(dialog, &RunHistoryDialog::reopenEntry, this, &WorkbenchView::openEntryRequest);
    connect(dialog, &RunHistoryDialog::openEntry, this, [this, dialog](const QString& fingerprint) {
        dialog->accept();
        Q_EMIT openEntry(fingerprint);
    });
    dialog->open();
}

RunOptions WorkbenchView::options() const
{
    RunOptions options;
    options.messageHistory = m_form->history();
    options.variables = m_prompt->variables();
    options.cachePolicy = m_prompt->policy();
    options.attachments = m_prompt->attachments();
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
    m_runs->start(std::move(started));
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
            if (entry->meta.python && entry->request.empty()) {
                m_banner->showProblem(tr("The request of this entry is not known."),
                    tr("pyai-caching stores the answer alone. Write the request anew to find the entry."));
                return;
            }
            const Request request = requestFromJson(entry->request);
            StoredAgent base;
            if (const StoredAgent* known = m_agents->agents()->find(entry->meta.agent))
                base = *known;
            const Agent agent = agentFromEntry(*entry, request, base.agent);
            m_agents->select(base.agent.name);
            showStored(base.revision > 0 ? base : StoredAgent{agent, 0, 0, {}});
            editAgent(agent);
            m_form->setHistory(request.history);
            m_prompt->setPrompt(request.prompt);
            m_prompt->setAttachments(request.attachments);
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
