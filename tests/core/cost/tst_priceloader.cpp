#include "base/error.h"
#include "base/json.h"
#include "cost/pricetable.h"
#include "testenvironment.h"

#include <QFile>
#include <QRandomGenerator>
#include <QTest>

using namespace llmcache;

namespace {

QByteArray tableWith(const QByteArray& provider)
{
    return R"({"schema": 1, "version": "t", "providers": [)" + provider + "]}";
}

QByteArray modelWith(const QByteArray& fields)
{
    return tableWith(R"({"id": "acme", "models": [{"id": "one", )" + fields + "}]}");
}

QByteArray pricesWith(const QByteArray& price)
{
    return modelWith(R"("prices": [)" + price + "]");
}

} // namespace

class TestPriceLoader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void goodTablesLoad_data();
    void goodTablesLoad();
    void badTablesAreRefused_data();
    void badTablesAreRefused();
    void matchRules_data();
    void matchRules();
    void datedPrices();
    void mutilatedTablesNeverCrash();
};

void TestPriceLoader::goodTablesLoad_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << tableWith("");
    QTest::newRow("one price") << pricesWith(R"({"input": "1", "output": "2"})");
    QTest::newRow("zero") << pricesWith(R"({"input": "0", "output": "0.000001"})");
    QTest::newRow("exponent") << pricesWith(R"({"input": "1e-6", "output": "2"})");
    QTest::newRow("fees") << pricesWith(R"({"requests": "0.000000001", "web_searches": "10"})");
    QTest::newRow("dates and times") << pricesWith(R"({"input": "1"}, {"from": "2026-01-01", "input": "2"},
                         {"from": "2026-01-01", "hours": ["22:00", "02:00"], "input": "3"},
                         {"from": "2026-01-02T03:04:05Z", "input": "4"})");
}

void TestPriceLoader::goodTablesLoad()
{
    QFETCH(QByteArray, text);
    QCOMPARE(PriceTable::fromJson(text, QStringLiteral("my table")).version(), QStringLiteral("t"));
}

