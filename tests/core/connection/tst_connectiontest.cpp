#include "base/error.h"
#include "connection/connectiontest.h"
#include "redisgroup.h"
#include "redisserver.h"
#include "testcertificates.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

using namespace llmcache;
using namespace llmcache::test;
using Kind = TestStep::Kind;
using State = TestStep::State;

namespace {

std::vector<TestStep> testOf(const QString& url, bool readOnly = false, bool forPython = false)
{
    TestTarget target;
    target.writeForPython = forPython;
    target.storeUrl = url;
    target.workspace = QStringLiteral("team");
    target.readOnly = readOnly;
    return waitForTask(testConnection(target));
}

TestStep stepOf(const std::vector<TestStep>& steps, Kind kind)
{
    for (const TestStep& step : steps) {
        if (step.kind == kind)
            return step;
    }
    TestStep none;
    none.detail = QStringLiteral("no such step");
    return none;
}

QByteArray describe(const std::vector<TestStep>& steps)
{
    QStringList lines;
    for (const TestStep& step : steps)
        lines.append(QStringLiteral("%1 %2: %3 | %4")
                         .arg(testStateName(step.state), step.id(), step.detail, step.remedy));
    return lines.join(QLatin1Char('\n')).toUtf8();
}

QString redisCli(const RedisServer& server, const QStringList& arguments)
{
    QProcess cli;
    cli.start(QStringLiteral("redis-cli"),
        QStringList{QStringLiteral("-p"), QString::number(server.port())} + arguments);
    cli.waitForFinished();
    return QString::fromUtf8(cli.readAll()).trimmed();
}

} // namespace

#define VERIFY_STEP(steps, kind, expected, words)                                                            \
    do {                                                                                                     \
        const TestStep once = stepOf(steps, kind);                                                           \
        QVERIFY2(once.state == (expected), describe(steps).constData());                                     \
        QVERIFY2((once.detail + once.remedy).contains(QLatin1String(words)), describe(steps).constData());   \
    } while (false)

class TestConnectionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void everyStepOfAServer();
    void wrongAddresses_data();
    void wrongAddresses();
    void passwords();
    void missingPermissionsAreNamed();
    void keysOfPythonAreTriedWhereTheyAreWritten();
    void readersNeedLess();
    void certificates();
    void evictionAndPersistence_data();
    void evictionAndPersistence();
    void replicasAreTold();
    void otherShapes();
    void files();
    void progressIsTold();
    void canBeCancelled();
};

void TestConnectionTest::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
}

void TestConnectionTest::everyStepOfAServer()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto steps = testOf(server.url());
    VERIFY_STEP(steps, Kind::Address, State::Passed, "127.0.0.1");
    VERIFY_STEP(steps, Kind::Name, State::Passed, "address");
    VERIFY_STEP(steps, Kind::Reach, State::Passed, "port");
    VERIFY_STEP(steps, Kind::Login, State::Passed, "no password");
    VERIFY_STEP(steps, Kind::Permissions, State::Passed, "read and write");
    VERIFY_STEP(steps, Kind::Server, State::Passed, ".");
    VERIFY_STEP(steps, Kind::Latency, State::Passed, "median");
    QVERIFY(stepOf(steps, Kind::Latency).took->count() > 0);
    // It takes away what it wrote.
    QCOMPARE(redisCli(server, {QStringLiteral("dbsize")}), QStringLiteral("0"));
}

void TestConnectionTest::wrongAddresses_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("why");
    const QString free = QString::number(RedisServer::freePort());
    QTest::newRow("no URL") << QStringLiteral("redis//x") << int(Kind::Address) << QStringLiteral("scheme");
    QTest::newRow("no host") << QStringLiteral("redis://nowhere.invalid") << int(Kind::Name)
                             << QStringLiteral("nowhere.invalid");
    QTest::newRow("refused") << QStringLiteral("redis://127.0.0.1:") + free << int(Kind::Reach)
                             << QStringLiteral("refused");
    QTest::newRow("no socket") << QStringLiteral("redis+unix:///nowhere/redis.sock") << int(Kind::Reach)
                               << QStringLiteral("socket");
    QTest::newRow("no sentinel") << QStringLiteral("redis+sentinel://127.0.0.1:%1/main").arg(free)
                                 << int(Kind::Sentinel) << QStringLiteral("sentinels");
}

