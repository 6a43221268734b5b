#include "base/error.h"
#include "redis/connection.h"
#include "redisserver.h"
#include "redistest.h"
#include "testcertificates.h"
#include "testenvironment.h"

using namespace llmcache;
using namespace llmcache::test;
using redis::Command;
using redis::RedisUrl;

class TestRedisTls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void certificates_data();
    void certificates();
    void clientCertificate();
    void badFilesAreNamed();
    void plainServerIsTold();

private:
    std::unique_ptr<RedisServer> serve(const QString& name, bool wantsClientCertificate) const;
    QString outcome(const RedisServer& server, const QString& query) const;
    std::unique_ptr<TestCertificates> m_certificates;
};

void TestRedisTls::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qPrintable(RedisServer::missingText()));
    if (!TestCertificates::isInstalled())
        QSKIP(qPrintable(TestCertificates::missingText()));
    m_certificates = std::make_unique<TestCertificates>();
    QVERIFY(m_certificates->isValid());
    QVERIFY(m_certificates->issue(u"good"_qs, u"IP:127.0.0.1,DNS:localhost"_qs));
    QVERIFY(m_certificates->issue(u"otherhost"_qs, u"DNS:elsewhere.example"_qs));
    QVERIFY(m_certificates->issue(u"expired"_qs, u"IP:127.0.0.1"_qs, -1));
    QVERIFY(m_certificates->issue(u"client"_qs, u"DNS:client"_qs));
}

std::unique_ptr<RedisServer> TestRedisTls::serve(const QString& name, bool wantsClientCertificate) const
{
    QStringList arguments{u"--tls-cert-file"_qs, m_certificates->certificate(name), u"--tls-key-file"_qs,
        m_certificates->key(name), u"--tls-ca-cert-file"_qs, m_certificates->authority(),
        u"--tls-auth-clients"_qs, wantsClientCertificate ? u"yes"_qs : u"no"_qs, u"--port"_qs, u"0"_qs};
    auto server = std::make_unique<RedisServer>();
    arguments << u"--tls-port"_qs << QString::number(server->port());
    server->addArguments(arguments);
    return server->start() ? std::move(server) : nullptr;
}

QString TestRedisTls::outcome(const RedisServer& server, const QString& query) const
{
    const auto client = redis::makeClient(
        RedisUrl::parse(QStringLiteral("rediss://127.0.0.1:%1/1?%2").arg(server.port()).arg(query)));
    const QString text = askForError(*client, Command::once("SET", "key", QByteArray(200'000, 'x')));
    if (text == u"no error"_qs)
        return ask(*client, Command::idempotent("GET", "key")).bytes.size() == 200'000 ? text : u"cut"_qs;
    return text;
}

void TestRedisTls::certificates_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("query");
    QTest::addColumn<QString>("expected");
    const QString own = u"ca="_qs + m_certificates->authority();
    QTest::newRow("own authority") << "good" << own << "no error";
    QTest::newRow("authority unknown") << "good"
                                       << ""
                                       << "configuration: The certificate of";
    QTest::newRow("wrong host") << "otherhost" << own << "configuration: The certificate of";
    QTest::newRow("expired") << "expired" << own << "configuration: The certificate of";
    QTest::newRow("expired, not verified") << "expired"
                                           << "verify=none"
                                           << "no error";
}

void TestRedisTls::certificates()
{
    QFETCH(QString, name);
    QFETCH(QString, query);
    QFETCH(QString, expected);
    const auto server = serve(name, false);
    QVERIFY(server);
    const QString text = outcome(*server, query);
    QVERIFY2(text.startsWith(expected), qPrintable(text));
}

void TestRedisTls::clientCertificate()
{
    const auto server = serve(u"good"_qs, true);
    QVERIFY(server);
    const QString own = u"ca="_qs + m_certificates->authority();
    const QString identity =
        QStringLiteral("%1&cert=%2&key=%3")
            .arg(own, m_certificates->certificate(u"client"_qs), m_certificates->key(u"client"_qs));
    QCOMPARE(outcome(*server, identity), u"no error"_qs);
    const QString without = outcome(*server, own);
    QVERIFY2(without.startsWith(u"connection"_qs), qPrintable(without));
}

void TestRedisTls::badFilesAreNamed()
{
    const auto server = serve(u"good"_qs, false);
    QVERIFY(server);
    const QString missing = outcome(*server, u"ca=/nowhere/ca.pem"_qs);
    QVERIFY2(missing.startsWith(u"configuration: The file /nowhere/ca.pem, ca of"_qs), qPrintable(missing));
    const QString notPem = outcome(*server, u"ca="_qs + m_certificates->key(u"good"_qs));
    QVERIFY2(notPem.contains(u"holds no PEM certificate"_qs), qPrintable(notPem));
    const QString noKey =
        outcome(*server, QStringLiteral("cert=%1&key=%1").arg(m_certificates->certificate(u"client"_qs)));
    QVERIFY2(noKey.contains(u"key of the store's URL, holds no PEM private key"_qs), qPrintable(noKey));
}

void TestRedisTls::plainServerIsTold()
{
    RedisServer server;
    QVERIFY2(server.start(), qPrintable(server.log()));
    // It takes the greeting for a command that is not complete yet, and says nothing.
    redis::ConnectionSettings settings;
    settings.endpoint.host = u"127.0.0.1"_qs;
    settings.endpoint.port = server.port();
    settings.tls.enabled = true;
    settings.connectTimeout = std::chrono::milliseconds(200);
    redis::Connection connection(settings);
    const QString text = askForError(connection, Command::idempotent("PING"));
    QVERIFY2(text.startsWith(u"connection"_qs) && text.contains(u"TLS"_qs), qPrintable(text));
}

LLMCACHE_TEST_MAIN(TestRedisTls)
#include "tst_redistls.moc"
