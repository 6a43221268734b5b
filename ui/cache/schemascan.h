#pragma once

#include "agent/agent.h"
#include "store/store.h"
#include "widgets/tasks.h"

#include <QHash>
#include <QStringList>

#include <functional>
#include <vector>

namespace llmcache::ui {

/// An answer that did not fit its schema when it was checked.
struct SchemaMiss {
    QString fingerprint;
    qint64 revision = 0; ///< of the entry then
    qint64 createdMs = 0; ///< likewise: revisions begin anew with an entry that was deleted
    QString agent; ///< whose schema that was
};

/// What a check of many answers has found so far.
struct SchemaFindings {
    QStringList fit; ///< fingerprints of the batch
    std::vector<SchemaMiss> doNotFit;
    qint64 checked = 0; ///< of all batches so far
    qint64 invalid = 0;
    qint64 asked = 0;
};

/// Reads whole entries and checks their answers against the schemas that their agents have today, batch by
/// batch and off the GUI thread. What it finds is known, of each store, until the program ends: as long as
/// the entry keeps its revision and its agent the schema.
class SchemaScan : public QObject {
    Q_OBJECT
public:
    explicit SchemaScan(QObject* parent = nullptr);
    /// Begins anew. The store must outlive the tasks.
    void start(const QStringList& fingerprints);
    void stop()
    {
        m_tasks.stop();
        m_agentTasks.drop();
        m_againTasks.drop();
        dropShown();
    }
    /// Drops everything without a signal.
    void forget();
    bool isRunning() const { return m_running; }
    const SchemaFindings& findings() const { return m_findings; }
    int activeTasks() const
    {
        return m_tasks.active() + m_agentTasks.active() + m_againTasks.active() + m_shownTasks.active();
    }

    /// From now on it is this store that is meant; null = none.
    void setStore(Store* store);
    /// Which of these rows have an answer that is known not to fit.
    QStringList known(const std::vector<EntryMeta>& rows) const;
    /// Checks those of these rows again that did not fit and have changed since: a tag or a pin leaves the
    /// answer as it was.
    void checkAgain(const std::vector<EntryMeta>& rows);
    /// Checks those of these rows, which somebody looks at, that have not been checked as they are now. Only
    /// small ones: nobody has asked for it. One call after the other; of those that wait the last one
    /// matters.
    void checkShown(const std::vector<EntryMeta>& rows);
    /// Reads the agents again, to forget what was found by schemas that they do not have any more.
    void readAgents();

Q_SIGNALS:
    /// Of one batch; `asked` is 0 where nobody asked for it.
    void found(const llmcache::ui::SchemaFindings& findings);
    /// Agents have other schemas now: nobody knows any more whether these fit, which did not, nor whether
    /// others do, which did.
    void forgotten(const QStringList& fingerprints);
    /// `problem` is why it ended early; empty = it did not.
    void finished(const QString& problem);
    void activeChanged();

private:
    /// What an answer is told from later ones by.
    using EntryVersion = std::pair<qint64, qint64>;
    static EntryVersion versionOf(const EntryMeta& row) { return {row.revision, row.createdMs}; }
    static EntryVersion versionOf(const SchemaMiss& miss) { return {miss.revision, miss.createdMs}; }
    using Agents = QHash<QString, Agent>;
    using Progress = std::function<void(const SchemaFindings&)>;
    struct Known {
        QHash<QString, SchemaMiss> misses; ///< by fingerprint
        QHash<QString, EntryVersion> shown; ///< what checkShown() has checked, by fingerprint
        QHash<QString, QByteArray> schemas; ///< by agent: what they were found by
    };
    static QCoro::Task<> check(Store* store, QStringList fingerprints,
        std::function<void(const Agents&)> begin, Progress progress, std::stop_token stop);
    /// Checks these without showing progress; says at the end whether that worked.
    void checkQuietly(TaskScope& tasks, const QStringList& fingerprints, std::function<void(bool)> ended);
    void dropShown();
    void takeAgents(const Agents& agents);
    void remember(const SchemaFindings& batch);

    QHash<QString, Known> m_known; ///< by store
    QString m_where; ///< the store that is meant
    Store* m_store = nullptr;
    TaskScope m_agentTasks;
    TaskScope m_againTasks;
    TaskScope m_shownTasks;
    bool m_isCheckingShown = false;
    std::vector<EntryMeta> m_shownNext;
    TaskScope m_tasks;
    SchemaFindings m_findings;
    bool m_running = false;
    quint64 m_generation = 0;
};

} // namespace llmcache::ui
