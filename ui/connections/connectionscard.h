#pragma once

#include "connection/connections.h"
#include "widgets/card.h"
#include "widgets/tasks.h"

namespace llmcache::ui {

class ConnectionEditor;
class ErrorBanner;

/// The stores that somebody keeps: open, add, change, duplicate, delete.
class ConnectionsCard : public Card {
    Q_OBJECT
public:
    /// `theme` and `connections` must outlive the widget.
    ConnectionsCard(const Theme* theme, Connections* connections, QWidget* parent = nullptr);
    /// Marks the one that this window shows.
    void setCurrent(const QString& id);
    void reload();
    /// Opens the editor for a new connection.
    void add();
    void stopTasks();
    int activeTasks() const;

Q_SIGNALS:
    void openRequested(const llmcache::ConnectionProfile& profile);
    /// Something was done; `undo` takes it back.
    void notice(const QString& text, const QString& action, const std::function<void()>& undo);
    void activeTasksChanged();

private:
    void show(const std::vector<ConnectionProfile>& profiles);
    QWidget* makeRow(const ConnectionProfile& profile);
    void edit(const ConnectionProfile& profile);
    void duplicate(const ConnectionProfile& profile);
    void remove(const ConnectionProfile& profile);
    void showFailure(const Failure& failure);

    const Theme* m_theme;
    Connections* m_connections;
    QString m_current;
    Button* m_add;
    ErrorBanner* m_banner;
    QLabel* m_none;
    QVBoxLayout* m_list;
    ConnectionEditor* m_editor;
    std::vector<ConnectionProfile> m_profiles;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
