#pragma once

#include "cache/session.h"
#include "settings/settingsview.h"
#include "widgets/tasks.h"

#include <QObject>
#include <QTimer>

class QSettings;

namespace llmcache::ui {
class CacheView;
class CostsView;
class MainWindow;
class SettingsView;
class Theme;
class WorkbenchView;
} // namespace llmcache::ui

namespace llmcache::app {

/// The composition root of the window: makes session, theme, window and views, connects them, and takes them
/// down in order. Emits finished() when everything has ended.
class Workbench : public QObject {
    Q_OBJECT
public:
    Workbench(SessionConfig config, QSettings* settings, ui::Theme* theme);
    ~Workbench() override;
    void show();
    ui::MainWindow& window() { return *m_window; }
    ui::WorkbenchView& workbenchView() { return *m_workbench; }
    ui::CacheView& cacheView() { return *m_cache; }
    ui::CostsView& costsView() { return *m_costs; }
    ui::SettingsView& settingsView() { return *m_settingsView; }
    Session& session() { return *m_session; }

Q_SIGNALS:
    void finished();

private:
    void connectViews();
    void pollStatus();
    void showStatus(const StoreStatus& status);
    void updateSaved();
    void close();
    ui::SettingsView::Facts facts() const;

    QSettings* m_settings;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ui::MainWindow> m_window;
    ui::WorkbenchView* m_workbench = nullptr;
    ui::CacheView* m_cache = nullptr;
    ui::CostsView* m_costs = nullptr;
    ui::SettingsView* m_settingsView = nullptr;
    QTimer m_statusTimer;
    QTimer m_savedTimer;
    ui::TaskScope m_statusTasks;
    ui::TaskScope m_savedTasks;
    ui::TaskScope m_closeTasks;
};

} // namespace llmcache::app
