// Saving an agent, and what somebody else saved meanwhile.

#include "base/error.h"
#include "widgets/errorbanner.h"
#include "widgets/format.h"
#include "workbench/agentform.h"
#include "workbench/agentpanel.h"
#include "workbench/conflictdialog.h"
#include "workbench/runpanel.h"
#include "workbench/workbenchview.h"

namespace llmcache::ui {

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
            rememberAgent(stored.agent.name);
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
    m_banner->offer(tr("Show theirs"), [this, theirs] { compareWith(theirs); });
    m_banner->offer(tr("Save anyway"), [this, revision = theirs.revision] { save(revision); });
}

/// How theirs differs from what is typed here, and which is to stay.
void WorkbenchView::compareWith(const StoredAgent& theirs)
{
    Agent mine;
    try {
        mine = m_form->agent();
    } catch (const Error&) {
        mine = m_form->lenientAgent();
    }
    auto* const dialog = new ConflictDialog(m_theme, theirs, mine, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &ConflictDialog::theirsChosen, this, [this, theirs] {
        offerWayBack(Extent::Agent);
        showStored(theirs);
    });
    connect(dialog, &ConflictDialog::mineChosen, this, [this, theirs] { save(theirs.revision); });
    connect(dialog, &QDialog::rejected, this, [this, theirs, shown = m_shows] {
        if (m_session && shown == m_shows)
            showNewer(theirs); // nothing is decided yet
    });
    dialog->open();
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

} // namespace llmcache::ui
