#pragma once

#include "widgets/tasks.h"

#include <QObject>
#include <QTimer>

namespace llmcache {
class Session;
}

namespace llmcache::ui {

/// Tells when the ledger has new calls, whoever made them: asks for the newest one every second while it is
/// on, which costs one row, and now and then says so anyway for calls that came late and are not the newest.
class LiveLedger : public QObject {
    Q_OBJECT
public:
    explicit LiveLedger(QObject* parent = nullptr);
    /// The session must outlive the tasks; null = none.
    void setSession(Session* session);
    void setOn(bool on);
    void stopTasks();
    const TaskScope& tasks() const { return m_tasks; }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    void changed();

private:
    void look();
    Session* m_session = nullptr;
    QTimer m_timer;
    QString m_newest;
    bool m_known = false;
    int m_quiet = 0;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
