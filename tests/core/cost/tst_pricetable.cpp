#include "base/error.h"
#include "base/json.h"
#include "cost/pricetable.h"
#include "quotes.h"
#include "quotevectors.h"
#include "testenvironment.h"

#include <QDateTime>
#include <QTest>
#include <QThread>

#include <atomic>

using namespace llmcache;
using namespace llmcache::test;

class TestPriceTable : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_table = PriceTable::builtIn(); }
    void figures_data();
    void figures();
    void classesAreShownAndDisjoint();
    void audioIsDisjointFromCacheReads();
    void knownPrices();
    void unknownNamesAreNeverGuessed_data();
    void unknownNamesAreNeverGuessed();
    void namesLeadToTheirModel_data();
    void namesLeadToTheirModel();
    void impossibleUsageIsRefused_data();
    void impossibleUsageIsRefused();
    void partsWithoutAPriceBillAtTheParentsRate();
    void missingFeeMakesTheQuoteUnpriced();
    void testModelsHaveAMadeUpPrice();
    void everyModelQuotes();
    void theTableIsLargeEnough();
    void quotesOfSeveralRequestsAddUp();
    void datesCanBeReadOnTheCallersCalendar();
    void manyThreadsMayQuoteAtOnce();

private:
    PriceTable m_table;
};

void TestPriceTable::figures_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<Usage>("usage");
    QTest::addColumn<qint64>("at");
    QTest::addColumn<QString>("dollars");
    const auto row = [](const char* name, const char* model, const Usage& usage, qint64 at,
                         const char* dollars) {
        QTest::newRow(name) << QString(QLatin1String(model)) << usage << at
                            << QString(QLatin1String(dollars));
    };
    row("plain", "gpt-4o-mini", tokens(1000, 500), august, "0.00045");
    row("cache read", "gpt-4o", tokens(1000, 200, 800), august, "0.0035");
    row("both cache writes", "claude-haiku-4-5", tokens(10000, 500, 6000, 2000, 1500), august, "0.008725");
    row("at the tier", "claude-sonnet-4-5", tokens(200000, 1000), august, "0.615");
    row("above the tier", "claude-sonnet-4-5", tokens(200001, 1000), august, "1.222506");
    row("tier with cache", "gemini-2.5-pro", tokens(250000, 1000, 50000), august, "0.5275");
    row("below the tier of gemini", "gemini-2.5-pro", tokens(200000, 1000), august, "0.26");
    row("at 272000", "gpt-5.4", tokens(272000, 1000), august, "0.695");
    row("above 272000", "gpt-5.4", tokens(272001, 1000), august, "1.382505");
    row("last second of the old price", "o3", tokens(1000, 1000), utc("2025-06-09T23:59:59Z"), "0.05");
    row("first second of the new price", "o3", tokens(1000, 1000), utc("2025-06-10T00:00:00Z"), "0.01");
    row("day price from 00:30", "deepseek-chat", tokens(1000000, 100000, 400000), utc("2026-08-01T00:30:00Z"),
        "0.3");
    row("night price until 00:29:59", "deepseek-chat", tokens(1000000, 100000, 400000),
        utc("2026-08-01T00:29:59.999Z"), "0.15");
    row("day price until 16:29:59", "deepseek-chat", tokens(1000000, 100000, 400000),
        utc("2026-08-01T16:29:59.999Z"), "0.3");
    row("night price from 16:30", "deepseek-chat", tokens(1000000, 100000, 400000),
        utc("2026-08-01T16:30:00Z"), "0.15");
    row("price before 1970", "deepseek-chat", tokens(1000000, 0), utc("1969-12-31T12:00:00Z"), "0.27");
    row("before the end of an introductory price", "claude-sonnet-5", tokens(1000000, 0),
        utc("2026-08-31T23:59:59Z"), "2");
    row("after it", "claude-sonnet-5", tokens(1000000, 0), utc("2026-09-01T00:00:00Z"), "3");
    row("a fee for the request", "perplexity:sonar", tokens(500, 200), august, "0.0127");
    row("nothing used", "perplexity:sonar", tokens(0, 0), august, "0");
    row("a free model", "mistral:mistral-nemo:free", tokens(1000, 1000), august, "0");
    Usage audio = tokens(10000, 100, 3000);
    audio.inputAudioTokens = 4000;
    audio.cacheReadAudioTokens = 1000;
    row("audio, cached and not", "gemini-2.5-flash", audio, august, "0.00461");
    Usage searched = tokens(1000, 0);
    searched.webSearches = 3;
    row("searches", "claude-haiku-4-5", searched, august, "0.031");
    Usage thought = tokens(0, 1000);
    thought.reasoningTokens = 400;
    row("reasoning with a price of its own", "perplexity:sonar-deep-research", thought, august, "0.006");
    row("reasoning at the output price", "o3", thought, august, "0.008");
    Usage threeRequests = tokens(500, 200);
    threeRequests.requests = 3;
    row("three fees", "perplexity:sonar", threeRequests, august, "0.0367");
}

