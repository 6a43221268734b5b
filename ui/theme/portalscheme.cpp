#include "theme/portalscheme.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QFile>

namespace llmcache::ui {

PortalScheme::PortalScheme(QDBusConnection bus, QObject* parent)
    : QObject(parent)
    , m_bus(std::move(bus))
{
}

PortalScheme* PortalScheme::onSessionBus(QObject* parent)
{
    // Without a bus libdbus would start one of its own, which takes time and leaves a process behind.
    const bool started = qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")
        || QFile::exists(qEnvironmentVariable("XDG_RUNTIME_DIR") + QStringLiteral("/bus"));
    if (!started)
        return nullptr;
    const QDBusConnection bus = QDBusConnection::sessionBus();
    return bus.isConnected() ? new PortalScheme(bus, parent) : nullptr;
}

void PortalScheme::ask()
{
    QDBusMessage question = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.portal.Desktop"),
        QStringLiteral("/org/freedesktop/portal/desktop"), QStringLiteral("org.freedesktop.portal.Settings"),
        QStringLiteral("Read"));
    question << QStringLiteral("org.freedesktop.appearance") << QStringLiteral("color-scheme");
    auto* watcher = new QDBusPendingCallWatcher(m_bus.asyncCall(question), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        watcher->deleteLater();
        const QDBusPendingReply<QVariant> reply = *watcher;
        if (reply.isError())
            return;
        QVariant value = reply.value();
        while (value.canConvert<QDBusVariant>())
            value = value.value<QDBusVariant>().variant();
        bool ok = false;
        const uint wish = value.toUInt(&ok);
        // 0 is no wish: the palette that the theme saw at first decides.
        if (ok && (wish == 1 || wish == 2))
            Q_EMIT answered(wish == 1);
    });
}

} // namespace llmcache::ui
