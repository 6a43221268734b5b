#include "base/error.h"
#include "httpserver.h"
#include "provider/provider.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QSet>
#include <QTest>

#include <map>

using namespace llmcache;
using namespace llmcache::test;

namespace {

ProviderConfig configWith(const std::map<QString, QString>& secrets)
{
    ProviderConfig config;
    config.secret = [secrets](const QString& name) {
        const auto found = secrets.find(name);
        return found == secrets.end() ? QString() : found->second;
    };
    return config;
}

QString errorOf(ProviderRegistry& registry, const QString& model, const QUrl& baseUrl = {})
{
    ProviderRequest request;
    request.model = ModelRef::parse(model);
    request.baseUrl = baseUrl;
    request.messages = {Message::user(QStringLiteral("Hi"))};
    try {
        ProviderContext context;
        waitForTask(registry.provider(request.model.provider).complete(request, context));
    } catch (const ConfigurationError& error) {
        return error.text();
    }
    return {};
}

class NoProvider final : public Provider {
public:
    QCoro::Task<ProviderReply> complete(ProviderRequest, ProviderContext) override
    {
        co_return ProviderReply();
    }
};

} // namespace

class TestRegistry : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void unknownPrefixListsTheKnownOnes();
    void everyRowMakesAProvider();
    void missingKeyNamesItsVariable();
    void endpointOverrides();
    void serversOfOnesOwnNeedNoKey();
    void keys();
    void environmentChoosesTheServer();
    void requestChoosesTheServer();
    void badBaseUrls_data();
    void badBaseUrls();
    void brokenKeys();
    void ownProviders();
};

void TestRegistry::unknownPrefixListsTheKnownOnes()
{
    ProviderRegistry registry(configWith({}));
    try {
        registry.provider(u"opnai"_qs);
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        for (const QString& part : {u"opnai"_qs, u"openai"_qs, u"anthropic"_qs, u"mistral"_qs})
            QVERIFY2(error.text().contains(part), error.what());
    }
}

void TestRegistry::everyRowMakesAProvider()
{
    ProviderRegistry registry(configWith({}));
    QSet<QString> seen;
    for (const ProviderPrefix& prefix : ProviderRegistry::prefixes()) {
        QVERIFY2(!seen.contains(prefix.prefix), qPrintable(prefix.prefix));
        seen.insert(prefix.prefix);
        QVERIFY(!prefix.displayName.isEmpty());
        QVERIFY(!prefix.keyRequired || !prefix.keyVariables.isEmpty());
        QCOMPARE(&registry.provider(prefix.prefix), &registry.provider(prefix.prefix));
    }
    for (const char* name : {"test", "openai", "openai-chat", "anthropic", "azure", "deepseek", "openrouter",
             "ollama", "together", "fireworks", "cerebras", "moonshotai", "github", "grok", "xai", "litellm",
             "groq", "mistral", "huggingface"})
        QVERIFY2(seen.contains(QString::fromLatin1(name)), name);
}

void TestRegistry::missingKeyNamesItsVariable()
{
    ProviderRegistry registry(configWith({}));
    QVERIFY(errorOf(registry, u"openai:gpt-4o"_qs).contains(u"OPENAI_API_KEY"_qs));
    QVERIFY(errorOf(registry, u"anthropic:claude-haiku-4-5"_qs).contains(u"ANTHROPIC_API_KEY"_qs));
    QVERIFY(errorOf(registry, u"azure:gpt-4o"_qs).contains(u"AZURE_OPENAI_ENDPOINT"_qs));
}

void TestRegistry::endpointOverrides()
{
    ProviderConfig config = configWith({{u"OPENAI_BASE_URL"_qs, u"http://proxy.example/v1/"_qs},
        {u"ANTHROPIC_BASE_URL"_qs, u"https://api.anthropic.com/"_qs}});
    config.baseUrls[u"mistral"_qs] = QUrl(u"http://127.0.0.1:9/v1"_qs);
    const ProviderRegistry registry(config);
    QCOMPARE(registry.endpointOverride(u"openai"_qs), u"http://proxy.example/v1"_qs);
    QCOMPARE(registry.endpointOverride(u"anthropic"_qs), QString());
    QCOMPARE(registry.endpointOverride(u"mistral"_qs), u"http://127.0.0.1:9/v1"_qs);
    QCOMPARE(registry.endpointOverride(u"groq"_qs), QString());
    QCOMPARE(registry.endpointOverride(u"test"_qs), QString());
    config.baseUrls[u"openai"_qs] = QUrl(u"https://api.openai.com/v1"_qs);
    QCOMPARE(ProviderRegistry(config).endpointOverride(u"openai"_qs), QString());
}

