#include "base/error.h"
#include "redis/connection.h"
#include "redis/script.h"
#include "redisserver.h"
#include "redistest.h"
#include "testenvironment.h"

#include <QDir>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTcpSocket>

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::Connection;
using redis::RedisUrl;
using redis::Reply;

/// A server that dies, hangs, lies or is not there.
class TestRedisFaults : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void killedWhileCommandsArePending();
    void reconnectsAfterARestart();
    void onlyIdempotentCommandsAreResent();
    void refusedIsToldAndNotTriedEachTime();
    void aProbeTriesInSpiteOfTheBreaker();
    void anOpenBreakerDoesNotWaitForAHangingServer();
    void aHangingServerTimesOut();
    void aSilentListenerTimesOut();
    void notARedis_data();
    void notARedis();
    void readOnlyReplicaAndFullMemory();
    void aDemotedMasterIsLeft_data();
    void aDemotedMasterIsLeft();
    void aServerThatCanNotSave();
    void destroyingTheConnectionFailsWhatIsPending();
    void anAwaitingCoroutineMayDestroyTheConnection();
    void aDroppedPendingIsHarmless();
    void stateChangesAreTold();

private:
    static QCoro::Task<redis::Endpoint> localEndpoint(quint16 port);
    static QCoro::Task<> note(redis::Pending pending, QStringList* outcomes);
    static QCoro::Task<> destroyOnReply(redis::Pending pending, std::unique_ptr<redis::Client>* owner);
};

QCoro::Task<redis::Endpoint> TestRedisFaults::localEndpoint(quint16 port)
{
    redis::Endpoint endpoint;
    endpoint.host = u"127.0.0.1"_qs;
    endpoint.port = port;
    co_return endpoint;
}

QCoro::Task<> TestRedisFaults::note(redis::Pending pending, QStringList* outcomes)
{
    try {
        const Reply reply = co_await pending;
        *outcomes << u"reply "_qs + QString::fromUtf8(reply.bytes);
    } catch (const Error& error) {
        *outcomes << error.kind();
    }
}

QCoro::Task<> TestRedisFaults::destroyOnReply(redis::Pending pending, std::unique_ptr<redis::Client>* owner)
{
    try {
        co_await pending;
    } catch (const Error&) {
        co_return;
    }
    owner->reset();
}

void TestRedisFaults::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
}

void TestRedisFaults::killedWhileCommandsArePending()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto client = redis::makeClient(RedisUrl::parse(server.url()));
    ask(*client, Command::idempotent("PING"));
    QStringList outcomes;
    note(client->command(Command::once("BLPOP", "nothing", 0)), &outcomes);
    for (int i = 0; i < 100; ++i)
        note(client->command(Command::once("INCR", "counter")), &outcomes);
    QTRY_VERIFY(client->isConnected());
    server.kill();
    QTRY_COMPARE(outcomes.size(), 101);
    QCOMPARE(outcomes.count(u"connection"_qs), 101);
}

void TestRedisFaults::reconnectsAfterARestart()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto client = redis::makeClient(RedisUrl::parse(server.url()));
    for (int round = 0; round < 3; ++round) {
        ask(*client, Command::once("SET", "round", round));
        QCOMPARE(ask(*client, Command::idempotent("GET", "round")).bytes, QByteArray::number(round));
        server.kill();
        QTRY_VERIFY(!client->isConnected());
        QVERIFY2(server.start(), qPrintable(server.log()));
    }
}

void TestRedisFaults::onlyIdempotentCommandsAreResent()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto client = redis::makeClient(RedisUrl::parse(server.url()));
    const auto other = redis::makeClient(RedisUrl::parse(server.url()));
    ask(*client, Command::once("SET", "answer", "42"));
    QStringList outcomes;
    // The server does not look at what follows a blocking command, so both are pending when the line is cut.
    note(client->command(Command::once("BLPOP", "nothing", 0)), &outcomes);
    note(client->command(Command::once("INCR", "counter")), &outcomes);
    note(client->command(Command::idempotent("GET", "answer")), &outcomes);
    QTRY_COMPARE(ask(*other, Command::idempotent("CLIENT", "LIST")).bytes.count("cmd=blpop"), 1);
    ask(*other, Command::once("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"));
    QTRY_COMPARE(outcomes.size(), 3);
    QCOMPARE(outcomes, (QStringList{u"connection"_qs, u"connection"_qs, u"reply 42"_qs}));
    QVERIFY(ask(*other, Command::idempotent("GET", "counter")).isNil());
}

