// The agents of the view: listed, chosen, edited, saved, imported and exported.

#include "agent/agentjson.h"
#include "base/error.h"
#include "base/textfile.h"
#include "base/worker.h"
#include "widgets/errorbanner.h"
#include "workbench/agentform.h"
#include "workbench/agentpanel.h"
#include "workbench/promptpanel.h"
#include "workbench/runpanel.h"
#include "workbench/samples.h"
#include "workbench/versionsdialog.h"
#include "workbench/workbenchview.h"

#include <qcorofuture.h>

#include <QFileDialog>
#include <QLineEdit>
#include <QSettings>

namespace llmcache::ui {

namespace {

const QString lastAgentKey = QStringLiteral("workbench/agent");
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

} // namespace llmcache::ui
