#pragma once

#include "widgets/tasks.h"

#include <QStringList>

#include <functional>

namespace llmcache {
class Session;
}

namespace llmcache::ui {

/// What a check of many answers has found so far.
struct SchemaFindings {
    QStringList fit; ///< fingerprints of the batch
    QStringList doNotFit;
    qint64 checked = 0; ///< of all batches so far
    qint64 invalid = 0;
    qint64 asked = 0;
};

/// Reads whole entries and checks their answers against the schemas that their agents have today, batch by
/// batch and off the GUI thread.
class SchemaScan : public QObject {
    Q_OBJECT
public:
    explicit SchemaScan(QObject* parent = nullptr);
    /// Begins anew. The session must outlive the tasks.
    void start(Session* session, const QStringList& fingerprints);
    void stop() { m_tasks.stop(); }
    /// Drops everything without a signal.
    void forget();
    bool isRunning() const { return m_running; }
    const SchemaFindings& findings() const { return m_findings; }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    void found(const SchemaFindings& findings);
    /// `problem` is why it ended early; empty = it did not.
    void finished(const QString& problem);
    void activeChanged();

private:
    using Progress = std::function<void(const SchemaFindings&)>;
    static QCoro::Task<> check(
        Session* session, QStringList fingerprints, Progress progress, std::stop_token stop);

    TaskScope m_tasks;
    SchemaFindings m_findings;
    bool m_running = false;
    quint64 m_generation = 0;
};

} // namespace llmcache::ui