void TestPriceTable::figures()
{
    QFETCH(QString, model);
    QFETCH(Usage, usage);
    QFETCH(qint64, at);
    QFETCH(QString, dollars);
    const Quote quote = m_table.quote(model, usage, at);
    QCOMPARE(total(quote), dollars);
    QCOMPARE(sumOfLines(quote), *quote.total);
    QCOMPARE(quote.source, QStringLiteral("table ") + m_table.version());
    QVERIFY(quote.problem.isEmpty());
}

void TestPriceTable::classesAreShownAndDisjoint()
{
    const Quote quote = m_table.quote(
        QStringLiteral("anthropic:claude-haiku-4-5"), tokens(10000, 500, 6000, 2000, 1500), august);
    QCOMPARE(linesOf(quote),
        QStringLiteral("input 2000 x 0.000001 = 0.002; cache read 6000 x 0.0000001 = 0.0006; "
                       "cache write 500 x 0.00000125 = 0.000625; cache write 1 h 1500 x 0.000002 = 0.003; "
                       "output 500 x 0.000005 = 0.0025"));
    QCOMPARE(quote.input.toDecimal(), QStringLiteral("0.006225"));
    QCOMPARE(quote.output.toDecimal(), QStringLiteral("0.0025"));
    QCOMPARE(quote.matchedProvider, QStringLiteral("anthropic"));
    QCOMPARE(quote.matchedModel, QStringLiteral("claude-haiku-4-5"));
}

void TestPriceTable::audioIsDisjointFromCacheReads()
{
    Usage usage = tokens(10000, 100, 3000);
    usage.inputAudioTokens = 4000;
    usage.cacheReadAudioTokens = 1000;
    QCOMPARE(linesOf(m_table.quote(QStringLiteral("google-gla:gemini-2.5-flash"), usage, august)),
        QStringLiteral("input 4000 x 0.0000003 = 0.0012; cache read 2000 x 0.00000003 = 0.00006; "
                       "input audio 3000 x 0.000001 = 0.003; cache read audio 1000 x 0.0000001 = 0.0001; "
                       "output 100 x 0.0000025 = 0.00025"));
}

