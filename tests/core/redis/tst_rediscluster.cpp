#include "base/error.h"
#include "redis/client.h"
#include "redis/clusterslots_p.h"
#include "redis/script.h"
#include "redis/subscriber.h"
#include "redisgroup.h"
#include "redistest.h"
#include "store/redis/redisstore.h"
#include "testenvironment.h"

#include <QSet>

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::RedisUrl;
using redis::Reply;

class TestRedisCluster : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void slotsOfKeys_data();
    void slotsOfKeys();
    void redirections();
    void initTestCase();
    void keysGoToTheirMastersInOrder();
    void commandsAreGroupedByNode();
    void scriptsAndNodes();
    void movedSlotsAreFollowed();
    void messagesArriveFromAnyNode();
    void aWorkspaceInACluster();
    void wrongKindsOfServerAreTold();
    void destroyedWithCommandsPending();
    void aLostMasterIsReplaced();

private:
    static QByteArray keyOnNode(int slotFrom, int slotTo, const QByteArray& prefix);
    std::unique_ptr<redis::Client> client() const
    {
        return redis::makeClient(RedisUrl::parse(m_cluster->url()));
    }
    std::unique_ptr<RedisCluster> m_cluster;
};

void TestRedisCluster::slotsOfKeys_data()
{
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<int>("slot");
    QTest::newRow("the polynomial's own check") << QByteArray("123456789") << 0x31C3;
    QTest::newRow("plain") << QByteArray("foo") << 12182;
    QTest::newRow("in braces") << QByteArray("any{foo}thing") << 12182;
    QTest::newRow("first braces only") << QByteArray("{foo}{bar}") << 12182;
    QTest::newRow("empty braces") << QByteArray("foo{}{bar}") << 8363;
    QTest::newRow("braces in braces") << QByteArray("foo{{bar}}zap") << 4015;
    QTest::newRow("empty") << QByteArray("") << 0;
}

void TestRedisCluster::slotsOfKeys()
{
    QFETCH(QByteArray, key);
    QTEST(redis::slotOf(key), "slot");
}

void TestRedisCluster::redirections()
{
    redis::Endpoint asked;
    asked.host = u"here"_qs;
    Reply reply;
    reply.type = Reply::Type::Error;
    reply.bytes = "MOVED 3999 ::1:6381";
    const auto moved = redis::redirectionOf(reply, asked);
    QVERIFY(moved && !moved->ask);
    QCOMPARE(moved->slot, 3999);
    QCOMPARE(moved->target.host, u"::1"_qs);
    QCOMPARE(moved->target.port, quint16(6381));
    reply.bytes = "ASK 1 :7000";
    QVERIFY(redis::redirectionOf(reply, asked)->ask);
    QCOMPARE(redis::redirectionOf(reply, asked)->target.host, u"here"_qs);
    for (const char* bad :
        {"MOVED", "MOVED x 1:1", "MOVED 99999 1:1", "MOVED 1 nowhere", "ERR MOVED 1 1:1"}) {
        reply.bytes = bad;
        QVERIFY2(!redis::redirectionOf(reply, asked), bad);
    }
}

void TestRedisCluster::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    m_cluster = std::make_unique<RedisCluster>(3, true);
    QVERIFY2(m_cluster->start(), qPrintable(m_cluster->problem()));
}

QByteArray TestRedisCluster::keyOnNode(int slotFrom, int slotTo, const QByteArray& prefix)
{
    for (int i = 0;; ++i) {
        const QByteArray key = prefix + QByteArray::number(i);
        const int slot = redis::slotOf(key);
        if (slot >= slotFrom && slot <= slotTo)
            return key;
    }
}

