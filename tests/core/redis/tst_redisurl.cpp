#include "base/error.h"
#include "redis/redisurl.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using redis::RedisUrl;

class TestRedisUrl : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void goodUrls_data();
    void goodUrls();
    void tlsOptions();
    void sentinels();
    void clusterNodes();
    void badUrlsNameThePartAndHideThePassword_data();
    void badUrlsNameThePartAndHideThePassword();
};

void TestRedisUrl::goodUrls_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("display");
    QTest::addColumn<QString>("user");
    QTest::addColumn<QString>("password");
    QTest::addColumn<int>("database");
    QTest::newRow("host") << "redis://cache"
                          << "cache:6379/0"
                          << ""
                          << "" << 0;
    QTest::newRow("host, port, database") << "redis://cache:6380/3"
                                          << "cache:6380/3"
                                          << ""
                                          << "" << 3;
    QTest::newRow("trailing slash") << "redis://cache:6380/"
                                    << "cache:6380/0"
                                    << ""
                                    << "" << 0;
    QTest::newRow("scheme in capitals") << "REDIS://cache"
                                        << "cache:6379/0"
                                        << ""
                                        << "" << 0;
    QTest::newRow("user and password") << "redis://ada:pw@cache/1"
                                       << "cache:6379/1"
                                       << "ada"
                                       << "pw" << 1;
    QTest::newRow("password alone") << "redis://:pw@cache"
                                    << "cache:6379/0"
                                    << ""
                                    << "pw" << 0;
    QTest::newRow("empty user info") << "redis://:@cache"
                                     << "cache:6379/0"
                                     << ""
                                     << "" << 0;
    QTest::newRow("percent-encoded") << "redis://a%40b:p%2F%3A%3F%23%25%C3%A9@cache"
                                     << "cache:6379/0"
                                     << "a@b" << QString::fromUtf8("p/:?#%é") << 0;
    QTest::newRow("colons in the password") << "redis://ada:p:w:1@cache"
                                            << "cache:6379/0"
                                            << "ada"
                                            << "p:w:1" << 0;
    QTest::newRow("@ in the password") << "redis://ada:p@w@cache"
                                       << "cache:6379/0"
                                       << "ada"
                                       << "p@w" << 0;
    QTest::newRow("IPv6") << "redis://[::1]:7000/2"
                          << "[::1]:7000/2"
                          << ""
                          << "" << 2;
    QTest::newRow("IPv6 without port") << "redis://:pw@[fe80::1]"
                                       << "[fe80::1]:6379/0"
                                       << ""
                                       << "pw" << 0;
    QTest::newRow("database in the query") << "redis://cache?db=4"
                                           << "cache:6379/4"
                                           << ""
                                           << "" << 4;
    QTest::newRow("Unix socket") << "redis+unix:///run/redis.sock?db=5"
                                 << "/run/redis.sock?db=5"
                                 << ""
                                 << "" << 5;
    QTest::newRow("Unix socket with password") << "redis+unix://ada:pw@/run/a%20b.sock"
                                               << "/run/a b.sock"
                                               << "ada"
                                               << "pw" << 0;
    QTest::newRow("TLS") << "rediss://ada:pw@cache:6380/0"
                         << "cache:6380/0"
                         << "ada"
                         << "pw" << 0;
    QTest::newRow("white space around") << " redis://cache \n"
                                        << "cache:6379/0"
                                        << ""
                                        << "" << 0;
}

void TestRedisUrl::goodUrls()
{
    QFETCH(QString, url);
    const RedisUrl parsed = RedisUrl::parse(url);
    QTEST(parsed.display(), "display");
    QTEST(parsed.user(), "user");
    QTEST(parsed.password(), "password");
    QTEST(parsed.database(), "database");
    QCOMPARE(parsed.tls().enabled, url.startsWith(u"rediss"_qs));
}

void TestRedisUrl::tlsOptions()
{
    const RedisUrl url =
        RedisUrl::parse(u"rediss://cache?ca=/etc/ca%20file.pem&cert=/c.pem&key=/k.pem&verify=none"_qs);
    QCOMPARE(url.tls().caFile, u"/etc/ca file.pem"_qs);
    QCOMPARE(url.tls().certificateFile, u"/c.pem"_qs);
    QCOMPARE(url.tls().keyFile, u"/k.pem"_qs);
    QVERIFY(url.isUnverified());
    QVERIFY(!RedisUrl::parse(u"rediss://cache"_qs).isUnverified());
    QVERIFY(!RedisUrl::parse(u"rediss://cache?verify=full"_qs).isUnverified());
}

