// Many runs while the Redis under them dies, moves, lies or is not to be trusted: no answer is lost, none is
// paid for twice, and the ledger has every request.
#include "base/error.h"
#include "faultload.h"
#include "faultyproxy.h"
#include "redisgroup.h"
#include "testcertificates.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QLoggingCategory>
#include <QProcess>
#include <QRegularExpression>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

/// Whether the replica of a master has all that the master has.
bool isReplicated(quint16 port)
{
    QProcess process;
    process.start(QStringLiteral("redis-cli"),
        {QStringLiteral("-p"), QString::number(port), QStringLiteral("INFO"), QStringLiteral("replication")});
    process.waitForFinished();
    const QString info = QString::fromUtf8(process.readAllStandardOutput());
    static const QRegularExpression masters(QStringLiteral("master_repl_offset:(\\d+)"));
    static const QRegularExpression replicas(QStringLiteral("slave0:.*offset=(\\d+)"));
    const QString written = masters.match(info).captured(1);
    return !written.isEmpty() && replicas.match(info).captured(1).toLongLong() >= written.toLongLong();
}

constexpr int inFlight = 32;

} // namespace

class TestE2eRedisFaults : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();

    void killedAndRestartedUnderLoad();
    void sentinelFailoverUnderLoad();
    void lostClusterMasterUnderLoad();
    void certificatesThatAreNotAccepted_data();
    void certificatesThatAreNotAccepted();
    void proxyThatSpoilsReplies_data();
    void proxyThatSpoilsReplies();

private:
    /// Runs half the load, waits until the replicas have everything, kills a master while requests are under
    /// way, and runs the rest, twice.
    void loseAMaster(FaultLoad& load, const std::function<bool()>& replicated, RedisServer& master,
        const char* what) const;

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestE2eRedisFaults::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
    // Hundreds of runs would tell of the same trouble.
    QLoggingCategory::setFilterRules(QStringLiteral("llmcache.*=false"));
}

void TestE2eRedisFaults::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestE2eRedisFaults::killedAndRestartedUnderLoad()
{
    // With "everysec" a server that waits for a slow disk answers before it has written; that would be its
    // loss, not ours. What is written survives the process without any fsync.
    RedisServer redis({QStringLiteral("--appendonly"), QStringLiteral("yes"), QStringLiteral("--appendfsync"),
        QStringLiteral("no")});
    QVERIFY2(redis.start(), qUtf8Printable(redis.log()));
    FaultLoad load(redis.url(), m_folder->path());
    constexpr int prompts = 1000;
    bool restarted = false;
    load.run(0, prompts, inFlight, [&](int over) {
        if (over == 300)
            redis.kill();
        else if (over == 600)
            restarted = redis.start();
    });
    QVERIFY2(restarted, qUtf8Printable(redis.log()));
    QVERIFY2(load.warnings().contains(QLatin1String("kept on disk")), qUtf8Printable(load.warnings()));
    // The store is back, as soon as the session knows it: until then it pays again for what is there. What
    // waits on disk goes there without being asked for.
    QVERIFY(QTest::qWaitFor([&load] { return waitForTask(load.session().store().status()).connected; }));
    load.run(0, prompts, inFlight);
    QVERIFY(load.settle());
    QCOMPARE(load.runs(), 2000);
    LLMCACHE_VERIFY_PROMISES(load, "kill -9 and restart");
    QVERIFY2(load.hits() >= prompts, qPrintable(QStringLiteral("%1 hits").arg(load.hits())));
}