void TestRedisCluster::keysGoToTheirMastersInOrder()
{
    const auto cluster = client();
    std::vector<redis::Pending> pendings;
    for (int i = 0; i < 300; ++i) {
        const QByteArray key = "order-" + QByteArray::number(i);
        pendings.push_back(cluster->command(Command::once("SET", key, "first")));
        pendings.push_back(cluster->command(Command::once("SET", key, i)));
        pendings.push_back(cluster->command(Command::idempotent("GET", key)));
    }
    const auto replies = await(collect(std::move(pendings)));
    for (int i = 0; i < 300; ++i)
        QCOMPARE(replies[static_cast<std::size_t>(i * 3 + 2)].bytes, QByteArray::number(i));
    // They really lie on three servers.
    for (int node = 0; node < 3; ++node)
        QVERIFY(m_cluster->command(node, {u"DBSIZE"_qs}).trimmed().toInt() > 50);
    QVERIFY(cluster->isConnected());
}

void TestRedisCluster::commandsAreGroupedByNode()
{
    const auto cluster = client();
    QCOMPARE(await(cluster->nodes()).size(), 3);
    const auto reads = [this] {
        qint64 sum = 0;
        for (int node = 0; node < 3; ++node) {
            const QString info = m_cluster->command(node, {u"INFO"_qs, u"stats"_qs});
            sum += info.section(u"total_reads_processed:"_qs, 1).section(u'\r', 0, 0).toLongLong();
        }
        return sum;
    };
    const auto getAll = [&cluster](const QByteArray& prefix) {
        std::vector<redis::Pending> pendings;
        for (int i = 0; i < 900; ++i)
            pendings.push_back(cluster->command(Command::idempotent("GET", prefix + QByteArray::number(i))));
        await(collect(std::move(pendings)));
    };
    getAll("connected-");
    const qint64 before = reads();
    getAll("grouped-");
    // A read a command would be nine hundred; the questions and the replicas' acknowledgements take a few.
    const qint64 used = reads() - before;
    QVERIFY2(used >= 3 && used < 150, qPrintable(QString::number(used)));
}

void TestRedisCluster::scriptsAndNodes()
{
    const auto cluster = client();
    const redis::Script script("return redis.call('INCR', KEYS[1])");
    for (int i = 0; i < 30; ++i) {
        const QByteArray key = "script-" + QByteArray::number(i);
        QCOMPARE(await(script.run(cluster.get(), {key}, {})).integer, qint64(1));
    }
    qint64 keys = 0;
    const QList<QByteArray> nodes = await(cluster->nodes());
    for (const QByteArray& node : nodes) {
        Command size = Command::idempotent("DBSIZE");
        size.setNode(node);
        keys += ask(*cluster, size).integer;
    }
    QVERIFY(keys >= 30);
    const redis::Script two("return redis.call('GET', KEYS[2])");
    const Reply crossed = await(two.run(cluster.get(), {"foo", "bar"}, {}));
    QVERIFY2(crossed.isError("CROSSSLOT"), crossed.bytes.constData());
}