void TestRedisUrl::sentinels()
{
    const RedisUrl url = RedisUrl::parse(
        u"redis+sentinel://ada:pw@one:26380,two,[::1]:26381/team/2?sentinel_user=watch&sentinel_password=s%40"_qs);
    QCOMPARE(url.kind(), RedisUrl::Kind::Sentinel);
    QCOMPARE(url.display(), u"one:26380,two:26379,[::1]:26381/team/2"_qs);
    QCOMPARE(url.masterName(), u"team"_qs);
    const redis::ConnectionSettings sentinel = url.sentinelSettingsFor(url.endpoints().at(1));
    QCOMPARE(sentinel.user, u"watch"_qs);
    QCOMPARE(sentinel.password, u"s@"_qs);
    QCOMPARE(sentinel.database, 0);
    const redis::ConnectionSettings master = url.settingsFor(redis::Endpoint());
    QCOMPARE(master.user, u"ada"_qs);
    QCOMPARE(master.database, 2);
}

void TestRedisUrl::clusterNodes()
{
    const RedisUrl url = RedisUrl::parse(u"rediss+cluster://:pw@one:7000,two:7001"_qs);
    QCOMPARE(url.kind(), RedisUrl::Kind::Cluster);
    QCOMPARE(url.display(), u"one:7000,two:7001"_qs);
    QVERIFY(url.tls().enabled);
    QCOMPARE(url.endpoints().size(), 2);
}

void TestRedisUrl::badUrlsNameThePartAndHideThePassword_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("part");
    QTest::newRow("empty") << ""
                           << "scheme";
    QTest::newRow("no scheme") << "hunter2@cache:6379"
                               << "scheme";
    QTest::newRow("unknown scheme") << "http://ada:hunter2@cache"
                                    << "scheme";
    QTest::newRow("Unix socket over TLS") << "rediss+unix:///run/hunter2"
                                          << "scheme";
    QTest::newRow("no host") << "redis://:hunter2@"
                             << "host";
    QTest::newRow("no host but a port") << "redis://:hunter2@:6379"
                                        << "host";
    QTest::newRow("host with a space") << "redis://:hunter2@ca che"
                                       << "host";
    QTest::newRow("bare IPv6") << "redis://:hunter2@::1"
                               << "brackets";
    QTest::newRow("unclosed bracket") << "redis://:hunter2@[::1"
                                      << "]";
    QTest::newRow("port no number") << "redis://default:hunter2"
                                    << "port";
    QTest::newRow("port 0") << "redis://:hunter2@cache:0"
                            << "port";
    QTest::newRow("port too large") << "redis://:hunter2@cache:65536"
                                    << "port";
    QTest::newRow("port empty") << "redis://:hunter2@cache:"
                                << "port";
    QTest::newRow("database no number") << "redis://:hunter2@cache/hunter2"
                                        << "database";
    QTest::newRow("database negative") << "redis://:hunter2@cache/-1"
                                       << "database";
    QTest::newRow("two databases") << "redis://:hunter2@cache/1?db=2"
                                   << "two databases";
    QTest::newRow("path too long") << "redis://:hunter2@cache/1/2"
                                   << "path";
    QTest::newRow("user without password") << "redis://hunter2@cache"
                                           << "user";
    QTest::newRow("slash in the password") << "redis://ada:hunter2/x@cache"
                                           << "password";
    QTest::newRow("question mark in the password") << "redis://ada:hunter2?x@cache"
                                                   << "password";
    QTest::newRow("hash in the password") << "redis://ada:hunter2#x@cache"
                                          << "%23";
    QTest::newRow("bad percent-encoding") << "redis://ada:hunter2%zz@cache"
                                          << "password";
    QTest::newRow("percent-encoding cut off") << "redis://ada:hunter2%2@cache"
                                              << "password";
    QTest::newRow("not UTF-8") << "redis://ada:hunter2%ff@cache"
                               << "password";
    QTest::newRow("several hosts") << "redis://:hunter2@a,b"
                                   << "several hosts";
    QTest::newRow("unknown parameter") << "redis://cache?password=hunter2"
                                       << "query";
    QTest::newRow("ca without TLS") << "redis://:hunter2@cache?ca=/x"
                                    << "ca";
    QTest::newRow("verify without TLS") << "redis://:hunter2@cache?verify=none"
                                        << "verify";
    QTest::newRow("verify unknown") << "rediss://:hunter2@cache?verify=hunter2"
                                    << "verify";
    QTest::newRow("cert without key") << "rediss://:hunter2@cache?cert=/x"
                                      << "key";
    QTest::newRow("Unix socket with a host") << "redis+unix://hunter2/run/socket"
                                             << "host";
    QTest::newRow("Unix socket without a path") << "redis+unix://"
                                                << "path";
    QTest::newRow("Sentinel without a master") << "redis+sentinel://:hunter2@one,two"
                                               << "master";
    QTest::newRow("cluster with a database") << "redis+cluster://:hunter2@one/1"
                                             << "database";
}

void TestRedisUrl::badUrlsNameThePartAndHideThePassword()
{
    QFETCH(QString, url);
    QFETCH(QString, part);
    try {
        RedisUrl::parse(url);
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(part), error.what());
        QVERIFY2(!error.text().contains(u"hunter2"_qs), error.what());
        QVERIFY(!error.remedy().isEmpty());
    }
}

LLMCACHE_TEST_MAIN(TestRedisUrl)
#include "tst_redisurl.moc"