void TestConnectionTest::wrongAddresses()
{
    QFETCH(QString, url);
    QFETCH(int, kind);
    QFETCH(QString, why);
    const auto steps = testOf(url);
    const TestStep failed = stepOf(steps, static_cast<Kind>(kind));
    QVERIFY2(failed.state == State::Failed, describe(steps).constData());
    QVERIFY2(failed.detail.contains(why) && !failed.remedy.isEmpty(), describe(steps).constData());
    for (const TestStep& step : steps) {
        if (step.kind != failed.kind && step.kind != Kind::Address)
            QVERIFY2(
                step.state != State::Running && step.state != State::Waiting, describe(steps).constData());
    }
}

void TestConnectionTest::passwords()
{
    RedisServer server({QStringLiteral("--requirepass"), QStringLiteral("hunter2")});
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto with = [&server](const QString& userInfo) {
        return testOf(QString(server.url()).replace(QLatin1String("://"), QStringLiteral("://") + userInfo));
    };
    const auto right = with(QStringLiteral(":hunter2@"));
    VERIFY_STEP(right, Kind::Login, State::Passed, "default");
    const auto none = with({});
    VERIFY_STEP(none, Kind::Login, State::Failed, "password");
    VERIFY_STEP(none, Kind::Permissions, State::Skipped, "");
    const auto wrong = with(QStringLiteral(":hunter3@"));
    VERIFY_STEP(wrong, Kind::Login, State::Failed, "password");
    QVERIFY(!describe(wrong).contains("hunter3"));
}

void TestConnectionTest::missingPermissionsAreNamed()
{
    if (RedisServer::majorVersion() < 6)
        QSKIP("needs a Redis with access control lists");
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto user = [&server](const QStringList& rules) {
        redisCli(server,
            QStringList{QStringLiteral("acl"), QStringLiteral("setuser"), QStringLiteral("ana"),
                QStringLiteral("reset"), QStringLiteral("on"), QStringLiteral(">pw")}
                + rules);
        return testOf(QString(server.url()).replace(QLatin1String("://"), QStringLiteral("://ana:pw@")));
    };
    const QString keys = QStringLiteral("~llmcache:team:*");
    const QString channels = QStringLiteral("&llmcache:team:*");
    const QString news = QStringLiteral("&__keyspace@0__:llmcache:team:entry:{*}");
    const QString all = QStringLiteral("+@all");
    const auto fewer = user(
        {keys, channels, all, QStringLiteral("-xadd"), QStringLiteral("-eval"), QStringLiteral("-config")});
    VERIFY_STEP(fewer, Kind::Permissions, State::Failed, "may not use xadd, eval");
    VERIFY_STEP(fewer, Kind::Permissions, State::Failed, "ACL SETUSER ana +xadd +eval");
    const auto others = user({QStringLiteral("~other:*"), channels, all});
    VERIFY_STEP(others, Kind::Permissions, State::Failed, "~llmcache:team:*");
    const auto silent = user({keys, all});
    VERIFY_STEP(silent, Kind::Permissions, State::Failed, "&llmcache:team:*");
    const auto comfortable =
        user({keys, channels, news, all, QStringLiteral("-dbsize"), QStringLiteral("-memory")});
    VERIFY_STEP(comfortable, Kind::Permissions, State::Advice, "dbsize");
    VERIFY_STEP(comfortable, Kind::Permissions, State::Advice, "+dbsize");
    // Rules name subcommands: the whole of a command may be more than anybody should have.
    VERIFY_STEP(comfortable, Kind::Permissions, State::Advice, "+memory|usage");
    const auto unheard = user({keys, channels, all});
    VERIFY_STEP(unheard, Kind::Permissions, State::Advice, "&__keyspace@0__:llmcache:team:entry:{*}");
    const auto deaf = user({keys, channels, news, all, QStringLiteral("-subscribe")});
    VERIFY_STEP(deaf, Kind::Permissions, State::Advice, "+subscribe");
    // What the server is set to is nobody's business, and no advice.
    const auto modest = user({keys, channels, news, all, QStringLiteral("-config")});
    VERIFY_STEP(modest, Kind::Permissions, State::Passed, "settings");
    QVERIFY2(!describe(modest).contains("+config "), describe(modest).constData());
    // The rules that it names are enough.
    const QString rules = stepOf(fewer, Kind::Permissions).remedy.section(QStringLiteral("ana "), 1);
    const auto granted =
        user(QStringList{keys, channels, news, all, QStringLiteral("-xadd"), QStringLiteral("-eval")}
            + rules.split(QLatin1Char(' ')));
    VERIFY_STEP(granted, Kind::Permissions, State::Passed, "read and write");
}

