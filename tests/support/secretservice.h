#pragma once

#include <QString>
#include <QTemporaryDir>

namespace llmcache::test {

/// A D-Bus of its own with an unlocked gnome-keyring on it, for this process and those it starts, in which
/// DBUS_SESSION_BUS_ADDRESS names it. A process connects once, so make it before the first use of a keychain,
/// and only one. The daemons live as long as the process: without its bus, GLib would end that.
class SecretService {
public:
    static bool isInstalled();
    static QString missingText();

    /// Whether both daemons are up.
    bool start();
    QString address() const { return m_address; }

private:
    bool ownsName() const;

    QTemporaryDir m_folder;
    QString m_address;
};

} // namespace llmcache::test
