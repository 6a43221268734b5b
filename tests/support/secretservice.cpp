#include "secretservice.h"

#include <QDeadlineTimer>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>

#include <sys/prctl.h>

#include <csignal>
#include <vector>

namespace llmcache::test {

namespace {

constexpr int patience = 20'000; // milliseconds, for a machine that is busy with other tests

const char* const busVariable = "DBUS_SESSION_BUS_ADDRESS";

// Without folders of services: nothing but the keyring below answers on this bus.
const char* const busConfiguration = R"(<busconfig>
<type>session</type>
<listen>unix:tmpdir=/tmp</listen>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
</busconfig>)";

/// A process that is killed when this one ends, however it does.
QProcess& daemonOfThisProcess()
{
    // Neither is ever deleted: that would kill them before the end, and QtKeychain asks until then.
    static auto* const all = new std::vector<QProcess*>;
    auto* const process = new QProcess;
    process->setChildProcessModifier([] { prctl(PR_SET_PDEATHSIG, SIGKILL); });
    all->push_back(process);
    return *process;
}

} // namespace

bool SecretService::isInstalled()
{
    for (const char* program : {"dbus-daemon", "dbus-send", "gnome-keyring-daemon"}) {
        if (QStandardPaths::findExecutable(QLatin1String(program)).isEmpty())
            return false;
    }
    return true;
}

QString SecretService::missingText()
{
    return QStringLiteral("There is no dbus-daemon or no gnome-keyring-daemon on this machine.");
}

bool SecretService::start()
{
    const QString path = m_folder.filePath(QStringLiteral("bus.conf"));
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(busConfiguration) < 0)
        return false;
    file.close();
    QProcess& bus = daemonOfThisProcess();
    bus.start(QStringLiteral("dbus-daemon"),
        {QStringLiteral("--config-file=") + path, QStringLiteral("--print-address"),
            QStringLiteral("--nofork"), QStringLiteral("--nopidfile")});
    if (!bus.waitForReadyRead(patience))
        return false;
    m_address = QString::fromUtf8(bus.readLine()).trimmed();
    qputenv(busVariable, m_address.toUtf8());

    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    for (const char* variable : {"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "HOME"})
        environment.insert(QLatin1String(variable), m_folder.path());
    QProcess& keyring = daemonOfThisProcess();
    keyring.setProcessEnvironment(environment);
    keyring.start(QStringLiteral("gnome-keyring-daemon"),
        {QStringLiteral("--foreground"), QStringLiteral("--unlock"), QStringLiteral("--components=secrets")});
    keyring.write("password of the keyring");
    // The daemon reads until there is no more; without an event loop only this sends anything.
    if (!keyring.waitForBytesWritten(patience))
        return false;
    keyring.closeWriteChannel();
    const QDeadlineTimer deadline(patience);
    while (!ownsName()) {
        if (deadline.hasExpired() || keyring.state() == QProcess::NotRunning)
            return false;
    }
    return true;
}

bool SecretService::ownsName() const
{
    QProcess asking;
    asking.start(QStringLiteral("dbus-send"),
        {QStringLiteral("--bus=") + m_address, QStringLiteral("--print-reply"),
            QStringLiteral("--dest=org.freedesktop.DBus"), QStringLiteral("/org/freedesktop/DBus"),
            QStringLiteral("org.freedesktop.DBus.NameHasOwner"),
            QStringLiteral("string:org.freedesktop.secrets")});
    return asking.waitForFinished(patience) && asking.readAllStandardOutput().contains("boolean true");
}

} // namespace llmcache::test
