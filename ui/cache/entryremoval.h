#pragma once

#include "cache/bulkchange.h"
#include "widgets/tasks.h"

#include <QStringList>

namespace llmcache {
class Session;
}

namespace llmcache::ui {

/// Deletes entries batch by batch, so that it can be watched and cancelled; what they were is kept to undo
/// it.
class EntryRemoval : public QObject {
    Q_OBJECT
public:
    explicit EntryRemoval(QObject* parent = nullptr);

    /// Begins; does nothing while another removal is under way. The session must outlive the tasks.
    void start(Session* session, std::vector<BulkTarget> targets);
    /// The batch that is under way is finished, no other begins.
    void cancel();
    /// Drops everything without a signal; what the store has already been told happens.
    void forget();

    bool isRunning() const { return m_running; }
    /// How far it has come, or how it ended.
    const BulkReport& report() const { return m_report; }
    /// Why it ended early; its message is empty when nothing failed.
    const Failure& failure() const { return m_failure; }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    /// These are not in the store now.
    void batchRemoved(const QStringList& fingerprints);
    /// These had changed since they were chosen, and are still there.
    void batchKept(const QStringList& fingerprints);
    void progressed();
    void finished();
    void activeChanged();

private:
    void take(const BulkReport& report, const std::vector<BulkResult>& results);
    void finish();
    TaskScope m_tasks;
    BulkReport m_report;
    bool m_running = false;
    Failure m_failure;
    quint64 m_generation = 0;
};

} // namespace llmcache::ui
