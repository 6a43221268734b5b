#pragma once

#include "cache/session.h"
#include "connection/connectionprofile.h"
#include "settings/settingsview.h"
#include "widgets/tasks.h"

#include <QObject>
#include <QTimer>

#include <optional>

class QSettings;

namespace llmcache {
class Connections;
class LogBook;
} // namespace llmcache

namespace llmcache::ui {
class CacheView;
struct ConnectionLook;
class CostsView;
class MainWindow;
class SettingsView;
class Theme;
class WorkbenchView;
} // namespace llmcache::ui

namespace llmcache::app {

class CallKeeper;

/// In the settings: the sample workspace has all that belongs to it.
inline const QString sampleFilledKey = QStringLiteral("sample/filled");

/// What a window knows of its surroundings.
struct WindowDesk {
    Connections* connections = nullptr; ///< without them the window can't switch
    const LogBook* log = nullptr;
    std::optional<ConnectionProfile> profile{}; ///< the connection that is open, if it is one
    QString source{}; ///< who chose the store: "LLM_CACHE_REDIS_URL", …
    bool isSample = false; ///< filled with made-up data, and marked so
};

/// The composition root of the window: makes session, theme, window and views, connects them, and takes them
/// down in order. Emits finished() when everything has ended.
class Workbench : public QObject {
    Q_OBJECT
public:
    /// What `desk` names must outlive it. Throws ConfigurationError for a store that can't be.
    Workbench(SessionConfig config, QSettings* settings, ui::Theme* theme, WindowDesk desk = {});
    ~Workbench() override;
    void show();
    ui::MainWindow& window() { return *m_window; }
    ui::WorkbenchView& workbenchView() { return *m_workbench; }
    ui::CacheView& cacheView() { return *m_cache; }
    ui::CostsView& costsView() { return *m_costs; }
    ui::SettingsView& settingsView() { return *m_settingsView; }
    Session& session() { return *m_session; }
    const std::optional<ConnectionProfile>& profile() const { return m_desk.profile; }
    /// Of the connection; empty without one.
    QString profileId() const { return m_desk.profile ? m_desk.profile->id : QString(); }
    bool isSample() const { return m_desk.isSample; }
    const QString& source() const { return m_desk.source; }
    /// Whether something is under way that closing would stop.
    bool isBusy() const;
    /// Whether tasks are under way that need the session: then it must not be destroyed yet.
    bool usesSession() const;
    /// deleteLater() once nothing uses the session any more; with a store that hangs that may be never.
    void deleteWhenIdle();

Q_SIGNALS:
    void finished();
    /// The user wants this connection; empty = the embedded file.
    void connectionChosen(const QString& id, bool inNewWindow);
    void profileChosen(const llmcache::ConnectionProfile& profile);
    void workspaceChosen(const QString& workspace);
    void sampleRequested();
    void sampleRemovalRequested();

private:
    void connectViews();
    void connectDesk();
    void showConnections();
    void showSettings(ui::SettingsView::Page page);
    void askWorkspace();
    void fillSample();
    ui::ConnectionLook look() const;
    void pollStatus();
    void showStatus(const StoreStatus& status);
    void updateSaved();
    void close();
    void finishWhenIdle();
    void end();
    /// Whenever tasks end, in case those were the last.
    void callWhenTasksEnd(void (Workbench::*slot)());
    ui::SettingsView::Facts facts() const;

    QSettings* m_settings;
    WindowDesk m_desk;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ui::MainWindow> m_window;
    ui::WorkbenchView* m_workbench = nullptr;
    ui::CacheView* m_cache = nullptr;
    ui::CostsView* m_costs = nullptr;
    ui::SettingsView* m_settingsView = nullptr;
    QTimer m_statusTimer;
    QTimer m_savedTimer;
    std::unique_ptr<CallKeeper> m_keeper;
    ui::TaskScope m_statusTasks;
    ui::TaskScope m_savedTasks;
    ui::TaskScope m_closeTasks;
    ui::TaskScope m_deskTasks;
    int m_running = 0;
    bool m_closes = false;
    bool m_ended = false;
};

} // namespace llmcache::app