void TestRegistry::serversOfOnesOwnNeedNoKey()
{
    HttpServer server;
    server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"stop","message":{"content":"x"}}]})"));
    ProviderConfig config = configWith({});
    config.baseUrls[u"openai"_qs] = server.url(u"/v1"_qs);
    ProviderRegistry registry(config);
    QVERIFY(registry.hasKey(u"openai"_qs));
    QCOMPARE(errorOf(registry, u"openai:local"_qs), QString());
    QVERIFY(server.requests().front().header("authorization").isEmpty());
}

void TestRegistry::keys()
{
    const ProviderRegistry none(configWith({}));
    QVERIFY(none.hasKey(u"test"_qs));
    QVERIFY(none.hasKey(u"ollama"_qs));
    QVERIFY(!none.hasKey(u"openai"_qs));
    QVERIFY(!none.hasKey(u"azure"_qs));
    QVERIFY(!none.hasKey(u"nobody"_qs));
    const ProviderRegistry some(configWith({{u"XAI_API_KEY"_qs, u"k"_qs}}));
    QVERIFY(some.hasKey(u"xai"_qs));
    QVERIFY(some.hasKey(u"grok"_qs));
}

void TestRegistry::environmentChoosesTheServer()
{
    HttpServer server;
    server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"stop","message":{"content":"x"}}]})"));
    ProviderRegistry registry(configWith(
        {{u"OPENAI_BASE_URL"_qs, server.url(u"/v1"_qs).toString()}, {u"OPENAI_API_KEY"_qs, u"k"_qs}}));
    QCOMPARE(errorOf(registry, u"openai:gpt-4o"_qs), QString());
    QCOMPARE(server.requests().front().path, QByteArray("/v1/chat/completions"));
    QCOMPARE(server.requests().front().header("authorization"), QByteArray("Bearer k"));
}

void TestRegistry::requestChoosesTheServer()
{
    HttpServer server;
    server.enqueue(
        ScriptedReply::json(R"({"choices":[{"finish_reason":"stop","message":{"content":"x"}}]})"));
    ProviderRegistry registry(configWith({{u"OPENAI_BASE_URL"_qs, u"http://127.0.0.1:9"_qs}}));
    QCOMPARE(errorOf(registry, u"openai:gpt-4o"_qs, server.url(u"/mine"_qs)), QString());
    QCOMPARE(server.requests().front().path, QByteArray("/mine/chat/completions"));
}

void TestRegistry::badBaseUrls_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("part");
    QTest::newRow("file") << "file:///etc/passwd"
                          << "file:///etc/passwd";
    QTest::newRow("no scheme") << "localhost"
                               << "localhost";
    QTest::newRow("password") << "https://user:hunter2@host/v1"
                              << "password";
}

void TestRegistry::badBaseUrls()
{
    QFETCH(QString, url);
    QFETCH(QString, part);
    ProviderRegistry registry(configWith({{u"OPENAI_BASE_URL"_qs, url}, {u"OPENAI_API_KEY"_qs, u"k"_qs}}));
    const QString error = errorOf(registry, u"openai:gpt-4o"_qs);
    QVERIFY2(error.contains(part), qPrintable(error));
    QVERIFY2(!error.contains(u"hunter2"_qs), qPrintable(error));
}

void TestRegistry::brokenKeys()
{
    ProviderRegistry registry(configWith({{u"OPENAI_API_KEY"_qs, u"abc\r\nX-Other: 1"_qs}}));
    const QString error = errorOf(registry, u"openai:gpt-4o"_qs);
    QVERIFY2(error.contains(u"OPENAI_API_KEY"_qs), qPrintable(error));
    QVERIFY2(!error.contains(u"abc"_qs), qPrintable(error));
}

void TestRegistry::ownProviders()
{
    ProviderRegistry registry(configWith({}));
    auto own = std::make_unique<NoProvider>();
    Provider* const pointer = own.get();
    registry.setProvider(u"mine"_qs, std::move(own));
    QCOMPARE(&registry.provider(u"mine"_qs), pointer);
    QVERIFY(registry.hasKey(u"mine"_qs));
}

LLMCACHE_TEST_MAIN(TestRegistry)
#include "tst_registry.moc"
