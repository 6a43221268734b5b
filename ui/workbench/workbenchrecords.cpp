// What the view remembers: drafts, runs of before, and requests of entries.

#include "base/error.h"
#include "cache/request.h"
#include "widgets/errorbanner.h"
#include "workbench/agentform.h"
#include "workbench/agentpanel.h"
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

} // namespace

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

} // namespace llmcache::ui
