#include "base/error.h"
#include "redis/connection.h"
#include "redis/script.h"
#include "redis/subscriber.h"
#include "redisserver.h"
#include "redistest.h"
#include "testenvironment.h"

#include <QSignalSpy>
#include <QTimer>

#ifdef Q_OS_LINUX
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::Connection;
using redis::RedisUrl;
using redis::Reply;

/// A healthy server: order, sizes, logins, scripts, messages.
class TestRedisConnection : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void repliesComeInOrderAndInOneWrite();
    void largeAndBinaryValues();
    void errorsAreValues();
    void logins_data();
    void logins();
    void missingPermissionIsNamed();
    void databasesAreSelected();
    void unixSocket();
    void scriptsFallBackToTheirText();
    void messagesReachTheirChannel();
    void patternsHearAllTheirChannels();
    void subscriptionsComeBackAfterARestart();
    void anIdleConnectionIsKeptAlive();
    void theEventLoopKeepsTurning();

private:
    std::unique_ptr<redis::Client> client(const QString& path = {}) const;
    static qint64 statistic(redis::Client& client, const QByteArray& name);
    std::unique_ptr<RedisServer> m_server;
};

void TestRedisConnection::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    m_server = std::make_unique<RedisServer>();
    QVERIFY2(m_server->start(), qPrintable(m_server->log()));
}

std::unique_ptr<redis::Client> TestRedisConnection::client(const QString& path) const
{
    return redis::makeClient(
        RedisUrl::parse(QStringLiteral("redis://127.0.0.1:%1/%2").arg(m_server->port()).arg(path)));
}

qint64 TestRedisConnection::statistic(redis::Client& client, const QByteArray& name)
{
    const Reply info = ask(client, Command::idempotent("INFO", "stats"));
    for (const QByteArray& line : info.bytes.split('\n')) {
        if (line.startsWith(name + ':'))
            return line.mid(name.size() + 1).trimmed().toLongLong();
    }
    return -1;
}

void TestRedisConnection::repliesComeInOrderAndInOneWrite()
{
    const auto connection = client();
    const qint64 before = statistic(*connection, "total_reads_processed");
    std::vector<redis::Pending> pendings;
    for (int i = 0; i < 1000; ++i)
        pendings.push_back(connection->command(Command::idempotent("ECHO", i)));
    const std::vector<Reply> replies = waitForTask(collect(std::move(pendings)));
    for (int i = 0; i < 1000; ++i)
        QCOMPARE(replies[static_cast<std::size_t>(i)].bytes, QByteArray::number(i));
    // 27 kB arrive in two of the server's 16 kB reads, not in a thousand. One more is for INFO.
    const qint64 reads = statistic(*connection, "total_reads_processed") - before;
    QVERIFY2(reads >= 1 && reads < 20, qPrintable(QString::number(reads)));
}

void TestRedisConnection::largeAndBinaryValues()
{
    const auto connection = client();
    QByteArray value(5 * 1024 * 1024, Qt::Uninitialized);
    for (qsizetype i = 0; i < value.size(); ++i)
        value[i] = static_cast<char>((i * 31 + i / 256) & 0xff);
    const QByteArray key("bin\0\r\n*$ key", 12);
    QCOMPARE(ask(*connection, Command::once("SET", key, value)).bytes, QByteArray("OK"));
    QVERIFY(ask(*connection, Command::idempotent("GET", key)).bytes == value);
    QCOMPARE(ask(*connection, Command::idempotent("STRLEN", key)).integer, value.size());
    QVERIFY(ask(*connection, Command::idempotent("GET", "absent")).isNil());
    ask(*connection, Command::once("SET", "empty", ""));
    const Reply empty = ask(*connection, Command::idempotent("GET", "empty"));
    QVERIFY(!empty.isNil() && empty.bytes.isEmpty());
}

void TestRedisConnection::errorsAreValues()
{
    const auto connection = client();
    ask(*connection, Command::once("SET", "text", "x"));
    std::vector<redis::Pending> pendings;
    pendings.push_back(connection->command(Command::idempotent("HGETALL", "text")));
    pendings.push_back(connection->command(Command::idempotent("GET", "text")));
    const auto replies = waitForTask(collect(std::move(pendings)));
    QVERIFY(replies[0].isError("WRONGTYPE"));
    QCOMPARE(replies[1].bytes, QByteArray("x"));
    QVERIFY(askForError(*connection, Command::once("NONSENSE")).startsWith(u"cache: "_qs));
}

void TestRedisConnection::logins_data()
{
    QTest::addColumn<QString>("userInfo");
    QTest::addColumn<QString>("expected");
    QTest::newRow("password alone") << ":hunter2@"
                                    << "no error";
    QTest::newRow("user and password") << "ada:s%40cret@"
                                       << "no error";
    QTest::newRow("nothing") << ""
                             << "configuration: The Redis server at %1 wants a password.";
    QTest::newRow("wrong password")
        << ":hunter3@"
        << "configuration: The Redis server at %1 did not accept user and password.";
    QTest::newRow("unknown user")
        << "bob:hunter2@"
        << "configuration: The Redis server at %1 did not accept user and password.";
}

