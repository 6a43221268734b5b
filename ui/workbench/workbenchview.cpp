#include "workbench/workbenchview.h"

#include "base/error.h"
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
#include "workbench/runpanel.h"
#include "workbench/samples.h"

#include <QAction>
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
    m_predictDelay.setInterval(150);
    connect(&m_predictDelay, &QTimer::timeout, this, &WorkbenchView::predict);
    connect(m_agents, &AgentPanel::chosen, this, &WorkbenchView::chooseAgent);
    connect(m_agents, &AgentPanel::newRequested, this, &WorkbenchView::newAgent);
    connect(m_agents, &AgentPanel::duplicateRequested, this, &WorkbenchView::duplicateAgent);
    connect(m_agents, &AgentPanel::deleteRequested, this, &WorkbenchView::deleteAgent);
    connect(m_form, &AgentForm::edited, this, &WorkbenchView::edited);
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
    connect(m_banner, &ErrorBanner::actionTriggered, this, [this] {
        if (m_loaded)
            save(true);
        else
            loadAgents();
    });
    m_runs->setSession(session);
    connect(m_runs, &RunPanel::activeTasksChanged, this, &View::activeTasksChanged);
    for (const TaskScope* scope : {&m_predictTasks, &m_agentTasks})
        connect(scope, &TaskScope::activeChanged, this, &View::activeTasksChanged);
    setPrompt(samplePrompt(), {{QStringLiteral("who"), QStringLiteral("the user")}});
    followPrices();
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
    add(tr("Save agent"), {QKeySequence::Save}, [this] { save(); });
    add(tr("New agent"), {QKeySequence::New}, [this] { newAgent(); });
    add(tr("Duplicate agent"), {}, [this] { duplicateAgent(m_stored.agent.name); });
    add(tr("Delete agent"), {}, [this] { deleteAgent(m_stored.agent.name); });
    add(tr("Revert agent"), {}, [this] { revert(); });
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
    m_runs->stopAll();
    m_predictDelay.stop();
    m_predictTasks.drop();
    m_agentTasks.drop();
}

int WorkbenchView::activeTasks() const
{
    return m_runs->activeTasks() + m_predictTasks.active() + m_agentTasks.active();
}

void WorkbenchView::setSession(Session* session)
{
    stopTasks();
    m_session = session;
    m_loaded = false;
    m_runs->setSession(session);
    followPrices();
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
    m_agentTasks.run([session = m_session](std::stop_token) { return agentsOrSamples(session); },
        [this](std::vector<StoredAgent> agents) { showAgents(std::move(agents)); },
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
    if (m_header && m_session)
        m_header->show(m_stored, m_form->nameField()->text(), isDirty(), m_session->clock().nowMs());
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
    m_runs->start(agent, m_prompt->prompt(), options());
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
