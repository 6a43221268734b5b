#include "base/error.h"
#include "base/proxychoice.h"
#include "base/systemproxies_p.h"

#include <QNetworkProxy>
#include <QTest>

using namespace llmcache;

class TestProxyChoice : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void cleanup() { useProxy({}); }
    void choices_data();
    void choices();
    void theSystemsIsAskedAgain();
    void thisMachineIsReachedDirectly();
    void whatIsNoProxyChangesNothing_data();
    void whatIsNoProxyChangesNothing();

private:
    static QNetworkProxy proxyTo(const QString& host)
    {
        SystemProxies proxies;
        return proxies.queryProxy(QNetworkProxyQuery(host, 443)).value(0);
    }
};

void TestProxyChoice::choices_data()
{
    QTest::addColumn<QString>("choice");
    QTest::addColumn<int>("type");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::newRow("none") << QStringLiteral("none") << int(QNetworkProxy::NoProxy) << QString() << 0;
    QTest::newRow("http") << QStringLiteral("http://gate.example:3128") << int(QNetworkProxy::HttpProxy)
                          << QStringLiteral("gate.example") << 3128;
    QTest::newRow("usual port") << QStringLiteral("http://gate.example") << int(QNetworkProxy::HttpProxy)
                                << QStringLiteral("gate.example") << 8080;
    QTest::newRow("socks") << QStringLiteral("socks5://gate.example:9") << int(QNetworkProxy::Socks5Proxy)
                           << QStringLiteral("gate.example") << 9;
}

void TestProxyChoice::choices()
{
    QFETCH(QString, choice);
    QFETCH(int, type);
    QFETCH(QString, host);
    QFETCH(int, port);
    useProxy(choice);
    const QNetworkProxy proxy = proxyTo(QStringLiteral("provider.example"));
    QCOMPARE(int(proxy.type()), type);
    QCOMPARE(proxy.hostName(), host);
    QCOMPARE(int(proxy.port()), port);
}

void TestProxyChoice::theSystemsIsAskedAgain()
{
    const QNetworkProxy before = proxyTo(QStringLiteral("provider.example"));
    useProxy(QStringLiteral("socks5://gate.example"));
    QVERIFY(proxyTo(QStringLiteral("provider.example")) != before);
    useProxy({});
    QVERIFY(proxyTo(QStringLiteral("provider.example")) == before);
}

void TestProxyChoice::thisMachineIsReachedDirectly()
{
    useProxy(QStringLiteral("http://gate.example:3128"));
    for (const char* host : {"localhost", "127.0.0.1", "::1"})
        QCOMPARE(int(proxyTo(QString::fromLatin1(host)).type()), int(QNetworkProxy::NoProxy));
}

void TestProxyChoice::whatIsNoProxyChangesNothing_data()
{
    QTest::addColumn<QString>("choice");
    for (const char* choice : {"gate", "gate:8080", "ftp://gate", "http://", "http://ana:secret@gate:8080"})
        QTest::newRow(choice) << QString::fromLatin1(choice);
}

void TestProxyChoice::whatIsNoProxyChangesNothing()
{
    QFETCH(QString, choice);
    useProxy(QStringLiteral("http://before.example"));
    try {
        useProxy(choice);
        QFAIL("taken");
    } catch (const ConfigurationError& error) {
        QVERIFY(!error.text().contains(QStringLiteral("secret")));
        QVERIFY(!error.remedy().isEmpty());
    }
    QCOMPARE(proxyTo(QStringLiteral("provider.example")).hostName(), QStringLiteral("before.example"));
}

QTEST_GUILESS_MAIN(TestProxyChoice)
#include "tst_proxychoice.moc"
