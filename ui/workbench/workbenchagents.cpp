// The agents of the view: listed, chosen, edited, saved, imported and exported.

#include "agent/agentjson.h"
#include "base/error.h"
#include "base/textfile.h"
#include "base/worker.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
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
#include <QPointer>
#include <QSet>
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
    std::optional<RunDraft> draft;
};

QCoro::Task<Opening> openWorkspace(Session* session, std::shared_ptr<RunRecords> records, QString place)
{
    Opening opening;
    const QString workspace = session->config().workspace;
    auto loading = records->loadDraft(place, workspace);
    opening.draft = co_await loading;
    auto listing = agentsOrSamples(session);
    opening.agents = co_await listing;
    co_return opening;
}

/// Removes the version that was seen. Returns what was removed; nothing where it was gone already.
QCoro::Task<std::optional<StoredAgent>> removeAgentSeen(Store* store, QString name, qint64 revision)
{
    auto loading = store->loadAgent(name);
    std::optional<StoredAgent> found = co_await loading;
    if (!found)
        co_return found;
    if (found->revision != revision)
        throw CacheError(
            WorkbenchView::tr("%1 was changed by %2 meanwhile and is not deleted.").arg(name, found->savedBy),
            WorkbenchView::tr("Look at the new version first: reload the agents."));
    auto removing = store->removeAgent(name);
    co_await removing;
    co_return found;
}

} // namespace

void WorkbenchView::loadAgents()
{
    if (!m_session)
        return;
    m_listTasks.drop();
    m_listTasks.run([session = m_session, records = m_records, place = draftPlace()](
                        std::stop_token) { return openWorkspace(session, records, place); },
        [this](Opening opening) {
            showAgents(std::move(opening.agents));
            restoreDraft(opening.draft);
            loadTasks();
        },
        [this](const Failure& failure) {
            if (failure.cancelled())
                return;
            m_banner->showProblem(tr("The agents can't be read: %1").arg(failure.message), failure.remedy);
            m_banner->offer(tr("Retry"), [this] { loadAgents(); });
            // One can still work: runs fail open, and the samples need no store.
            if (m_agents->agents()->rowCount() == 0) {
                m_agents->agents()->setAgents(unsavedSamples());
                m_agents->select(m_agents->agents()->at(0).agent.name);
                showStored(m_agents->agents()->at(0));
            }
        });
}

/// Others save, add and delete agents, too.
void WorkbenchView::refreshAgents()
{
    if (!m_session || !m_loaded || m_saveTasks.active() > 0)
        return;
    m_listTasks.drop();
    m_listTasks.run([store = &m_session->store()](std::stop_token) { return store->listAgents(); },
        [this](const std::vector<StoredAgent>& agents) { takeAgents(agents); },
        [this](const Failure& failure) {
            if (failure.cancelled())
                return;
            m_banner->showProblem(
                tr("The agents can't be read again: %1").arg(failure.message), failure.remedy);
            m_banner->offer(tr("Retry"), [this] { refreshAgents(); });
        });
}

void WorkbenchView::takeAgents(const std::vector<StoredAgent>& agents)
{
    AgentListModel* const list = m_agents->agents();
    if (agents.empty() && list->rowCount() > 0 && list->at(0).revision == 0)
        return; // the samples, where nothing was saved yet
    QSet<QString> names;
    for (const StoredAgent& agent : agents) {
        names.insert(agent.agent.name);
        const StoredAgent* const known = list->find(agent.agent.name);
        if (!known || known->revision != agent.revision)
            list->put(agent);
    }
    for (int row = list->rowCount() - 1; row >= 0; --row) {
        if (const QString name = list->at(row).agent.name; !names.contains(name)) {
            m_agents->select({}); // its neighbour is not chosen by that
            list->remove(name);
        }
    }
    m_agents->select(m_stored.agent.name);
    followCurrentAgent();
}

void WorkbenchView::followCurrentAgent()
{
    if (m_stored.revision == 0)
        return;
    const StoredAgent* const known = m_agents->agents()->find(m_stored.agent.name);
    if (!known) {
        showAgentProblem(
            tr("%1 was deleted by somebody else.").arg(m_stored.agent.name), tr("Save puts it back."));
        m_stored.revision = 0;
        updateHeader();
        return;
    }
    if (known->revision == m_stored.revision)
        return;
    const StoredAgent newest = *known;
    if (!isDirty()) {
        showStored(newest);
        return;
    }
    try {
        if (m_form->agent() == newest.agent) { // the same was typed here
            m_stored = newest;
            updateHeader();
            return;
        }
    } catch (const Error&) {
        // No agent yet, so not theirs.
    }
    showNewer(newest);
}

void WorkbenchView::showAgents(std::vector<StoredAgent> agents)
{
    m_loaded = true;
    m_banner->clear();
    m_agents->agents()->setAgents(std::move(agents));
    if (m_begun) { // what he types stays
        m_draftRestored = true;
        return;
    }
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
    const StoredAgent* const stored = m_agents->agents()->find(name);
    if (!stored)
        return;
    const StoredAgent copy = *stored;
    offerWayBack(Extent::Agent);
    showStored(copy);
}