void TestRedisFaults::refusedIsToldAndNotTriedEachTime()
{
    const quint16 port = RedisServer::freePort();
    const auto client =
        redis::makeClient(RedisUrl::parse(QStringLiteral("redis://:hunter2@127.0.0.1:%1").arg(port)));
    const QString outcome = askForError(*client, Command::idempotent("PING"));
    QVERIFY2(
        outcome.startsWith(
            QStringLiteral("connection: The Redis server at 127.0.0.1:%1 refused the connection.").arg(port)),
        qPrintable(outcome));
    // A server that hangs up counts how often it is tried.
    QTcpServer listener;
    QVERIFY(listener.listen(QHostAddress::LocalHost));
    int attempts = 0;
    connect(&listener, &QTcpServer::newConnection, this, [&] {
        ++attempts;
        QTcpSocket* const socket = listener.nextPendingConnection();
        socket->abort();
        socket->deleteLater();
    });
    const auto refused = redis::makeClient(
        RedisUrl::parse(QStringLiteral("redis://:hunter2@127.0.0.1:%1").arg(listener.serverPort())));
    for (int i = 0; i < 500; ++i) {
        const QString text = askForError(*refused, Command::idempotent("PING"));
        QVERIFY2(text.startsWith(u"connection"_qs) && !text.contains(u"hunter2"_qs), qPrintable(text));
    }
    QVERIFY2(attempts >= 1 && attempts < 100, qPrintable(QString::number(attempts)));
}

void TestRedisFaults::aProbeTriesInSpiteOfTheBreaker()
{
    RedisServer server;
    const auto client = redis::makeClient(RedisUrl::parse(server.url()));
    Command probe = Command::idempotent("PING");
    probe.setProbe();
    for (int i = 0; i < 20; ++i)
        QVERIFY(askForError(*client, probe).startsWith(u"connection"_qs));
    QVERIFY2(server.start(), qPrintable(server.log()));
    // After twenty failures the breaker would hold for seconds.
    QCOMPARE(askForError(*client, probe), u"no error"_qs);
    QCOMPARE(askForError(*client, Command::idempotent("PING")), u"no error"_qs);
}

/// Once the breaker is open a call does not wait for an attempt to connect, however long that may take.
void TestRedisFaults::anOpenBreakerDoesNotWaitForAHangingServer()
{
    const quint16 port = RedisServer::freePort();
    const RedisUrl url = RedisUrl::parse(QStringLiteral("redis://:pw@127.0.0.1:%1").arg(port));
    redis::ConnectionSettings settings = url.settingsFor(url.endpoints().first());
    settings.connectTimeout = std::chrono::seconds(20);
    Connection connection(settings);
    Command probe = Command::idempotent("PING");
    probe.setProbe();
    for (int i = 0; i < 3; ++i)
        QVERIFY(askForError(connection, probe).contains(u"refused the connection"_qs));
    // Somebody takes connections now, and says nothing.
    QTcpServer listener;
    QVERIFY(listener.listen(QHostAddress::LocalHost, port));
    const auto hasTried = [&] {
        // Both ways a call ends at once: no attempt is due yet, or it is given up on.
        const QString outcome = askForError(connection, Command::idempotent("PING"));
        return outcome.contains(u"refused the connection"_qs) && listener.hasPendingConnections();
    };
    QTRY_VERIFY(hasTried());
    QCOMPARE(listener.nextPendingConnection()->state(), QAbstractSocket::ConnectedState);
}

void TestRedisFaults::aHangingServerTimesOut()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    redis::ConnectionSettings settings =
        RedisUrl::parse(server.url()).settingsFor(RedisUrl::parse(server.url()).endpoints().first());
    settings.commandTimeout = std::chrono::milliseconds(200);
    Connection connection(settings);
    ask(connection, Command::once("SET", "a", "b"));
    server.freeze();
    QStringList outcomes;
    note(connection.command(Command::once("INCR", "n")), &outcomes);
    note(connection.command(Command::idempotent("GET", "a")), &outcomes);
    QTRY_COMPARE(outcomes.size(), 2);
    QCOMPARE(outcomes, (QStringList{u"connection"_qs, u"connection"_qs}));
    server.thaw();
    QCOMPARE(ask(connection, Command::idempotent("GET", "a")).bytes, QByteArray("b"));
}

