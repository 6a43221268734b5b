#include "base/json.h"
#include "cost/quoteline.h"
#include "quotes.h"
#include "quotevectors.h"
#include "testenvironment.h"

#include <QRandomGenerator>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

class TestQuoteLine : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_table = PriceTable::builtIn(); }
    void aLineHasTheseMembers();
    void batchesCostLess();
    void counts_data();
    void counts();
    void times_data();
    void times();
    void repliesOfProviders_data();
    void repliesOfProviders();
    void unpricedIsNullAndSaysWhy_data();
    void unpricedIsNullAndSaysWhy();
    void badLinesGetAnError_data();
    void badLinesGetAnError();
    void textIsEscaped();
    void knownPrices();
    void noiseNeverCrashes();

private:
    Json ask(const QByteArray& line) const
    {
        const QByteArray answer = quoteLine(m_table, line, august);
        Q_ASSERT(!answer.contains('\n'));
        return parseJson(answer, QStringLiteral("answer"));
    }
    PriceTable m_table;
};

void TestQuoteLine::aLineHasTheseMembers()
{
    QCOMPARE(
        quoteLine(m_table,
            R"({"model": "openai:gpt-4o-2024-08-06", "usage": {"input_tokens": 1000, "cache_read_tokens": 800,
                     "output_tokens": 200}})",
            august),
        QByteArray(
            R"({"provider":"openai","model":"openai:gpt-4o-2024-08-06","matched":"gpt-4o",)"
            R"("usage":{"input_tokens":1000,"output_tokens":200,"cache_read_tokens":800,)"
            R"("cache_write_tokens":0,"reasoning_tokens":0},"input_usd":"0.0015","output_usd":"0.002",)"
            R"("total_usd":"0.0035","unpriced":[],"source":"table )")
            + m_table.version().toUtf8() + R"("})");
}

void TestQuoteLine::counts_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("dollars");
    const auto row = [](const char* name, const char* line, const char* dollars) {
        QTest::newRow(name) << QByteArray(line) << QString(QLatin1String(dollars));
    };
    row("provider beside model",
        R"({"provider": "azure", "model": "o3", "usage": {"input_tokens": 1000, "output_tokens": 1000}})",
        "0.01");
    row("writes of both lifetimes",
        R"({"model": "claude-haiku-4-5", "usage": {"input_tokens": 10000, "cache_read_tokens": 6000,
            "cache_write_tokens": 2000, "cache_write_1h_tokens": 1500, "output_tokens": 500}})",
        "0.008725");
    row("names of genai-prices",
        R"({"model": "gemini-2.5-flash", "usage": {"input_tokens": 10000, "input_audio_tokens": 4000,
            "cache_read_tokens": 3000, "cache_audio_read_tokens": 1000, "output_tokens": 100}})",
        "0.00461");
    row("our names",
        R"({"model": "gemini-2.5-flash", "usage": {"input_tokens": 10000, "input_audio_tokens": 4000,
            "cache_read_tokens": 3000, "cache_read_audio_tokens": 1000, "output_tokens": 100}})",
        "0.00461");
    row("reasoning", R"({"model": "perplexity:sonar-deep-research", "usage": {"output_tokens": 1000,
            "output_reasoning_tokens": 400, "input_tokens": 0}})",
        "0.006");
    row("images cost what text costs",
        R"({"model": "gpt-4o", "usage": {"input_tokens": 1000, "input_image_tokens": 900, "output_tokens": null}})",
        "0.0025");
    row("whole numbers as floating point", R"({"model": "gpt-4o", "usage": {"input_tokens": 1000.0}})",
        "0.0025");
    row("other fields are ignored", R"({"model": "gpt-4o", "id": 7, "usage": {"input_tokens": 1000}})",
        "0.0025");
    row("a test model", R"({"model": "test:x", "usage": {"input_tokens": 1000000}})", "1");
    row("nothing used", R"({"model": "gpt-4o", "usage": {}})", "0");
}

