#include "base/error.h"
#include "httpserver.h"
#include "provider/httpclient.h"
#include "testcertificates.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QFile>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

/// A key goes to nobody but the provider: its certificate is checked before the first byte of a request.
class TestProviderTls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void cleanup() { QSslConfiguration::setDefaultConfiguration(m_before); }
    void aKnownCertificateIsTaken();
    void otherCertificatesAreRefused_data();
    void otherCertificatesAreRefused();

private:
    QSslConfiguration serverWith(const QString& name) const;
    void trustTheAuthority() const;
    HttpReply post(const HttpServer& server);

    std::unique_ptr<TestCertificates> m_certificates;
    QSslConfiguration m_before = QSslConfiguration::defaultConfiguration();
    HttpClient m_client;
};

void TestProviderTls::initTestCase()
{
    if (!TestCertificates::isInstalled())
        QSKIP(qPrintable(TestCertificates::missingText()));
    m_certificates = std::make_unique<TestCertificates>();
    QVERIFY(m_certificates->isValid());
    QVERIFY(m_certificates->issue(QStringLiteral("right"), QStringLiteral("IP:127.0.0.1")));
    QVERIFY(m_certificates->issue(QStringLiteral("elsewhere"), QStringLiteral("DNS:api.example")));
    QVERIFY(m_certificates->issue(QStringLiteral("ended"), QStringLiteral("IP:127.0.0.1"), -1));
}

QSslConfiguration TestProviderTls::serverWith(const QString& name) const
{
    QFile key(m_certificates->key(name));
    if (!key.open(QIODevice::ReadOnly))
        qFatal("There is no key %s.", qPrintable(key.fileName()));
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    tls.setLocalCertificate(QSslCertificate::fromPath(m_certificates->certificate(name)).front());
    tls.setPrivateKey(QSslKey(&key, QSsl::Ec));
    return tls;
}

void TestProviderTls::trustTheAuthority() const
{
    QSslConfiguration trusting = m_before;
    trusting.addCaCertificates(QSslCertificate::fromPath(m_certificates->authority()));
    QSslConfiguration::setDefaultConfiguration(trusting);
}

HttpReply TestProviderTls::post(const HttpServer& server)
{
    HttpRequest request;
    request.provider = QStringLiteral("openai");
    request.url = server.url(QStringLiteral("/v1/chat"));
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer hunter2"}};
    request.body = "{}";
    return waitForTask(m_client.post(request, {}, {}));
}

void TestProviderTls::aKnownCertificateIsTaken()
{
    trustTheAuthority();
    HttpServer server(serverWith(QStringLiteral("right")));
    server.enqueue(ScriptedReply::json("{}"));
    QCOMPARE(post(server).status, 200);
    QCOMPARE(server.requests().size(), std::size_t(1));
}

void TestProviderTls::otherCertificatesAreRefused_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("trusted");
    QTest::newRow("signed by nobody known") << QStringLiteral("right") << false;
    QTest::newRow("of another host") << QStringLiteral("elsewhere") << true;
    QTest::newRow("out of date") << QStringLiteral("ended") << true;
    QTest::newRow("signed by itself") << QStringLiteral("authority") << false;
}

void TestProviderTls::otherCertificatesAreRefused()
{
    QFETCH(QString, name);
    QFETCH(bool, trusted);
    if (trusted)
        trustTheAuthority();
    HttpServer server(serverWith(name));
    server.enqueue(ScriptedReply::json("{}"));
    QString text;
    try {
        post(server);
    } catch (const ProviderError& error) {
        text = error.text();
    }
    QVERIFY2(text.contains(QStringLiteral("certificate"), Qt::CaseInsensitive), qPrintable(text));
    // Nobody has seen the key.
    QVERIFY(server.requests().empty());
}

LLMCACHE_TEST_MAIN(TestProviderTls)
#include "tst_providertls.moc"