void TestPriceTable::knownPrices()
{
    int compared = 0;
    for (const Json& vectors : priceVectors()) {
        for (const Json& vector : vectors.at("prices")) {
            QString model = stringMember(vector, "model_ref");
            if (const QString provider = stringMember(vector, "provider_id"); !provider.isEmpty())
                model = provider + QLatin1Char(':') + model;
            Json counts = vector.at("usage");
            for (const auto& [ours, theirs] :
                {std::pair("cache_read_audio_tokens", "cache_audio_read_tokens"),
                    std::pair("reasoning_tokens", "output_reasoning_tokens")}) {
                if (const Json* count = findMember(counts, theirs))
                    counts[ours] = Json(*count);
            }
            const QDateTime at = QDateTime::fromString(stringMember(vector, "at"), Qt::ISODate);
            QVERIFY(at.isValid());
            const Quote quote =
                m_table.quote(model, usageFromJson(counts), at.toMSecsSinceEpoch(), at.offsetFromUtc());
            const auto expected = [&](const char* field) {
                return *Money::fromDecimal(stringMember(vector, field));
            };
            QVERIFY2(quote.total.has_value(), qPrintable(model + quote.problem));
            QCOMPARE(quote.total->toDecimal(), expected("total").toDecimal());
            QCOMPARE(quote.input.toDecimal(), expected("input").toDecimal());
            QCOMPARE(quote.output.toDecimal(), expected("output").toDecimal());
            QCOMPARE(quote.matchedProvider, stringMember(vector, "provider"));
            QCOMPARE(quote.matchedModel, stringMember(vector, "model"));
            ++compared;
        }
        for (const Json& vector : vectors.at("price_errors")) {
            const QString model = stringMember(vector, "model_ref");
            if (const Json* usage = findMember(vector, "usage"))
                QVERIFY_EXCEPTION_THROWN(m_table.quote(model, usageFromJson(*usage), august), CacheError);
            else
                QVERIFY(!m_table.quote(model, tokens(1, 1), august).total);
        }
    }
    QVERIFY(compared >= 15);
}

void TestPriceTable::unknownNamesAreNeverGuessed_data()
{
    QTest::addColumn<QString>("model");
    for (const char* model : {"", " ", ":", "gpt", "gpt-", "gpt-4o-", "gpt-4oo", "gpt-4o-minix",
             "gpt-4o-mini-pro", "xgpt-4o", "gpt-4o mini", "openai:gpt", "openai:", "openai:claude-haiku-4-5",
             "anthropic:gpt-4o", "claude", "claude-haiku", "claude-haiku-4", "claude-haiku-4-55",
             "claude-haiku-4-5-turbo", "claude-haiku-4-5-20251001-fast", "claude-opus-4-10", "claude-opus-50",
             "gemini", "gemini-2.5", "gemini-2.5-pro-preview-tts", "gemini-2.5-proto", "o", "o3x", "o33",
             "o3:", "acme:gpt-4o", "acme/gpt-4o", "openrouter:gpt-4o", "openrouter:openai/gpt-4o:nitro",
             "mistral", "mistral:mistral", "bedrock:anthropic.claude-haiku-4-5", "deepseek", "test",
             "tests:x", "litellm:acme/gpt-4o", "litellm:litellm/openai/gpt-4o", "huggingface:Qwen/Qwen3-32B",
             "gpt-4o\n"}) {
        QTest::addRow("\"%s\"", model) << QString::fromUtf8(model);
    }
    QTest::newRow("very long") << QStringLiteral("gpt-4o-").repeated(10000);
}

void TestPriceTable::unknownNamesAreNeverGuessed()
{
    QFETCH(QString, model);
    const Quote quote = m_table.quote(model, tokens(1000, 1000), august);
    QVERIFY2(!quote.total, qPrintable(quote.matchedModel));
    QVERIFY(!quote.problem.isEmpty());
    QVERIFY(quote.source.isEmpty());
    QVERIFY(quote.lines.empty());
    QVERIFY(!m_table.find(model));
}