void TestQuoteLine::counts()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, dollars);
    const Json answer = ask(line);
    QVERIFY2(!findMember(answer, "error"), qPrintable(stringMember(answer, "error")));
    QCOMPARE(stringMember(answer, "total_usd"), dollars);
}

void TestQuoteLine::times_data()
{
    QTest::addColumn<QByteArray>("at");
    QTest::addColumn<QString>("dollars");
    const auto row = [](const char* at, const char* dollars) {
        QTest::newRow(at) << QByteArray(at) << QString(QLatin1String(dollars));
    };
    // The price of o3 fell on 2025-06-10, on the calendar of the call.
    row("2025-06-09T23:59:59Z", "0.05");
    row("2025-06-10T00:00:00Z", "0.01");
    row("2025-06-09T23:59:59.999Z", "0.05");
    row("2025-06-09T23:59:59.999999+00:00", "0.05");
    row("2025-06-10T01:00:00+12:00", "0.01");
    row("2025-06-09T23:00:00-05:00", "0.05");
    row("2025-06-10T00:00:00", "0.01");
    row("2025-06-10", "0.01");
    row("2025-06-09", "0.05");
    row("2025-06-10 00:00:00Z", "0.01");
}

void TestQuoteLine::times()
{
    QFETCH(QByteArray, at);
    QFETCH(QString, dollars);
    const Json answer = ask(
        R"({"model": "o3", "usage": {"input_tokens": 1000, "output_tokens": 1000}, "at": ")" + at + "\"}");
    QCOMPARE(stringMember(answer, "total_usd"), dollars);
}

void TestQuoteLine::repliesOfProviders_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("dollars");
    QTest::addColumn<QString>("matched");
    const auto row = [](const char* name, const char* line, const char* dollars, const char* matched) {
        QTest::newRow(name) << QByteArray(line) << QString(QLatin1String(dollars))
                            << QString(QLatin1String(matched));
    };
    row("anthropic",
        R"({"protocol": "anthropic-messages", "provider": "anthropic", "model": "claude-haiku-4-5",
        "response": {"usage": {"input_tokens": 2000, "cache_read_input_tokens": 6000,
        "cache_creation_input_tokens": 2000, "cache_creation": {"ephemeral_5m_input_tokens": 500,
        "ephemeral_1h_input_tokens": 1500}, "output_tokens": 500}}})",
        "0.008725", "claude-haiku-4-5");
    row("chat, usage alone", R"({"protocol": "openai-chat", "provider": "openai", "model": "gpt-4o",
        "response": {"prompt_tokens": 1000, "completion_tokens": 200,
        "prompt_tokens_details": {"cached_tokens": 800}}})",
        "0.0035", "gpt-4o");
    row("responses, model from the reply", R"({"protocol": "openai-responses", "provider": "openai",
        "response": {"model": "gpt-4o-2024-08-06", "usage": {"input_tokens": 1000, "output_tokens": 200,
        "input_tokens_details": {"cached_tokens": 800}}}})",
        "0.0035", "gpt-4o");
    row("gemini, model from the reply", R"({"protocol": "gemini", "provider": "google", "response":
        {"modelVersion": "gemini-2.5-pro", "usageMetadata": {"promptTokenCount": 250000,
        "cachedContentTokenCount": 50000, "candidatesTokenCount": 400, "thoughtsTokenCount": 600}}})",
        "0.5275", "gemini-2.5-pro");
    row("cohere", R"({"protocol": "cohere", "model": "cohere:command-r7b-12-2024", "response":
        {"usage": {"billed_units": {"input_tokens": 13, "output_tokens": 61},
        "tokens": {"input_tokens": 542.0, "output_tokens": 63.0}}}})",
        "0.000029775", "command-r7b");
    row("xai counts reasoning apart", R"({"protocol": "openai-chat", "model": "xai:grok-3", "response":
        {"usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22,
        "completion_tokens_details": {"reasoning_tokens": 7}}}})",
        "0.00021", "grok-3");
}

void TestQuoteLine::repliesOfProviders()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, dollars);
    QFETCH(QString, matched);
    const Json answer = ask(line);
    QVERIFY2(!findMember(answer, "error"), qPrintable(stringMember(answer, "error")));
    QCOMPARE(stringMember(answer, "total_usd"), dollars);
    QCOMPARE(stringMember(answer, "matched"), matched);
}

