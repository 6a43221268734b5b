#include "base/error.h"
#include "redis/client.h"
#include "redis/subscriber.h"
#include "redisgroup.h"
#include "redistest.h"
#include "testenvironment.h"

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::RedisUrl;
using redis::Reply;

/// One group of servers for all tests, which find each other's changes there: in this order.
class TestRedisSentinel : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void passwordsOfBoth();
    void unknownMasterAndWrongServer();
    void failoverIsFollowed_data();
    void failoverIsFollowed();
    void noSentinelAnswers();

private:
    std::unique_ptr<redis::Client> client(const QString& url) const
    {
        return redis::makeClient(RedisUrl::parse(url));
    }
    /// The server that the sentinels call master.
    int masterIndex() const;
    std::unique_ptr<RedisSentinels> m_group;
};

void TestRedisSentinel::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    m_group = std::make_unique<RedisSentinels>(true);
    QVERIFY2(m_group->start(), qPrintable(m_group->problem()));
}

int TestRedisSentinel::masterIndex() const
{
    const QString address = m_group->command(1, {u"SENTINEL"_qs, u"GET-MASTER-ADDR-BY-NAME"_qs, u"team"_qs});
    return address.contains(QString::number(m_group->server(0).port())) ? 0 : 1;
}

void TestRedisSentinel::passwordsOfBoth()
{
    // The first sentinel is down: the others are asked.
    m_group->sentinel(0).kill();
    const auto team = client(m_group->url());
    QCOMPARE(askForError(*team, Command::once("SET", "a", "b")), u"no error"_qs);
    QCOMPARE(team->display(), QStringLiteral("127.0.0.1:%1").arg(m_group->server(0).port()));
    QVERIFY2(m_group->sentinel(0).start(), qPrintable(m_group->sentinel(0).log()));

    for (const QString& password : {u"watch"_qs, u"data"_qs}) {
        QString wrong = m_group->url();
        wrong.replace(password, u"hunter2"_qs);
        const auto refused = client(wrong);
        const QString outcome = askForError(*refused, Command::idempotent("GET", "a"));
        QVERIFY2(
            outcome.startsWith(u"configuration"_qs) && !outcome.contains(u"hunter2"_qs), qPrintable(outcome));
    }
}

void TestRedisSentinel::unknownMasterAndWrongServer()
{
    QString url = m_group->url();
    url.replace(u"/team/"_qs, u"/other/"_qs);
    const auto unknown = client(url);
    const QString outcome = askForError(*unknown, Command::idempotent("PING"));
    QVERIFY2(outcome.startsWith(u"configuration"_qs) && outcome.contains(u"know no master"_qs),
        qPrintable(outcome));
    const auto wrongKind = client(QStringLiteral("redis+sentinel://127.0.0.1:%1/team?sentinel_password=data")
                                      .arg(m_group->server(0).port()));
    const QString server = askForError(*wrongKind, Command::idempotent("PING"));
    QVERIFY2(server.startsWith(u"configuration"_qs) && server.contains(u"sentinel"_qs), qPrintable(server));
}

void TestRedisSentinel::failoverIsFollowed_data()
{
    QTest::addColumn<bool>("killed");
    QTest::newRow("failover asked for") << false;
    QTest::newRow("master killed") << true;
}

void TestRedisSentinel::failoverIsFollowed()
{
    QFETCH(bool, killed);
    const auto team = client(m_group->url());
    const auto subscriber = team->makeSubscriber();
    QByteArray heard;
    const auto subscription =
        subscriber->subscribe("room", [&heard](redis::Subscriber::Event event, const QByteArray& payload) {
            if (event == redis::Subscriber::Event::Message)
                heard = payload;
        });
    const auto replicated = [&team] {
        try {
            ask(*team, Command::once("SET", "a", "before"));
            return ask(*team, Command::once("WAIT", 1, 1000)).integer == 1;
        } catch (const ConnectionError&) {
            return false; // the last failover is not quite over
        }
    };
    QTRY_VERIFY_WITH_TIMEOUT(replicated(), 60'000);
    QTRY_VERIFY_WITH_TIMEOUT(subscription->isActive(), 60'000);
    const int master = masterIndex();
    if (killed) {
        m_group->server(master).kill();
    } else {
        // Right after the last failover they may refuse. (A macro asks once more after it has succeeded.)
        bool begun = false;
        const auto begin = [this, &begun] {
            begun = begun
                || m_group->command(0, {u"SENTINEL"_qs, u"FAILOVER"_qs, u"team"_qs}).startsWith(u"OK"_qs);
            return begun;
        };
        QTRY_VERIFY_WITH_TIMEOUT(begin(), 60'000);
    }
    const QString successor = QStringLiteral("127.0.0.1:%1").arg(m_group->server(1 - master).port());
    const auto written = [&team, &successor] {
        return askForError(*team, Command::once("SET", "a", "after")) == u"no error"_qs
            && team->display() == successor;
    };
    QTRY_VERIFY_WITH_TIMEOUT(written(), 60'000);
    QCOMPARE(ask(*team, Command::idempotent("GET", "a")).bytes, QByteArray("after"));
    // Messages follow as well.
    const auto delivered = [&] {
        askForError(*team, Command::once("PUBLISH", "room", "hello"));
        return heard == "hello";
    };
    QTRY_VERIFY_WITH_TIMEOUT(delivered(), 60'000);
}

void TestRedisSentinel::noSentinelAnswers()
{
    for (int i = 0; i < RedisSentinels::count; ++i)
        m_group->sentinel(i).kill();
    const auto lonely = client(m_group->url());
    const QString none = askForError(*lonely, Command::idempotent("PING"));
    QVERIFY2(
        none.startsWith(u"connection"_qs) && none.contains(u"None of the sentinels"_qs), qPrintable(none));
}

LLMCACHE_TEST_MAIN(TestRedisSentinel)
#include "tst_redissentinel.moc"
