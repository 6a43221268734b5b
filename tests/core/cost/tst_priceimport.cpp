#include "base/error.h"
#include "base/json.h"
#include "cost/priceimport.h"
#include "quotes.h"
#include "testenvironment.h"

#include <QFile>
#include <QRandomGenerator>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

// Before the samples: moc loses its way in raw strings of many lines.
class TestPriceImport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void genaiPrices();
    void liteLlm();
    void ownTables();
    void nothingChangesTwice();
    void onlyDifferencesAreListed();
    void namesAndRulesOfKnownModelsStay();
    void pricesFromADayOn();
    void pricesInForceAreCorrected();
    void aliasesWithAPriceOfTheirOwn();
    void badSourcesAreRefused_data();
    void badSourcesAreRefused();
    void doubtfulModelsCanBeLeftOut();
    void publishedTable();
    void mutilatedSourcesNeverCrash();
};

namespace {

const char* const genaiSample = R"([
 {"id": "acme", "name": "Acme", "pricing_urls": ["https://x.example"], "api_pattern": "x",
  "extractors": [], "provider_match": {"contains": "acme"}, "model_match": {"contains": "one"},
  "fallback_model_providers": ["openai"], "price_comments": "c",
  "models": [
   {"id": "one", "name": "One", "description": "d", "context_window": 1000, "price_comments": "c",
    "match": {"or": [{"equals": "one"}, {"equals": "uno"}, {"starts_with": "one-pro"}, {"regex": "^one-\\d{2}$"},
                     {"contains": "acme.one"}]},
    "prices": {"input_mtok": 0.18000000000000002, "output_mtok": {"base": 2, "tiers": [{"start": 200000, "price": 3}]},
               "cache_read_mtok": 0.08333333333333334, "cache_write_mtok": 1, "cache_write_1h_mtok": 2,
               "requests_kcount": 5}},
   {"id": "two", "match": {"equals": "two"}, "deprecated": true,
    "prices": [{"prices": {"input_mtok": 10, "output_mtok": 40}},
               {"constraint": {"start_date": "2026-06-10"}, "prices": {"input_mtok": 2, "output_mtok": 8}}]},
   {"id": "three", "match": {"equals": "three"}, "prices": [{"prices": {"input_mtok": 1, "output_mtok": 4}},
               {"constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"},
                "prices": {"input_mtok": 3, "output_mtok": 9}}]},
   {"id": "gift:free", "match": {"equals": "gift:free"}, "prices": {}},
   {"id": "painter", "match": {"equals": "painter"},
    "prices": {"input_mtok": 1, "output_mtok": 2, "output_image_mtok": 30}},
   {"id": "mute", "match": {"equals": "mute"}, "prices": {}}]}])";

