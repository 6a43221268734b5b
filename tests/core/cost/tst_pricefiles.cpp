#include "base/error.h"
#include "cost/pricefiles.h"
#include "cost/pricesource.h"
#include "httpserver.h"
#include "quotes.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QFile>
#include <QTest>
#include <QTimer>

#include <thread>

using namespace llmcache;
using namespace llmcache::test;

class TestPriceFiles : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void withoutFilesTheBuiltInTableHolds();
    void costsAreKept();
    void theCaseOfNamesDoesNotMatter();
    void badCostsChangeNothing_data();
    void badCostsChangeNothing();
    void badFilesAreNamed_data();
    void badFilesAreNamed();
    void changesAtTheSameTimeAreAllKept();
    void whoWasKilledLocksNobodyOut();
    void anotherTableAndBack();
    void aTableFromAFile();
    void aTableFromAnAddress();
    void redirectsComeToAnEnd();
    void sourcesThatCanNotBeRead_data();
    void sourcesThatCanNotBeRead();
    void aDownloadCanBeCancelled();

private:
    PriceFiles files() const { return PriceFiles(m_folder->filePath(QStringLiteral("data"))); }
    QString path(const char* name) const
    {
        return m_folder->filePath(QStringLiteral("data/") + QLatin1String(name));
    }
    void write(const QString& file, const QByteArray& text) const
    {
        QVERIFY(QDir().mkpath(QFileInfo(file).path()));
        QFile output(file);
        QVERIFY(output.open(QIODevice::WriteOnly));
        QCOMPARE(output.write(text), text.size());
    }
    static QByteArray read(const QString& file)
    {
        QFile input(file);
        return input.open(QIODevice::ReadOnly) ? input.readAll() : QByteArray();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
};

namespace {

const QByteArray ownTable =
    R"({"schema": 1, "version": "2026-11-23", "providers": [{"id": "acme", "prefixes": ["acme"], "models": [)"
    R"({"id": "one", "match": [{"exact": "one"}], "prices": [{"input": "3", "output": "15"}]}]}]})";

ModelCosts costs(const char* input, const char* output)
{
    return {QLatin1String(input), QLatin1String(output), {}, {}};
}

QString costOfMillion(const PriceTable& table, const char* model)
{
    return total(table.quote(QLatin1String(model), tokens(1'000'000, 0), august));
}

} // namespace

void TestPriceFiles::withoutFilesTheBuiltInTableHolds()
{
    const PriceTable table = files().load();
    QCOMPARE(table.version(), PriceTable::builtIn().version());
    QVERIFY(table.customCosts().isEmpty());
    QVERIFY(!files().hasTable());
    QVERIFY(!files().removeCosts(QStringLiteral("acme:one")));
    QVERIFY(!files().useBuiltInTable());
}

void TestPriceFiles::costsAreKept()
{
    const ModelCosts all{
        QStringLiteral("3"), QStringLiteral("15"), QStringLiteral("3.75"), QStringLiteral("0.3")};
    files().setCosts(QStringLiteral("acme:one"), all);
    files().setCosts(QStringLiteral("acme:two"), costs("1", "2"));
    QCOMPARE(files().customCosts(),
        (CustomCosts{{QStringLiteral("acme:one"), all}, {QStringLiteral("acme:two"), costs("1", "2")}}));
    QCOMPARE(costOfMillion(files().load(), "acme:one"), QStringLiteral("3"));
    QVERIFY(files().removeCosts(QStringLiteral("acme:one")));
    QCOMPARE(files().customCosts().keys(), QStringList{QStringLiteral("acme:two")});
    QVERIFY(!files().removeCosts(QStringLiteral("acme:one")));
}

void TestPriceFiles::theCaseOfNamesDoesNotMatter()
{
    files().setCosts(QStringLiteral("acme:one"), costs("1", "2"));
    files().setCosts(QStringLiteral("ACME:One"), costs("3", "4"));
    QCOMPARE(files().customCosts(), (CustomCosts{{QStringLiteral("ACME:One"), costs("3", "4")}}));
    QVERIFY(files().removeCosts(QStringLiteral("acme:ONE")));
    QVERIFY(files().customCosts().isEmpty());
}

