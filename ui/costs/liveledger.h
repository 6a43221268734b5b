#pragma once

#include "widgets/tasks.h"

#include <QObject>
#include <QStringList>
#include <QTimer>

namespace llmcache {
class Session;
}

namespace llmcache::ui {

/// Tells when the ledger has new calls, whoever made them: asks for the newest ones several times a second
/// while it is on, which costs some rows, and now and then says so anyway for calls that came so late that
/// they are not among those.
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
    QStringList m_newest; ///< their ids
    qint64 m_sinceMs =
        0; ///< older ones were looked at: the ledger need not look for the newest in all of its time
    bool m_known = false;
    int m_quiet = 0;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
