#include "base/error.h"
#include "cache/entrytransfer.h"
#include "cache/request.h"
#include "testenvironment.h"

#include <QTest>

using namespace llmcache;

namespace {

Entry sampleEntry()
{
    Request request;
    request.model = ModelRef::parse(QStringLiteral("test:small"));
    request.systemPrompts = {QStringLiteral("Be short.")};
    request.prompt = QStringLiteral("a line\nand another \u2013 \u4e2d");
    Entry entry;
    entry.request = toJson(request);
    entry.output = Json{{"name", "Ada"}, {"age", 36}};
    entry.finishReason = QStringLiteral("stop");
    entry.providerModel = QStringLiteral("small-1");
    entry.usage.inputTokens = 12;
    entry.usage.outputTokens = 3;
    entry.costSource = QStringLiteral("table 2026-11-23");
    EntryMeta& meta = entry.meta;
    meta.fingerprint = fingerprint(request);
    meta.revision = 3;
    meta.model = QStringLiteral("test:small");
    meta.agent = QStringLiteral("profiler");
    meta.createdMs = 1'790'000'000'000;
    meta.cost = Money::fromDecimal(QStringLiteral("0.000000000001"));
    meta.tags = {QStringLiteral("night")};
    meta.hits = 7;
    meta.lastUsedMs = 1'790'000'100'000;
    meta.expiresMs = 1'791'000'000'000;
    return entry;
}

/// As it is stored after a person has pinned it.
EntryImage pinnedImage()
{
    const Entry entry = sampleEntry();
    EntryImage image{entry.meta.fingerprint, toFields(entry, 3), entry.meta.expiresMs};
    Json meta = Json::parse(image.fields.value("meta").toStdString());
    meta["pin_reason"] = "golden \u2013 keep";
    image.fields["meta"] = toJsonText(meta);
    image.fields["hits"] = "7";
    image.fields["used"] = "1790000100000";
    return image;
}

} // namespace

class TestEntryTransfer : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nothingIsLost();
    void pinnedEntriesStayPinned();
    void entriesOfPythonKeepTheirKeys();
    void imagesComeBackByteForByte();
    void linesOfOthersAreUnderstoodAsWell_data();
    void linesOfOthersAreUnderstoodAsWell();
    void malformedLines_data();
    void malformedLines();
};

void TestEntryTransfer::nothingIsLost()
{
    const Entry entry = sampleEntry();
    const QByteArray line = entryToLine(entry);
    QVERIFY(!line.contains('\n'));
    const Entry read = entryFromLine(line);
    QVERIFY(read.request == entry.request);
    QVERIFY(read.output == entry.output);
    QCOMPARE(read.finishReason, entry.finishReason);
    QCOMPARE(read.providerModel, entry.providerModel);
    QCOMPARE(read.usage.inputTokens, entry.usage.inputTokens);
    QCOMPARE(read.costSource, entry.costSource);
    QCOMPARE(read.meta.fingerprint, entry.meta.fingerprint);
    QCOMPARE(read.meta.revision, entry.meta.revision);
    QCOMPARE(read.meta.agent, entry.meta.agent);
    QCOMPARE(read.meta.createdMs, entry.meta.createdMs);
    QCOMPARE(read.meta.cost, entry.meta.cost);
    QCOMPARE(read.meta.tags, entry.meta.tags);
    QCOMPARE(read.meta.hits, entry.meta.hits);
    QCOMPARE(read.meta.lastUsedMs, entry.meta.lastUsedMs);
    QCOMPARE(read.meta.expiresMs, entry.meta.expiresMs);
    QCOMPARE(entryToLine(read), line);
}

void TestEntryTransfer::pinnedEntriesStayPinned()
{
    Entry entry = sampleEntry();
    entry.meta.expiresMs.reset();
    entry.meta.pinned = true;
    entry.meta.cost.reset();
    const Entry read = entryFromLine(entryToLine(entry));
    QVERIFY(!read.meta.expiresMs);
    QVERIFY(read.meta.pinned);
    QVERIFY(!read.meta.cost); // unpriced is not $0
}

void TestEntryTransfer::entriesOfPythonKeepTheirKeys()
{
    Entry entry = sampleEntry();
    entry.meta.python = true;
    entry.meta.fingerprint = QString(64, QLatin1Char('a'));
    QCOMPARE(entryFromLine(entryToLine(entry)).meta.fingerprint, entry.meta.fingerprint);
}

