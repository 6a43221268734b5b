// Connections and project files on the command line, with a real Redis and a real keychain.
#include "commandline.h"
#include "redisserver.h"
#include "secretservice.h"
#include "testenvironment.h"

#include <QDir>
#include <QDirIterator>
#include <QTest>

using namespace llmcache::test;
using llmcache::Json;

namespace {

const QByteArray secret = "hunter2-0123";

QStringList words(const QString& line)
{
    return line.split(QLatin1Char(' '));
}

} // namespace

class TestE2eConnections : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void keptTestedUsedAndRemoved();
    void answersAreWrittenForPython();
    void readOnlyChangesNothing();
    void projectFileNamesStoreAndAgents();
    void wrongNamesAreTold();

private:
    SecretService m_service;
};

void TestE2eConnections::initTestCase()
{
    if (!SecretService::isInstalled())
        QSKIP(qUtf8Printable(SecretService::missingText()));
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    QVERIFY(m_service.start());
}

void TestE2eConnections::keptTestedUsedAndRemoved()
{
    RedisServer server({QStringLiteral("--requirepass"), QString::fromLatin1(secret)});
    QVERIFY2(server.start(), qPrintable(server.log()));
    CommandLine user;
    user.setVariable(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), m_service.address());
    const ProgramResult added =
        user.run(words(QStringLiteral("connections add team %1 --password --production").arg(server.url())),
            secret + '\n');
    LLMCACHE_VERIFY_EXIT(added, 0);
    const ProgramResult listed = user.run(words(QStringLiteral("connections list --json")));
    LLMCACHE_VERIFY_EXIT(listed, 0);
    const Json row = listed.json();
    QCOMPARE(row.at("name"), Json("team"));
    QCOMPARE(row.at("password_in"), Json("keychain"));
    QCOMPARE(row.at("production"), Json(true));

    const ProgramResult tested = user.run(words(QStringLiteral("connections test team --json")));
    LLMCACHE_VERIFY_EXIT(tested, 0);
    QVERIFY2(tested.out.contains("permissions"), tested.describe().constData());

    const QStringList run = words(
        QStringLiteral("run --connection team --agent %1 --prompt hello --json")
            .arg(user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:echo"})")));
    const ProgramResult miss = user.run(run);
    LLMCACHE_VERIFY_EXIT(miss, 0);
    QCOMPARE(miss.json().at("cached"), Json(false));
    const ProgramResult hit = user.run(run);
    LLMCACHE_VERIFY_EXIT(hit, 0);
    QCOMPARE(hit.json().at("cached"), Json(true));

    for (const ProgramResult& said : {added, listed, tested, miss, hit})
        QVERIFY2(!said.out.contains(secret) && !said.err.contains(secret), said.describe().constData());
    for (QDirIterator all(user.home(), QDir::Files | QDir::Hidden, QDirIterator::Subdirectories);
         all.hasNext();) {
        QFile file(all.next());
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY2(!file.readAll().contains(secret), qUtf8Printable(file.fileName()));
    }
    LLMCACHE_VERIFY_EXIT(user.run(words(QStringLiteral("connections remove TEAM --yes"))), 0);
    LLMCACHE_VERIFY_EXIT(user.run(words(QStringLiteral("connections test team"))), 3);
}

void TestE2eConnections::answersAreWrittenForPython()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const CommandLine user;
    const QString agent =
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:echo"})");
    const auto pythonEntries = [&user, &agent](const QString& connection) {
        const ProgramResult ran = user.run(
            words(QStringLiteral("run --connection %1 --agent %2 --prompt hello-%1").arg(connection, agent)));
        const ProgramResult listed =
            user.run(words(QStringLiteral("entries list is:python --json --connection %1").arg(connection)));
        return ran.exitCode == 0 && listed.exitCode == 0 ? int(listed.jsonLines().size()) : -1;
    };
    LLMCACHE_VERIFY_EXIT(user.run(words(QStringLiteral("connections add plain %1").arg(server.url()))), 0);
    QCOMPARE(pythonEntries(QStringLiteral("plain")), 0);
    LLMCACHE_VERIFY_EXIT(
        user.run(words(QStringLiteral("connections add both %1 --write-for-python").arg(server.url()))), 0);
    QCOMPARE(pythonEntries(QStringLiteral("both")), 1);
}

