#include "provider/keytest.h"
#include "providerfixture.h"

#include <QElapsedTimer>
#include <QTcpServer>

using namespace llmcache;
using namespace llmcache::test;

class TestKeyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyProviderHasAFreeRequest_data();
    void everyProviderHasAFreeRequest();
    void verdicts_data();
    void verdicts();
    void nobodyAnswers();
    void withoutAKey();
    void cancelled();
};

void TestKeyTest::everyProviderHasAFreeRequest_data()
{
    QTest::addColumn<QString>("prefix");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("header");
    const auto row = [](const char* prefix, const char* path, const char* header) {
        QTest::newRow(prefix) << QString::fromLatin1(prefix) << QByteArray(path) << QByteArray(header);
    };
    row("openai", "/v1/models", "Authorization");
    row("openai-responses", "/v1/models", "Authorization");
    row("anthropic", "/v1/models", "x-api-key");
    row("google", "/v1/models?pageSize=1", "x-goog-api-key");
    row("google-vertex", "/v1/v1beta1/publishers/google/models?pageSize=1", "Authorization");
    row("cohere", "/v1/v1/models?page_size=1", "Authorization");
    row("bedrock", "/v1/foundation-models", "Authorization");
    row("azure", "/v1/models", "api-key");
    row("openrouter", "/v1/key", "Authorization");
    row("vercel", "/v1/credits", "Authorization");
    row("mistral", "/v1/models", "Authorization");
}

void TestKeyTest::everyProviderHasAFreeRequest()
{
    QFETCH(QString, prefix);
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, header);
    ProviderFixture fixture(QStringLiteral("/v1"));
    fixture.server.enqueue(ScriptedReply::json(R"({"data": []})"));
    ProviderRegistry registry(fixture.config);
    const KeyTest test = waitForTask(testKey(&registry, prefix, {}));
    QCOMPARE(static_cast<int>(test.verdict), static_cast<int>(KeyTest::Verdict::Valid));
    QVERIFY2(test.text.contains(QStringLiteral("accepts the key")), qUtf8Printable(test.text));
    QCOMPARE(fixture.server.requests().size(), std::size_t(1));
    const RecordedRequest& sent = fixture.server.requests().front();
    QCOMPARE(sent.method, QByteArray("GET"));
    QCOMPARE(sent.path, path);
    QVERIFY(sent.body.isEmpty());
    QVERIFY2(sent.header(header.constData()).contains("secret-of-"), header.constData());
}

void TestKeyTest::verdicts_data()
{
    QTest::addColumn<QString>("prefix");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("verdict");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* name, const char* prefix, int status, const char* body,
                         KeyTest::Verdict verdict, const char* word) {
        QTest::newRow(name) << QString::fromLatin1(prefix) << status << QByteArray(body)
                            << static_cast<int>(verdict) << QString::fromLatin1(word);
    };
    row("wrong", "openai", 401, R"({"error": {"message": "Incorrect API key", "code": "invalid_api_key"}})",
        KeyTest::Verdict::Refused, "refuses the key (401)");
    row("no right", "anthropic", 403, R"({"error": {"type": "permission_error", "message": "no"}})",
        KeyTest::Verdict::Refused, "(403)");
    row("wrong at Google", "google", 400,
        R"({"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT",
            "details": [{"reason": "API_KEY_INVALID"}]}})",
        KeyTest::Verdict::Refused, "refuses the key");
    row("rate limit", "openai", 429, R"({"error": {"message": "Slow down", "code": "rate_limit_exceeded"}})",
        KeyTest::Verdict::RateLimited, "rate limit");
    row("overloaded", "anthropic", 529, R"({"error": {"type": "overloaded_error", "message": "busy"}})",
        KeyTest::Verdict::RateLimited, "529");
    row("no such address", "mistral", 404, "not found", KeyTest::Verdict::Unclear, "says nothing");
    row("a redirect is not followed", "groq", 302, "", KeyTest::Verdict::Unclear, "302");
}

void TestKeyTest::verdicts()
{
    QFETCH(QString, prefix);
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(int, verdict);
    QFETCH(QString, word);
    ProviderFixture fixture;
    fixture.server.enqueue(ScriptedReply::json(body, status, {{"Location", "/elsewhere"}}));
    ProviderRegistry registry(fixture.config);
    const KeyTest test = waitForTask(testKey(&registry, prefix, {}));
    QCOMPARE(static_cast<int>(test.verdict), verdict);
    QVERIFY2(test.text.contains(word), qUtf8Printable(test.text));
    QVERIFY(!test.remedy.isEmpty());
    QVERIFY(!(test.text + test.remedy).contains(QStringLiteral("secret-of-")));
    QCOMPARE(fixture.server.requests().size(), std::size_t(1));
}

void TestKeyTest::nobodyAnswers()
{
    ProviderFixture fixture;
    QTcpServer closed;
    QVERIFY(closed.listen(QHostAddress::LocalHost));
    const quint16 port = closed.serverPort();
    closed.close();
    fixture.config.baseUrls[QStringLiteral("openai")] =
        QUrl(QStringLiteral("http://127.0.0.1:%1/v1").arg(port));
    ProviderRegistry registry(fixture.config);
    const KeyTest test = waitForTask(testKey(&registry, QStringLiteral("openai"), {}));
    QCOMPARE(static_cast<int>(test.verdict), static_cast<int>(KeyTest::Verdict::NoNetwork));
    QVERIFY2(test.text.contains(QStringLiteral("refuses the connection")), qUtf8Printable(test.text));
    QVERIFY(!test.remedy.isEmpty());
}

void TestKeyTest::withoutAKey()
{
    ProviderConfig config;
    config.secret = [](const QString&) { return QString(); };
    ProviderRegistry registry(config);
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(testKey(&registry, QStringLiteral("openai"), {})), ConfigurationError);
    QVERIFY_EXCEPTION_THROWN(waitForTask(testKey(&registry, QStringLiteral("test"), {})), ConfigurationError);
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(testKey(&registry, QStringLiteral("nobody"), {})), ConfigurationError);
}

void TestKeyTest::cancelled()
{
    ProviderFixture fixture;
    ScriptedReply held = ScriptedReply::json(R"({})");
    held.holdBefore = 0;
    fixture.server.enqueue(held);
    ProviderRegistry registry(fixture.config);
    std::stop_source source;
    connect(&fixture.server, &HttpServer::requestArrived, this, [&source] { source.request_stop(); });
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(testKey(&registry, QStringLiteral("openai"), source.get_token())), Cancelled);
    QTRY_COMPARE(fixture.server.connectionsOpen(), 0);
}

QTEST_GUILESS_MAIN(TestKeyTest)
#include "tst_keytest.moc"
