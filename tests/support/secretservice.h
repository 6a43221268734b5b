#pragma once

#include <QProcess>
#include <QTemporaryDir>

namespace llmcache::test {

/// A D-Bus of its own with an unlocked gnome-keyring on it, for this process and those it starts: while it
/// lives, DBUS_SESSION_BUS_ADDRESS names it. A process connects once, so make it before the first use of a
/// keychain, and only one.
class SecretService {
public:
    static bool isInstalled();
    static QString missingText();

    SecretService() = default;
    ~SecretService();
    SecretService(const SecretService&) = delete;
    SecretService& operator=(const SecretService&) = delete;

    /// Whether both daemons are up.
    bool start();
    QString address() const { return m_address; }

private:
    bool ownsName() const;

    QTemporaryDir m_folder;
    QString m_address;
    QProcess m_bus;
    QProcess m_keyring;
};

} // namespace llmcache::test