void TestConnectionTest::keysOfPythonAreTriedWhereTheyAreWritten()
{
    if (RedisServer::majorVersion() < 6)
        QSKIP("needs a Redis with access control lists");
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const QStringList rules{QStringLiteral("acl"), QStringLiteral("setuser"), QStringLiteral("ana"),
        QStringLiteral("on"), QStringLiteral(">pw"), QStringLiteral("~llmcache:*"), QStringLiteral("&*"),
        QStringLiteral("+@all")};
    redisCli(server, rules);
    const QString url = QString(server.url()).replace(QLatin1String("://"), QStringLiteral("://ana:pw@"));
    const auto alone = testOf(url);
    VERIFY_STEP(alone, Kind::Permissions, State::Passed, "read and write");
    const auto shared = testOf(url, false, true);
    VERIFY_STEP(shared, Kind::Permissions, State::Failed, "~pyai-cache:* ~lock:pyai-cache:*");
    redisCli(
        server, rules + QStringList{QStringLiteral("~pyai-cache:*"), QStringLiteral("~lock:pyai-cache:*")});
    const auto allowed = testOf(url, false, true);
    VERIFY_STEP(allowed, Kind::Permissions, State::Passed, "read and write");
    QCOMPARE(redisCli(server, {QStringLiteral("dbsize")}), QStringLiteral("0"));
}

void TestConnectionTest::readersNeedLess()
{
    if (RedisServer::majorVersion() < 6)
        QSKIP("needs a Redis with access control lists");
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    redisCli(server,
        {QStringLiteral("acl"), QStringLiteral("setuser"), QStringLiteral("ana"), QStringLiteral("on"),
            QStringLiteral(">pw"), QStringLiteral("~llmcache:team:*"), QStringLiteral("+@read"),
            QStringLiteral("+ping"), QStringLiteral("+info"), QStringLiteral("+psubscribe"),
            QStringLiteral("&__keyspace@0__:llmcache:team:entry:{*}")});
    const QString url = QString(server.url()).replace(QLatin1String("://"), QStringLiteral("://ana:pw@"));
    const auto reading = testOf(url, true);
    VERIFY_STEP(reading, Kind::Permissions, State::Passed, "read all");
    const auto writing = testOf(url);
    VERIFY_STEP(writing, Kind::Permissions, State::Failed, "del, unlink");
}

