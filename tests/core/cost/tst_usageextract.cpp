#include "base/error.h"
#include "cost/pricetable.h"
#include "cost/usageextract.h"
#include "testenvironment.h"

#include <QDir>
#include <QTest>

using namespace llmcache;

namespace {

Usage extract(const char* protocol, const QByteArray& reply, const char* provider = "")
{
    return extractUsage(QString(QLatin1String(protocol)), parseJson(reply, QStringLiteral("reply")),
        QString(QLatin1String(provider)));
}

} // namespace

class TestUsageExtract : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void replies_data();
    void replies();
    void rawIsKept();
    void badRepliesAreRefused_data();
    void badRepliesAreRefused();
    void recordedTraffic();
};

void TestUsageExtract::replies_data()
{
    QTest::addColumn<QByteArray>("protocol");
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<QByteArray>("provider");
    QTest::addColumn<QByteArray>("counts");
    const auto row = [](const char* name, const char* protocol, const char* reply, const char* counts,
                         const char* provider = "") {
        QTest::newRow(name) << QByteArray(protocol) << QByteArray(reply) << QByteArray(provider)
                            << QByteArray(counts);
    };
    row("anthropic adds its cache", "anthropic-messages",
        R"({"usage": {"input_tokens": 3, "cache_read_input_tokens": 1111, "cache_creation_input_tokens": 20,
            "cache_creation": {"ephemeral_1h_input_tokens": 8, "ephemeral_5m_input_tokens": 12},
            "output_tokens": 406, "output_tokens_details": {"thinking_tokens": 99},
            "server_tool_use": {"web_search_requests": 2}}})",
        R"({"input_tokens":1134,"output_tokens":406,"cache_read_tokens":1111,"cache_write_tokens":20,"reasoning_tokens":99,"cache_write_1h_tokens":8,"web_searches":2,"requests":1})");
    row("anthropic, writes by lifetime only", "anthropic-messages",
        R"({"input_tokens": 3, "output_tokens": 4, "cache_creation": {"ephemeral_1h_input_tokens": 8, "ephemeral_5m_input_tokens": 12}})",
        R"({"input_tokens":23,"output_tokens":4,"cache_read_tokens":0,"cache_write_tokens":20,"reasoning_tokens":0,"cache_write_1h_tokens":8,"requests":1})");
    row("chat with details", "openai-chat",
        R"({"usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10, "audio_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 7}}})",
        R"({"input_tokens":100,"output_tokens":50,"cache_read_tokens":40,"cache_write_tokens":10,"reasoning_tokens":20,"input_audio_tokens":5,"output_audio_tokens":7,"requests":1})");
    row("chat with null details", "openai-chat",
        R"({"usage": {"prompt_tokens": 100, "completion_tokens": 50, "prompt_tokens_details": null}})",
        R"({"input_tokens":100,"output_tokens":50,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":0,"requests":1})");
    row("deepseek's own name", "openai-chat",
        R"({"prompt_tokens": 100, "completion_tokens": 50, "prompt_cache_hit_tokens": 60, "prompt_cache_miss_tokens": 40})",
        R"({"input_tokens":100,"output_tokens":50,"cache_read_tokens":60,"cache_write_tokens":0,"reasoning_tokens":0,"requests":1})");
    row("groq's stream", "openai-chat",
        R"({"x_groq": {"usage": {"prompt_tokens": 1, "completion_tokens": 2}}})",
        R"({"input_tokens":1,"output_tokens":2,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":0,"requests":1})");
    row("xai", "openai-chat",
        R"({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22, "completion_tokens_details": {"reasoning_tokens": 7}})",
        R"({"input_tokens":10,"output_tokens":12,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":7,"requests":1})",
        "xai");
    row("xai with reasoning in its completion", "openai-chat",
        R"({"prompt_tokens": 10, "completion_tokens": 12, "total_tokens": 22, "completion_tokens_details": {"reasoning_tokens": 7}})",
        R"({"input_tokens":10,"output_tokens":12,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":7,"requests":1})",
        "grok");
    row("others never count reasoning twice", "openai-chat",
        R"({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22, "completion_tokens_details": {"reasoning_tokens": 7}})",
        R"({"input_tokens":10,"output_tokens":5,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":7,"requests":1})",
        "openai");
    row("responses", "openai-responses",
        R"({"response": {"usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4},
            "output_tokens": 8, "output_tokens_details": {"reasoning_tokens": 3}}}})",
        R"({"input_tokens":9,"output_tokens":8,"cache_read_tokens":4,"cache_write_tokens":0,"reasoning_tokens":3,"requests":1})");
    row("gemini adds thoughts and tools", "gemini",
        R"({"usageMetadata": {"promptTokenCount": 100, "toolUsePromptTokenCount": 20, "cachedContentTokenCount": 30,
            "candidatesTokenCount": 7, "thoughtsTokenCount": 5,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 60}, {"modality": "AUDIO", "tokenCount": 40}],
            "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 11}],
            "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 6}]}})",
        R"({"input_tokens":120,"output_tokens":12,"cache_read_tokens":30,"cache_write_tokens":0,"reasoning_tokens":5,"input_audio_tokens":42,"cache_read_audio_tokens":11,"output_audio_tokens":6,"requests":1})");
    row("gemini without counts", "gemini", R"({"usageMetadata": {"trafficType": "ON_DEMAND"}})",
        R"({"input_tokens":0,"output_tokens":0,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":0,"requests":1})");
    row("cohere counts tokens, not units", "cohere",
        R"({"usage": {"billed_units": {"input_tokens": 13, "output_tokens": 61}, "cached_tokens": 5,
            "tokens": {"input_tokens": 542.0, "output_tokens": 63}}})",
        R"({"input_tokens":542,"output_tokens":63,"cache_read_tokens":5,"cache_write_tokens":0,"reasoning_tokens":0,"requests":1})");
    row("cohere of old", "cohere",
        R"({"usage": {"billed_units": {"input_tokens": 13, "output_tokens": 61}}})",
        R"({"input_tokens":13,"output_tokens":61,"cache_read_tokens":0,"cache_write_tokens":0,"reasoning_tokens":0,"requests":1})");
}

