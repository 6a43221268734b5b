#include "base/error.h"
#include "redis/breaker_p.h"
#include "redis/replyreader_p.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using redis::Breaker;
using redis::Reply;
using redis::ReplyReader;

class TestRedisReply : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyTypeInPiecesOfAnySize_data();
    void everyTypeInPiecesOfAnySize();
    void garbageBreaksTheStream_data();
    void garbageBreaksTheStream();
    void anAnnouncedGiantIsNotBelieved();
    void commandsAreBinarySafe();
    void errorsHaveTheirKindAndARemedy_data();
    void errorsHaveTheirKindAndARemedy();
    void theBreakerBacksOffAndOpens();
};

void TestRedisReply::everyTypeInPiecesOfAnySize_data()
{
    QTest::addColumn<int>("piece");
    for (const int piece : {1, 2, 3, 7, 1000})
        QTest::addRow("%d bytes", piece) << piece;
}

void TestRedisReply::everyTypeInPiecesOfAnySize()
{
    QFETCH(int, piece);
    const QByteArray bytes = QByteArray("+OK\r\n:-42\r\n$5\r\na\r\nb") + '\0'
        + "\r\n$-1\r\n*-1\r\n*0\r\n-ERR no\r\n" + "*3\r\n*2\r\n:1\r\n$-1\r\n$0\r\n\r\n-X y\r\n";
    ReplyReader reader;
    std::vector<Reply> replies;
    for (qsizetype at = 0; at < bytes.size(); at += piece) {
        const QByteArray part = bytes.mid(at, piece);
        QVERIFY(reader.feed(part.constData(), static_cast<std::size_t>(part.size())));
        Reply reply;
        while (reader.next(reply) == ReplyReader::Result::Reply)
            replies.push_back(reply);
    }
    QCOMPARE(replies.size(), std::size_t(8));
    QCOMPARE(replies[0].type, Reply::Type::Status);
    QCOMPARE(replies[0].bytes, QByteArray("OK"));
    QCOMPARE(replies[1].integer, qint64(-42));
    QCOMPARE(replies[2].bytes, QByteArray("a\r\nb\0", 5));
    QVERIFY(replies[3].isNil());
    QVERIFY(replies[4].isNil());
    QVERIFY(replies[5].isArray() && replies[5].items.empty());
    QVERIFY(replies[6].isError("ERR") && !replies[6].isError("ER"));
    const Reply& nested = replies[7];
    QCOMPARE(nested.items.size(), std::size_t(3));
    QCOMPARE(nested.items[0].items[0].integer, qint64(1));
    QVERIFY(nested.items[0].items[1].isNil());
    QCOMPARE(nested.items[1].type, Reply::Type::Bytes);
    QVERIFY(nested.items[2].isError("X"));
}

void TestRedisReply::garbageBreaksTheStream_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("http") << QByteArray("HTTP/1.1 400 Bad Request\r\n\r\n");
    QTest::newRow("zeros") << QByteArray(8, '\0');
    QTest::newRow("bad array length") << QByteArray("*x\r\n");
    QTest::newRow("bad inside an array") << QByteArray("*2\r\n:1\r\n?\r\n");
    QTest::newRow("nested too deep") << QByteArray("*1\r\n").repeated(20);
}

void TestRedisReply::garbageBreaksTheStream()
{
    QFETCH(QByteArray, bytes);
    ReplyReader reader;
    QVERIFY(reader.feed(bytes.constData(), static_cast<std::size_t>(bytes.size())));
    Reply reply;
    QCOMPARE(reader.next(reply), ReplyReader::Result::Broken);
}

void TestRedisReply::anAnnouncedGiantIsNotBelieved()
{
    ReplyReader reader;
    const QByteArray bytes("*2000000000\r\n");
    QVERIFY(reader.feed(bytes.constData(), static_cast<std::size_t>(bytes.size())));
    Reply reply;
    QCOMPARE(reader.next(reply), ReplyReader::Result::Broken);
}

void TestRedisReply::commandsAreBinarySafe()
{
    QByteArray out("x");
    redis::appendCommand(out, {"SET", QByteArray("k\0\r\n", 4), QByteArray()});
    QCOMPARE(out, QByteArray("x*3\r\n$3\r\nSET\r\n$4\r\nk\0\r\n\r\n$0\r\n\r\n", 30));
}