void TestPriceTable::namesLeadToTheirModel_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("matched");
    const auto row = [](const char* model, const char* matched) {
        QTest::newRow(model) << QString(QLatin1String(model)) << QString(QLatin1String(matched));
    };
    row("gpt-4.5-preview", "openai/gpt-4.5-preview");
    row("gpt-4.5-preview-2025-02-27", "openai/gpt-4.5-preview");
    row("gpt-4", "openai/gpt-4");
    row("GPT-4o", "openai/gpt-4o");
    row("openai:gpt-4o-2024-08-06", "openai/gpt-4o");
    row("openai-chat:gpt-5", "openai/gpt-5");
    row("openai-responses:gpt-5-codex", "openai/gpt-5");
    row("gateway/openai:gpt-5", "openai/gpt-5");
    row("ft:gpt-4o-mini-2024-07-18:acme::abc", "openai/ft:gpt-4o-mini");
    row("azure:o3", "azure/o3-2025-04-16");
    row("azure:gpt-4o", "azure/gpt-4o");
    row("azure:claude-haiku-4-5", "azure/claude-haiku-4-5");
    row("anthropic:claude-3-5-haiku-latest", "anthropic/claude-3-5-haiku-latest");
    row("anthropic:claude-3-5-haiku-20241022", "anthropic/claude-3-5-haiku-latest");
    row("anthropic:claude-sonnet-4-20250514", "anthropic/claude-sonnet-4-0");
    row("anthropic:claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5");
    row("claude-opus-4-5", "anthropic/claude-opus-4-5");
    row("google-vertex:claude-sonnet-4@20250514", "google/claude-4-sonnet");
    row("google-vertex:claude-sonnet-4-5@20250929", "google/claude-sonnet-4-5");
    row("google:models/gemini-2.5-flash", "google/gemini-2.5-flash");
    row("google-gla:gemini-2.5-pro-preview-05-06", "google/gemini-2.5-pro");
    row("google:gemma-3-27b-it", "google/gemma-3");
    row("grok:grok-4", "x-ai/grok-4-0709");
    row("xai:grok-4.5-20260701", "x-ai/grok-4.5");
    row("bedrock:us.anthropic.claude-haiku-4-5-20251001-v1:0",
        "aws/regional.anthropic.claude-haiku-4-5-20251001-v1:0");
    row("bedrock:global.anthropic.claude-haiku-4-5-20251001-v1:0",
        "aws/global.anthropic.claude-haiku-4-5-20251001-v1:0");
    row("bedrock:arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3-5-sonnet-20241022-v2:0",
        "aws/regional.anthropic.claude-3-5-sonnet-20241022-v2:0");
    row("us.meta.llama3-3-70b-instruct-v1:0", "aws/meta.llama3-3-70b-instruct-v1:0");
    row("bedrock:us.amazon.nova-2-lite-v1:0", "aws/regional.amazon.nova-2-lite-v1:0");
    row("mistral:mistral-large-latest", "mistral/mistral-large");
    row("mistral:mistral-medium-2505", "mistral/mistral-medium-3");
    row("cohere:command-a-03-2025", "cohere/command-a");
    row("cohere:command-r-plus-08-2024", "cohere/command-r-plus");
    row("groq:openai/gpt-oss-120b", "groq/openai/gpt-oss-120b");
    row("groq:llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile");
    row("cerebras:llama-3.3-70b", "cerebras/llama-3.3-70b");
    row("deepseek:deepseek-chat", "deepseek/deepseek-chat");
    row("fireworks:accounts/fireworks/models/gpt-oss-20b", "fireworks/gpt-oss-20b");
    row("together:Qwen/Qwen1.5-14B-Chat", "together/Qwen/Qwen1.5-14B");
    row("openrouter:anthropic/claude-haiku-4.5", "openrouter/anthropic/claude-haiku-4.5");
    row("moonshotai:kimi-k2-0905-preview", "moonshotai/kimi-k2-0905-preview");
    row("litellm:anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4-5");
    row("litellm:gpt-4o", "openai/gpt-4o");
    row("huggingface:Qwen/Qwen3-32B:groq", "huggingface_groq/Qwen/Qwen3-32B");
}

