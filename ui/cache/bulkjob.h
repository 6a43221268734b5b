#pragma once

#include "cache/bulkchange.h"
#include "cache/entryrows.h"
#include "widgets/tasks.h"

#include <QStringList>

namespace llmcache {
class Session;
}

namespace llmcache::ui {

/// Changes or deletes entries batch by batch, so that it can be watched and cancelled; what they were is kept
/// to undo it.
class BulkJob : public QObject {
    Q_OBJECT
public:
    explicit BulkJob(QObject* parent = nullptr);

    /// Begins; does nothing while another job is under way. The session must outlive the tasks.
    void start(Session* session, std::vector<BulkTarget> targets, const BulkAction& action);
    /// The batch that is under way is finished, no other begins.
    void cancel();
    /// Drops everything without a signal; what the store has already been told happens.
    void forget();

    bool isRunning() const { return m_running; }
    const BulkAction& action() const { return m_action; }
    /// What it has done so far to `count`: "Invalidated 3 entries", "Pinned 1 of 5".
    QString doneText(const QString& count) const;
    /// How far it has come, or how it ended.
    const BulkReport& report() const { return m_report; }
    /// Why it ended early; its message is empty when nothing failed.
    const Failure& failure() const { return m_failure; }
    /// Entries that were not changed, and why not; the first ones of many.
    const std::vector<BulkResult>& problems() const { return m_problems; }
    static constexpr std::size_t mostProblems = 10'000;
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    /// These are not in the store now.
    void batchRemoved(const QStringList& fingerprints);
    /// What the entries are now that are still there; before finished().
    void rowsRead(const std::vector<EntryMeta>& rows, const QStringList& gone);
    /// Instead, when they are so many that a new scan is quicker.
    void manyChanged();
    void progressed();
    void finished();
    void activeChanged();

private:
    struct End {
        std::exception_ptr error;
        BulkReport report; ///< where there is no error
        RowsNow now;
    };
    static QCoro::Task<End> change(Store* store, std::vector<BulkTarget> targets, BulkAction action,
        BulkOptions options, std::shared_ptr<const QStringList> changed);
    /// What failed is a problem of each entry that has no result.
    void addUnanswered();
    void take(const BulkReport& report, const std::vector<BulkResult>& results);
    void finish(const End& end);

    TaskScope m_tasks;
    BulkAction m_action;
    BulkReport m_report;
    std::vector<BulkResult> m_problems;
    std::shared_ptr<const std::vector<BulkTarget>> m_targets; ///< while it goes on
    QStringList m_answered; ///< those of the targets that have a result
    bool m_running = false;
    Failure m_failure;
    std::shared_ptr<QStringList> m_changed; ///< entries that are there, and may be another than before
    quint64 m_generation = 0;
};

} // namespace llmcache::ui
