// What one does with a run that is listed: explain, compare, copy, save.

#include "base/error.h"
#include "base/textfile.h"
#include "base/worker.h"
#include "workbench/answerpanel.h"
#include "workbench/comparedialog.h"
#include "workbench/explainpanel.h"
#include "workbench/runpanel.h"

#include <qcorofuture.h>

#include <QClipboard>
#include <QFileDialog>
#include <QGuiApplication>
#include <QPointer>
#include <QTableView>

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr int ledgerRuns = 30;

QCoro::Task<> writeAnswer(QString path, QByteArray bytes)
{
    const auto work = [path, bytes] {
        writeWholeFile(path, bytes);
        return true;
    };
    const QFuture<bool> writing = runOn(*QThreadPool::globalInstance(), work);
    co_await writing;
}

} // namespace

void RunPanel::explain()
{
    const RunItem* const item = shownItem();
    const std::shared_ptr<const RunInput> explained = m_shown == draftNumber ? m_draft
        : item                                                               ? item->input
                                                                             : nullptr;
    if (!explained || !m_session)
        return;
    const RunInput& input = *explained;
    const int number = m_shown;
    Request request;
    try {
        request = m_session->runner().buildRequest(input.agent, input.prompt, input.options);
    } catch (const Error& error) {
        m_answer->showProblem(error.message(), error.remedy());
        return;
    }
    ExplainOptions options;
    options.policy = input.options.cachePolicy;
    options.agent = input.agent.name;
    options.task = input.options.taskName.isEmpty() ? input.agent.task : input.options.taskName;
    options.ttl = input.options.ttl ? input.options.ttl : input.agent.ttl; // as a run takes them
    options.nowMs = m_session->clock().nowMs();
    options.asOfMs = item ? item->timeMs : options.nowMs;
    options.journal = &m_session->undoJournal();
    // An explanation that is dropped looks at a few more entries before it ends.
    const auto isShown = [panel = QPointer<RunPanel>(this), number, asked = ++m_explanations] {
        return panel && panel->m_shown == number && panel->m_explanations == asked;
    };
    options.progress = [isShown, this, nowMs = options.nowMs](const Explanation& soFar) {
        if (isShown())
            m_answer->explanation()->showProgress(soFar, nowMs);
    };
    m_answer->explanation()->showProgress({}, options.nowMs);
    m_explainTasks.drop();
    m_explainTasks.run(
        [store = &m_session->store(), request, options](std::stop_token stop) mutable {
            options.stop = stop;
            return explainMiss(store, request, options);
        },
        [this, number](const Explanation& explanation) {
            if (number != draftNumber)
                m_runs->setExplanation(number, explanation);
            m_answer->explanation()->showExplanation(explanation, m_session->clock().nowMs());
        },
        [this](const Failure& failure) { m_answer->explanation()->showFailure(failure); });
}

void RunPanel::explainDraft(RunInput input)
{
    m_explainTasks.drop();
    m_draft = std::make_shared<const RunInput>(std::move(input));
    m_shown = draftNumber;
    {
        const QSignalBlocker blocked(m_table->selectionModel());
        m_table->clearSelection();
        m_table->setCurrentIndex({});
    }
    m_answer->showNotRun(m_draft->agent.model);
    Q_EMIT shownChanged();
    explain();
}

void RunPanel::compare()
{
    std::vector<RunItem> items;
    QModelIndexList rows = m_table->selectionModel()->selectedRows();
    if (const int shown = m_runs->rowOf(m_shown); rows.isEmpty() && shown >= 0)
        rows.append(m_runs->index(shown, 0));
    std::sort(rows.begin(), rows.end(),
        [](const QModelIndex& left, const QModelIndex& right) { return left.row() > right.row(); });
    for (const QModelIndex& row : std::as_const(rows)) {
        if (!m_runs->at(row.row()).running)
            items.push_back(m_runs->at(row.row()));
    }
    // With the run before it, as one does who changes a prompt bit by bit.
    if (items.size() == 1) {
        for (int row = rows.front().row() + 1; row < m_runs->rowCount() && items.size() < 2; ++row) {
            const RunItem& older = m_runs->at(row);
            if (!older.running && (older.result || !older.fingerprint.isEmpty()))
                items.insert(items.begin(), older);
        }
    }
    if (items.size() < 2) {
        m_answer->showProblem(tr("There is no other run to compare with."),
            tr("Run something else, or choose two runs in the list."));
        return;
    }
    auto* const dialog = new CompareDialog(m_theme, m_dialogTasks, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->showRuns(&m_session->store(), std::move(items), m_session->clock().nowMs());
    dialog->show();
}

void RunPanel::copyAs(CodeKind kind)
{
    const RunItem* const item = shownItem();
    if (!item || !item->input || !m_session)
        return;
    try {
        const RunInput& input = *item->input;
        const Request request = m_session->runner().buildRequest(input.agent, input.prompt, input.options);
        QGuiApplication::clipboard()->setText(codeFor(kind, input, request, m_session->config().providers));
    } catch (const Error& error) {
        m_answer->showProblem(error.message(), error.remedy());
    }
}

void RunPanel::saveAnswer()
{
    auto* const dialog = new QFileDialog(this, tr("Save answer"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(m_answer->answerIsJson() ? QStringLiteral("json") : QStringLiteral("md"));
    const QByteArray bytes = m_answer->answerText().toUtf8() + '\n';
    connect(dialog, &QFileDialog::fileSelected, this, [this, bytes](const QString& path) {
        m_fileTasks.run([path, bytes](std::stop_token) { return writeAnswer(path, bytes); }, [] {},
            [this](const Failure& failure) { m_answer->showProblem(failure.message, failure.remedy); });
    });
    dialog->open();
}

void RunPanel::loadRuns(const QString& agent)
{
    if (!m_session || agent.isEmpty())
        return;
    CallQuery query;
    query.filters = {{Dimension::Agent, {agent}}};
    query.limit = ledgerRuns;
    m_ledgerTasks.drop();
    m_ledgerTasks.run([session = m_session, query](std::stop_token) { return session->calls(query); },
        [this](const std::vector<Call>& calls) {
            const QSignalBlocker blocked(m_table->selectionModel());
            m_runs->setNow(m_session->clock().nowMs());
            m_runs->setLedger(calls, m_callIds);
        },
        [](const Failure&) {
            // The list of runs is a convenience; the store's state is said in the status line.
        });
}

} // namespace llmcache::ui
