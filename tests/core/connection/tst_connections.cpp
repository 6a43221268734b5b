#include "base/error.h"
#include "connection/connections.h"
#include "connection/connectionsecrets.h"
#include "provider/keyring.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QDir>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using Keep = Connections::Keep;

namespace {

const StoreSecrets secrets{QStringLiteral("hunter2"), {}};

ConnectionProfile named(const QString& name)
{
    ConnectionProfile profile;
    profile.id = ConnectionProfile::newId();
    profile.traits.name = name;
    profile.colour = QStringLiteral("blue");
    profile.address = StoreAddress::fromUrl(QStringLiteral("redis://cache.example:6379/0"));
    return profile;
}

} // namespace

/// Connections and their passwords belong together; passwords are kept in memory here.
class TestConnections : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void aTakenNameKeepsNoPassword();
    void whatCantBeWrittenKeepsNoPassword();
    void passwordAndVariableAreOneTooMany();
    void passwordsAreForgotten();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<KeyRing> m_keys;
    std::unique_ptr<Connections> m_connections;
};

void TestConnections::init()
{
    m_connections.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    m_keys = std::make_unique<KeyRing>(m_folder->path());
    m_connections = std::make_unique<Connections>(m_folder->path(), m_keys.get());
}

void TestConnections::aTakenNameKeepsNoPassword()
{
    const ConnectionProfile first = named(QStringLiteral("Team"));
    waitForTask(m_connections->save(first, secrets, Keep::Session));
    QCOMPARE(m_keys->value(first.secretName()), secrets.password);
    const ConnectionProfile second = named(QStringLiteral("team"));
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(m_connections->save(second, secrets, Keep::Session)), ConfigurationError);
    QCOMPARE(m_keys->value(second.secretName()), QString());
    // One that is renamed to it keeps the password that it had.
    ConnectionProfile third = named(QStringLiteral("Other"));
    waitForTask(m_connections->save(third, secrets, Keep::Session));
    third.traits.name = QStringLiteral("Team");
    const StoreSecrets others{QStringLiteral("another"), {}};
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(m_connections->save(third, others, Keep::Session)), ConfigurationError);
    QCOMPARE(m_keys->value(third.secretName()), secrets.password);
}

void TestConnections::whatCantBeWrittenKeepsNoPassword()
{
    // Nobody gets this lock.
    QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("connections.json.lock")));
    QVERIFY(QDir(m_folder->path()).mkdir(QStringLiteral("connections.json.lock/x")));
    const ConnectionProfile profile = named(QStringLiteral("Team"));
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(m_connections->save(profile, secrets, Keep::Session)), ConfigurationError);
    QCOMPARE(m_keys->value(profile.secretName()), QString());
}

void TestConnections::passwordAndVariableAreOneTooMany()
{
    ConnectionProfile profile = named(QStringLiteral("Team"));
    profile.passwordVariable = QStringLiteral("TEAM_PASSWORD");
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(m_connections->save(profile, secrets, Keep::Session)), ConfigurationError);
    QVERIFY(waitForTask(m_connections->load()).empty());
    waitForTask(m_connections->save(profile, {}, Keep::Unchanged));
    QCOMPARE(waitForTask(m_connections->load()).size(), std::size_t(1));
}

void TestConnections::passwordsAreForgotten()
{
    const ConnectionProfile profile = named(QStringLiteral("Team"));
    waitForTask(m_connections->save(profile, secrets, Keep::Session));
    const QSignalSpy changed(m_connections.get(), &Connections::changed);
    waitForTask(m_connections->forgetSecrets(profile));
    QCOMPARE(m_keys->value(profile.secretName()), QString());
    QCOMPARE(changed.count(), 1);
    QCOMPARE(waitForTask(m_connections->load()).size(), std::size_t(1));
}

LLMCACHE_TEST_MAIN(TestConnections)
#include "tst_connections.moc"