void TestPriceFiles::badCostsChangeNothing_data()
{
    QTest::addColumn<QString>("model");
    QTest::addColumn<QString>("input");
    QTest::addColumn<QString>("named");
    QTest::newRow("no number") << QStringLiteral("acme:two") << QStringLiteral("x")
                               << QStringLiteral("\"x\"");
    QTest::newRow("negative") << QStringLiteral("acme:two") << QStringLiteral("-1") << QStringLiteral("-1");
    QTest::newRow("no model") << QStringLiteral(" ") << QStringLiteral("1") << QStringLiteral("model");
}

void TestPriceFiles::badCostsChangeNothing()
{
    QFETCH(const QString, model);
    QFETCH(const QString, input);
    QFETCH(const QString, named);
    files().setCosts(QStringLiteral("acme:one"), costs("1", "2"));
    const QByteArray before = read(path("custom-prices.json"));
    try {
        files().setCosts(model, {input, QStringLiteral("2"), {}, {}});
        QFAIL("not refused");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(named), qUtf8Printable(error.text()));
    }
    QCOMPARE(read(path("custom-prices.json")), before);
}

void TestPriceFiles::badFilesAreNamed_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("named");
    QTest::newRow("no JSON") << QByteArray("{") << QString();
    QTest::newRow("a list") << QByteArray("[]") << QStringLiteral("no JSON object");
    QTest::newRow("no prices") << QByteArray(R"({"a": 3})") << QStringLiteral("\"a\"");
    QTest::newRow("unknown field") << QByteArray(R"({"a": {"inptu": "3"}})") << QStringLiteral("\"inptu\"");
    QTest::newRow("number") << QByteArray(R"({"a": {"input": 3}})") << QStringLiteral("decimal text");
    QTest::newRow("missing") << QByteArray(R"({"a": {"input": "3"}})") << QStringLiteral("\"a\"");
    QTest::newRow("twice") << QByteArray(R"({"a": {"input": "3", "output": "3"}, "a": {}})")
                           << QStringLiteral("twice");
    QTest::newRow("twice in other letters")
        << QByteArray(R"({"a": {"input": "3", "output": "3"}, "A": {"input": "3", "output": "3"}})")
        << QStringLiteral("twice");
}

void TestPriceFiles::badFilesAreNamed()
{
    QFETCH(const QByteArray, text);
    QFETCH(const QString, named);
    const QString file = path("custom-prices.json");
    write(file, text);
    const auto refusal = [](const auto& action) {
        try {
            action();
        } catch (const ConfigurationError& error) {
            return error.text();
        }
        return QString();
    };
    // Also a change is refused: it would lose what is in the file.
    for (const QString& said : {refusal([&] { files().load(); }),
             refusal([&] { files().setCosts(QStringLiteral("b"), costs("1", "2")); }),
             refusal([&] { files().removeCosts(QStringLiteral("a")); })}) {
        QVERIFY2(said.contains(file), qUtf8Printable(said));
        QVERIFY2(said.contains(named), qUtf8Printable(said));
    }
    QCOMPARE(read(file), text);
}

void TestPriceFiles::changesAtTheSameTimeAreAllKept()
{
    constexpr int writers = 4;
    constexpr int each = 10;
    {
        std::vector<std::jthread> threads;
        for (int writer = 0; writer < writers; ++writer) {
            threads.emplace_back([this, writer] {
                for (int at = 0; at < each; ++at)
                    files().setCosts(QStringLiteral("acme:%1-%2").arg(writer).arg(at), costs("1", "2"));
            });
        }
    }
    QCOMPARE(files().customCosts().size(), writers * each);
}

/// Between making the lock and writing into it whose it is.
void TestPriceFiles::whoWasKilledLocksNobodyOut()
{
    write(path("prices.lock"), {});
    files().setCosts(QStringLiteral("acme:one"), costs("1", "2"));
    QCOMPARE(files().customCosts().size(), 1);
}

void TestPriceFiles::anotherTableAndBack()
{
    files().setCosts(QStringLiteral("acme:two"), costs("7", "8"));
    QVERIFY_EXCEPTION_THROWN(files().useTable("{}"), ConfigurationError);
    QVERIFY(!files().hasTable());
    files().useTable(ownTable);
    QVERIFY(files().hasTable());
    const PriceTable table = files().load();
    QCOMPARE(table.version(), QStringLiteral("2026-11-23"));
    QCOMPARE(table.models().size(), 1U);
    QCOMPARE(costOfMillion(table, "acme:one"), QStringLiteral("3"));
    QCOMPARE(costOfMillion(table, "acme:two"), QStringLiteral("7"));
    QVERIFY(files().useBuiltInTable());
    QVERIFY(files().load().models().size() > 300);
    QCOMPARE(costOfMillion(files().load(), "acme:two"), QStringLiteral("7"));
}