void TestEntryTransfer::malformedLines_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("said");
    const Json good = Json::parse(entryToLine(sampleEntry()).toStdString());
    const auto without = [&good](const char* key) {
        Json line = good;
        line.erase(key);
        return toJsonText(line);
    };
    const auto with = [&good](const char* key, const Json& value) {
        Json line = good;
        line[key] = value;
        return toJsonText(line);
    };
    const auto row = [](const char* name, const QByteArray& line, const char* said) {
        QTest::newRow(name) << line << QString::fromLatin1(said);
    };
    row("nothing", "", "JSON object");
    row("no JSON", "{\"format\": 1", "JSON object");
    row("a list", "[]", "JSON object");
    row("another format", with("format", 2), "format");
    row("no format", without("format"), "format");
    row("no fingerprint", without("fingerprint"), "64");
    row("upper case", with("fingerprint", std::string(64, 'A')), "64");
    row("another's fingerprint", with("fingerprint", std::string(64, 'a')), "not that of its request");
    row("no request", without("request"), "\"request\"");
    row("no response", without("response"), "\"response\"");
    row("no metadata", with("meta", Json::array()), "\"meta\"");
    Json tampered = good;
    tampered["request"]["prompt"] = "another question";
    row("another question", toJsonText(tampered), "not that of its request");
    const QByteArray line = toJsonText(good);
    row("more behind it", line + " {}", "JSON object");
    row("brackets that do not match",
        QByteArray(line).replace("\"tags\":[\"night\"]", "\"tags\":[\"night\"}"), "JSON object");
    row("no UTF-8", QByteArray(line).replace("night", "nig\xff"), "JSON object");
    // These are as this program writes them, but for what is wrong.
    const QByteArray plain = entryToLine(pinnedImage());
    const QByteArray fingerprint = sampleEntry().meta.fingerprint.toLatin1();
    row("another's fingerprint in a plain line", QByteArray(plain).replace(fingerprint, QByteArray(64, 'a')),
        "not that of its request");
    row("another question in a plain line",
        QByteArray(plain).replace("\"prompt\":\"a line", "\"prompt\":\"A line"), "not that of its request");
    row("no messages in a plain line", QByteArray(plain).replace("\"messages\"", "\"massages\""),
        "no output or messages");
    row("no price in a plain line", QByteArray(plain).replace("\"0.000000000001\"", "\"x.000000000001\""),
        "no decimal number");
    row("deep", QByteArray("{\"format\":1,\"request\":") + QByteArray(100'000, '['), "JSON object");
}

void TestEntryTransfer::malformedLines()
{
    QFETCH(const QByteArray, line);
    QFETCH(const QString, said);
    try {
        entryFromLine(line);
        QFAIL("not refused");
    } catch (const CacheError& error) {
        QVERIFY2(error.text().contains(said), qUtf8Printable(error.text()));
    }
    qint64 createdMs = 0;
    QVERIFY_THROWS_EXCEPTION(CacheError, imageFromLine(line, &createdMs));
    QVERIFY(!isPlainlyAnEntry(line));
}

void TestEntryTransfer::imagesComeBackByteForByte()
{
    EntryImage image = pinnedImage();
    qint64 createdMs = 0;
    QVERIFY(isPlainlyAnEntry(entryToLine(image)));
    QCOMPARE(imageFromLine(entryToLine(image), &createdMs), image);
    QCOMPARE(createdMs, sampleEntry().meta.createdMs);
    image.expiresMs.reset();
    QCOMPARE(imageFromLine(entryToLine(image), &createdMs), image);
}

void TestEntryTransfer::linesOfOthersAreUnderstoodAsWell_data()
{
    QTest::addColumn<QByteArray>("line");
    const QByteArray good = entryToLine(pinnedImage());
    const Json parsed = Json::parse(good.toStdString());
    Json line = parsed;
    line["note"] = "from elsewhere";
    QTest::newRow("a member more") << toJsonText(line);
    QTest::newRow("spaces") << toPrettyJsonText(parsed).replace('\n', ' ');
    QTest::newRow("a member twice") << good.chopped(1) + R"(,"hits":7})";
    line = parsed;
    line["meta"]["bytes"] = 1;
    QTest::newRow("a wrong size") << toJsonText(line);
    line = parsed;
    line.erase("format");
    line["format"] = 1.0;
    QTest::newRow("a float") << toJsonText(line);
}

void TestEntryTransfer::linesOfOthersAreUnderstoodAsWell()
{
    QFETCH(const QByteArray, line);
    const EntryImage expected = pinnedImage();
    qint64 createdMs = 0;
    const EntryImage image = imageFromLine(line, &createdMs);
    QCOMPARE(image.fingerprint, expected.fingerprint);
    QCOMPARE(image.expiresMs, expected.expiresMs);
    QCOMPARE(createdMs, sampleEntry().meta.createdMs);
    for (const char* const field : {"hits", "used", "rev", "v"})
        QCOMPARE(image.fields.value(field), expected.fields.value(field));
    const Entry entry = entryFromImage(image);
    QVERIFY(entry.request == sampleEntry().request);
    QVERIFY(entry.output == sampleEntry().output);
    QCOMPARE(metaFromImage(image).bytes, metaFromImage(expected).bytes);
    // What this version keeps beside the metadata that it knows.
    const Json meta = Json::parse(image.fields.value("meta").toStdString());
    QCOMPARE(stringMember(meta, "pin_reason"), QStringLiteral("golden \u2013 keep"));
}

LLMCACHE_TEST_MAIN(TestEntryTransfer)
#include "tst_entrytransfer.moc"
