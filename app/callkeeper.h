#pragma once

#include "widgets/tasks.h"

class QSettings;

namespace llmcache {
class Session;
}

namespace llmcache::ui {
class MainWindow;
}

namespace llmcache::app {

/// Archives the calls that are older than the settings let them stay in the ledger, once a day while the
/// window is open, and says so in it.
class CallKeeper : public QObject {
    Q_OBJECT
public:
    /// All must outlive it.
    CallKeeper(Session* session, ui::MainWindow* window, const QSettings* settings);
    /// Archives what is due, unless that was done today (UTC) by this object, or is under way. Call it
    /// whenever the store is there.
    void check();
    ui::TaskScope& tasks() { return m_tasks; }

private:
    void tell(qint64 done, qint64 total);
    Session* m_session;
    ui::MainWindow* m_window;
    const QSettings* m_settings;
    qint64 m_day = 0; ///< of the last time, in days since 1970
    int m_days = 0; ///< that were kept then
    QString m_told; ///< how far it is, as the window says it
    ui::TaskScope m_tasks;
};

} // namespace llmcache::app