void TestE2eRedisFaults::loseAMaster(
    FaultLoad& load, const std::function<bool()>& replicated, RedisServer& master, const char* what) const
{
    constexpr int prompts = 400;
    load.run(0, prompts / 2, inFlight);
    // Replication is asynchronous: what a master confirmed just before it died may be gone with it. So the
    // requests wait at the provider until the replicas have the past.
    bool ready = false;
    load.provider().pause(inFlight, [&] {
        load.drain();
        ready = QTest::qWaitFor(replicated, 30'000);
        master.kill();
        load.provider().resume();
    });
    load.run(prompts / 2, prompts / 2, inFlight);
    QVERIFY(ready);
    QVERIFY2(load.warnings().contains(QLatin1String("kept on disk")), qUtf8Printable(load.warnings()));
    QVERIFY2(load.settle(true), qUtf8Printable(load.warnings()));
    const int before = load.hits();
    load.run(0, prompts, inFlight);
    QCOMPARE(load.hits() - before, prompts);
    LLMCACHE_VERIFY_PROMISES(load, what);
}

void TestE2eRedisFaults::sentinelFailoverUnderLoad()
{
    RedisSentinels group(false);
    QVERIFY2(group.start(), qUtf8Printable(group.problem()));
    FaultLoad load(group.url(), m_folder->path());
    RedisServer& master = group.server(0);
    loseAMaster(
        load, [&master] { return isReplicated(master.port()); }, master, "Sentinel failover");
}

void TestE2eRedisFaults::lostClusterMasterUnderLoad()
{
    RedisCluster cluster(3, true,
        {QStringLiteral("--cluster-node-timeout"), QStringLiteral("2000"),
            QStringLiteral("--repl-diskless-sync-delay"), QStringLiteral("0")});
    QVERIFY2(cluster.start(), qUtf8Printable(cluster.problem()));
    FaultLoad load(cluster.url(), m_folder->path());
    const auto replicated = [&cluster] {
        for (int master = 0; master < 3; ++master) {
            if (!isReplicated(cluster.node(master).port()))
                return false;
        }
        return true;
    };
    QVERIFY(QTest::qWaitFor(replicated, 30'000));
    loseAMaster(load, replicated, cluster.node(1), "loss of a Cluster master");
}

void TestE2eRedisFaults::certificatesThatAreNotAccepted_data()
{
    QTest::addColumn<QString>("certificate");
    QTest::addColumn<bool>("withAuthority");
    QTest::newRow("expired") << QStringLiteral("expired") << true;
    QTest::newRow("self-signed") << QStringLiteral("authority") << false;
    QTest::newRow("wrong host") << QStringLiteral("otherhost") << true;
}

void TestE2eRedisFaults::certificatesThatAreNotAccepted()
{
    QFETCH(QString, certificate);
    QFETCH(bool, withAuthority);
    if (!TestCertificates::isInstalled())
        QSKIP(qUtf8Printable(TestCertificates::missingText()));
    TestCertificates certificates;
    QVERIFY(certificates.isValid());
    QVERIFY(certificates.issue(QStringLiteral("expired"), QStringLiteral("IP:127.0.0.1"), -1));
    QVERIFY(certificates.issue(QStringLiteral("otherhost"), QStringLiteral("DNS:elsewhere.example")));
    QVERIFY(certificates.issue(QStringLiteral("good"), QStringLiteral("IP:127.0.0.1")));
    RedisServer redis;
    const QString port = QString::number(redis.port());
    const auto serve = [&](RedisServer& server, const QString& name) {
        server.addArguments({QStringLiteral("--tls-cert-file"), certificates.certificate(name),
            QStringLiteral("--tls-key-file"), certificates.key(name), QStringLiteral("--tls-ca-cert-file"),
            certificates.authority(), QStringLiteral("--tls-auth-clients"), QStringLiteral("no"),
            QStringLiteral("--port"), QStringLiteral("0"), QStringLiteral("--tls-port"), port});
        return server.start();
    };
    QVERIFY2(serve(redis, certificate), qUtf8Printable(redis.log()));
    const QString url = QStringLiteral("rediss://127.0.0.1:%1/0").arg(port);
    const QString trusting = url + QStringLiteral("?ca=") + certificates.authority();
    constexpr int prompts = 100;
    {
        FaultLoad load(withAuthority ? trusting : url, m_folder->path());
        load.run(0, prompts, inFlight);
        QVERIFY2(load.lost() == 0, qUtf8Printable(load.problems()));
        QCOMPARE(load.hits(), 0);
        QVERIFY2(load.warnings().contains(QLatin1String("The certificate of the Redis server")),
            qUtf8Printable(load.warnings()));
        load.drain();
        QCOMPARE(load.session().spooled(), qint64{2} * prompts);
        QVERIFY(load.session().store().info().caution.isEmpty());
    }
    // The server gets a sound certificate. A later start of the program stores what was paid for.
    redis.stop();
    RedisServer sound;
    QVERIFY2(serve(sound, QStringLiteral("good")), qUtf8Printable(sound.log()));
    FaultLoad later(trusting, m_folder->path());
    QVERIFY(later.settle());
    later.run(0, prompts, inFlight);
    QCOMPARE(later.hits(), prompts);
    QCOMPARE(later.provider().requests(), 0);
    const auto ledger = later.ledger();
    later.print(QTest::currentDataTag(), ledger);
    QCOMPARE(ledger.calls, 2 * prompts);
    QCOMPARE(ledger.requests, prompts);

    // Whoever turns the verification off is told so all the time.
    const FaultLoad careless(url + QStringLiteral("?verify=none"), m_folder->path());
    QVERIFY(const_cast<FaultLoad&>(careless).session().store().info().caution.contains(
        QLatin1String("verify=none")));
}

void TestE2eRedisFaults::proxyThatSpoilsReplies_data()
{
    QTest::addColumn<int>("mode");
    QTest::newRow("delays") << static_cast<int>(FaultyProxy::Mode::Delaying);
    QTest::newRow("cuts replies") << static_cast<int>(FaultyProxy::Mode::Cutting);
    QTest::newRow("garbage") << static_cast<int>(FaultyProxy::Mode::Garbage);
}

void TestE2eRedisFaults::proxyThatSpoilsReplies()
{
    QFETCH(int, mode);
    RedisServer redis;
    QVERIFY2(redis.start(), qUtf8Printable(redis.log()));
    FaultyProxy proxy(redis.port());
    FaultLoad load(QStringLiteral("redis://127.0.0.1:%1/0").arg(proxy.port()), m_folder->path());
    constexpr int prompts = 300;
    load.run(0, prompts, inFlight, [&](int over) {
        if (over == prompts / 3)
            proxy.setMode(static_cast<FaultyProxy::Mode>(mode));
    });
    QVERIFY(proxy.faults() > 0);
    proxy.setMode(FaultyProxy::Mode::Honest);
    load.run(0, prompts, inFlight);
    QVERIFY(load.settle());
    QCOMPARE(load.hits(), prompts);
    LLMCACHE_VERIFY_PROMISES(load, QTest::currentDataTag());
}

LLMCACHE_TEST_MAIN(TestE2eRedisFaults)

#include "tst_e2e_redisfaults.moc"