void TestE2eConnections::readOnlyChangesNothing()
{
    const CommandLine user;
    const QString agent =
        user.writeFile(QStringLiteral("a.agent.json"), R"({"name": "a", "model": "test:echo"})");
    const ProgramResult run =
        user.run(words(QStringLiteral("run --read-only --agent %1 --prompt hello --json").arg(agent)));
    LLMCACHE_VERIFY_EXIT(run, 0);
    QCOMPARE(run.json().at("stored"), Json(false));
    QVERIFY2(run.err.contains("read-only"), run.describe().constData());
    const ProgramResult saved = user.run(words(QStringLiteral("agents save %1 --read-only").arg(agent)));
    LLMCACHE_VERIFY_EXIT(saved, 5);
    QVERIFY2(saved.err.contains("--read-only"), saved.describe().constData());
    QVERIFY(user.run(words(QStringLiteral("entries list --json"))).out.isEmpty());
    QVERIFY(user.run(words(QStringLiteral("agents list --json"))).out.isEmpty());
}

void TestE2eConnections::projectFileNamesStoreAndAgents()
{
    CommandLine user;
    const QString project = user.home() + QStringLiteral("/project");
    QVERIFY(QDir().mkpath(project + QStringLiteral("/deep/agents")));
    QVERIFY(QDir().mkpath(project + QStringLiteral("/agents")));
    user.writeFile(QStringLiteral("project/.llmcache.json"),
        QStringLiteral(R"({"workspace": "shop", "store": "sqlite://%1/shop.sqlite", "agents": "agents"})")
            .arg(project)
            .toUtf8());
    user.writeFile(
        QStringLiteral("project/agents/greeter.agent.json"), R"({"name": "greeter", "model": "test:echo"})");
    user.setFolder(project + QStringLiteral("/deep"));
    const QString run = QStringLiteral("run --agent greeter --prompt hello --json");
    const ProgramResult found = user.run(words(run));
    LLMCACHE_VERIFY_EXIT(found, 0);
    QCOMPARE(found.json().at("workspace"), Json("shop"));
    QVERIFY(QFile::exists(project + QStringLiteral("/shop.sqlite")));
    // What is said on the command line wins.
    const ProgramResult other = user.run(words(run + QStringLiteral(" --workspace mine")));
    LLMCACHE_VERIFY_EXIT(other, 0);
    QCOMPARE(other.json().at("workspace"), Json("mine"));

    user.writeFile(
        QStringLiteral("project/.llmcache.json"), R"({"store": "redis://:hunter2-0123@cache.example"})");
    const ProgramResult refused = user.run(words(run));
    LLMCACHE_VERIFY_EXIT(refused, 3);
    QVERIFY2(refused.err.contains(".llmcache.json") && refused.err.contains("password"),
        refused.describe().constData());
    QVERIFY2(!refused.err.contains(secret), refused.describe().constData());
}

void TestE2eConnections::wrongNamesAreTold()
{
    const CommandLine user;
    const ProgramResult unknown = user.run(words(QStringLiteral("entries list --connection nobody")));
    LLMCACHE_VERIFY_EXIT(unknown, 3);
    QVERIFY2(unknown.err.contains("connections list"), unknown.describe().constData());
    LLMCACHE_VERIFY_EXIT(
        user.run(words(QStringLiteral("entries list --connection a --store redis://127.0.0.1"))), 2);
    LLMCACHE_VERIFY_EXIT(user.run(words(QStringLiteral("connections add x redis://h:x"))), 3);
    LLMCACHE_VERIFY_EXIT(user.run(words(QStringLiteral("connections add x"))), 2);
}

LLMCACHE_TEST_MAIN(TestE2eConnections)
#include "tst_e2e_connections.moc"
