#pragma once

#include "store/store.h"
#include "widgets/tasks.h"

namespace llmcache::ui {

/// Deletes entries batch by batch, so that it can be watched and cancelled.
class EntryRemoval : public QObject {
    Q_OBJECT
public:
    explicit EntryRemoval(QObject* parent = nullptr);

    /// Begins; does nothing while another removal is under way.
    void start(Store* store, const QStringList& fingerprints);
    /// The batch that is under way is finished, no other begins.
    void cancel();
    /// Drops everything without a signal; what the store has already been told happens.
    void forget();

    bool isRunning() const { return m_running; }
    qint64 requested() const { return m_fingerprints.size(); }
    /// Entries dealt with so far, whether they still existed or not.
    qint64 done() const { return m_done; }
    /// Entries that existed and are deleted now.
    qint64 removed() const { return m_removed; }
    bool wasCancelled() const { return m_cancelled && m_done < requested(); }
    /// Why it ended early; its message is empty when nothing failed.
    const Failure& failure() const { return m_failure; }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    /// These are gone from the store now.
    void batchRemoved(const QStringList& fingerprints);
    void progressed();
    void finished();
    void activeChanged();

private:
    void next();
    void finish();
    TaskScope m_tasks;
    Store* m_store = nullptr;
    QStringList m_fingerprints;
    qint64 m_done = 0;
    qint64 m_removed = 0;
    bool m_running = false;
    bool m_cancelled = false;
    Failure m_failure;
    quint64 m_generation = 0;
};

} // namespace llmcache::ui
