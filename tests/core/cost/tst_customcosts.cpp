#include "base/error.h"
#include "cost/pricetable.h"
#include "quotes.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

class TestCustomCosts : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { m_table = PriceTable::builtIn(); }
    void customCostsWin();
    void customCostsAreChecked_data();
    void customCostsAreChecked();
    void copiesKeepTheirOwnCustomCosts();
    void pricesAreListed();

private:
    PriceTable m_table;
};

void TestCustomCosts::customCostsWin()
{
    PriceTable table = m_table;
    table.setCustomCosts({
        {QStringLiteral("gpt-4o"), {QStringLiteral("7"), QStringLiteral("8"), {}, {}}},
        {QStringLiteral("openai:gpt-4o"),
            {QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("3"), QStringLiteral("0.5")}},
        {QStringLiteral("ollama:llama3"), {QStringLiteral("0"), QStringLiteral("0"), {}, {}}},
        {QStringLiteral("house-model"), {QStringLiteral("0.000001"), QStringLiteral("4"), {}, {}}},
    });
    const Quote whole = table.quote(QStringLiteral("openai:gpt-4o"), tokens(1000, 100, 500, 200), august);
    QCOMPARE(linesOf(whole),
        QStringLiteral("input 300 x 0.000001 = 0.0003; cache read 500 x 0.0000005 = 0.00025; "
                       "cache write 200 x 0.000003 = 0.0006; output 100 x 0.000002 = 0.0002"));
    QCOMPARE(whole.source, QStringLiteral("custom"));
    QCOMPARE(whole.matchedProvider, QStringLiteral("openai"));
    QCOMPARE(whole.matchedModel, QStringLiteral("gpt-4o"));
    // Another protocol of the same provider, and the model without its provider.
    for (const char* model : {"openai-chat:gpt-4o", "gpt-4o", "OPENAI:GPT-4o"})
        QCOMPARE(total(table.quote(QLatin1String(model), tokens(1'000'000, 0), august)), QStringLiteral("1"));
    QCOMPARE(total(table.quote(QStringLiteral("azure:gpt-4o"), tokens(1'000'000, 0), august)),
        QStringLiteral("7"));
    // Without cache prices, cached tokens cost what input costs.
    QCOMPARE(total(table.quote(QStringLiteral("azure:gpt-4o"), tokens(1'000'000, 0, 500'000), august)),
        QStringLiteral("7"));
    QCOMPARE(total(table.quote(QStringLiteral("ollama:llama3"), tokens(5, 5), august)), QStringLiteral("0"));
    QCOMPARE(total(table.quote(QStringLiteral("ollama:house-model"), tokens(1, 0), august)),
        QStringLiteral("0.000000000001"));
    QVERIFY(!table.quote(QStringLiteral("ollama:llama33"), tokens(5, 5), august).total);
    // Other models keep the table's price.
    QCOMPARE(table.quote(QStringLiteral("openai:gpt-4o-mini"), tokens(5, 5), august).source,
        QStringLiteral("table ") + table.version());
    QCOMPARE(table.find(QStringLiteral("openai:gpt-4o"))->inputPerMillion, QStringLiteral("1"));
    table.setCustomCosts({});
    QCOMPARE(
        total(table.quote(QStringLiteral("gpt-4o"), tokens(1'000'000, 0), august)), QStringLiteral("2.5"));
}

void TestCustomCosts::customCostsAreChecked_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<ModelCosts>("costs");
    QTest::addColumn<QString>("field");
    const auto row = [](const char* name, const QString& model, const ModelCosts& costs, const char* field) {
        QTest::newRow(name) << model << costs << QString(QLatin1String(field));
    };
    const QString good = QStringLiteral("1");
    const QString model = QStringLiteral("openai:gpt-4o");
    row("empty input", model, {{}, good, {}, {}}, "input price");
    row("empty output", model, {good, {}, {}, {}}, "output price");
    row("negative", model, {QStringLiteral("-1"), good, {}, {}}, "input price");
    row("words", model, {good, QStringLiteral("cheap"), {}, {}}, "output price");
    row("spaces", model, {good, QStringLiteral(" 1"), {}, {}}, "output price");
    row("absurd", model, {good, good, QStringLiteral("1000000"), {}}, "cache write price");
    row("below a picodollar", model, {good, good, {}, QStringLiteral("0.0000001")}, "cache read price");
    row("endless", model, {QStringLiteral("1").repeated(100'000), good, {}, {}}, "input price");
    row("not a number", model, {QStringLiteral("nan"), good, {}, {}}, "input price");
}

void TestCustomCosts::customCostsAreChecked()
{
    QFETCH(QString, model);
    QFETCH(ModelCosts, costs);
    QFETCH(QString, field);
    PriceTable table = m_table;
    const CustomCosts before{{QStringLiteral("x"), {QStringLiteral("1"), QStringLiteral("1"), {}, {}}}};
    table.setCustomCosts(before);
    try {
        table.setCustomCosts({{model, costs}});
        QFAIL("no error");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.message().contains(model), qPrintable(error.message()));
        QVERIFY2(error.message().contains(field), qPrintable(error.message()));
        QVERIFY(error.message().size() < 300);
    }
    QCOMPARE(table.customCosts(), before);
}

void TestCustomCosts::copiesKeepTheirOwnCustomCosts()
{
    PriceTable copy = m_table;
    copy.setCustomCosts({{QStringLiteral("gpt-4o"), {QStringLiteral("1"), QStringLiteral("1"), {}, {}}}});
    QVERIFY(m_table.customCosts().isEmpty());
    QCOMPARE(m_table.quote(QStringLiteral("gpt-4o"), tokens(1'000'000, 0), august).total->toDecimal(),
        QStringLiteral("2.5"));
    const PriceTable moved = std::move(copy);
    QCOMPARE(moved.quote(QStringLiteral("gpt-4o"), tokens(1'000'000, 0), august).total->toDecimal(),
        QStringLiteral("1"));
}

void TestCustomCosts::pricesAreListed()
{
    const PriceTable table = PriceTable::fromJson(
        R"({"schema": 1, "version": "t", "providers": [{"id": "p", "models": [{"id": "m", "prices": [
            {"input": "2", "output": "3.5", "requests": "5", "above": [{"input_tokens": 100, "input": "4"}]},
            {"from": "2026-01-01", "input": "1"},
            {"from": "2026-01-02T03:04:05Z", "hours": ["22:00", "02:30"], "cache_read": "0.000001"}]}]}]})",
        QStringLiteral("t"));
    const auto listed = [](const PriceTable& prices, const char* model) {
        QStringList lines;
        for (const ListedPrice& price : prices.prices(QLatin1String(model)))
            lines += price.price + QStringLiteral(" = ") + price.dollars
                + (price.perThousand ? QStringLiteral(" / 1000") : QString());
        return lines.join(QStringLiteral("; "));
    };
    QCOMPARE(listed(table, "p:m"),
        QStringLiteral(
            "input = 2; output = 3.5; requests = 5 / 1000; input above 100 = 4; input from 2026-01-01 = 1; "
            "cache_read from 2026-01-02T03:04:05Z between 22:00 and 02:30 = 0.000001"));
    QCOMPARE(listed(table, "p:n"), QString());
    PriceTable custom = table;
    custom.setCustomCosts({{QStringLiteral("m"), {QStringLiteral("7"), QStringLiteral("8"), {}, {}}}});
    QCOMPARE(listed(custom, "p:m"), QStringLiteral("input = 7; output = 8"));
}

LLMCACHE_TEST_MAIN(TestCustomCosts)
#include "tst_customcosts.moc"