void TestConnectionTest::certificates()
{
    if (!TestCertificates::isInstalled())
        QSKIP(qPrintable(TestCertificates::missingText()));
    TestCertificates certificates;
    QVERIFY(certificates.isValid());
    QVERIFY(certificates.issue(QStringLiteral("good"), QStringLiteral("IP:127.0.0.1"), 400));
    QVERIFY(certificates.issue(QStringLiteral("ending"), QStringLiteral("IP:127.0.0.1"), 2));
    const auto outcome = [&certificates](const QString& name, const QString& query) {
        RedisServer server;
        server.addArguments({QStringLiteral("--tls-cert-file"), certificates.certificate(name),
            QStringLiteral("--tls-key-file"), certificates.key(name), QStringLiteral("--tls-ca-cert-file"),
            certificates.authority(), QStringLiteral("--tls-auth-clients"), QStringLiteral("no"),
            QStringLiteral("--port"), QStringLiteral("0"), QStringLiteral("--tls-port"),
            QString::number(server.port())});
        return server.start()
            ? testOf(QStringLiteral("rediss://127.0.0.1:%1/0?%2").arg(server.port()).arg(query))
            : std::vector<TestStep>();
    };
    const QString own = QStringLiteral("ca=") + certificates.authority();
    const auto good = outcome(QStringLiteral("good"), own);
    VERIFY_STEP(good, Kind::Encryption, State::Passed, "TLSv1");
    VERIFY_STEP(good, Kind::Encryption, State::Passed, "valid until");
    VERIFY_STEP(good, Kind::Encryption, State::Passed, "127.0.0.1");
    VERIFY_STEP(good, Kind::Login, State::Passed, "");
    const auto ending = outcome(QStringLiteral("ending"), own);
    VERIFY_STEP(ending, Kind::Encryption, State::Advice, "renewed");
    const auto unknown = outcome(QStringLiteral("good"), {});
    VERIFY_STEP(unknown, Kind::Encryption, State::Failed, "certificate");
    VERIFY_STEP(unknown, Kind::Login, State::Skipped, "");
    const auto unchecked = outcome(QStringLiteral("good"), QStringLiteral("verify=none"));
    VERIFY_STEP(unchecked, Kind::Encryption, State::Advice, "not checked");
}

void TestConnectionTest::evictionAndPersistence_data()
{
    QTest::addColumn<QStringList>("settings");
    QTest::addColumn<QString>("eviction");
    QTest::addColumn<QString>("persistence");
    const auto row = [](const char* name, const char* settings, const char* eviction,
                         const char* persistence) {
        QTest::newRow(name) << QString::fromLatin1(settings).split(QLatin1Char('|'), Qt::SkipEmptyParts)
                            << QString::fromLatin1(eviction) << QString::fromLatin1(persistence);
    };
    row("no limit, nothing saved", "", "no limit", "off");
    row("full refuses", "maxmemory|100mb|maxmemory-policy|noeviction|save|60 1", "refuses new answers",
        "save 60 1");
    row("drops all", "maxmemory|100mb|maxmemory-policy|allkeys-lru|appendonly|yes", "ledger",
        "append-only file");
    row("as it should be", "maxmemory|100mb|maxmemory-policy|volatile-lru|appendonly|yes", "used of 100",
        "append-only file");
}

void TestConnectionTest::evictionAndPersistence()
{
    QFETCH(QStringList, settings);
    QFETCH(QString, eviction);
    QFETCH(QString, persistence);
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    redisCli(server, {QStringLiteral("config"), QStringLiteral("set"), QStringLiteral("save"), QString()});
    for (qsizetype i = 0; i + 1 < settings.size(); i += 2)
        redisCli(
            server, {QStringLiteral("config"), QStringLiteral("set"), settings.at(i), settings.at(i + 1)});
    const auto steps = testOf(server.url());
    VERIFY_STEP(steps, Kind::Eviction,
        eviction.startsWith(QLatin1String("used")) ? State::Passed : State::Advice, qPrintable(eviction));
    VERIFY_STEP(steps, Kind::Persistence,
        persistence.startsWith(QLatin1String("append")) ? State::Passed : State::Advice,
        qPrintable(persistence));
}

void TestConnectionTest::replicasAreTold()
{
    RedisServer master;
    QVERIFY2(master.start(), qPrintable(master.log()));
    RedisServer replica(
        {QStringLiteral("--replicaof"), QStringLiteral("127.0.0.1"), QString::number(master.port())});
    QVERIFY2(replica.start(), qPrintable(replica.log()));
    const auto writing = testOf(replica.url());
    VERIFY_STEP(writing, Kind::Permissions, State::Failed, "replica");
    const auto reading = testOf(replica.url(), true);
    VERIFY_STEP(reading, Kind::Permissions, State::Passed, "read");
}