void TestPriceFiles::aTableFromAFile()
{
    const QString file = path("table.json");
    write(file, ownTable);
    const PriceTable current = PriceTable::builtIn();
    for (const QString& name : {file, QUrl::fromLocalFile(file).toString()}) {
        const PriceImport imported = waitForTask(importPricesFrom(name, current, {}, {}));
        QCOMPARE(imported.format, PriceFormat::Own);
        QCOMPARE(imported.modelsAdded, 1);
        QCOMPARE(imported.changes.size(), 2U);
    }
    // What is wrong with the table is said as for any other.
    write(file, R"({"schema": 1, "version": "2026-11-23", "providers": [{"id": 7}]})");
    QVERIFY_EXCEPTION_THROWN(waitForTask(importPricesFrom(file, current, {}, {})), ConfigurationError);
}

void TestPriceFiles::aTableFromAnAddress()
{
    HttpServer server;
    server.enqueue(ScriptedReply::json({}, 302, {{"Location", "/moved.json"}}));
    server.enqueue(ScriptedReply::json(ownTable));
    const PriceImport imported = waitForTask(importPricesFrom(
        server.url(QStringLiteral("/prices.json")).toString(), PriceTable::builtIn(), {}, {}));
    QCOMPARE(imported.modelsAdded, 1);
    QCOMPARE(server.requests().size(), 2U);
    QCOMPARE(server.requests().back().method, QByteArray("GET"));
    QCOMPARE(server.requests().back().path, QByteArray("/moved.json"));
}

void TestPriceFiles::redirectsComeToAnEnd()
{
    HttpServer server;
    for (int time = 0; time < 8; ++time)
        server.enqueue(ScriptedReply::json({}, 302, {{"Location", "/again.json"}}));
    try {
        waitForTask(importPricesFrom(
            server.url(QStringLiteral("/prices.json")).toString(), PriceTable::builtIn(), {}, {}));
        QFAIL("not refused");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(QStringLiteral("302")), qUtf8Printable(error.text()));
    }
    QCOMPARE(server.requests().size(), 6U);
}

void TestPriceFiles::sourcesThatCanNotBeRead_data()
{
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("said");
    QTest::newRow("no file") << QStringLiteral("/nowhere/prices.json")
                             << QStringLiteral("/nowhere/prices.json");
    QTest::newRow("a folder") << QStringLiteral("/") << QStringLiteral("\"/\"");
    QTest::newRow("another scheme") << QStringLiteral("ftp://host/prices.json") << QStringLiteral("http");
    QTest::newRow("refused") << QStringLiteral("http://127.0.0.1:1/x") << QStringLiteral("refuses");
    QTest::newRow("not found") << QString() << QStringLiteral("404");
}

void TestPriceFiles::sourcesThatCanNotBeRead()
{
    QFETCH(QString, source);
    QFETCH(const QString, said);
    HttpServer server;
    server.enqueue(ScriptedReply::json("{}", 404));
    if (source.isEmpty())
        source = server.url(QStringLiteral("/gone")).toString() + QStringLiteral("?key=hidden");
    try {
        waitForTask(importPricesFrom(source, PriceTable(), {}, {}));
        QFAIL("not refused");
    } catch (const ConfigurationError& error) {
        QVERIFY2(error.text().contains(said), qUtf8Printable(error.text()));
        QVERIFY2(!error.text().contains(QStringLiteral("hidden")), qUtf8Printable(error.text()));
    }
}

void TestPriceFiles::aDownloadCanBeCancelled()
{
    HttpServer server;
    ScriptedReply held = ScriptedReply::json(ownTable);
    held.holdBefore = 0;
    server.enqueue(held);
    std::stop_source stop;
    connect(&server, &HttpServer::requestArrived, this, [&stop] { stop.request_stop(); });
    QVERIFY_EXCEPTION_THROWN(
        waitForTask(importPricesFrom(server.url().toString(), PriceTable(), {}, stop.get_token())),
        Cancelled);
}

LLMCACHE_TEST_MAIN(TestPriceFiles)
#include "tst_pricefiles.moc"