void TestQuoteLine::unpricedIsNullAndSaysWhy_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("unpriced");
    QTest::addColumn<bool>("matched");
    QTest::newRow("unknown model") << QByteArray(
        R"({"model": "gpt", "usage": {"input_tokens": 5, "output_tokens": 6}})")
                                   << QByteArray(R"(["input_tokens","output_tokens"])") << false;
    QTest::newRow("unknown provider")
        << QByteArray(R"({"provider": "acme", "model": "gpt-4o", "usage": {"input_tokens": 5}})")
        << QByteArray(R"(["input_tokens"])") << false;
    QTest::newRow("no fee for searches")
        << QByteArray(R"({"model": "gpt-4o", "usage": {"input_tokens": 5, "web_searches": 2}})")
        << QByteArray(R"(["web_searches"])") << true;
}

void TestQuoteLine::unpricedIsNullAndSaysWhy()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, unpriced);
    QFETCH(bool, matched);
    const Json answer = ask(line);
    for (const char* amount : {"input_usd", "output_usd", "total_usd", "source"})
        QVERIFY2(answer.at(amount).is_null(), amount);
    QCOMPARE(toJsonText(answer.at("unpriced")), unpriced);
    QCOMPARE(answer.at("matched").is_string(), matched);
    QVERIFY(!stringMember(answer, "problem").isEmpty());
}

void TestQuoteLine::badLinesGetAnError_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("word");
    const auto row = [](const char* name, const QByteArray& line, const char* word) {
        QTest::newRow(name) << line << QString(QLatin1String(word));
    };
    row("empty", "", "JSON");
    row("half", R"({"model": "gpt-4o")", "JSON");
    row("list", "[1]", "object");
    row("number", "5", "object");
    row("nested", QByteArray("[").repeated(100'000), "JSON");
    row("not UTF-8", "{\"model\": \"\xff\"}", "JSON");
    row("no model", R"({"usage": {}})", "model");
    row("model no text", R"({"model": 5, "usage": {}})", "model");
    row("no usage", R"({"model": "gpt-4o"})", "usage");
    row("usage no object", R"({"model": "gpt-4o", "usage": [1]})", "usage");
    row("unknown count", R"({"model": "gpt-4o", "usage": {"tokens": 5}})", "tokens");
    row("negative", R"({"model": "gpt-4o", "usage": {"input_tokens": -5}})", "input_tokens is negative (-5)");
    row("fraction", R"({"model": "gpt-4o", "usage": {"input_tokens": 1.5}})", "input_tokens");
    row("text", R"({"model": "gpt-4o", "usage": {"input_tokens": "5"}})", "input_tokens");
    row("truth", R"({"model": "gpt-4o", "usage": {"input_tokens": true}})", "input_tokens");
    row("beyond reason", R"({"model": "gpt-4o", "usage": {"input_tokens": 1e300}})", "input_tokens");
    row("reads above input",
        R"({"model": "gpt-5", "usage": {"input_tokens": 1000, "cache_read_tokens": 1200}})",
        "cache_read_tokens (1200) exceeds input_tokens (1000)");
    row("reads without input", R"({"model": "no-such-model", "usage": {"cache_read_tokens": 5}})",
        "cache_read_tokens (5)");
    row("bad time", R"({"model": "gpt-4o", "usage": {}, "at": "yesterday"})", "yesterday");
    row("29 February", R"({"model": "gpt-4o", "usage": {}, "at": "2025-02-29T00:00:00Z"})", "2025-02-29");
    row("time as number", R"({"model": "gpt-4o", "usage": {}, "at": 5})", "at");
    row("unknown protocol", R"({"protocol": "smtp", "model": "gpt-4o", "response": {}})", "smtp");
    row("protocol without response", R"({"protocol": "openai-chat", "model": "gpt-4o"})", "response");
    row("response without protocol", R"({"model": "gpt-4o", "response": {"usage": {}}})", "protocol");
    row("both forms", R"({"protocol": "openai-chat", "model": "gpt-4o", "response": {}, "usage": {}})",
        "usage");
    row("reply without usage",
        R"({"protocol": "openai-chat", "model": "gpt-4o", "response": {"choices": []}})", "usage");
}

void TestQuoteLine::badLinesGetAnError()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, word);
    const Json answer = ask(line);
    QCOMPARE(answer.size(), std::size_t{1});
    QVERIFY2(stringMember(answer, "error").contains(word), qPrintable(stringMember(answer, "error")));
}

