// What the view remembers: drafts, runs of before, and requests of entries.

#include "base/error.h"
#include "cache/request.h"
#include "widgets/errorbanner.h"
#include "workbench/agentform.h"
#include "workbench/agentpanel.h"
#include "workbench/comparedialog.h"
#include "workbench/entryagent.h"
#include "workbench/promptpanel.h"
#include "workbench/runhistory.h"
#include "workbench/workbenchview.h"

#include <QDir>

#include <utility>

namespace llmcache::ui {

namespace {

/// Runs are awaited with their folder, which goes with the last of them.
QCoro::Task<> keep(std::shared_ptr<RunRecords> records, RunRecord record)
{
    auto adding = records->add(std::move(record));
    co_await adding;
}

QCoro::Task<> keepDraft(std::shared_ptr<RunRecords> records, QString place, RunDraft draft)
{
    auto saving = records->saveDraft(std::move(place), std::move(draft));
    co_await saving;
}

QCoro::Task<RunInput> readKept(std::shared_ptr<RunRecords> records, QString file)
{
    auto reading = records->read(std::move(file));
    RunInput input = co_await reading;
    co_return input;
}

} // namespace

void WorkbenchView::restore(const RunInput& input)
{
    const StoredAgent* const known = m_agents->agents()->find(input.agent.name);
    restoreOver(input, known && known->revision > 0 ? *known : StoredAgent{input.agent, 0, 0, {}});
}

/// `base`: the saved agent that the one of `input` is an edit of.
void WorkbenchView::restoreOver(const RunInput& input, const StoredAgent& base)
{
    m_agents->select(base.agent.name);
    showStored(base);
    m_form->setAgent(input.agent);
    m_form->setHistory(input.options.messageHistory);
    m_prompt->setPrompt(input.prompt);
    if (input.options.variables)
        m_prompt->setVariables(*input.options.variables);
    m_prompt->setAttachments(input.options.attachments);
    m_prompt->setTaskName(input.options.taskName);
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
    m_listTasks.run([session = m_session, query](std::stop_token) { return session->costs(query); },
        [this](const CostReport& report) {
            QStringList tasks;
            for (const CostRow& row : report.rows)
                tasks.append(row.keys.front());
            m_form->setTasks(tasks);
            m_prompt->setTasks(tasks);
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

/// Workspaces of one name in two stores are two places.
QString WorkbenchView::draftPlace() const
{
    const StoreInfo where = m_session->store().info();
    return QStringList{where.kind, where.name, where.workspace}.join(QLatin1Char('\n'));
}

void WorkbenchView::saveDraft()
{
    m_draftDelay.stop();
    if (!m_records || !m_loaded)
        return;
    RunDraft draft;
    draft.base = m_stored.agent.name;
    try {
        draft.input = input();
    } catch (const Error&) {
        // A form that makes no agent yet: what can be told of it, and its schema as it was typed.
        draft.input.agent = m_form->lenientAgent();
        draft.input.agentRevision = m_stored.revision;
        draft.input.prompt = m_prompt->prompt();
        draft.input.options = options();
        draft.schemaText = m_form->schemaText();
    }
    m_recordTasks.run([records = m_records, place = draftPlace(), draft](
                          std::stop_token) { return keepDraft(records, place, draft); },
        [] {},
        [this](const Failure& failure) {
            m_banner->showProblem(tr("What you type can't be kept: %1").arg(failure.message), failure.remedy,
                {}, ErrorBanner::Severity::Warning);
        });
}

void WorkbenchView::restoreDraft(const std::optional<RunDraft>& draft)
{
    // Once: an agent that is chosen later is not replaced by what was there before.
    if (std::exchange(m_draftRestored, true) || !draft)
        return;
    const RunInput& input = draft->input;
    const StoredAgent* const known = m_agents->agents()->find(draft->base);
    StoredAgent base = known ? *known : StoredAgent{input.agent, 0, 0, {}};
    // It stays an edit of the version that it was made from, though there may be a newer one by now.
    if (known && !(known->agent == input.agent))
        base.revision = input.agentRevision;
    restoreOver(input, base);
    if (!draft->schemaText.isEmpty())
        m_form->setSchemaText(draft->schemaText);
    followCurrentAgent();
}

void WorkbenchView::reopen(const QString& file)
{
    m_recordTasks.run([records = m_records, file](std::stop_token) { return readKept(records, file); },
        [this](const RunInput& input) {
            offerWayBack(Extent::All);
            restore(input);
        },
        [this](const Failure& failure) { reportError(failure); });
}

void WorkbenchView::showHistory()
{
    if (!m_session)
        return;
    auto* const dialog = new RunHistoryDialog(m_theme, m_session, m_records, m_dialogTasks, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &RunHistoryDialog::reopen, this, &WorkbenchView::reopen);
    connect(dialog, &RunHistoryDialog::reopenEntry, this, &WorkbenchView::openEntryRequest);
    connect(
        dialog, &RunHistoryDialog::compareRequested, this, [this, dialog](const std::vector<RunItem>& runs) {
            auto* const compare = new CompareDialog(m_theme, m_dialogTasks, dialog);
            compare->setAttribute(Qt::WA_DeleteOnClose);
            compare->showRuns(&m_session->store(), runs, m_session->clock().nowMs());
            compare->open();
        });
    connect(dialog, &RunHistoryDialog::openEntry, this, [this, dialog](const QString& fingerprint) {
        dialog->accept();
        Q_EMIT openEntry(fingerprint);
    });
    dialog->open();
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
            RunInput input;
            input.agent = agentFromEntry(*entry, request, base.agent);
            if (base.revision > 0 && input.agent.task != base.agent.task) {
                // The run was called so, not the agent.
                input.options.taskName = std::exchange(input.agent.task, base.agent.task);
                if (input.options.taskName == base.agent.name && base.agent.task.isEmpty())
                    input.options.taskName.clear();
            }
            input.prompt = literalTemplate(request.prompt);
            input.options.messageHistory = request.history;
            input.options.attachments = request.attachments;
            input.options.sample = request.sample;
            offerWayBack(Extent::All);
            restore(input);
        },
        [this](const Failure& failure) { reportError(failure); });
}

} // namespace llmcache::ui