void TestPriceTable::namesLeadToTheirModel()
{
    QFETCH(QString, model);
    QFETCH(QString, matched);
    const Quote quote = m_table.quote(model, tokens(10, 10), august);
    QVERIFY2(quote.total, qPrintable(quote.problem));
    QCOMPARE(quote.matchedProvider + QLatin1Char('/') + quote.matchedModel, matched);
    const auto info = m_table.find(model);
    QVERIFY(info);
    QCOMPARE(info->provider + QLatin1Char('/') + info->model, matched);
}

void TestPriceTable::impossibleUsageIsRefused_data()
{
    QTest::addColumn<Usage>("usage");
    QTest::addColumn<QStringList>("names");
    const auto row = [](const char* name, const Usage& usage, const QStringList& names) {
        QTest::newRow(name) << usage << names;
    };
    row("reads above input", tokens(1000, 1, 1200),
        {QStringLiteral("cache_read_tokens (1200)"), QStringLiteral("input_tokens (1000)")});
    row("reads without input", tokens(0, 10, 5), {QStringLiteral("cache_read_tokens (5)")});
    row("writes above input", tokens(1000, 1, 0, 1001), {QStringLiteral("cache_write_tokens (1001)")});
    row("reads and writes above input", tokens(1000, 1, 600, 600),
        {QStringLiteral("cache_read_tokens (600)"), QStringLiteral("cache_write_tokens (600)")});
    row("an hour's writes above writes", tokens(1000, 1, 0, 10, 11),
        {QStringLiteral("cache_write_1h_tokens (11)"), QStringLiteral("cache_write_tokens (10)")});
    row("negative", tokens(-1, 1), {QStringLiteral("input_tokens is negative (-1)")});
    row("beyond reason", tokens(9'000'000'000'000'000'000, 1), {QStringLiteral("input_tokens")});
    row("more money than there is", tokens(900'000'000'000'000, 1), {QStringLiteral("input")});
    Usage usage = tokens(10, 10, 5);
    usage.inputAudioTokens = 6;
    usage.cacheReadAudioTokens = 6;
    row("cached audio above cache reads", usage, {QStringLiteral("cache_read_audio_tokens (6)")});
    usage = tokens(10, 10, 5);
    usage.cacheReadAudioTokens = 5;
    row("cached audio without audio", usage, {QStringLiteral("input_audio_tokens (0)")});
    usage = tokens(10, 10, 6);
    usage.inputAudioTokens = 6;
    row("audio and reads overlap", usage, {QStringLiteral("input_audio_tokens (6)")});
    usage = tokens(10, 10);
    usage.outputAudioTokens = 11;
    row("audio above output", usage, {QStringLiteral("output_audio_tokens (11)")});
    usage = tokens(10, 10);
    usage.webSearches = -1;
    row("negative searches", usage, {QStringLiteral("web_searches")});
}

void TestPriceTable::impossibleUsageIsRefused()
{
    QFETCH(Usage, usage);
    QFETCH(QStringList, names);
    try {
        m_table.quote(QStringLiteral("gemini-2.5-flash"), usage, august);
        QFAIL("no error");
    } catch (const CacheError& error) {
        for (const QString& name : names)
            QVERIFY2(error.message().contains(name), qPrintable(error.message()));
        QVERIFY(!error.remedy().isEmpty());
    }
}