void TestRedisFaults::aSilentListenerTimesOut()
{
    QTcpServer listener;
    QVERIFY(listener.listen(QHostAddress::LocalHost));
    const RedisUrl url =
        RedisUrl::parse(QStringLiteral("redis://:pw@127.0.0.1:%1").arg(listener.serverPort()));
    redis::ConnectionSettings settings = url.settingsFor(url.endpoints().first());
    settings.connectTimeout = std::chrono::milliseconds(100);
    Connection connection(settings);
    const QString outcome = askForError(connection, Command::idempotent("PING"));
    QVERIFY2(
        outcome.contains(u"took the connection and did not answer within 0.1 s"_qs), qPrintable(outcome));
}

void TestRedisFaults::notARedis_data()
{
    QTest::addColumn<QByteArray>("answer");
    QTest::addColumn<QString>("words");
    QTest::newRow("web server") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n")
                                << "does not answer like a Redis server";
    QTest::newRow("cut in the middle of a reply") << QByteArray("$100\r\nabc") << "broke";
    QTest::newRow("more replies than questions") << QByteArray("+A\r\n+B\r\n") << "";
}

void TestRedisFaults::notARedis()
{
    QFETCH(QByteArray, answer);
    QFETCH(QString, words);
    QTcpServer listener;
    QVERIFY(listener.listen(QHostAddress::LocalHost));
    connect(&listener, &QTcpServer::newConnection, this, [&] {
        QTcpSocket* const socket = listener.nextPendingConnection();
        connect(socket, &QIODevice::readyRead, socket, [socket, answer] {
            socket->readAll();
            socket->write(answer);
            socket->disconnectFromHost();
        });
        connect(socket, &QAbstractSocket::disconnected, socket, &QObject::deleteLater);
    });
    const auto client =
        redis::makeClient(RedisUrl::parse(QStringLiteral("redis://127.0.0.1:%1").arg(listener.serverPort())));
    const QString outcome = askForError(*client, Command::once("GET", "x"));
    if (words.isEmpty()) {
        // The first is taken for the answer; the second shows that the stream is out of step.
        QCOMPARE(outcome, u"no error"_qs);
        QTRY_VERIFY(!client->isConnected());
    } else {
        QVERIFY2(outcome.startsWith(u"connection"_qs) && outcome.contains(words), qPrintable(outcome));
    }
}

void TestRedisFaults::readOnlyReplicaAndFullMemory()
{
    RedisServer replica({u"--replicaof"_qs, u"127.0.0.1"_qs, u"1"_qs});
    QVERIFY2(replica.start(), qPrintable(replica.log()));
    const auto onReplica = redis::makeClient(RedisUrl::parse(replica.url()));
    const QString readOnly = askForError(*onReplica, Command::once("SET", "a", "b"));
    QVERIFY2(readOnly.startsWith(u"cache"_qs) && readOnly.contains(u"is a replica"_qs), qPrintable(readOnly));

    RedisServer full({u"--maxmemory"_qs, u"1"_qs, u"--maxmemory-policy"_qs, u"noeviction"_qs});
    QVERIFY2(full.start(), qPrintable(full.log()));
    const auto onFull = redis::makeClient(RedisUrl::parse(full.url()));
    const QString memory = askForError(*onFull, Command::once("SET", "a", "b"));
    QVERIFY2(memory.startsWith(u"cache"_qs) && memory.contains(u"out of memory"_qs), qPrintable(memory));
}

void TestRedisFaults::aDemotedMasterIsLeft_data()
{
    QTest::addColumn<QByteArray>("source"); // of a script; empty = a command
    const QByteArray increment = "return redis.call('INCR', KEYS[1])";
    QTest::newRow("command") << QByteArray();
    QTest::newRow("script") << increment;
    QTest::newRow("script in the words of Redis 6.2") << QByteArray(R"lua(
if string.find(redis.call('INFO', 'replication'), 'role:slave') then
    return redis.error_reply("ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -READONLY " ..
        "You can't write against a read only replica.")
end
)lua") + increment;
}

/// Named by us and not by sentinels: those of Redis 6.2 never set right a master that somebody made a
/// replica.
void TestRedisFaults::aDemotedMasterIsLeft()
{
    QFETCH(QByteArray, source);
    RedisServer before;
    RedisServer after;
    QVERIFY2(before.start(), qPrintable(before.log()));
    QVERIFY2(after.start(), qPrintable(after.log()));
    quint16 master = before.port();
    redis::ConnectionSettings settings;
    settings.mustBeMaster = true;
    Connection connection(settings, [&master] { return localEndpoint(master); });
    const auto count = [&connection, source] {
        return source.isEmpty() ? ask(connection, Command::once("INCR", "counter"))
                                : await(redis::Script(source).run(&connection, {"counter"}, {}));
    };
    QCOMPARE(count().integer, 1);
    QCOMPARE(count().integer, 2);
    // It becomes a replica of an empty server without a word to its clients.
    const auto direct = redis::makeClient(RedisUrl::parse(before.url()));
    ask(*direct, Command::once("REPLICAOF", "127.0.0.1", after.port()));
    master = after.port();
    // Refused there, so not done: it is done once, where the master is now.
    QCOMPARE(count().integer, 1);
    QCOMPARE(connection.display(), u"127.0.0.1:%1"_qs.arg(after.port()));
}