void TestRedisCluster::movedSlotsAreFollowed()
{
    const auto cluster = client();
    const QByteArray key = keyOnNode(0, 5460, "moving-");
    const int slot = redis::slotOf(key);
    QCOMPARE(askForError(*cluster, Command::once("SET", key, "here")), u"no error"_qs);
    const QString from = m_cluster->command(0, {u"CLUSTER"_qs, u"MYID"_qs}).trimmed();
    const QString to = m_cluster->command(1, {u"CLUSTER"_qs, u"MYID"_qs}).trimmed();
    const auto setSlot = [&](int node, const QString& state, const QString& id) {
        QStringList arguments{u"CLUSTER"_qs, u"SETSLOT"_qs, QString::number(slot), state};
        return m_cluster->command(node, arguments + QStringList{id});
    };
    setSlot(1, u"IMPORTING"_qs, from);
    setSlot(0, u"MIGRATING"_qs, to);
    // A key that is still there, one that is gone already (ASK), and two of which only one is (TRYAGAIN).
    const QByteArray absent = "{" + key + "}absent";
    QCOMPARE(ask(*cluster, Command::idempotent("GET", key)).bytes, QByteArray("here"));
    QCOMPARE(askForError(*cluster, Command::once("SET", absent, "there")), u"no error"_qs);
    QCOMPARE(ask(*cluster, Command::idempotent("GET", absent)).bytes, QByteArray("there"));
    const Reply torn = ask(*cluster, Command::idempotent("MGET", key, absent));
    QVERIFY2(torn.isError("TRYAGAIN"), torn.bytes.constData());
    // Who asks in the middle of the move has its answer when that is over.
    const auto refusals = [this] {
        const QString info = m_cluster->command(0, {u"INFO"_qs, u"errorstats"_qs});
        return info.section(u"errorstat_TRYAGAIN:count="_qs, 1).section(u'\r', 0, 0).toLongLong();
    };
    const qint64 refusedBefore = refusals();
    std::vector<redis::Pending> asked;
    asked.push_back(cluster->command(Command::idempotent("MGET", key, absent)));
    QTRY_VERIFY(refusals() > refusedBefore);
    m_cluster->command(0,
        {u"MIGRATE"_qs, u"127.0.0.1"_qs, QString::number(m_cluster->node(1).port()), QString::fromLatin1(key),
            u"0"_qs, u"5000"_qs});
    QCOMPARE(await(collect(std::move(asked))).front().items.size(), std::size_t(2));
    QCOMPARE(ask(*cluster, Command::idempotent("MGET", key, absent)).items.size(), std::size_t(2));
    setSlot(1, u"NODE"_qs, to);
    setSlot(0, u"NODE"_qs, to);
    // MOVED now.
    QCOMPARE(ask(*cluster, Command::idempotent("GET", key)).bytes, QByteArray("here"));
    QCOMPARE(ask(*cluster, Command::once("DEL", key)).integer, qint64(1));
}

void TestRedisCluster::messagesArriveFromAnyNode()
{
    const auto cluster = client();
    const auto subscriber = cluster->makeSubscriber();
    int heard = 0;
    const auto subscription =
        subscriber->subscribe("room", [&heard](redis::Subscriber::Event event, const QByteArray&) {
            heard += event == redis::Subscriber::Event::Message ? 1 : 0;
        });
    QTRY_VERIFY(subscription->isActive());
    for (int node = 0; node < 3; ++node)
        m_cluster->command(node, {u"PUBLISH"_qs, u"room"_qs, u"hello"_qs});
    QTRY_COMPARE(heard, 3);
}

void TestRedisCluster::aWorkspaceInACluster()
{
    const auto cache = makeRedisStore(RedisUrl::parse(m_cluster->url()), u"team {x}"_qs);
    std::vector<Call> calls;
    QStringList fingerprints;
    for (int i = 0; i < 120; ++i) {
        Commit commit;
        commit.entry.meta.fingerprint = QStringLiteral("%1").arg(i * 7919, 64, 16, QLatin1Char('0'));
        commit.entry.meta.model = u"test:echo"_qs;
        commit.entry.output = "x";
        commit.lockToken = u"token"_qs;
        QVERIFY(await(cache->tryLock(commit.entry.meta.fingerprint, u"token"_qs, std::chrono::seconds(15))));
        QCOMPARE(await(cache->commit(commit)), qint64(1));
        QVERIFY(await(cache->lookup(commit.entry.meta.fingerprint)).has_value());
        fingerprints += commit.entry.meta.fingerprint;
        Call call;
        call.id = u"call-"_qs + QString::number(i);
        call.timeMs = 1'795'392'000'000 + i * 60'000;
        call.model = u"test:echo"_qs;
        call.outcome = Outcome::Hit;
        call.fingerprint = commit.entry.meta.fingerprint;
        call.avoided = Money::fromPicodollars(1);
        calls.push_back(call);
    }
    QCOMPARE(await(cache->recordCalls(calls)), qint64(120));
    QCOMPARE(await(cache->recordCalls(calls)), qint64(0));
    QCOMPARE(await(cache->costs({})).total.avoided.picodollars(), qint64(120));
    CallQuery newest;
    newest.limit = 10;
    const auto listed = await(cache->listCalls(newest));
    QCOMPARE(listed.size(), std::size_t(10));
    QCOMPARE(listed.front().id, u"call-119"_qs);
    QSet<QString> seen;
    QByteArray cursor;
    do {
        const EntryPage page = await(cache->listEntries(cursor, 50));
        for (const EntryMeta& row : page.rows) {
            QVERIFY(!seen.contains(row.fingerprint));
            QCOMPARE(row.hits, qint64(1));
            seen.insert(row.fingerprint);
        }
        cursor = page.cursor;
    } while (!cursor.isEmpty());
    QCOMPARE(seen.size(), 120);
    QVERIFY(await(cache->status()).connected);
    QCOMPARE(await(cache->removeEntries(fingerprints)), qint64(120));
}