void TestQuoteLine::textIsEscaped()
{
    const Json answer = ask(R"({"model": "a\"b\\c\nd\u0001\u00e9\ud83d\ude00", "usage": {}})");
    QCOMPARE(stringMember(answer, "model"), QString::fromUtf8("a\"b\\c\nd\x01\xc3\xa9\xf0\x9f\x98\x80"));
}

void TestQuoteLine::knownPrices()
{
    for (const Json& vectors : priceVectors()) {
        for (const Json& vector : vectors.at("prices")) {
            const Json line{{"model", vector.at("model_ref")}, {"provider", vector.at("provider_id")},
                {"at", vector.at("at")}, {"usage", vector.at("usage")}};
            const Json answer = ask(toJsonText(line));
            for (const auto& [ours, theirs] : {std::pair("input_usd", "input"),
                     std::pair("output_usd", "output"), std::pair("total_usd", "total")})
                QCOMPARE(Money::fromDecimal(stringMember(answer, ours)),
                    Money::fromDecimal(stringMember(vector, theirs)));
            QCOMPARE(stringMember(answer, "provider"), stringMember(vector, "provider"));
            QCOMPARE(stringMember(answer, "matched"), stringMember(vector, "model"));
        }
    }
}

void TestQuoteLine::noiseNeverCrashes()
{
    const QByteArray good =
        R"({"model":"gpt-4o","provider":"openai","at":"2026-08-01T12:00:00Z","usage":{"input_tokens":10,"output_tokens":5}})";
    QRandomGenerator random(7);
    for (int round = 0; round < 20'000; ++round) {
        QByteArray line = good;
        for (auto change = 1 + random.bounded(4); change > 0; --change) {
            const auto at = static_cast<qsizetype>(random.bounded(static_cast<quint32>(line.size())));
            if (random.bounded(2) == 0)
                line[at] = static_cast<char>(random.bounded(256));
            else
                line.remove(at, 1 + random.bounded(5));
            if (line.isEmpty())
                line = "{";
        }
        const Json answer = ask(line);
        QVERIFY(findMember(answer, "error") || findMember(answer, "total_usd"));
    }
}

void TestQuoteLine::batchesCostLess()
{
    const auto quoted = [](const char* rest) {
        return parseJson(quoteLine(PriceTable::builtIn(),
                             QByteArray("{\"usage\": {\"input_tokens\": 1000000, "
                                        "\"output_tokens\": 1000000, \"web_searches\": 1}, ")
                                 + rest + '}',
                             august),
            QStringLiteral("the answer"));
    };
    const Json half = quoted(R"("model": "anthropic:claude-haiku-4-5", "batch": true)");
    QCOMPARE(half["input_usd"], Json("0.5"));
    QCOMPARE(half["output_usd"], Json("2.5"));
    QCOMPARE(half["total_usd"], Json("3.01")); // a search costs what it costs
    QCOMPARE(quoted(R"("model": "anthropic:claude-haiku-4-5", "batch": false)")["total_usd"], Json("6.01"));
    // Never a guess.
    const Json unknown = quoted(R"("model": "anthropic:claude-2", "batch": true)");
    QVERIFY(unknown["total_usd"].is_null());
    QVERIFY(
        QString::fromStdString(unknown["problem"].get<std::string>()).contains(QStringLiteral("batches")));
    QVERIFY(quoted(R"("model": "anthropic:claude-haiku-4-5", "batch": "yes")").contains("error"));
}

LLMCACHE_TEST_MAIN(TestQuoteLine)
#include "tst_quoteline.moc"