void TestPriceTable::partsWithoutAPriceBillAtTheParentsRate()
{
    const PriceTable table = PriceTable::fromJson(
        R"({"schema": 1, "version": "t", "providers": [{"id": "p", "models": [
            {"id": "plain", "prices": [{"input": "2", "output": "3"}]},
            {"id": "write", "prices": [{"input": "2", "output": "3", "cache_write": "4"}]},
            {"id": "hour", "prices": [{"input": "2", "output": "3", "cache_write_1h": "5"}]},
            {"id": "audio", "prices": [{"input": "2", "output": "3", "cache_read": "1", "input_audio": "7"}]},
            {"id": "tier", "prices": [{"input": "2", "output": "3", "cache_read": "1",
              "above": [{"input_tokens": 100, "input": "4"}, {"input_tokens": 200, "output": "9"}]}]}]}]})",
        QStringLiteral("test table"));
    Usage usage = tokens(100, 10, 40, 30, 20);
    usage.inputAudioTokens = 20;
    usage.cacheReadAudioTokens = 10;
    const auto quoted = [&](const char* model) {
        return linesOf(table.quote(QStringLiteral("p:") + QLatin1String(model), usage, august));
    };
    QCOMPARE(
        quoted("plain"), QStringLiteral("input 100 x 0.000002 = 0.0002; output 10 x 0.000003 = 0.00003"));
    QCOMPARE(quoted("write"),
        QStringLiteral("input 70 x 0.000002 = 0.00014; cache write 30 x 0.000004 = 0.00012; "
                       "output 10 x 0.000003 = 0.00003"));
    QCOMPARE(quoted("hour"),
        QStringLiteral("input 80 x 0.000002 = 0.00016; cache write 1 h 20 x 0.000005 = 0.0001; "
                       "output 10 x 0.000003 = 0.00003"));
    QCOMPARE(quoted("audio"),
        QStringLiteral("input 50 x 0.000002 = 0.0001; cache read 40 x 0.000001 = 0.00004; "
                       "input audio 10 x 0.000007 = 0.00007; output 10 x 0.000003 = 0.00003"));
    usage = tokens(101, 10, 1);
    QCOMPARE(quoted("tier"),
        QStringLiteral("input 100 x 0.000004 = 0.0004; cache read 1 x 0.000001 = 0.000001; "
                       "output 10 x 0.000003 = 0.00003"));
    usage = tokens(201, 10, 1);
    QCOMPARE(quoted("tier"),
        QStringLiteral("input 200 x 0.000004 = 0.0008; cache read 1 x 0.000001 = 0.000001; "
                       "output 10 x 0.000009 = 0.00009"));
}

void TestPriceTable::missingFeeMakesTheQuoteUnpriced()
{
    Usage usage = tokens(10, 10);
    usage.webSearches = 2;
    const Quote quote = m_table.quote(QStringLiteral("openai:gpt-4o"), usage, august);
    QVERIFY(!quote.total);
    QCOMPARE(quote.unpriced, QStringList{QStringLiteral("web searches")});
    QVERIFY(quote.problem.contains(QStringLiteral("web searches")));
    QVERIFY(quote.source.isEmpty());
    QCOMPARE(quote.matchedModel, QStringLiteral("gpt-4o"));
}

void TestPriceTable::testModelsHaveAMadeUpPrice()
{
    for (const QString& model : {QStringLiteral("test:anything"), QStringLiteral("test:")}) {
        const Quote quote = m_table.quote(model, tokens(1'000'000, 1'000'000), august);
        QCOMPARE(total(quote), QStringLiteral("6"));
        QCOMPARE(quote.source, QStringLiteral("made-up test price"));
    }
    QCOMPARE(total(PriceTable().quote(QStringLiteral("test:x"), tokens(1'000'000, 0), august)),
        QStringLiteral("1"));
}

