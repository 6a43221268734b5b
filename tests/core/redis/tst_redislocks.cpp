#include "base/error.h"
#include "redis/client.h"
#include "redis/subscriber.h"
#include "redisserver.h"
#include "redistest.h"
#include "store/redis/redisstore.h"
#include "storedtest.h"
#include "testenvironment.h"

#include <QRegularExpression>

#include <stop_token>

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::RedisUrl;
using redis::Reply;

/// Locks and their waiters on Redis, where they are told through a channel; what every store does is in
/// tst_storecontract.
class TestRedisLocks : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void commitKeepsALockThatIsNotItsOwn();
    void waitersLearnOfTheHoldersDeath();
    void waitersAreTold();
    void waitersWithoutChannelsPoll();
    void waitersLookOftenOnlyWhereNobodyTellsThem();

private:
    std::unique_ptr<Store> store() const;
    Reply redis(Command command) { return ask(*m_client, std::move(command)); }

    std::unique_ptr<RedisServer> m_server;
    std::unique_ptr<redis::Client> m_client;
};

namespace {

/// A store of a user who may neither listen nor publish.
std::unique_ptr<Store> storeWithoutChannels(const RedisServer& server)
{
    const auto admin = redis::makeClient(RedisUrl::parse(server.url()));
    ask(*admin, Command::once("ACL", "SETUSER", "deaf", "on", ">pw", "~*", "resetchannels", "+@all"));
    return makeRedisStore(
        RedisUrl::parse(QStringLiteral("redis://deaf:pw@127.0.0.1:%1").arg(server.port())), u"default"_qs);
}

} // namespace

void TestRedisLocks::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
}

void TestRedisLocks::init()
{
    m_client.reset();
    m_server = std::make_unique<RedisServer>();
    QVERIFY2(m_server->start(), qPrintable(m_server->log()));
    m_client = redis::makeClient(RedisUrl::parse(m_server->url()));
}

std::unique_ptr<Store> TestRedisLocks::store() const
{
    return makeRedisStore(RedisUrl::parse(m_server->url()), u"default"_qs);
}

void TestRedisLocks::commitKeepsALockThatIsNotItsOwn()
{
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(3);
    QVERIFY(await(cache->tryLock(fingerprint, u"theirs"_qs, std::chrono::seconds(15))));
    Commit commit = commitOf(fingerprint, u"a"_qs);
    commit.lockToken = u"mine"_qs;
    await(cache->commit(commit));
    const QByteArray lock = "llmcache:default:lock:{" + fingerprint.toLatin1() + '}';
    QCOMPARE(redis(Command::idempotent("GET", lock)).bytes, QByteArray("theirs"));
    commit.lockToken = u"theirs"_qs;
    await(cache->commit(commit));
    QVERIFY(redis(Command::idempotent("GET", lock)).isNil());
}

void TestRedisLocks::waitersLearnOfTheHoldersDeath()
{
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(10);
    QVERIFY(await(cache->tryLock(fingerprint, u"dying"_qs, std::chrono::milliseconds(100))));
    // Nobody unlocks, nobody tells.
    QCOMPARE(await(cache->awaitUnlock(fingerprint, std::chrono::minutes(1), {})), QString());
    QVERIFY(await(cache->tryLock(fingerprint, u"next"_qs, std::chrono::seconds(15))));
}

void TestRedisLocks::waitersAreTold()
{
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(12);
    const QByteArray channel = "llmcache:default:done:{" + fingerprint.toLatin1() + '}';
    int told = 0;
    const auto subscriber = m_client->makeSubscriber();
    const auto subscription =
        subscriber->subscribe(channel, [&told](redis::Subscriber::Event event, const QByteArray&) {
            told += event == redis::Subscriber::Event::Message ? 1 : 0;
        });
    QTRY_VERIFY(subscription->isActive());
    QVERIFY(await(cache->tryLock(fingerprint, u"holder"_qs, std::chrono::seconds(60))));
    auto waiting = cache->awaitUnlock(fingerprint, std::chrono::minutes(1), {});
    const auto listeners = [&] {
        return redis(Command::idempotent("PUBSUB", "NUMSUB", channel)).items.at(1).toInteger();
    };
    QTRY_COMPARE(listeners(), qint64(2)); // the waiter as well
    await(cache->unlock(fingerprint, u"holder"_qs, {}));
    QTRY_COMPARE(told, 1);
    QCOMPARE(await(std::move(waiting)), QString());
    await(cache->commit(commitOf(fingerprint, u"a"_qs)));
    QTRY_COMPARE(told, 2);
}

void TestRedisLocks::waitersWithoutChannelsPoll()
{
    const auto deaf = storeWithoutChannels(*m_server);
    const auto cache = store();
    const QString fingerprint = fingerprintNumber(11);
    QVERIFY(await(cache->tryLock(fingerprint, u"holder"_qs, std::chrono::seconds(60))));
    auto waiting = deaf->awaitUnlock(fingerprint, std::chrono::minutes(1), {});
    // Once it has looked it is waiting, and without a channel it can only look again.
    QTRY_VERIFY(redis(Command::idempotent("INFO", "commandstats")).bytes.contains("cmdstat_subscribe"));
    await(cache->unlock(fingerprint, u"holder"_qs, u"The key is wrong."_qs));
    QCOMPARE(await(std::move(waiting)), u"The key is wrong."_qs);
    // And it may commit although it may not publish.
    QCOMPARE(await(deaf->commit(commitOf(fingerprint, u"a"_qs))), qint64(1));
}

void TestRedisLocks::waitersLookOftenOnlyWhereNobodyTellsThem()
{
    RedisServer silent;
    QVERIFY2(silent.start(), qPrintable(silent.log()));
    const auto silentClient = redis::makeClient(RedisUrl::parse(silent.url()));
    const auto deaf = storeWithoutChannels(silent);
    const auto hearing = store();
    const QString fingerprint = fingerprintNumber(12);
    for (Store* const one : {deaf.get(), hearing.get()})
        QVERIFY(await(one->tryLock(fingerprint, u"holder"_qs, std::chrono::minutes(1))));
    std::stop_source stop;
    auto told = hearing->awaitUnlock(fingerprint, std::chrono::minutes(1), stop.get_token());
    auto untold = deaf->awaitUnlock(fingerprint, std::chrono::minutes(1), stop.get_token());
    // At a look, lock and failure are asked for.
    const auto looks = [](redis::Client& client) {
        static const QRegularExpression gets(u"cmdstat_get:calls=(\\d+)"_qs);
        const Reply stats = ask(client, Command::idempotent("INFO", "commandstats"));
        return gets.match(QString::fromUtf8(stats.bytes)).captured(1).toInt() / 2;
    };
    QTRY_VERIFY_WITH_TIMEOUT(looks(*silentClient) >= 10, 60'000);
    const int looksOfTheTold = looks(*m_client);
    // The first, one when the subscription is confirmed, and one a second.
    QVERIFY2(looksOfTheTold >= 2 && looksOfTheTold <= 5, qPrintable(QString::number(looksOfTheTold)));
    stop.request_stop();
    QVERIFY_THROWS_EXCEPTION(Cancelled, await(std::move(told)));
    QVERIFY_THROWS_EXCEPTION(Cancelled, await(std::move(untold)));
}

LLMCACHE_TEST_MAIN(TestRedisLocks)
#include "tst_redislocks.moc"