void TestRedisReply::errorsHaveTheirKindAndARemedy_data()
{
    QTest::addColumn<QByteArray>("error");
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("words");
    QTest::newRow("NOAUTH") << QByteArray("NOAUTH Authentication required.") << "configuration"
                            << "password";
    QTest::newRow("WRONGPASS") << QByteArray("WRONGPASS invalid") << "configuration"
                               << "did not accept";
    QTest::newRow("NOPERM") << QByteArray("NOPERM User ada has no permissions to run the 'xadd' command")
                            << "configuration"
                            << "'xadd'";
    QTest::newRow("OOM in a script of Redis 6.2") << QByteArray(
        "ERR Error running script (call to f_c2): @user_script:5: @user_script: 5: -OOM command "
        "not allowed when used memory > 'maxmemory'.")
                                                  << "cache"
                                                  << "out of memory";
    QTest::newRow("READONLY in a script of Redis 6.2") << QByteArray(
        "ERR Error running script (call to f_c2): @user_script:5: @user_script: 5: -READONLY You "
        "can't write against a read only replica.") << "cache"
                                                       << "replica";
    QTest::newRow("missing permission in a script of Redis 6.2")
        << QByteArray("ERR Error running script (call to f_c2): @user_script:5: @user_script: 5: The user "
                      "executing the script can't run this command or subcommand")
        << "configuration"
        << "can't run this command";
    QTest::newRow("missing permission in a script of Redis 7") << QByteArray(
        "NOPERM ACL failure in script: User ada has no permissions to run the 'publish' command")
                                                               << "configuration"
                                                               << "'publish'";
    QTest::newRow("LOADING") << QByteArray("LOADING Redis is loading") << "connection"
                             << "loading";
    QTest::newRow("CLUSTERDOWN") << QByteArray("CLUSTERDOWN down") << "connection"
                                 << "down";
    QTest::newRow("permission inside a script, Valkey")
        << QByteArray("ERR ACL failure in script: User ada has no permissions to run the 'hset' command "
                      "script: 5050acc31e5da42234a0b462b07d7f7b77b8a399, on @user_script:5.")
        << "configuration"
        << "has no permissions to run the 'hset' command.";
    QTest::newRow("READONLY") << QByteArray("READONLY You can't write") << "cache"
                              << "replica";
    QTest::newRow("OOM") << QByteArray("OOM command not allowed") << "cache"
                         << "out of memory";
    QTest::newRow("NOSCRIPT") << QByteArray("NOSCRIPT No matching script") << "cache"
                              << "script";
    QTest::newRow("CROSSSLOT") << QByteArray("CROSSSLOT Keys in request") << "cache"
                               << "slots";
    QTest::newRow("MOVED") << QByteArray("MOVED 1 127.0.0.1:1") << "configuration"
                           << "redis+cluster";
    QTest::newRow("WRONGTYPE") << QByteArray("WRONGTYPE Operation") << "cache"
                               << "kind of value";
    QTest::newRow("unknown") << QByteArray("ERR unknown command 'X'") << "cache"
                             << "unknown command 'X'";
    QTest::newRow("a longer first word") << QByteArray("OOMPH") << "cache"
                                         << "OOMPH";
}

void TestRedisReply::errorsHaveTheirKindAndARemedy()
{
    QFETCH(QByteArray, error);
    QFETCH(QString, words);
    Reply reply;
    reply.type = Reply::Type::Error;
    reply.bytes = error;
    const auto told = redis::errorOf(reply, u"cache:6379/0"_qs);
    QTEST(told->kind(), "kind");
    QVERIFY2(told->text().contains(words), told->what());
    QVERIFY2(told->text().contains(u"cache:6379/0"_qs), told->what());
    QVERIFY(!told->remedy().isEmpty());
    QVERIFY_THROWS_EXCEPTION(Error, redis::checked(reply, u"cache"_qs));
}

void TestRedisReply::theBreakerBacksOffAndOpens()
{
    using namespace std::chrono_literals;
    Breaker breaker;
    Breaker::TimePoint now{};
    QVERIFY(breaker.allows(now));
    const auto error = std::make_shared<ConnectionError>(u"down"_qs);
    std::chrono::milliseconds pause = Breaker::firstPause;
    for (int failure = 1; failure <= 12; ++failure) {
        breaker.failed(now, 0.0, error);
        QCOMPARE(breaker.isOpen(), failure >= Breaker::failuresToOpen);
        QVERIFY(!breaker.allows(now + pause / 2 - 1ms));
        QVERIFY(breaker.allows(now + pause / 2));
        breaker.failed(now, 0.999, error);
        QVERIFY(!breaker.allows(now + pause / 2)); // jitter only makes it longer
        breaker.succeeded();
        for (int again = 0; again < failure; ++again)
            breaker.failed(now, 0.0, error);
        pause = std::min(pause * 2, Breaker::longestPause);
    }
    QCOMPARE(pause, Breaker::longestPause);
    QCOMPARE(breaker.error(), std::shared_ptr<const Error>(error));
    breaker.succeeded();
    QVERIFY(breaker.allows(now) && !breaker.isOpen() && !breaker.error());
}

LLMCACHE_TEST_MAIN(TestRedisReply)
#include "tst_redisreply.moc"