const char* const liteLlmSample = R"({
 "sample_spec": {"litellm_provider": "one of many", "mode": "chat", "input_cost_per_token": "text"},
 "acme/one": {"litellm_provider": "acme", "mode": "chat", "max_input_tokens": 1000, "supports_vision": true,
  "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08,
  "cache_creation_input_token_cost": 1.875e-07, "cache_creation_input_token_cost_above_1hr": 3e-07,
  "input_cost_per_token_above_200k_tokens": 3e-07, "output_cost_per_token_above_200k_tokens": 1.2e-06,
  "input_cost_per_token_batches": 7.5e-08, "output_cost_per_token_priority": 1.2e-06,
  "input_cost_per_image": 0.5, "search_context_cost_per_query":
   {"search_context_size_low": 0.01, "search_context_size_medium": 0.01, "search_context_size_high": 0.01}},
 "xai/grok-x": {"litellm_provider": "xai", "mode": "chat", "input_cost_per_token": 2e-06,
  "output_cost_per_token": 1e-05, "input_cost_per_token_above_128k_tokens": 4e-06},
 "dash/steps": {"litellm_provider": "dash", "mode": "chat", "tiered_pricing": [
  {"range": [0, 256000.0], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07},
  {"range": [256000.0, 1000000.0], "input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06}]},
 "night": {"litellm_provider": "dash", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06,
  "off_peak_pricing": {"windows": []}},
 "pictures": {"litellm_provider": "openai", "mode": "image_generation", "output_cost_per_image": 0.04},
 "us.acme.two-v1:0": {"litellm_provider": "bedrock_converse", "mode": "chat", "input_cost_per_token": 1e-06,
  "output_cost_per_token": 2e-06, "input_cost_per_token_batches": 5e-07, "output_cost_per_token_batches": 1e-06}
})";

QByteArray ownTable(const char* models)
{
    return QByteArray(
               R"({"schema": 1, "version": "old", "providers": [{"id": "acme", "prefixes": ["acme", "ac"],
        "bare": [{"prefix": "one"}], "models": [)")
        + models + "]}]}";
}

PriceTable table(const QByteArray& json)
{
    return PriceTable::fromJson(json, QStringLiteral("t"));
}

QString changesOf(const PriceImport& import)
{
    QStringList lines;
    for (const PriceChange& change : import.changes)
        lines += QStringLiteral("%1 %2 %3: %4 -> %5")
                     .arg(change.provider, change.model, change.price, change.before, change.after);
    return lines.join(QStringLiteral("; "));
}

QString dollars(const PriceTable& prices, const char* model, const Usage& usage, qint64 at = august)
{
    return total(prices.quote(QLatin1String(model), usage, at));
}

} // namespace

void TestPriceImport::genaiPrices()
{
    const PriceImport import = importPrices(genaiSample, QStringLiteral("data.json"), PriceTable());
    QCOMPARE(import.format, PriceFormat::GenaiPrices);
    QCOMPARE(import.modelsRead, 4);
    QCOMPARE(import.modelsAdded, 4);
    QCOMPARE(import.notes.size(), 2);
    QVERIFY(import.notes.join(QString()).contains(QStringLiteral("painter")));
    QVERIFY(import.notes.join(QString()).contains(QStringLiteral("mute")));
    const PriceTable prices = table(import.table);
    QCOMPARE(dollars(prices, "acme:one", tokens(1'000'000, 0)), QStringLiteral("0.185"));
    // Noise in the source is rounded to the finest price there is.
    QCOMPARE(dollars(prices, "acme:one", tokens(100, 0, 100)), QStringLiteral("0.0050083333"));
    QCOMPARE(dollars(prices, "acme:uno", tokens(0, 1'000'000)), QStringLiteral("2.005"));
    QCOMPARE(dollars(prices, "acme:one-pro-20260101", tokens(200'001, 1'000'000, 0, 200'000, 100'000)),
        QStringLiteral("3.30500018"));
    for (const char* known : {"acme:one-22", "acme:us.acme.one-v1:0", "acme:gift:free"})
        QVERIFY2(prices.find(QLatin1String(known)), known);
    for (const char* unknown : {"acme:one-pro-max", "acme:one-222", "acme:painter", "acme:mute", "one"})
        QVERIFY2(!prices.find(QLatin1String(unknown)), unknown);
    QCOMPARE(
        dollars(prices, "acme:two", tokens(1'000'000, 0), utc("2026-06-09T23:00:00Z")), QStringLiteral("10"));
    QCOMPARE(
        dollars(prices, "acme:two", tokens(1'000'000, 0), utc("2026-06-10T23:00:00Z")), QStringLiteral("2"));
    QCOMPARE(dollars(prices, "acme:three", tokens(1'000'000, 0), utc("2026-06-10T00:29:59Z")),
        QStringLiteral("1"));
    QCOMPARE(dollars(prices, "acme:three", tokens(1'000'000, 0), utc("2026-06-10T00:30:00Z")),
        QStringLiteral("3"));
    QCOMPARE(dollars(prices, "acme:gift:free", tokens(5, 5)), QStringLiteral("0"));
    QCOMPARE(prices.find(QStringLiteral("acme:one"))->contextWindow, 1000);
}

void TestPriceImport::liteLlm()
{
    const PriceImport import =
        importPrices(liteLlmSample, QStringLiteral("litellm.json"), PriceTable::builtIn());
    QCOMPARE(import.format, PriceFormat::LiteLlm);
    QCOMPARE(import.modelsRead, 4);
    QCOMPARE(import.notes.size(), 1);
    const PriceTable prices = table(import.table);
    QCOMPARE(linesOf(prices.quote(QStringLiteral("acme:one"), tokens(1000, 100, 300, 200, 50), august)),
        QStringLiteral(
            "input 500 x 0.00000015 = 0.000075; cache read 300 x 0.000000075 = 0.0000225; "
            "cache write 150 x 0.0000001875 = 0.000028125; cache write 1 h 50 x 0.0000003 = 0.000015; "
            "output 100 x 0.0000006 = 0.00006"));
    QCOMPARE(dollars(prices, "acme:one", tokens(200'000, 1000)), QStringLiteral("0.0306"));
    QCOMPARE(dollars(prices, "acme:one", tokens(200'001, 1000)), QStringLiteral("0.0612003"));
    Usage searched = tokens(0, 0);
    searched.webSearches = 3;
    QCOMPARE(dollars(prices, "acme:one", searched), QStringLiteral("0.03"));
    // xAI charges more at the threshold already.
    QCOMPARE(dollars(prices, "grok:grok-x", tokens(127'999, 0)), QStringLiteral("0.255998"));
    QCOMPARE(dollars(prices, "grok:grok-x", tokens(128'000, 0)), QStringLiteral("0.512"));
    QCOMPARE(dollars(prices, "dash:steps", tokens(256'000, 0)), QStringLiteral("0.0128"));
    QCOMPARE(dollars(prices, "dash:steps", tokens(256'001, 0)), QStringLiteral("0.06400025"));
    QCOMPARE(dollars(prices, "bedrock:us.acme.two-v1:0", tokens(1'000'000, 0)), QStringLiteral("1"));
    QVERIFY(!prices.find(QStringLiteral("dash:night")));
    QVERIFY(!prices.find(QStringLiteral("openai:pictures")));
    // The price of batches where it is the same part of both prices; of one that is half known it is unknown.
    const auto batch = [&prices](const char* model) {
        return prices.quote(QLatin1String(model), tokens(1'000'000, 1'000'000), august, 0, true);
    };
    QCOMPARE(total(batch("aws:us.acme.two-v1:0")), QStringLiteral("1.5"));
    QVERIFY(!batch("acme:one").total);
    // Everything else is as it was.
    QCOMPARE(dollars(prices, "claude-sonnet-4-5", tokens(200'001, 1000)), QStringLiteral("1.222506"));
    QVERIFY(prices.models().size() == PriceTable::builtIn().models().size() + 4);
}

void TestPriceImport::ownTables()
{
    const PriceImport import = importPrices(
        ownTable(R"({"id": "one", "aliases": ["uno"], "prices": [{"input": "1", "output": "2"}]})"),
        QStringLiteral("mine.json"), PriceTable(), {.version = QStringLiteral("new"), .from = {}});
    QCOMPARE(import.format, PriceFormat::Own);
    const PriceTable prices = table(import.table);
    QCOMPARE(prices.version(), QStringLiteral("new"));
    QCOMPARE(dollars(prices, "ac:uno", tokens(1'000'000, 0)), QStringLiteral("1"));
    QCOMPARE(dollars(prices, "one", tokens(1'000'000, 0)), QStringLiteral("1"));
}

void TestPriceImport::nothingChangesTwice()
{
    for (const char* source : {genaiSample, liteLlmSample}) {
        const PriceImport first = importPrices(source, QStringLiteral("s"), PriceTable::builtIn());
        QVERIFY(!first.changes.empty());
        const PriceImport second = importPrices(source, QStringLiteral("s"), table(first.table));
        QCOMPARE(changesOf(second), QString());
        QCOMPARE(second.modelsAdded + second.modelsChanged, 0);
    }
    const PriceImport own =
        importPrices(PriceTable::builtIn().toJson(), QStringLiteral("s"), PriceTable::builtIn());
    QCOMPARE(changesOf(own), QString());
    QCOMPARE(table(own.table).models().size(), PriceTable::builtIn().models().size());
}

void TestPriceImport::onlyDifferencesAreListed()
{
    const PriceTable before = table(ownTable(
        R"({"id": "one", "prices": [{"input": "0.15", "output": "0.7", "cache_read": "0.075", "cache_write": "0.1875",
            "cache_write_1h": "0.3", "input_audio": "9",
            "above": [{"input_tokens": 200000, "input": "0.3", "output": "1.2"}]}]})"));
    const PriceImport import = importPrices(liteLlmSample, QStringLiteral("s"), before);
    QStringList ofOne;
    for (const QString& line : changesOf(import).split(QStringLiteral("; "))) {
        if (line.startsWith(QStringLiteral("acme")))
            ofOne += line;
    }
    QCOMPARE(ofOne,
        QStringList({QStringLiteral("acme one input_audio: 9 -> "),
            QStringLiteral("acme one output: 0.7 -> 0.6"), QStringLiteral("acme one web_searches:  -> 10")}));
    QCOMPARE(import.modelsChanged, 1);
    QCOMPARE(import.modelsAdded, 3);
}

void TestPriceImport::namesAndRulesOfKnownModelsStay()
{
    const PriceTable before =
        table(ownTable(R"({"id": "one", "name": "Mine", "aliases": ["eins"], "match": [{"dated": "one-x"}],
                           "prices": [{"input": "0.15", "output": "0.7"}]})"));
    const PriceTable after = table(importPrices(genaiSample, QStringLiteral("s"), before).table);
    for (const char* name : {"acme:eins", "ac:one", "one-x-20260101"})
        QCOMPARE(after.find(QLatin1String(name))->name, QStringLiteral("Mine"));
    QVERIFY(!after.find(QStringLiteral("acme:uno")));
}

void TestPriceImport::pricesFromADayOn()
{
    const PriceTable before =
        table(ownTable(R"({"id": "one", "prices": [{"input": "0.1", "output": "0.7", "requests": "1"}]})"));
    const PriceImport import =
        importPrices(liteLlmSample, QStringLiteral("s"), before, {.version = {}, .from = QDate(2026, 8, 2)});
    const PriceTable after = table(import.table);
    QCOMPARE(after.version(), QStringLiteral("2026-08-02"));
    const auto priced = [&](const char* at) {
        return dollars(after, "acme:one", tokens(100'000, 0), utc(at));
    };
    QCOMPARE(priced("2026-08-01T23:59:59Z"), QStringLiteral("0.011"));
    QCOMPARE(priced("2026-08-02T00:00:00Z"), QStringLiteral("0.016"));
    QVERIFY(changesOf(import).contains(QStringLiteral("acme one input from 2026-08-02:  -> 0.15")));
}

void TestPriceImport::pricesInForceAreCorrected()
{
    const PriceTable before = table(ownTable(
        R"({"id": "one", "prices": [{"input": "0.1", "output": "0.7"},
            {"from": "2020-01-01", "input": "0.2", "output": "0.7"},
            {"from": "2020-01-01", "hours": ["10:00", "11:00"], "input": "0.3", "output": "0.7"},
            {"from": "2999-01-01", "input": "0.4", "output": "0.7"}]})"));
    const PriceTable after = table(importPrices(liteLlmSample, QStringLiteral("s"), before).table);
    const auto priced = [&](const char* at) {
        return dollars(after, "acme:one", tokens(100'000, 0), utc(at));
    };
    QCOMPARE(priced("2019-12-31T00:00:00Z"), QStringLiteral("0.01"));
    QCOMPARE(priced("2026-01-01T10:30:00Z"), QStringLiteral("0.015"));
    QCOMPARE(priced("2999-01-01T00:00:00Z"), QStringLiteral("0.04"));
}

void TestPriceImport::aliasesWithAPriceOfTheirOwn()
{
    const PriceTable before = table(ownTable(
        R"({"id": "uno", "aliases": ["one", "eins"], "prices": [{"input": "0.1", "output": "0.7"}]})"));
    const PriceTable after = table(importPrices(liteLlmSample, QStringLiteral("s"), before).table);
    QCOMPARE(dollars(after, "acme:one", tokens(100'000, 0)), QStringLiteral("0.015"));
    QCOMPARE(dollars(after, "acme:eins", tokens(100'000, 0)), QStringLiteral("0.01"));
}

void TestPriceImport::badSourcesAreRefused_data()
{
    QTest::addColumn<QByteArray>("source");
    QTest::addColumn<QStringList>("words");
    const auto change = [](const char* name, const char* sample, const char* from, const char* to,
                            const char* words) {
        QByteArray source(sample);
        Q_ASSERT(source.contains(from));
        source.replace(from, to);
        QTest::newRow(name) << source << QString(QLatin1String(words)).split(QLatin1Char('|'));
    };
    const auto row = [](const char* name, const QByteArray& source, const char* words) {
        QTest::newRow(name) << source << QString(QLatin1String(words)).split(QLatin1Char('|'));
    };
    row("no JSON", "prices: 5", "source|line 1");
    row("a page", "<html>", "source|line 1");
    row("nothing", "{}", "source|no price table");
    row("a list", "[1, 2]", "source|no price table");
    row("a number", "5", "source|no price table");
    row("another schema", R"({"schema": 7, "providers": []})", "source|schema");
    row("own table with an unknown field", ownTable(R"({"id": "one", "prise": 1})"), "one|prise");
    change("genai, negative", genaiSample, "\"cache_write_mtok\": 1", "\"cache_write_mtok\": -1",
        "line 10|acme one|cache_write_mtok|-1");
    change("genai, text", genaiSample, "\"cache_write_1h_mtok\": 2", "\"cache_write_1h_mtok\": \"2\"",
        "line 10|acme one|cache_write_1h_mtok");
    change("genai, too large", genaiSample, "\"cache_write_1h_mtok\": 2", "\"cache_write_1h_mtok\": 1e12",
        "line 10|acme one|cache_write_1h_mtok|1000000000000");
    change("genai, unknown price", genaiSample, "cache_write_1h_mtok", "cache_write_1d_mtok",
        "line 10|acme one|cache_write_1d_mtok");
    change("genai, unknown model field", genaiSample, "\"deprecated\": true", "\"retired\": true",
        "line 12|acme two|retired");
    change("genai, unknown provider field", genaiSample, "\"extractors\"", "\"extras\"", "line 3|extras");
    change("genai, unknown constraint", genaiSample, "start_date", "end_date", "line 14|acme two|end_date");
    change("genai, unknown rule", genaiSample, "starts_with", "resembles", "line 7|acme one|resembles");
    change(
        "genai, bad tier", genaiSample, "\"start\": 200000", "\"start\": -1", "line 9|acme one|output_mtok");
    change("genai, hours without zone", genaiSample, "00:30:00Z", "00:30:00", "line 16|acme three|00:30:00");
    change("genai, no id", genaiSample, "\"id\": \"two\",", "", "line 12|id");
    change("genai, field twice", genaiSample, "\"cache_write_mtok\": 1,",
        "\"cache_write_mtok\": 1, \"input_mtok\": 2,", "line 10|input_mtok|twice");
    change("genai, bad date", genaiSample, "2026-06-10", "10 June", "two|10 June");
    change("litellm, negative", liteLlmSample, "7.5e-08,\n", "-7.5e-08,\n",
        "line 4|acme/one|cache_read_input_token_cost");
    change("litellm, unknown price", liteLlmSample, "input_cost_per_token_batches",
        "input_cost_per_token_monthly", "line 7|acme/one|input_cost_per_token_monthly");
    change("litellm, no provider", liteLlmSample,
        "\"litellm_provider\": \"dash\", \"mode\": \"chat\", \"tiered", "\"mode\": \"chat\", \"tiered",
        "line 12|dash/steps|litellm_provider");
    change("litellm, unknown step", liteLlmSample, "\"output_cost_per_token\": 2e-06}]}",
        "\"cost\": 2e-06}]}", "dash/steps|cost");
    change("litellm, price as text", liteLlmSample, "\"input_cost_per_token\": 2e-06",
        "\"input_cost_per_token\": \"2e-06\"", "line 10|xai/grok-x|input_cost_per_token");
}

void TestPriceImport::badSourcesAreRefused()
{
    QFETCH(QByteArray, source);
    QFETCH(QStringList, words);
    try {
        importPrices(source, QStringLiteral("source"), PriceTable());
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        for (const QString& word : words)
            QVERIFY2(error.message().contains(word), qPrintable(error.message()));
    }
}

void TestPriceImport::doubtfulModelsCanBeLeftOut()
{
    QByteArray source(genaiSample);
    source.replace("\"cache_write_mtok\": 1,", "\"cache_write_mtok\": -1,");
    PriceImportOptions options;
    options.leaveOutDoubtful = true;
    const PriceImport import = importPrices(source, QStringLiteral("data.json"), PriceTable(), options);
    QCOMPARE(import.modelsRead, 3);
    QVERIFY(import.notes.join(QString()).contains(QStringLiteral("line 10, acme one")));
    // A slip of the decimal point against what is known.
    const PriceTable before =
        table(ownTable(R"({"id": "one", "prices": [{"input": "0.0014", "output": "0.6"}]})"));
    try {
        importPrices(liteLlmSample, QStringLiteral("prices.json"), before);
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        for (const char* word : {"prices.json", "line 3", "acme one", "input", "0.0014", "0.15"})
            QVERIFY2(error.message().contains(QLatin1String(word)), qPrintable(error.message()));
    }
    const PriceImport kept = importPrices(liteLlmSample, QStringLiteral("prices.json"), before, options);
    QCOMPARE(dollars(table(kept.table), "acme:one", tokens(1'000'000, 0)), QStringLiteral("0.0014"));
    QVERIFY(kept.notes.join(QString()).contains(QStringLiteral("factor of 100")));
    // From free to priced, or a factor of exactly 100, is no slip.
    for (const char* price : {"0", "0.0015", "15"})
        importPrices(liteLlmSample, QStringLiteral("s"),
            table(ownTable(QByteArray(R"({"id": "one", "prices": [{"input": "%", "output": "0.6"}]})")
                               .replace("%", price)
                               .constData())));
}

void TestPriceImport::publishedTable()
{
    const QString folder = qEnvironmentVariable("LLMCACHE_FIXTURES");
    if (folder.isEmpty())
        QSKIP("LLMCACHE_FIXTURES names no folder with prices.");
    QFile file(folder + QStringLiteral("/prices/genai-prices-v2.json"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray source = file.readAll();
    const PriceTable current = PriceTable::builtIn();
    // The built-in table has these facts already; what is new was left out as no chat model.
    const PriceImport import = importPrices(source, QStringLiteral("genai-prices"), current);
    QCOMPARE(import.modelsChanged, 0);
    QVERIFY(import.modelsRead > 1'400);
    const PriceTable alone = table(importPrices(source, QStringLiteral("genai-prices"), PriceTable()).table);
    QVERIFY(alone.models().size() > 1'400);
    QCOMPARE(
        dollars(alone, "anthropic:claude-sonnet-4-5", tokens(200'001, 1000)), QStringLiteral("1.222506"));
    QCOMPARE(dollars(alone, "deepseek:deepseek-chat", tokens(1'000'000, 100'000, 400'000),
                 utc("2026-08-01T16:30:00Z")),
        QStringLiteral("0.15"));
}

void TestPriceImport::mutilatedSourcesNeverCrash()
{
    QRandomGenerator random(9);
    int refused = 0;
    for (int round = 0; round < 600; ++round) {
        QByteArray source(round % 2 ? genaiSample : liteLlmSample);
        for (auto change = 1 + random.bounded(3); change > 0; --change) {
            const auto at = static_cast<qsizetype>(random.bounded(static_cast<quint32>(source.size())));
            switch (random.bounded(3)) {
            case 0:
                source[at] = static_cast<char>(random.bounded(256));
                break;
            case 1:
                source.remove(at, 1 + random.bounded(10));
                break;
            default:
                source.insert(at, random.bounded(2) ? "-" : "null");
            }
        }
        PriceImportOptions options;
        options.leaveOutDoubtful = random.bounded(2) == 0;
        try {
            table(importPrices(source, QStringLiteral("s"), PriceTable(), options).table);
        } catch (const ConfigurationError&) {
            ++refused;
        }
    }
    QVERIFY(refused > 100);
    QVERIFY(refused < 600);
}

LLMCACHE_TEST_MAIN(TestPriceImport)
#include "tst_priceimport.moc"