/// Takes down what is in the window; calling it puts that back.
std::function<void()> WorkbenchView::wayBack(Extent extent)
{
    RunDraft draft;
    try {
        draft.input.agent = m_form->agent();
    } catch (const Error&) {
        draft.input.agent = m_form->lenientAgent();
        draft.schemaText = m_form->schemaText();
    }
    if (extent == Extent::All) {
        draft.input.prompt = m_prompt->prompt();
        draft.input.options = options();
    }
    return [this, draft, extent, base = m_stored, session = QPointer<Session>(m_session)] {
        if (!session || session != m_session)
            return; // another workspace is open
        offerWayBack(extent);
        m_agents->select(base.agent.name);
        if (extent == Extent::All) {
            restoreOver(draft.input, base);
        } else {
            showStored(base);
            editAgent(draft.input.agent);
        }
        if (!draft.schemaText.isEmpty())
            m_form->setSchemaText(draft.schemaText);
    };
}

/// What was typed is not thrown away: it can be had back for as long as the notice is shown.
void WorkbenchView::offerWayBack(Extent extent)
{
    // One that was brought from elsewhere and never saved is lost, too; a new one that is empty is no loss.
    const Agent& base = m_stored.agent;
    const bool isBrought = m_stored.revision == 0 && !m_agents->agents()->find(base.name)
        && !(base.systemPrompt.join(QString()).isEmpty() && base.instructions.isEmpty()
            && base.output.isText());
    const bool isUnsaved = isDirty() || isBrought;
    const bool isTyped = extent == Extent::All
        && (!m_prompt->prompt().isEmpty() || !m_form->history().empty() || !m_prompt->attachments().empty());
    if (isUnsaved)
        Q_EMIT notice(tr("Left %1 without saving.").arg(m_form->nameField()->text()), tr("Back to the draft"),
            wayBack(extent));
    else if (isTyped)
        Q_EMIT notice(tr("Replaced what was in the window."), tr("Undo"), wayBack(extent));
}

void WorkbenchView::showStored(const StoredAgent& stored)
{
    ++m_shows;
    clearAgentProblem();
    const bool isOther = m_stored.agent.name != stored.agent.name;
    m_stored = stored;
    m_form->setAgent(stored.agent);
    if (m_settings)
        m_settings->setValue(lastAgentKey, stored.agent.name);
    m_prompt->setTemplateTexts(m_form->templateTexts());
    updateHeader();
    if (isOther || m_runs->runs()->rowCount() == 0)
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
    offerWayBack(Extent::Agent);
    m_begun = !m_loaded;
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
    offerWayBack(Extent::Agent);
    m_agents->select({});
    showStored(copy);
    m_form->nameField()->setFocus();
}

void WorkbenchView::deleteAgent(const QString& name)
{
    const StoredAgent* found = m_agents->agents()->find(name);
    if (!found || !m_session)
        return;
    const StoredAgent seen = *found;
    m_listTasks.drop(); // a list of before would bring it back
    m_saveTasks.run([store = &m_session->store(), name, revision = seen.revision](
                        std::stop_token) { return removeAgentSeen(store, name, revision); },
        [this, seen](const std::optional<StoredAgent>& removed) {
            const StoredAgent deleted = removed.value_or(seen);
            const bool isShown = m_stored.agent.name == seen.agent.name;
            const auto back = isShown ? wayBack(Extent::Agent) : std::function<void()>();
            m_agents->select({});
            m_agents->agents()->remove(seen.agent.name);
            if (!isShown) {
                m_agents->select(m_stored.agent.name);
            } else if (m_agents->agents()->rowCount() > 0) {
                const StoredAgent next = m_agents->agents()->at(0);
                m_agents->select(next.agent.name);
                showStored(next);
            } else {
                m_stored.revision = 0;
                updateHeader();
            }
            Q_EMIT notice(tr("Deleted %1.").arg(seen.agent.name), tr("Undo"),
                [this, deleted, back, session = QPointer<Session>(m_session)] {
                    if (session && session == m_session)
                        undelete(deleted, back);
                });
        },
        [this](const Failure& failure) { reportError(failure); });
}

