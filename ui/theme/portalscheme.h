#pragma once

#include <QDBusConnection>
#include <QObject>

namespace llmcache::ui {

/// The desktop's wish for light or dark, from the settings portal of XDG desktops. Qt learns it by itself
/// only from 6.5 on. Silent where there is no portal.
class PortalScheme : public QObject {
    Q_OBJECT
public:
    explicit PortalScheme(QDBusConnection bus, QObject* parent = nullptr);
    /// On the session bus; null where there is none to connect to.
    static PortalScheme* onSessionBus(QObject* parent);
    /// Asks; the answer comes as answered(), or not at all when there is no portal or no wish. Nothing
    /// blocks.
    void ask();

Q_SIGNALS:
    void answered(bool dark);

private:
    QDBusConnection m_bus;
};

} // namespace llmcache::ui