void TestRedisConnection::logins()
{
    QFETCH(QString, userInfo);
    QFETCH(QString, expected);
    RedisServer server({u"--requirepass"_qs, u"hunter2"_qs, u"--user"_qs, u"ada"_qs, u"on"_qs, u">s@cret"_qs,
        u"~*"_qs, u"&*"_qs, u"+@all"_qs});
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto connection = redis::makeClient(
        RedisUrl::parse(u"redis://"_qs + userInfo + QStringLiteral("127.0.0.1:%1/1").arg(server.port())));
    const QString outcome = askForError(*connection, Command::once("SET", "k", "v"));
    if (expected.contains(u"%1"_qs))
        expected = expected.arg(QStringLiteral("127.0.0.1:%1").arg(server.port()));
    QVERIFY2(outcome.startsWith(expected), qPrintable(outcome));
    QVERIFY(!outcome.contains(u"hunter"_qs));
}

void TestRedisConnection::missingPermissionIsNamed()
{
    RedisServer server({u"--user"_qs, u"ada"_qs, u"on"_qs, u">pw"_qs, u"~llmcache:*"_qs, u"+get"_qs});
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto connection =
        redis::makeClient(RedisUrl::parse(QStringLiteral("redis://ada:pw@127.0.0.1:%1").arg(server.port())));
    QCOMPARE(askForError(*connection, Command::idempotent("GET", "llmcache:x")), u"no error"_qs);
    const QString denied = askForError(*connection, Command::once("SET", "llmcache:x", "1"));
    QVERIFY2(denied.startsWith(u"configuration"_qs) && denied.contains(u"'set'"_qs), qPrintable(denied));
}

void TestRedisConnection::databasesAreSelected()
{
    const auto first = client(u"1"_qs);
    const auto second = client(u"2"_qs);
    ask(*first, Command::once("SET", "which", "first"));
    QVERIFY(ask(*second, Command::idempotent("GET", "which")).isNil());
    const auto missing = client(u"99"_qs);
    const QString outcome = askForError(*missing, Command::idempotent("GET", "which"));
    QVERIFY2(outcome.contains(u"has no database 99"_qs), qPrintable(outcome));
}

void TestRedisConnection::unixSocket()
{
    const auto connection = redis::makeClient(RedisUrl::parse(u"redis+unix://"_qs + m_server->socketPath()));
    ask(*connection, Command::once("SET", "by socket", "yes"));
    const QByteArray value(3'000'000, 'x');
    ask(*connection, Command::once("SET", "long", value));
    QVERIFY(ask(*connection, Command::idempotent("GET", "long")).bytes == value);
    QCOMPARE(ask(*client(), Command::idempotent("GET", "by socket")).bytes, QByteArray("yes"));
    const auto nowhere = redis::makeClient(RedisUrl::parse(u"redis+unix:///nowhere/socket"_qs));
    const QString outcome = askForError(*nowhere, Command::idempotent("PING"));
    QVERIFY2(outcome.startsWith(u"connection: There is no Redis socket at /nowhere/socket."_qs),
        qPrintable(outcome));
}

void TestRedisConnection::scriptsFallBackToTheirText()
{
    const auto connection = client();
    const redis::Script script("return {KEYS[1], ARGV[1], redis.call('INCR', KEYS[1])}");
    ask(*connection, Command::once("DEL", "counter"));
    for (int round = 1; round <= 3; ++round) {
        if (round != 2)
            ask(*connection, Command::once("SCRIPT", "FLUSH"));
        const Reply reply = waitForTask(script.run(connection.get(), {"counter"}, {"argument"}));
        QVERIFY(reply.isArray());
        QCOMPARE(reply.items[0].bytes, QByteArray("counter"));
        QCOMPARE(reply.items[1].bytes, QByteArray("argument"));
        QCOMPARE(reply.items[2].integer, qint64(round));
    }
}

