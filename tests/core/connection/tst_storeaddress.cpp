#include "base/error.h"
#include "connection/storeaddress.h"

#include <QTest>

using namespace llmcache;

class TestStoreAddress : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void urlsComeBack_data();
    void urlsComeBack();
    void secretsAreTakenOut();
    void userNeedsAPassword();
    void wrongUrlsShowNoSecret();
};

void TestStoreAddress::urlsComeBack_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("plain");
    const auto row = [](const char* url, const char* plain) {
        QTest::newRow(url) << QString::fromLatin1(url) << QString::fromLatin1(plain);
    };
    row("", "");
    row("sqlite:///tmp/a%20b.sqlite", "sqlite:///tmp/a%20b.sqlite");
    row("redis://cache.example", "redis://cache.example:6379/0");
    row("redis://:pw@cache.example:7000/3", "redis://cache.example:7000/3");
    row("redis://[::1]:7000/3", "redis://[::1]:7000/3");
    row("rediss://ana:p%40w@h:1/0?ca=/a%20b.pem&cert=/c.pem&key=/k.pem",
        "rediss://h:1/0?ca=/a%20b.pem&cert=/c.pem&key=/k.pem");
    row("rediss://h:1/0?verify=none", "rediss://h:1/0?verify=none");
    row("redis+unix:///run/redis.sock?db=2", "redis+unix:///run/redis.sock?db=2");
    row("redis+sentinel://u:p@a:1,b:2/main/4?sentinel_user=w&sentinel_password=x",
        "redis+sentinel://a:1,b:2/main/4");
    row("rediss+cluster://a:1,b:2", "rediss+cluster://a:1,b:2");
}

void TestStoreAddress::urlsComeBack()
{
    QFETCH(QString, url);
    QFETCH(QString, plain);
    StoreSecrets secrets;
    const StoreAddress address = StoreAddress::fromUrl(url, &secrets);
    QCOMPARE(address.url(), plain);
    // With its secrets it is the same store again.
    StoreSecrets again;
    QCOMPARE(StoreAddress::fromUrl(address.urlWith(secrets), &again), address);
    QCOMPARE(again, secrets);
}

void TestStoreAddress::secretsAreTakenOut()
{
    StoreSecrets secrets;
    const StoreAddress address = StoreAddress::fromUrl(
        QStringLiteral("redis+sentinel://ana:s%2Fcret@a:1/main/4?sentinel_user=w&sentinel_password=x%26y"),
        &secrets);
    QCOMPARE(secrets.password, QStringLiteral("s/cret"));
    QCOMPARE(secrets.sentinelPassword, QStringLiteral("x&y"));
    QCOMPARE(address.user, QStringLiteral("ana"));
    QCOMPARE(address.sentinelUser, QStringLiteral("w"));
    QVERIFY(!address.url().contains(QLatin1String("cret")));
    QVERIFY(!address.url().contains(QLatin1String("ana")));
}

void TestStoreAddress::userNeedsAPassword()
{
    StoreAddress address = StoreAddress::fromUrl(QStringLiteral("redis://h"));
    address.user = QStringLiteral("ana");
    try {
        static_cast<void>(address.urlWith({}));
        QFAIL("a user without a password was taken");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(QLatin1String("ana")), error.what());
    }
}

void TestStoreAddress::wrongUrlsShowNoSecret()
{
    for (const char* url : {"redis://ana:hunter2@h:99999", "redis://ana:hunter2/x@h", "http://:hunter2@h"}) {
        try {
            StoreAddress::fromUrl(QString::fromLatin1(url));
            QFAIL(url);
        } catch (const ConfigurationError& error) {
            QVERIFY2(!error.text().contains(QLatin1String("hunter2")), error.what());
        }
    }
}

QTEST_GUILESS_MAIN(TestStoreAddress)
#include "tst_storeaddress.moc"
