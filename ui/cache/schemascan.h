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
    }
    /// Drops everything without a signal.
    void forget();
    bool isRunning() const { return m_running; }
    const SchemaFindings& findings() const { return m_findings; }
    int activeTasks() const { return m_tasks.active() + m_agentTasks.active() + m_againTasks.active(); }

    /// From now on it is this store that is meant; null = none.
    void setStore(Store* store);
    /// Which of these rows have an answer that is known not to fit.
    QStringList known(const std::vector<EntryMeta>& rows) const;
    /// Checks those of these rows again that did not fit and have changed since: a tag or a pin leaves the
    /// answer as it was.
    void checkAgain(const std::vector<EntryMeta>& rows);
    /// Reads the agents again, to forget what was found by schemas that they do not have any more.
    void readAgents();

Q_SIGNALS:
    /// Of one batch; `asked` is 0 where nobody asked for it.
    void found(const llmcache::ui::SchemaFindings& findings);
    /// Nobody knows any more whether these fit: their agents have other schemas now.
    void forgotten(const QStringList& fingerprints);
    /// `problem` is why it ended early; empty = it did not.
    void finished(const QString& problem);
    void activeChanged();

private:
    using Agents = QHash<QString, Agent>;
    using Progress = std::function<void(const SchemaFindings&)>;
    struct Known {
        QHash<QString, SchemaMiss> misses; ///< by fingerprint
        QHash<QString, QByteArray> schemas; ///< by agent: what they were found by
    };
    static QCoro::Task<> check(Store* store, QStringList fingerprints,
        std::function<void(const Agents&)> begin, Progress progress, std::stop_token stop);
    void takeAgents(const Agents& agents);
    void remember(const SchemaFindings& batch);

    QHash<QString, Known> m_known; ///< by store
    QString m_where; ///< the store that is meant
    Store* m_store = nullptr;
    TaskScope m_agentTasks;
    TaskScope m_againTasks;
    TaskScope m_tasks;
    SchemaFindings m_findings;
    bool m_running = false;
    quint64 m_generation = 0;
};

} // namespace llmcache::ui