void TestPriceLoader::badTablesAreRefused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QStringList>("words");
    const auto row = [](const char* name, const QByteArray& text, const char* words) {
        QTest::newRow(name) << text << QString(QLatin1String(words)).split(QLatin1Char('|'));
    };
    row("no text", "", "my table|line 1");
    row("syntax", "{\n\"schema\": 1,\n,}", "my table|line 3");
    row("a list", "[]", "my table|object");
    row("no schema", R"({"version": "t", "providers": []})", "schema");
    row("another schema", R"({"schema": 2, "version": "t", "providers": []})", "schema");
    row("no version", R"({"schema": 1, "providers": []})", "version");
    row("unknown field at the top", R"({"schema": 1, "version": "t", "providers": [], "note": 1})", "note");
    row("providers no list", R"({"schema": 1, "version": "t", "providers": {}})", "providers");
    row("provider no object", tableWith("1"), "provider");
    row("provider without id", tableWith(R"({"models": []})"), "id");
    row("provider without models", tableWith(R"({"id": "acme"})"), "acme|models");
    row("unknown field of a provider", tableWith(R"({"id": "acme", "models": [], "url": "x"})"), "acme|url");
    row("two providers", tableWith(R"({"id": "acme", "models": []}, {"id": "ACME", "models": []})"),
        "ACME|twice");
    row("two prefixes",
        tableWith(R"({"id": "acme", "prefixes": ["a"], "models": []}, {"id": "a", "models": []})"),
        "\"a\"|twice");
    row("prefix with colon", tableWith(R"({"id": "a:b", "models": []})"), "a:b|colon");
    row("unknown fallback", tableWith(R"({"id": "acme", "fallback": ["zzz"], "models": []})"), "acme|zzz");
    row("unknown route", tableWith(R"({"id": "acme", "route": "guess", "models": []})"), "acme|guess");
    row("model no object", tableWith(R"({"id": "acme", "models": [3]})"), "acme|model");
    row("model without id", tableWith(R"({"id": "acme", "models": [{"prices": [{"input": "1"}]}]})"),
        "acme|id");
    row("unknown field of a model", modelWith(R"("prices": [{"input": "1"}], "price": 1)"), "acme|one|price");
    row("no prices", modelWith(R"("name": "One")"), "acme|one|prices");
    row("empty prices", modelWith(R"("prices": [])"), "acme|one|prices");
    row("a batch as a number", pricesWith(R"({"input": "1", "batch": 0.5})"), "one|prices[0]|batch");
    row("batches for nothing", pricesWith(R"({"input": "1", "batch": "0"})"), "one|batch");
    row("dearer batches", pricesWith(R"({"input": "1", "batch": "1.5"})"), "one|batch");
    row("a batch too fine", pricesWith(R"({"input": "0.000001", "batch": "0.5"})"), "one|batch|picodollar");
    row("empty price", pricesWith("{}"), "acme|one|prices[0]|no price");
    row("two models", tableWith(R"({"id": "acme", "models": [{"id": "one", "prices": [{"input": "1"}]},
                                    {"id": "One", "prices": [{"input": "1"}]}]})"),
        "acme|One|twice");
    row("alias of another model",
        tableWith(R"({"id": "acme", "models": [{"id": "one", "prices": [{"input": "1"}]},
                      {"id": "two", "aliases": ["ONE"], "prices": [{"input": "1"}]}]})"),
        "two|ONE|also by \"one\"");
    row("alias twice", modelWith(R"("aliases": ["a", "a"], "prices": [{"input": "1"}])"), "one|\"a\"|twice");
    row("bad context window", modelWith(R"("context_window": "8k", "prices": [{"input": "1"}])"),
        "one|context_window");
    row("unknown price", pricesWith(R"({"input": "1", "images": "2"})"), "one|images");
    row("number instead of text", pricesWith(R"({"input": 0.15})"), "one|input|text");
    row("negative price", pricesWith(R"({"input": "1", "output": "-2"})"), "one|output|-2|negative");
    row("words", pricesWith(R"({"input": "free"})"), "one|input|free");
    row("empty text", pricesWith(R"({"input": ""})"), "one|input");
    row("infinite", pricesWith(R"({"input": "inf"})"), "one|input|inf");
    row("absurd", pricesWith(R"({"input": "100000.1"})"), "one|input|100000");
    row("too fine", pricesWith(R"({"input": "0.0000001"})"), "one|input|picodollar");
    row("a fee too fine", pricesWith(R"({"requests": "0.0000000001"})"), "one|requests|picodollar");
    row("bad date", pricesWith(R"({"input": "1"}, {"from": "2026-02-30", "input": "1"})"),
        "one|prices[1]|2026-02-30");
    row("date as words", pricesWith(R"({"from": "yesterday", "input": "1"})"), "one|yesterday");
    row("local time", pricesWith(R"({"from": "2026-02-03T01:02:03", "input": "1"})"),
        "one|2026-02-03T01:02:03");
    row("dates out of order",
        pricesWith(
            R"({"input": "1"}, {"from": "2026-02-02", "input": "1"}, {"from": "2026-02-01", "input": "2"})"),
        "one|prices[2]|order");
    row("two prices for a time", pricesWith(R"({"input": "1"}, {"input": "2"})"), "one|prices[1]|same time");
    row("bad hours", pricesWith(R"({"hours": ["25:00", "26:00"], "input": "1"})"), "one|25:00");
    row("one hour", pricesWith(R"({"hours": ["20:00"], "input": "1"})"), "one|hours");
    row("empty window", pricesWith(R"({"hours": ["20:00", "20:00"], "input": "1"})"), "one|hours");
    row("tier without number", pricesWith(R"({"input": "1", "above": [{"input": "2"}]})"),
        "one|above|input_tokens");
    row("tier at zero", pricesWith(R"({"input": "1", "above": [{"input_tokens": 0, "input": "2"}]})"),
        "one|above|input_tokens");
    row("tier without price", pricesWith(R"({"input": "1", "above": [{"input_tokens": 9}]})"), "one|above 9");
    row("tiers out of order",
        pricesWith(
            R"({"input": "1", "above": [{"input_tokens": 9, "input": "2"}, {"input_tokens": 9, "input": "3"}]})"),
        "one|above 9|ascend");
    row("fee in a tier", pricesWith(R"({"input": "1", "above": [{"input_tokens": 9, "requests": "2"}]})"),
        "one|above|requests");
    row("bad regex", modelWith(R"("match": [{"regex": "(a"}], "prices": [{"input": "1"}])"), "one|match|(a");
    row("unknown rule", modelWith(R"("match": [{"like": "a"}], "prices": [{"input": "1"}])"),
        "one|match|like");
    row("two rules in one",
        modelWith(R"("match": [{"exact": "a", "prefix": "b"}], "prices": [{"input": "1"}])"),
        "one|match|exactly one");
    row("empty rule", modelWith(R"("match": [{"prefix": ""}], "prices": [{"input": "1"}])"),
        "one|match|prefix");
    row("rule no object", modelWith(R"("match": ["a"], "prices": [{"input": "1"}])"), "one|match");
    row("nested beyond reason", QByteArray("[").repeated(100'000), "my table");
    row("not UTF-8", pricesWith("{\"input\": \"\xff\"}"), "my table|line 1");
    row("the same field twice", pricesWith(R"({"input": "1", "input": "2"})"), "input|twice");
}

void TestPriceLoader::badTablesAreRefused()
{
    QFETCH(QByteArray, text);
    QFETCH(QStringList, words);
    try {
        PriceTable::fromJson(text, QStringLiteral("my table"));
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        for (const QString& word : words)
            QVERIFY2(error.message().contains(word), qPrintable(error.message()));
    }
}

void TestPriceLoader::matchRules_data()
{
    QTest::addColumn<QByteArray>("rule");
    QTest::addColumn<QStringList>("yes");
    QTest::addColumn<QStringList>("no");
    const auto row = [](const char* rule, const char* yes, const char* no) {
        QTest::newRow(rule) << QByteArray(rule) << QString(QLatin1String(yes)).split(QLatin1Char(' '))
                            << QString(QLatin1String(no)).split(QLatin1Char(' '));
    };
    row(R"({"exact": "Alpha"})", "alpha ALPHA one ONE", "alpha- alphabet xalpha one-2");
    row(R"({"prefix": "alpha-"})", "alpha- alpha-x", "alpha xalpha-");
    row(R"({"suffix": "-alpha"})", "x-alpha -alpha", "alpha x-alphas");
    row(R"({"contains": "alpha"})", "alpha xalphax", "alph");
    row(R"({"regex": "alpha-\\d+"})", "alpha-1 ALPHA-22", "alpha- alpha-1x xalpha-1");
    row(R"({"dated": "alpha-1"})",
        "alpha-1 alpha-1-latest alpha-1-20261123 alpha-1-2026-11-23 alpha-1@20261123 alpha-1-11-2026 "
        "alpha-1-0613 "
        "alpha-1-001 alpha-1-preview-05-06 alpha-1-20261123-v1:0 alpha-1-v2:0:48k alpha-1-exp",
        "alpha-1-2 alpha-1.5 alpha-10 alpha-1-mini alpha-1-latest-mini alpha-1- alpha-1:free "
        "alpha-1-pro-20261123");
}

void TestPriceLoader::matchRules()
{
    QFETCH(QByteArray, rule);
    QFETCH(QStringList, yes);
    QFETCH(QStringList, no);
    const PriceTable table = PriceTable::fromJson(
        modelWith(R"("match": [)" + rule + R"(], "prices": [{"input": "1", "output": "1"}])"),
        QStringLiteral("t"));
    for (const QString& name : yes)
        QVERIFY2(table.find(QStringLiteral("acme:") + name), qPrintable(name));
    for (const QString& name : no)
        QVERIFY2(!table.find(QStringLiteral("acme:") + name), qPrintable(name));
    // Without a rule for bare names, a provider is never guessed.
    QVERIFY(!table.find(QStringLiteral("one")));
}

void TestPriceLoader::datedPrices()
{
    const PriceTable table = PriceTable::fromJson(pricesWith(R"({"from": "2026-01-01", "input": "1"},
                      {"from": "2026-01-01", "hours": ["22:00", "02:00"], "input": "2"},
                      {"from": "2026-03-01T12:00:00Z", "input": "3"})"),
        QStringLiteral("t"));
    const auto priced = [&](const char* time) {
        Usage usage;
        usage.inputTokens = 1'000'000;
        const Quote quote = table.quote(QStringLiteral("acme:one"), usage,
            QDateTime::fromString(QLatin1String(time), Qt::ISODateWithMs).toMSecsSinceEpoch());
        return quote.total ? quote.total->toDecimal() : quote.problem.left(15);
    };
    QCOMPARE(priced("2025-12-31T23:59:59.999Z"), QStringLiteral("The price table"));
    QCOMPARE(priced("2026-01-01T00:00:00Z"), QStringLiteral("2"));
    QCOMPARE(priced("2026-01-01T01:59:59.999Z"), QStringLiteral("2"));
    QCOMPARE(priced("2026-01-01T02:00:00Z"), QStringLiteral("1"));
    QCOMPARE(priced("2026-01-01T21:59:59.999Z"), QStringLiteral("1"));
    QCOMPARE(priced("2026-01-01T22:00:00Z"), QStringLiteral("2"));
    QCOMPARE(priced("2026-03-01T11:59:59.999Z"), QStringLiteral("1"));
    QCOMPARE(priced("2026-03-01T12:00:00Z"), QStringLiteral("3"));
    QCOMPARE(priced("2026-03-01T23:00:00Z"), QStringLiteral("3"));
}

void TestPriceLoader::mutilatedTablesNeverCrash()
{
    const QByteArray good = tableWith(
        R"({"id": "acme", "name": "Acme", "prefixes": ["a"], "bare": [{"prefix": "one"}], "strip": ["m/"],
            "models": [{"id": "one", "name": "One", "context_window": 10, "aliases": ["uno"], "deprecated": true,
            "match": [{"dated": "one"}, {"regex": "on[ef]"}],
            "prices": [{"input": "1", "output": "2", "above": [{"input_tokens": 10, "input": "2"}]},
                       {"from": "2026-01-01", "hours": ["10:00", "12:00"], "input": "3", "requests": "5"}]}]})");
    PriceTable::fromJson(good, QStringLiteral("t"));
    QRandomGenerator random(20261123);
    int refused = 0;
    int loaded = 0;
    for (int round = 0; round < 4'000; ++round) {
        QByteArray text = good;
        const auto changes = 1 + random.bounded(3);
        for (int change = 0; change < changes; ++change) {
            const auto at = static_cast<qsizetype>(random.bounded(static_cast<quint32>(text.size())));
            switch (random.bounded(4)) {
            case 0:
                text[at] = static_cast<char>(random.bounded(256));
                break;
            case 1:
                text.remove(at, 1 + random.bounded(12));
                break;
            case 2:
                text.insert(at,
                    text.mid(static_cast<qsizetype>(random.bounded(static_cast<quint32>(text.size()))), 20));
                break;
            default:
                text.truncate(std::max<qsizetype>(at, 1));
            }
            if (text.isEmpty())
                text = "{";
        }
        try {
            const PriceTable table = PriceTable::fromJson(text, QStringLiteral("t"));
            Usage usage;
            usage.inputTokens = 100;
            usage.outputTokens = 100;
            table.quote(QStringLiteral("one"), usage, 1'800'000'000'000);
            ++loaded;
        } catch (const ConfigurationError& error) {
            QVERIFY(!error.message().isEmpty());
            ++refused;
        }
    }
    QVERIFY(refused > 1'000);
    QVERIFY(loaded > 10);
}

LLMCACHE_TEST_MAIN(TestPriceLoader)
#include "tst_priceloader.moc"
