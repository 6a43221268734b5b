// The agents of the view: listed, chosen, edited, deleted, imported and exported.

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
            m_agents->setReading(false);
            m_agents->setAway(true);
            showUnread(tr("The agents can't be read: %1").arg(failure.message), failure);
            // One can still work: runs fail open, and the samples need no store.
            if (m_agents->agents()->rowCount() > 0)
                return;
            m_agents->agents()->setAgents(unsavedSamples());
            if (m_begun) // what he types stays
                return;
            m_agents->select(m_agents->agents()->at(0).agent.name);
            showStored(m_agents->agents()->at(0));
        });
    m_agents->setReading(isReading());
    if (isReading()) {
        updateHeader();
        predict();
    }
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
            showUnread(tr("The agents can't be read again: %1").arg(failure.message), failure);
        });
}

void WorkbenchView::readAgents()
{
    if (m_loaded)
        refreshAgents();
    else
        loadAgents();
}

/// Says that the agents could not be read, unless it is for a store that is down: that is said above all
/// views, where one can also try again.
void WorkbenchView::showUnread(const QString& what, const Failure& failure)
{
    m_unread = failure.kind == QLatin1String("connection") ? what : QString();
    if (m_storeDown && !m_unread.isEmpty())
        return;
    m_banner->showProblem(what, failure.remedy);
    m_banner->offer(tr("Retry"), [this] { readAgents(); });
}

void WorkbenchView::followConnection(bool connected)
{
    m_storeDown = !connected;
    if (m_unread.isEmpty())
        return;
    if (m_banner->what() == m_unread)
        m_banner->clear();
    if (!connected)
        return;
    m_unread.clear();
    if (isVisible())
        readAgents();
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
    m_agents->setReading(false);
    m_agents->setAway(false);
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
    if (m_loaded) // and not for want of the one that was on show last
        rememberAgent(stored.agent.name);
    m_prompt->setTemplateTexts(m_form->templateTexts());
    updateHeader();
    if (isOther || m_runs->runs()->rowCount() == 0)
        m_runs->loadRuns(stored.agent.name);
    m_predictDelay.start();
    m_draftDelay.start();
}

/// To be on show after the next start.
void WorkbenchView::rememberAgent(const QString& name)
{
    if (m_settings)
        m_settings->setValue(lastAgentKey, name);
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
