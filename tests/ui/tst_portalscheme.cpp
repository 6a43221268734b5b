#include "testenvironment.h"
#include "theme/portalscheme.h"

#include <QCoreApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QProcess>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>

using namespace llmcache::ui;

/// Answers as the settings portal of a desktop does.
class FakePortal : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")
public:
    uint scheme = 0;
    int questions = 0;

public Q_SLOTS:
    QDBusVariant Read(const QString& group, const QString& key)
    {
        ++questions;
        if (group != u"org.freedesktop.appearance" || key != u"color-scheme")
            return {};
        return QDBusVariant(QVariant::fromValue(QDBusVariant(scheme)));
    }
};

class TestPortalScheme : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void answersAsTheDesktopDoes_data();
    void answersAsTheDesktopDoes();
    void silentWithoutAPortal();
    void noBusNoPortal();

private:
    QDBusConnection connection(const char* name)
    {
        return QDBusConnection::connectToBus(m_address, QString::fromLatin1(name));
    }
    QProcess m_daemon;
    QString m_address;
};

void TestPortalScheme::initTestCase()
{
    const QString program = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
    if (program.isEmpty())
        QSKIP("dbus-daemon is not installed");
    m_daemon.start(program,
        {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--print-address=1")});
    QVERIFY(m_daemon.waitForStarted());
    while (!m_daemon.canReadLine())
        QVERIFY(m_daemon.waitForReadyRead(5'000));
    m_address = QString::fromUtf8(m_daemon.readLine()).trimmed();
}

void TestPortalScheme::cleanupTestCase()
{
    m_daemon.kill();
    m_daemon.waitForFinished();
}

void TestPortalScheme::answersAsTheDesktopDoes_data()
{
    QTest::addColumn<uint>("wish");
    QTest::addColumn<QList<bool>>("answers");
    QTest::newRow("no wish") << 0U << QList<bool>{};
    QTest::newRow("dark") << 1U << QList<bool>{true};
    QTest::newRow("light") << 2U << QList<bool>{false};
    QTest::newRow("a wish of the future") << 7U << QList<bool>{};
}

void TestPortalScheme::answersAsTheDesktopDoes()
{
    QFETCH(uint, wish);
    QFETCH(QList<bool>, answers);
    QDBusConnection desktop = connection("desktop");
    FakePortal portal;
    portal.scheme = wish;
    const QString path = QStringLiteral("/org/freedesktop/portal/desktop");
    const QString service = QStringLiteral("org.freedesktop.portal.Desktop");
    QVERIFY(desktop.registerObject(path, &portal, QDBusConnection::ExportAllSlots));
    QVERIFY(desktop.registerService(service));
    PortalScheme scheme(connection("program"));
    QList<bool> heard;
    connect(&scheme, &PortalScheme::answered, this, [&heard](bool dark) { heard.append(dark); });
    scheme.ask();
    // Then a wish that is always heard: replies come in order, so the first one is through by then.
    QTRY_COMPARE(portal.questions, 1);
    portal.scheme = 1;
    scheme.ask();
    QTRY_COMPARE(heard.size(), answers.size() + 1);
    heard.removeLast();
    QCOMPARE(heard, answers);
    desktop.unregisterService(service);
    desktop.unregisterObject(path);
}

void TestPortalScheme::silentWithoutAPortal()
{
    const QDBusConnection bus = connection("lonely");
    PortalScheme scheme(bus);
    const QSignalSpy answers(&scheme, &PortalScheme::answered);
    scheme.ask();
    QDBusMessage ping = QDBusMessage::createMethodCall(QStringLiteral("org.freedesktop.DBus"),
        QStringLiteral("/"), QStringLiteral("org.freedesktop.DBus.Peer"), QStringLiteral("Ping"));
    QCOMPARE(bus.call(ping).type(), QDBusMessage::ReplyMessage);
    QCoreApplication::processEvents();
    QCOMPARE(answers.size(), 0);
}

void TestPortalScheme::noBusNoPortal()
{
    qunsetenv("DBUS_SESSION_BUS_ADDRESS");
    qputenv("XDG_RUNTIME_DIR", "/nonexistent");
    QVERIFY(!PortalScheme::onSessionBus(this));
}

LLMCACHE_TEST_MAIN(TestPortalScheme)
#include "tst_portalscheme.moc"
