#include "base/error.h"
#include "redis/client.h"
#include "redis/script.h"
#include "redis/subscriber.h"
#include "redisgroup.h"
#include "redistest.h"
#include "testenvironment.h"

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::RedisUrl;
using redis::Reply;

class TestRedisSentinel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void passwordsOfBoth();
    void failoverIsFollowed_data();
    void failoverIsFollowed();
    void aDemotedMasterIsLeft();
    void unknownMasterAndNoSentinel();
};

void TestRedisSentinel::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
}

void TestRedisSentinel::passwordsOfBoth()
{
    RedisSentinels group(true);
    QVERIFY2(group.start(), qPrintable(group.problem()));
    // The first sentinel is down: the others are asked.
    group.sentinel(0).kill();
    const auto client = redis::makeClient(RedisUrl::parse(group.url()));
    QCOMPARE(askForError(*client, Command::once("SET", "a", "b")), u"no error"_qs);
    QCOMPARE(client->display(), QStringLiteral("127.0.0.1:%1").arg(group.server(0).port()));

    QString wrong = group.url();
    wrong.replace(u"watch"_qs, u"hunter2"_qs);
    const auto refused = redis::makeClient(RedisUrl::parse(wrong));
    const QString outcome = askForError(*refused, Command::idempotent("GET", "a"));
    QVERIFY2(
        outcome.startsWith(u"configuration"_qs) && !outcome.contains(u"hunter2"_qs), qPrintable(outcome));
}

void TestRedisSentinel::failoverIsFollowed_data()
{
    QTest::addColumn<bool>("killed");
    QTest::newRow("master killed") << true;
    QTest::newRow("failover asked for") << false;
}

void TestRedisSentinel::failoverIsFollowed()
{
    QFETCH(bool, killed);
    RedisSentinels group(false);
    QVERIFY2(group.start(), qPrintable(group.problem()));
    const auto client = redis::makeClient(RedisUrl::parse(group.url()));
    const auto subscriber = client->makeSubscriber();
    QByteArray heard;
    const auto subscription =
        subscriber->subscribe("room", [&heard](redis::Subscriber::Event event, const QByteArray& payload) {
            if (event == redis::Subscriber::Event::Message)
                heard = payload;
        });
    QCOMPARE(askForError(*client, Command::once("SET", "a", "before")), u"no error"_qs);
    QTRY_VERIFY(subscription->isActive());
    QCOMPARE(ask(*client, Command::once("WAIT", 1, 5000)).integer, qint64(1));
    if (killed)
        group.server(0).kill();
    else
        group.command(0, {u"SENTINEL"_qs, u"FAILOVER"_qs, u"team"_qs});
    const QString replica = QStringLiteral("127.0.0.1:%1").arg(group.server(1).port());
    const auto written = [&client, &replica] {
        return askForError(*client, Command::once("SET", "a", "after")) == u"no error"_qs
            && client->display() == replica;
    };
    QTRY_VERIFY_WITH_TIMEOUT(written(), 40'000);
    QCOMPARE(ask(*client, Command::idempotent("GET", "a")).bytes, QByteArray("after"));
    // Messages follow as well.
    const auto delivered = [&] {
        ask(*client, Command::once("PUBLISH", "room", "hello"));
        return heard == "hello";
    };
    QTRY_VERIFY_WITH_TIMEOUT(delivered(), 40'000);
}

void TestRedisSentinel::aDemotedMasterIsLeft()
{
    RedisSentinels group(false);
    QVERIFY2(group.start(), qPrintable(group.problem()));
    const auto client = redis::makeClient(RedisUrl::parse(group.url()));
    ask(*client, Command::once("SET", "counter", 0));
    // It becomes a replica without a word to its clients; the sentinels set it right again.
    const auto direct = redis::makeClient(RedisUrl::parse(group.server(0).url()));
    ask(*direct, Command::once("REPLICAOF", "127.0.0.1", group.server(1).port()));
    const redis::Script script("return redis.call('INCR', KEYS[1])");
    const auto counted = [&] {
        try {
            auto task = script.run(client.get(), {"counter"}, {});
            return !await(std::move(task)).isError();
        } catch (const ConnectionError&) {
            return false; // nobody is the master yet
        }
    };
    QTRY_VERIFY_WITH_TIMEOUT(counted(), 40'000);
}

void TestRedisSentinel::unknownMasterAndNoSentinel()
{
    RedisSentinels group(false);
    QVERIFY2(group.start(), qPrintable(group.problem()));
    QString url = group.url();
    url.replace(u"/team/"_qs, u"/other/"_qs);
    const auto unknown = redis::makeClient(RedisUrl::parse(url));
    const QString outcome = askForError(*unknown, Command::idempotent("PING"));
    QVERIFY2(outcome.startsWith(u"configuration"_qs) && outcome.contains(u"know no master"_qs),
        qPrintable(outcome));
    for (int i = 0; i < RedisSentinels::count; ++i)
        group.sentinel(i).kill();
    const auto lonely = redis::makeClient(RedisUrl::parse(group.url()));
    const QString none = askForError(*lonely, Command::idempotent("PING"));
    QVERIFY2(
        none.startsWith(u"connection"_qs) && none.contains(u"None of the sentinels"_qs), qPrintable(none));
    const auto wrongKind = redis::makeClient(
        RedisUrl::parse(QStringLiteral("redis+sentinel://127.0.0.1:%1/team").arg(group.server(0).port())));
    const QString server = askForError(*wrongKind, Command::idempotent("PING"));
    QVERIFY2(server.startsWith(u"configuration"_qs) && server.contains(u"sentinel"_qs), qPrintable(server));
}

LLMCACHE_TEST_MAIN(TestRedisSentinel)
#include "tst_redissentinel.moc"