void TestConnectionTest::otherShapes()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto socket = testOf(QStringLiteral("redis+unix://") + server.socketPath());
    VERIFY_STEP(socket, Kind::Reach, State::Passed, "socket");
    VERIFY_STEP(socket, Kind::Permissions, State::Passed, "read and write");
    RedisCluster cluster(3, false);
    QVERIFY2(cluster.start(), qPrintable(cluster.problem()));
    const auto clustered = testOf(cluster.url());
    VERIFY_STEP(clustered, Kind::Permissions, State::Passed, "read and write");
    // One node that answers is enough, in whatever place it is named.
    const QString gone = QStringLiteral("127.0.0.1:%1").arg(RedisServer::freePort());
    const QString first = QStringLiteral("@127.0.0.1");
    QVERIFY2(cluster.url().contains(first), qPrintable(cluster.url()));
    const auto oneIsDown =
        testOf(QString(cluster.url()).replace(first, QStringLiteral("@%1,127.0.0.1").arg(gone)));
    VERIFY_STEP(oneIsDown, Kind::Reach, State::Advice, qPrintable(gone));
    VERIFY_STEP(oneIsDown, Kind::Permissions, State::Passed, "read and write");
    const auto allAreDown = testOf(QStringLiteral("redis+cluster://%1,%1").arg(gone));
    VERIFY_STEP(allAreDown, Kind::Reach, State::Failed, "refuse");
    VERIFY_STEP(allAreDown, Kind::Permissions, State::Skipped, "");
    RedisSentinels sentinels(true);
    QVERIFY2(sentinels.start(), qPrintable(sentinels.problem()));
    const auto watched = testOf(sentinels.url());
    VERIFY_STEP(watched, Kind::Sentinel, State::Passed, "master");
    VERIFY_STEP(watched, Kind::Permissions, State::Passed, "read and write");
}

void TestConnectionTest::files()
{
    const QTemporaryDir folder;
    TestTarget target;
    target.dataFolder = folder.path();
    const auto fresh = waitForTask(testConnection(target));
    VERIFY_STEP(fresh, Kind::File, State::Passed, "first use");
    QVERIFY(!QFile::exists(folder.filePath(QStringLiteral("cache.sqlite"))));
    QFile wrong(folder.filePath(QStringLiteral("cache.sqlite")));
    QVERIFY(wrong.open(QIODevice::WriteOnly));
    wrong.write(QByteArray(8192, 'x'));
    wrong.close();
    const auto broken = waitForTask(testConnection(target));
    VERIFY_STEP(broken, Kind::File, State::Failed, "cache.sqlite");
}

void TestConnectionTest::progressIsTold()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    TestTarget target;
    target.storeUrl = server.url();
    QList<int> running;
    waitForTask(testConnection(target, [&running](const std::vector<TestStep>& steps) {
        for (const TestStep& step : steps) {
            if (step.state == State::Running && !running.contains(int(step.kind)))
                running.append(int(step.kind));
        }
    }));
    QVERIFY(running.indexOf(int(Kind::Reach)) < running.indexOf(int(Kind::Login)));
    QVERIFY(running.contains(int(Kind::Permissions)));
}

void TestConnectionTest::canBeCancelled()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    server.freeze();
    std::stop_source source;
    TestTarget target;
    target.storeUrl = server.url();
    // Frozen it takes the connection and never answers the login.
    const auto stopAtLogin = [&source](const std::vector<TestStep>& steps) {
        for (const TestStep& step : steps) {
            if (step.kind == Kind::Login && step.state == State::Running)
                QTimer::singleShot(0, [&source] { source.request_stop(); });
        }
    };
    bool cancelled = false;
    try {
        waitForTask(testConnection(target, stopAtLogin, source.get_token()));
    } catch (const Cancelled&) {
        cancelled = true;
    }
    server.thaw();
    QVERIFY(cancelled);
}

LLMCACHE_TEST_MAIN(TestConnectionTest)
#include "tst_connectiontest.moc"