void TestRedisConnection::messagesReachTheirChannel()
{
    const auto connection = client();
    const auto subscriber = connection->makeSubscriber();
    using Event = redis::Subscriber::Event;
    QByteArrayList heard;
    bool otherHeard = false;
    const auto note = [&heard](Event event, const QByteArray& payload) {
        heard << (event == Event::Message ? payload : QByteArray("active"));
    };
    auto first = subscriber->subscribe("room", note);
    const auto other = subscriber->subscribe(
        "elsewhere", [&](Event event, const QByteArray&) { otherHeard |= event == Event::Message; });
    QTRY_VERIFY(first->isActive() && other->isActive());
    QCOMPARE(heard, QByteArrayList{"active"});
    QCOMPARE(ask(*connection, Command::once("PUBLISH", "room", "one")).integer, qint64(1));
    QTRY_COMPARE(heard, (QByteArrayList{"active", "one"}));
    // A second listener of the same channel gets its own confirmation, and each message comes once.
    auto second = subscriber->subscribe("room", note);
    QTRY_COMPARE(heard, (QByteArrayList{"active", "one", "active"}));
    ask(*connection, Command::once("PUBLISH", "room", "two"));
    QTRY_COMPARE(heard, (QByteArrayList{"active", "one", "active", "two", "two"}));
    first.reset();
    second.reset();
    QTRY_COMPARE(ask(*connection, Command::once("PUBLISH", "room", "three")).integer, qint64(0));
    QVERIFY(!otherHeard);
}

void TestRedisConnection::patternsHearAllTheirChannels()
{
    const auto connection = client();
    const auto subscriber = connection->makeSubscriber();
    using Event = redis::Subscriber::Event;
    QByteArrayList channels;
    auto all = subscriber->subscribePattern("room?", [&channels](Event event, const QByteArray& channel) {
        if (event == Event::Message)
            channels << channel;
    });
    // A channel of that very name is another thing.
    QByteArrayList messages;
    const auto literal = subscriber->subscribe("room?", [&messages](Event event, const QByteArray& message) {
        if (event == Event::Message)
            messages << message;
    });
    QTRY_VERIFY(all->isActive() && literal->isActive());
    for (const char* const channel : {"room1", "hall1", "room2", "room?"})
        ask(*connection, Command::once("PUBLISH", QByteArray(channel), "text"));
    QTRY_COMPARE(channels, (QByteArrayList{"room1", "room2", "room?"}));
    QCOMPARE(messages, QByteArrayList{"text"});
    all.reset();
    QTRY_COMPARE(ask(*connection, Command::once("PUBLISH", "room1", "text")).integer, qint64(0));
}

void TestRedisConnection::subscriptionsComeBackAfterARestart()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto connection = redis::makeClient(RedisUrl::parse(server.url()));
    const auto subscriber = connection->makeSubscriber();
    QByteArrayList heard;
    const auto subscription =
        subscriber->subscribe("room", [&heard](redis::Subscriber::Event event, const QByteArray& payload) {
            heard << (event == redis::Subscriber::Event::Active ? QByteArray("active")
                    : event == redis::Subscriber::Event::Lost   ? QByteArray("lost")
                                                                : payload);
        });
    QTRY_COMPARE(heard, QByteArrayList{"active"});
    server.kill();
    QTRY_COMPARE(heard, (QByteArrayList{"active", "lost"}));
    QVERIFY2(server.start(), qPrintable(server.log()));
    QTRY_COMPARE_WITH_TIMEOUT(heard, (QByteArrayList{"active", "lost", "active"}), 20'000);
    ask(*connection, Command::once("PUBLISH", "room", "again"));
    QTRY_COMPARE(heard.last(), QByteArray("again"));
}

void TestRedisConnection::anIdleConnectionIsKeptAlive()
{
#ifdef Q_OS_LINUX
    const auto connection = client();
    QVERIFY(!ask(*connection, Command::idempotent("PING")).isError());
    // The only socket of this process with the server at the other end.
    int found = 0;
    constexpr int highest = 256;
    for (int descriptor = 3; descriptor < highest; ++descriptor) {
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0
            || peer.sin_family != AF_INET || ntohs(peer.sin_port) != m_server->port())
            continue;
        ++found;
        int on = 0;
        int idle = 0;
        size = sizeof on;
        QCOMPARE(::getsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, &size), 0);
        QCOMPARE(::getsockopt(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, &idle, &size), 0);
        QVERIFY(on != 0);
        QCOMPARE(idle, 30);
    }
    QVERIFY(found > 0);
#else
    QSKIP("Only Linux is asked for shorter intervals than its own.");
#endif
}

void TestRedisConnection::theEventLoopKeepsTurning()
{
    const auto connection = client();
    ask(*connection, Command::once("SET", "bulk", QByteArray(100'000, 'x')));
    int ticks = 0;
    QTimer ticker;
    connect(&ticker, &QTimer::timeout, this, [&ticks] { ++ticks; });
    ticker.start(0);
    std::vector<redis::Pending> pendings;
    for (int i = 0; i < 2000; ++i)
        pendings.push_back(connection->command(Command::idempotent("GET", "bulk")));
    const auto replies = waitForTask(collect(std::move(pendings)));
    QCOMPARE(replies.back().bytes.size(), 100'000);
    // 200 MB come in many turns of the loop, and the timer gets its share of them.
    QVERIFY2(ticks > 50, qPrintable(QString::number(ticks)));
}

LLMCACHE_TEST_MAIN(TestRedisConnection)
#include "tst_redisconnection.moc"
