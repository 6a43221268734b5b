#include "cache/entryremoval.h"

#include "cache/session.h"

#include <QPointer>

namespace llmcache::ui {

EntryRemoval::EntryRemoval(QObject* parent)
    : QObject(parent)
{
    connect(&m_tasks, &TaskScope::activeChanged, this, &EntryRemoval::activeChanged);
}

void EntryRemoval::start(Session* session, std::vector<BulkTarget> targets)
{
    if (m_running || targets.empty())
        return;
    m_report = {};
    m_report.asked = static_cast<qint64>(targets.size());
    m_failure = {};
    m_running = true;
    Q_EMIT progressed();
    BulkOptions options;
    options.by = session->config().identity.user;
    options.nowMs = session->clock().nowMs();
    options.journal = &session->undoJournal();
    options.progress = [self = QPointer(this), generation = m_generation](
                           const BulkReport& report, const std::vector<BulkResult>& results) {
        if (self && self->m_generation == generation)
            self->take(report, results);
    };
    m_tasks.run(
        [store = &session->store(), targets = std::move(targets), options = std::move(options)](
            const std::stop_token& stop) {
            BulkOptions stoppable = options;
            stoppable.stop = stop;
            return changeMany(store, targets, BulkAction{}, std::move(stoppable));
        },
        [this](const BulkReport& report) {
            m_report = report;
            finish();
        },
        [this](const Failure& failure) {
            m_failure = failure;
            finish();
        });
}

void EntryRemoval::cancel()
{
    m_tasks.stop();
}

void EntryRemoval::forget()
{
    m_tasks.drop();
    ++m_generation;
    m_running = false;
    m_report = {};
    m_failure = {};
}

void EntryRemoval::take(const BulkReport& report, const std::vector<BulkResult>& results)
{
    m_report = report;
    QStringList gone;
    QStringList kept;
    for (const BulkResult& result : results) {
        if (result.fate == BulkFate::Changed || result.fate == BulkFate::Absent)
            gone.append(result.fingerprint);
        else
            kept.append(result.fingerprint);
    }
    const quint64 generation = m_generation;
    Q_EMIT batchRemoved(gone);
    if (generation == m_generation && !kept.isEmpty())
        Q_EMIT batchKept(kept);
    if (generation == m_generation)
        Q_EMIT progressed();
}

void EntryRemoval::finish()
{
    m_running = false;
    Q_EMIT finished();
}

} // namespace llmcache::ui