void TestRedisCluster::wrongKindsOfServerAreTold()
{
    RedisServer single;
    QVERIFY2(single.start(), qPrintable(single.log()));
    const auto noCluster =
        redis::makeClient(RedisUrl::parse(QStringLiteral("redis+cluster://127.0.0.1:%1").arg(single.port())));
    const QString outcome = askForError(*noCluster, Command::idempotent("GET", "x"));
    QVERIFY2(outcome.startsWith(u"configuration"_qs) && outcome.contains(u"no part of a cluster"_qs),
        qPrintable(outcome));
    // A plain client of one node is told what to do.
    const auto oneNode = redis::makeClient(RedisUrl::parse(m_cluster->node(0).url()));
    const QString moved = askForError(*oneNode, Command::idempotent("GET", keyOnNode(12'000, 16'000, "k")));
    QVERIFY2(
        moved.startsWith(u"configuration"_qs) && moved.contains(u"redis+cluster://"_qs), qPrintable(moved));
    const auto nobody = redis::makeClient(RedisUrl::parse(
        QStringLiteral("redis+cluster://:hunter2@127.0.0.1:%1").arg(RedisServer::freePort())));
    for (int i = 0; i < 20; ++i) {
        const QString refused = askForError(*nobody, Command::idempotent("GET", "x"));
        QVERIFY2(
            refused.startsWith(u"connection"_qs) && !refused.contains(u"hunter2"_qs), qPrintable(refused));
    }
}

void TestRedisCluster::destroyedWithCommandsPending()
{
    for (const bool known : {false, true}) {
        auto cluster = client();
        if (known)
            await(cluster->nodes());
        std::vector<redis::Pending> pendings;
        for (int i = 0; i < 50; ++i)
            pendings.push_back(cluster->command(Command::idempotent("GET", "x-" + QByteArray::number(i))));
        auto waiting = collect(std::move(pendings));
        cluster.reset();
        QVERIFY_THROWS_EXCEPTION(ConnectionError, await(std::move(waiting)));
    }
}

void TestRedisCluster::aLostMasterIsReplaced()
{
    const auto cluster = client();
    std::vector<QByteArray> keys;
    for (int i = 0; i < 60; ++i)
        keys.push_back("lost-" + QByteArray::number(i));
    for (const QByteArray& key : keys)
        QCOMPARE(askForError(*cluster, Command::once("SET", key, key)), u"no error"_qs);
    for (int node = 0; node < 3; ++node)
        m_cluster->command(node, {u"WAIT"_qs, u"1"_qs, u"1000"_qs});
    m_cluster->node(2).kill();
    // Errors until the replica has taken over, and they are errors of the connection.
    const auto allThere = [&] {
        for (const QByteArray& key : keys) {
            const QString outcome = askForError(*cluster, Command::once("APPEND", key, ""));
            if (outcome != u"no error"_qs) {
                if (!outcome.startsWith(u"connection"_qs))
                    qWarning() << outcome;
                return false;
            }
        }
        return true;
    };
    QTRY_VERIFY_WITH_TIMEOUT(allThere(), 60'000);
    for (const QByteArray& key : keys)
        QCOMPARE(ask(*cluster, Command::idempotent("GET", key)).bytes, key);
    QTRY_VERIFY(cluster->isConnected());
    QCOMPARE(await(cluster->nodes()).size(), 3);
}

LLMCACHE_TEST_MAIN(TestRedisCluster)
#include "tst_rediscluster.moc"