void TestRedisFaults::aServerThatCanNotSave()
{
    RedisServer server({u"--save"_qs, u"3600"_qs, u"1"_qs});
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto client = redis::makeClient(RedisUrl::parse(server.url()));
    QCOMPARE(ask(*client, Command::once("SET", "a", "b")).bytes, QByteArray("OK"));
    // A name that is a folder already can't be written, not by root either.
    QVERIFY(QDir().mkpath(server.path(u"dump.rdb/in the way"_qs)));
    ask(*client, Command::once("BGSAVE"));
    QTRY_VERIFY(
        ask(*client, Command::idempotent("INFO", "persistence")).bytes.contains("last_bgsave_status:err"));
    const QString told = askForError(*client, Command::once("SET", "a", "c"));
    QVERIFY2(
        told.startsWith(u"cache"_qs) && told.contains(u"can't save its data to disk"_qs), qPrintable(told));
    // What is there can still be read.
    QCOMPARE(ask(*client, Command::idempotent("GET", "a")).bytes, QByteArray("b"));
}

void TestRedisFaults::destroyingTheConnectionFailsWhatIsPending()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    for (const bool connected : {false, true}) {
        auto client = redis::makeClient(RedisUrl::parse(server.url()));
        if (connected)
            ask(*client, Command::idempotent("PING"));
        QStringList outcomes;
        note(client->command(Command::once("BLPOP", "nothing", 0)), &outcomes);
        note(client->command(Command::idempotent("GET", "x")), &outcomes);
        QVERIFY(outcomes.isEmpty());
        client.reset();
        QCOMPARE(outcomes, (QStringList{u"connection"_qs, u"connection"_qs}));
    }
}

void TestRedisFaults::anAwaitingCoroutineMayDestroyTheConnection()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    for (const bool byFailure : {false, true}) {
        auto client = redis::makeClient(RedisUrl::parse(server.url()));
        QStringList outcomes;
        // The first reply destroys the connection while two hundred more are being read.
        if (byFailure)
            note(client->command(Command::once("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")),
                &outcomes);
        destroyOnReply(client->command(Command::once("PING")), &client);
        for (int i = 0; i < 200; ++i)
            note(client->command(Command::once("PING")), &outcomes);
        QTRY_COMPARE(outcomes.size(), byFailure ? 201 : 200);
        QCOMPARE(outcomes.count(u"connection"_qs) >= 199, true);
        if (!byFailure)
            QVERIFY(!client);
    }
}

void TestRedisFaults::aDroppedPendingIsHarmless()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto client = redis::makeClient(RedisUrl::parse(server.url()));
    for (int i = 0; i < 10; ++i) {
        const redis::Pending dropped = client->command(Command::once("INCR", "n"));
        Q_UNUSED(dropped)
    }
    QCOMPARE(ask(*client, Command::idempotent("GET", "n")).bytes, QByteArray("10"));
}

void TestRedisFaults::stateChangesAreTold()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    const auto client = redis::makeClient(RedisUrl::parse(server.url()));
    QSignalSpy states(client.get(), &redis::Client::stateChanged);
    ask(*client, Command::idempotent("PING"));
    ask(*client, Command::idempotent("PING"));
    QCOMPARE(states.size(), 1);
    QCOMPARE(states[0][0].toBool(), true);
    server.kill();
    QTRY_COMPARE(states.size(), 2);
    QCOMPARE(states[1][0].toBool(), false);
    QVERIFY(states[1][1].toString().contains(client->display()));
    askForError(*client, Command::idempotent("PING"));
    QVERIFY2(server.start(), qPrintable(server.log()));
    Command probe = Command::idempotent("PING");
    probe.setProbe();
    ask(*client, probe);
    QCOMPARE(states.last()[0].toBool(), true);
}

LLMCACHE_TEST_MAIN(TestRedisFaults)
#include "tst_redisfaults.moc"