/// Saves it anew and puts what was typed over it back, if it was in the form.
void WorkbenchView::undelete(const StoredAgent& deleted, const std::function<void()>& wayBack)
{
    const QString user = m_session->config().identity.user;
    m_saveTasks.run(
        [session = m_session, deleted, user](std::stop_token) {
            return session->store().saveAgent(deleted.agent, 0, user, session->clock().nowMs());
        },
        [this, wayBack](const StoredAgent& back) {
            m_agents->agents()->put(back);
            if (!wayBack)
                return;
            wayBack();
            m_stored = back; // with what is typed over it
            m_agents->select(back.agent.name);
            updateHeader();
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
                offerWayBack(Extent::Agent);
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
    auto* const dialog = new VersionsDialog(
        m_theme, &m_session->store(), *stored, m_session->clock().nowMs(), m_dialogTasks, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &VersionsDialog::restoreRequested, this, [this, base = *stored](const Agent& agent) {
        offerWayBack(Extent::Agent);
        m_agents->select(base.agent.name);
        if (m_stored.agent.name != base.agent.name)
            showStored(base);
        editAgent(agent);
    });
    dialog->open();
}

/// `over`: the version of somebody else that it may replace.
void WorkbenchView::save(std::optional<qint64> over)
{
    if (!m_session || m_saveTasks.active() > 0)
        return;
    Agent agent;
    try {
        agent = m_form->agent();
    } catch (const Error& error) {
        showAgentProblem(error.message(), error.remedy());
        return;
    }
    const bool renamed = agent.name != m_stored.agent.name;
    const qint64 expected = renamed ? 0 : over.value_or(m_stored.revision);
    const QString user = m_session->config().identity.user;
    if (m_loaded)
        m_listTasks.drop(); // a list of before would bring the old version back
    m_saveTasks.run(
        [session = m_session, agent, expected, user](std::stop_token) {
            return session->store().saveAgent(agent, expected, user, session->clock().nowMs());
        },
        [this, shown = m_shows, renamed](const StoredAgent& stored) {
            m_agents->agents()->put(stored);
            if (shown != m_shows)
                return; // another one is in the form by now
            // The form stays as it is: one may have typed on.
            clearAgentProblem();
            m_stored = stored;
            m_agents->select(stored.agent.name);
            if (m_settings)
                m_settings->setValue(lastAgentKey, stored.agent.name);
            updateHeader();
            m_draftDelay.start();
            if (renamed)
                m_runs->loadRuns(stored.agent.name);
        },
        [this, shown = m_shows, name = agent.name](const Failure& failure) {
            if (failure.kind == QLatin1String("cache") && shown == m_shows)
                explainConflict(name, failure);
            else
                reportError(failure);
        });
}

/// The store refused a save: because of what is there now, or for another reason.
void WorkbenchView::explainConflict(const QString& name, const Failure& failure)
{
    m_agentTasks.run([store = &m_session->store(), name](std::stop_token) { return store->loadAgent(name); },
        [this, shown = m_shows, name, failure](const std::optional<StoredAgent>& theirs) {
            if (theirs)
                m_agents->agents()->put(*theirs);
            if (shown != m_shows)
                return;
            if (!theirs && m_stored.revision > 0 && name == m_stored.agent.name) {
                m_agents->agents()->remove(name);
                followCurrentAgent();
            } else if (theirs && name != m_stored.agent.name) {
                showAgentProblem(tr("There is an agent %1 already.").arg(name),
                    tr("Choose another name; nothing was saved."));
            } else if (theirs && theirs->revision != m_stored.revision) {
                showNewer(*theirs);
            } else {
                reportError(failure);
            }
        },
        [this](const Failure& second) { reportError(second); });
}

/// Somebody else saved the agent that is edited here.
void WorkbenchView::showNewer(const StoredAgent& theirs)
{
    const qint64 nowMs = m_session->clock().nowMs();
    const QString when = format::relativeTime(theirs.savedMs, nowMs);
    showAgentProblem(m_stored.revision > 0
            ? tr("%1 saved v%2 of %3 %4; yours was made from v%5.")
                  .arg(theirs.savedBy)
                  .arg(theirs.revision)
                  .arg(theirs.agent.name, when)
                  .arg(m_stored.revision)
            : tr("%1 saved an agent %2 %3.").arg(theirs.savedBy, theirs.agent.name, when),
        tr("Look at theirs, or save yours over it. Every version is kept."));
    m_banner->offer(tr("Show theirs"), [this, theirs] {
        offerWayBack(Extent::Agent);
        showStored(theirs);
    });
    m_banner->offer(tr("Save anyway"), [this, revision = theirs.revision] { save(revision); });
}

void WorkbenchView::showAgentProblem(const QString& what, const QString& remedy)
{
    m_banner->showProblem(what, remedy);
    m_agentProblem = what;
}

void WorkbenchView::clearAgentProblem()
{
    if (!m_agentProblem.isEmpty() && m_banner->what() == m_agentProblem)
        m_banner->clear();
    m_agentProblem.clear();
}

void WorkbenchView::revert()
{
    const QString name = m_stored.agent.name;
    if (!m_session || m_stored.revision == 0) {
        offerWayBack(Extent::Agent);
        showStored(m_stored);
        return;
    }
    m_agentTasks.run([store = &m_session->store(), name](std::stop_token) { return store->loadAgent(name); },
        [this, shown = m_shows, name](const std::optional<StoredAgent>& stored) {
            if (stored)
                m_agents->agents()->put(*stored);
            else
                m_agents->agents()->remove(name);
            if (shown != m_shows)
                return;
            if (!stored) {
                followCurrentAgent();
                return;
            }
            offerWayBack(Extent::Agent);
            showStored(*stored);
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