void TestPriceTable::everyModelQuotes()
{
    const std::vector<ModelInfo> models = m_table.models();
    Usage usage = tokens(300'000, 5'000, 1'000, 600, 300);
    usage.inputAudioTokens = 500;
    usage.cacheReadAudioTokens = 100;
    usage.outputAudioTokens = 50;
    usage.reasoningTokens = 70;
    for (const ModelInfo& model : models) {
        const QString reference = model.provider + QLatin1Char(':') + model.model;
        for (const qint64 at : {utc("2024-01-01T00:00:00Z"), august, utc("2030-01-01T20:00:00Z")}) {
            const Quote quote = m_table.quote(reference, usage, at);
            QVERIFY2(quote.total, qPrintable(reference + quote.problem));
            QCOMPARE(sumOfLines(quote), *quote.total);
            QCOMPARE(quote.matchedProvider, model.provider);
            QCOMPARE(quote.matchedModel, model.model);
            qint64 counted = 0;
            for (const PriceLine& line : quote.lines)
                counted += line.bucket == QLatin1String("requests") ? 0 : line.count;
            QCOMPARE(counted, usage.totalTokens());
        }
        QVERIFY(!model.inputPerMillion.isEmpty());
        QVERIFY(!model.outputPerMillion.isEmpty());
    }
    QVERIFY(std::is_sorted(models.begin(), models.end(), [](const ModelInfo& left, const ModelInfo& right) {
        return std::pair(left.provider, left.model) < std::pair(right.provider, right.model);
    }));
}

void TestPriceTable::theTableIsLargeEnough()
{
    QHash<QString, int> perProvider;
    for (const ModelInfo& model : m_table.models())
        ++perProvider[model.provider];
    QVERIFY(m_table.models().size() >= 300);
    for (const char* provider : {"anthropic", "openai", "google", "mistral", "cohere", "groq", "deepseek",
             "x-ai", "aws", "azure", "openrouter", "together", "fireworks", "cerebras", "perplexity"})
        QVERIFY2(perProvider.value(QLatin1String(provider)) >= 4, provider);
    QCOMPARE(m_table.find(QStringLiteral("openai:gpt-4o"))->contextWindow, 128'000);
    QCOMPARE(m_table.find(QStringLiteral("openai:gpt-4o"))->inputPerMillion, QStringLiteral("2.5"));
}

void TestPriceTable::quotesOfSeveralRequestsAddUp()
{
    // Two requests of 150,000 tokens are not one of 300,000.
    const Quote one = m_table.quote(QStringLiteral("claude-sonnet-4-5"), tokens(150'000, 1'000), august);
    Quote both = one;
    both += one;
    QCOMPARE(total(both), QStringLiteral("0.93"));
    QCOMPARE(linesOf(both), QStringLiteral("input 300000 x 0.000003 = 0.9; output 2000 x 0.000015 = 0.03"));
    QCOMPARE(both.source, one.source);
    QCOMPARE(sumOfLines(both), *both.total);
    both += m_table.quote(QStringLiteral("no-such-model"), tokens(1, 1), august);
    QVERIFY(!both.total);
    QVERIFY(both.problem.contains(QStringLiteral("no-such-model")));
    QVERIFY(both.source.isEmpty());
}

void TestPriceTable::datesCanBeReadOnTheCallersCalendar()
{
    // 01:00 on 10 June in Auckland is still 9 June in UTC.
    const qint64 at = utc("2025-06-10T01:00:00+12:00");
    QCOMPARE(total(m_table.quote(QStringLiteral("o3"), tokens(1000, 1000), at)), QStringLiteral("0.05"));
    QCOMPARE(total(m_table.quote(QStringLiteral("o3"), tokens(1000, 1000), at, 12 * 3600)),
        QStringLiteral("0.01"));
}

void TestPriceTable::manyThreadsMayQuoteAtOnce()
{
    const PriceTable table = m_table;
    const std::vector<ModelInfo> models = table.models();
    std::atomic<int> wrong = 0;
    std::vector<std::unique_ptr<QThread>> threads;
    for (int number = 0; number < 4; ++number) {
        threads.emplace_back(QThread::create([&] {
            for (const ModelInfo& model : models) {
                const Quote quote =
                    table.quote(model.provider + QLatin1Char(':') + model.model, tokens(1000, 10), august);
                if (!quote.total || quote.matchedModel != model.model)
                    ++wrong;
            }
        }));
        threads.back()->start();
    }
    for (const auto& thread : threads)
        QVERIFY(thread->wait());
    QCOMPARE(wrong.load(), 0);
}

LLMCACHE_TEST_MAIN(TestPriceTable)
#include "tst_pricetable.moc"