void TestUsageExtract::replies()
{
    QFETCH(QByteArray, protocol);
    QFETCH(QByteArray, reply);
    QFETCH(QByteArray, provider);
    QFETCH(QByteArray, counts);
    QCOMPARE(toJsonText(toJson(extract(protocol.constData(), reply, provider.constData()))), counts);
}

void TestUsageExtract::rawIsKept()
{
    const Usage usage =
        extract("openai-chat", R"({"usage": {"prompt_tokens": 1, "completion_tokens": 2, "cost": 0.5}})");
    QCOMPARE(toJsonText(usage.raw), QByteArray(R"({"prompt_tokens":1,"completion_tokens":2,"cost":0.5})"));
}

void TestUsageExtract::badRepliesAreRefused_data()
{
    QTest::addColumn<QByteArray>("protocol");
    QTest::addColumn<QByteArray>("reply");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* name, const char* protocol, const char* reply, const char* word) {
        QTest::newRow(name) << QByteArray(protocol) << QByteArray(reply) << QString(QLatin1String(word));
    };
    row("no usage", "openai-chat", R"({"choices": []})", "has no usage");
    row("null usage", "openai-chat", R"({"usage": null})", "has no usage");
    row("a list", "openai-chat", "[]", "has no usage");
    row("an error", "anthropic-messages", R"({"type": "error", "error": {"message": "no"}})", "has no usage");
    row("half a usage", "openai-chat", R"({"usage": {"prompt_tokens": 4}})", "completion_tokens");
    row("another protocol's usage", "openai-chat", R"({"usage": {"input_tokens": 4, "output_tokens": 4}})",
        "prompt_tokens");
    row("negative", "openai-responses", R"({"usage": {"input_tokens": -4, "output_tokens": 4}})",
        "input_tokens");
    row("fraction", "openai-responses", R"({"usage": {"input_tokens": 1.5, "output_tokens": 4}})",
        "input_tokens");
    row("text", "gemini", R"({"usageMetadata": {"promptTokenCount": "4"}})", "promptTokenCount");
    row("absurd", "gemini", R"({"usageMetadata": {"promptTokenCount": 1e30}})", "promptTokenCount");
    row("details no list", "gemini",
        R"({"usageMetadata": {"promptTokenCount": 4, "promptTokensDetails": {}}})", "promptTokensDetails");
    row("nested text", "openai-chat",
        R"({"usage": {"prompt_tokens": 4, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": "x"}}})",
        "prompt_tokens_details.cached_tokens");
    row("cohere without tokens", "cohere", R"({"usage": {}})", "tokens");
}

void TestUsageExtract::badRepliesAreRefused()
{
    QFETCH(QByteArray, protocol);
    QFETCH(QByteArray, reply);
    QFETCH(QString, word);
    try {
        extract(protocol.constData(), reply);
        QFAIL("no error");
    } catch (const CacheError& error) {
        QVERIFY2(error.message().contains(word), qPrintable(error.message()));
        QVERIFY(error.message().contains(QString::fromUtf8(protocol)));
    }
    QVERIFY_EXCEPTION_THROWN(extract("smtp", reply), ConfigurationError);
}

void TestUsageExtract::recordedTraffic()
{
    const QDir folder(qEnvironmentVariable("LLMCACHE_FIXTURES") + QStringLiteral("/provider-traffic"));
    if (!folder.exists())
        QSKIP("LLMCACHE_FIXTURES names no folder with provider-traffic.");
    const PriceTable table = PriceTable::builtIn();
    int compared = 0;
    int priced = 0;
    for (const QString& name : folder.entryList({QStringLiteral("*.json")})) {
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const Json recording = parseJson(file.readAll(), name, 4096);
        const Json& expected = recording.at("expected").at("usage");
        QString protocol = stringMember(recording, "protocol");
        if (expected.is_null() || recording.at("streaming").get<bool>()
            || protocol == QLatin1String("xai-grpc"))
            continue;
        protocol.replace(QLatin1String("gemini-generatecontent"), QLatin1String("gemini"));
        protocol.replace(QLatin1String("cohere-v2-chat"), QLatin1String("cohere"));
        const Json body = parseJson(stringMember(recording.at("response"), "body").toUtf8(), name, 4096);
        const Usage usage = extractUsage(protocol, body, stringMember(recording, "provider"));
        const auto same = [&](const char* field, qint64 count) {
            if (const Json* value = findMember(expected, field); value && !value->is_null())
                QCOMPARE(count, value->get<qint64>());
        };
        same("input_tokens", usage.inputTokens);
        same("output_tokens", usage.outputTokens);
        same("cache_read_tokens", usage.cacheReadTokens);
        same("cache_write_tokens", usage.cacheWriteTokens);
        same("reasoning_tokens", usage.reasoningTokens);
        same("input_audio_tokens", usage.inputAudioTokens);
        same("output_audio_tokens", usage.outputAudioTokens);
        if (QTest::currentTestFailed())
            QFAIL(qPrintable(name));
        ++compared;
        const QString cost = stringMember(recording.at("expected"), "cost_usd");
        const QString model =
            stringMember(recording, "provider") + QLatin1Char(':') + stringMember(recording, "model");
        const Quote quote = table.quote(model, usage, 1'785'585'600'000);
        if (!cost.isEmpty() && stringMember(recording, "provider") != QLatin1String("huggingface")) {
            QVERIFY2(quote.total, qPrintable(quote.problem));
            QCOMPARE(*quote.total, *Money::fromDecimal(cost));
            ++priced;
        }
    }
    QVERIFY(compared >= 25);
    QVERIFY(priced >= 10);
}

LLMCACHE_TEST_MAIN(TestUsageExtract)
#include "tst_usageextract.moc"
