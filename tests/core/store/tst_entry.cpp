#include "base/error.h"
#include "store/entry.h"
#include "store/storedjson_p.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>

#include <zstd.h>

#include <random>

using namespace llmcache;
using namespace llmcache::test;

namespace {

QByteArray randomBytes(std::mt19937& random, int size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}

/// A frame that does not say how large its content is, as a streaming writer makes it.
QByteArray frameOfUnknownSize(const QByteArray& text)
{
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    QByteArray frame(static_cast<qsizetype>(ZSTD_compressBound(static_cast<std::size_t>(text.size()))), '\0');
    ZSTD_inBuffer input{text.constData(), static_cast<std::size_t>(text.size()), 0};
    ZSTD_outBuffer output{frame.data(), static_cast<std::size_t>(frame.size()), 0};
    ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);
    ZSTD_compressStream2(context, &output, &input, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    frame.truncate(static_cast<qsizetype>(output.pos));
    return frame;
}

} // namespace

class TestEntry : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void fieldsComeBackUnchanged_data();
    void fieldsComeBackUnchanged();
    void compressesWhatIsLarge();
    void readsFramesOfUnknownSize();
    void refusesDamagedFields_data();
    void refusesDamagedFields();
    void refusesBombs_data();
    void refusesBombs();
    void survivesRandomBytes();
    void survivesEveryCutAndFlip();
    void excerpts_data();
    void excerpts();
    void outputTexts();
    void metadataComesBackUnchanged();
    void metadataLeavesOutWhatTheStoreKeeps();
    void responseComesBackUnchanged();
    void theQuickWayToAResponseAgrees_data();
    void theQuickWayToAResponseAgrees();
    void hugeCountsCanBeAdded();
    void refusesHostileJson_data();
    void refusesHostileJson();
};

void TestEntry::fieldsComeBackUnchanged_data()
{
    QTest::addColumn<QByteArray>("text");
    std::mt19937 random(1);
    QTest::newRow("empty") << QByteArray("");
    QTest::newRow("short") << QByteArray("{\"a\": 1}");
    QTest::newRow("1024 bytes") << QByteArray(1024, 'a');
    QTest::newRow("1025 bytes") << QByteArray(1025, 'a');
    QTest::newRow("incompressible") << randomBytes(random, 100'000);
    QTest::newRow("8 MB") << QByteArray("Ein Satz, der sich wiederholt. ").repeated(270'000);
    QTest::newRow("NULs") << QByteArray(3000, '\0');
}

void TestEntry::fieldsComeBackUnchanged()
{
    QFETCH(QByteArray, text);
    QVERIFY(unpackField(packField(text)) == text);
}

void TestEntry::compressesWhatIsLarge()
{
    std::mt19937 random(1);
    QCOMPARE(packField(QByteArray(1024, 'a')), 'j' + QByteArray(1024, 'a'));
    const QByteArray packed = packField(QByteArray(1025, 'a'));
    QCOMPARE(packed.front(), 'z');
    QVERIFY(packed.size() < 100);
    const QByteArray noise = randomBytes(random, 5000);
    QCOMPARE(packField(noise), 'j' + noise);
}

void TestEntry::readsFramesOfUnknownSize()
{
    const QByteArray text = QByteArray("0123456789").repeated(100'000);
    QVERIFY(unpackField('z' + frameOfUnknownSize(text)) == text);
    QVERIFY(unpackField('z' + frameOfUnknownSize(text), text.size()) == text);
}

void TestEntry::refusesDamagedFields_data()
{
    QTest::addColumn<QByteArray>("field");
    const QByteArray packed = packField(QByteArray(5000, 'a'));
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("unknown mark") << QByteArray("x{}");
    QTest::newRow("no frame") << QByteArray("z");
    QTest::newRow("text as frame") << QByteArray("z{\"a\": 1}");
    QTest::newRow("cut") << packed.chopped(1);
    QTest::newRow("trailing byte") << packed + 'x';
    QTest::newRow("two frames") << packed + packed.sliced(1);
    QTest::newRow("cut, unknown size") << ('z' + frameOfUnknownSize(QByteArray(5000, 'a'))).chopped(2);
}

void TestEntry::refusesDamagedFields()
{
    QFETCH(QByteArray, field);
    QVERIFY_EXCEPTION_THROWN(unpackField(field), CacheError);
}

void TestEntry::refusesBombs_data()
{
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<qint64>("maxBytes");
    const QByteArray zeros(64 * 1024 * 1024, '\0');
    QTest::newRow("declared") << packField(zeros) << qint64{zeros.size() - 1};
    QTest::newRow("declared, far too large") << packField(zeros) << qint64{100};
    QTest::newRow("undeclared") << 'z' + frameOfUnknownSize(zeros) << qint64{zeros.size() - 1};
    QTest::newRow("plain") << 'j' + QByteArray(101, 'a') << qint64{100};
    // The header says 2^62 bytes: nothing may be allocated for it.
    // An empty frame whose header says 2^62 bytes: nothing may be allocated for it.
    const QByteArray lie = QByteArray::fromHex("7a28b52ffde00000000000000040010000");
    QTest::newRow("lying header") << lie << std::numeric_limits<qint64>::max();
    QTest::newRow("lying header, bounded") << lie << qint64{1000};
}

void TestEntry::refusesBombs()
{
    QFETCH(QByteArray, field);
    QFETCH(qint64, maxBytes);
    QVERIFY_EXCEPTION_THROWN(unpackField(field, maxBytes), CacheError);
}

void TestEntry::survivesRandomBytes()
{
    std::mt19937 random(42);
    int refused = 0;
    for (int round = 0; round < 5000; ++round) {
        QByteArray field = randomBytes(random, static_cast<int>(random() % 200));
        if (round % 2 == 0)
            field.prepend(QByteArray::fromHex("7a28b52ffd"));
        try {
            unpackField(field, 1'000'000);
        } catch (const CacheError&) {
            ++refused;
        }
    }
    QVERIFY(refused > 4000);
}

void TestEntry::survivesEveryCutAndFlip()
{
    std::mt19937 random(7);
    const QByteArray text = randomBytes(random, 400) + QByteArray(4000, 'a') + randomBytes(random, 100);
    const QByteArray packed = packField(text);
    QCOMPARE(packed.front(), 'z');
    for (qsizetype size = 0; size < packed.size(); ++size)
        QVERIFY_EXCEPTION_THROWN(unpackField(packed.first(size)), CacheError);
    for (qsizetype at = 0; at < packed.size(); ++at) {
        QByteArray flipped = packed;
        flipped[at] = static_cast<char>(flipped.at(at) ^ (1 << (at % 8)));
        try {
            QVERIFY(unpackField(flipped, 100'000).size() <= 100'000);
        } catch (const CacheError&) {
        }
    }
}

void TestEntry::excerpts_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("expected");
    const QString longText(500, QLatin1Char('a'));
    QTest::newRow("empty") << QString() << QString();
    QTest::newRow("short") << QStringLiteral("Hello") << QStringLiteral("Hello");
    QTest::newRow("white space") << QStringLiteral("  a \n\t b\u00a0 c  ") << QStringLiteral("a b c");
    QTest::newRow("controls") << QString(QStringLiteral("a") + QChar(0) + QChar(27) + QStringLiteral("b"))
                              << QStringLiteral("a b");
    QTest::newRow("white space alone") << QStringLiteral(" \n ") << QString();
    QTest::newRow("long") << longText << longText.first(160);
    QTest::newRow("a space at the cut")
        << QString(longText.first(159) + QStringLiteral(" bb")) << longText.first(159);
    const QString crab = QString::fromUtf8("🦀");
    QTest::newRow("a pair at the cut") << QString(longText.first(159) + crab) << longText.first(159);
    QTest::newRow("a pair before the cut")
        << QString(longText.first(158) + crab + QStringLiteral("x")) << QString(longText.first(158) + crab);
}

void TestEntry::excerpts()
{
    QFETCH(QString, text);
    QFETCH(QString, expected);
    QCOMPARE(excerpt(text), expected);
}

void TestEntry::outputTexts()
{
    QCOMPARE(outputText(Json("a \"b\"")), QStringLiteral("a \"b\""));
    QCOMPARE(outputText(Json::parse(R"({"b": 1, "a": [true, null]})")),
        QStringLiteral("{\"b\":1,\"a\":[true,null]}"));
}

void TestEntry::metadataComesBackUnchanged()
{
    EntryMeta meta = sampleCommit(QStringLiteral("f")).entry.meta;
    meta.pinned = true;
    meta.python = true;
    meta.tags = {QStringLiteral("a b"), QString::fromUtf8("Ünï, 🦀")};
    const EntryMeta again = entryMetaFromJson(toJson(meta), QStringLiteral("f"));
    QCOMPARE(toJsonText(toJson(again)), toJsonText(toJson(meta)));
    QCOMPARE(again.fingerprint, meta.fingerprint);
    QCOMPARE(again.cost, meta.cost);
    QCOMPARE(again.usage, meta.usage);
    QCOMPARE(again.tags, meta.tags);
    QVERIFY(again.pinned && again.human && again.python);
    meta.cost = std::nullopt;
    QVERIFY(!entryMetaFromJson(toJson(meta), QStringLiteral("f")).cost);
    meta.cost = Money();
    QCOMPARE(entryMetaFromJson(toJson(meta), QStringLiteral("f")).cost, Money());
}

void TestEntry::metadataLeavesOutWhatTheStoreKeeps()
{
    EntryMeta meta = sampleCommit(QStringLiteral("f")).entry.meta;
    const QByteArray before = toJsonText(toJson(meta));
    meta.revision = 9;
    meta.hits = 3;
    meta.lastUsedMs = 5;
    meta.expiresMs = 7;
    QCOMPARE(toJsonText(toJson(meta)), before);
}

void TestEntry::responseComesBackUnchanged()
{
    const Entry entry = sampleCommit(QStringLiteral("f")).entry;
    Entry again;
    responseFromJson(responseToJson(entry), again);
    QCOMPARE(again.output, entry.output);
    QCOMPARE(again.messages, entry.messages);
    QCOMPARE(again.finishReason, entry.finishReason);
    QCOMPARE(again.providerModel, entry.providerModel);
    QCOMPARE(again.usage, entry.usage); // with the raw object
    QCOMPARE(again.costSource, entry.costSource);
}

void TestEntry::theQuickWayToAResponseAgrees_data()
{
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* text) { QTest::newRow(text) << QByteArray(text); };
    QTest::newRow("sample") << toJsonText(responseToJson(sampleCommit(QStringLiteral("f")).entry));
    row(R"({"output": "a", "messages": [{"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}]})");
    row(R"({"output": {"z": [1, 1.5, -3, null, true], "a": {}}, "messages": [], "usage": {"input_tokens": 3}})");
    row(R"({"output": "a", "output": "b", "messages": [], "finish_reason": "x", "finish_reason": "y"})");
    row(R"({"output": 1, "messages": [{"role": "tool", "content": "b", "tool_call_id": "c", "name": "n"}]})");
    row(R"({"output": 1, "messages": [{"role": "system", "content": [{"text": "a"}, "b"]}]})");
    row(R"({"output": 1, "messages": [], "finish_reason": 3, "provider_model": null, "later": {"x": 1}})");
    row(R"({"output": 1, "messages": [], "usage": {"input_tokens": 1e3, "later": 4, "raw": {"a": [{}]}}})");
    row(R"({"output": 1, "messages": [], "usage": {"input_tokens": 12345678901234567890}})");
}

void TestEntry::theQuickWayToAResponseAgrees()
{
    QFETCH(QByteArray, text);
    Entry slow;
    responseFromJson(parseStored(text, QStringLiteral("It")), slow);
    Entry quick;
    responseFromText(text, quick);
    QCOMPARE(toJsonText(responseToJson(quick)), toJsonText(responseToJson(slow)));
    QCOMPARE(quick.messages, slow.messages);
    QCOMPARE(quick.usage, slow.usage);
}

void TestEntry::hugeCountsCanBeAdded()
{
    // Prices and reports add them; the undefined-behaviour sanitizer sees an overflow here.
    const Json json = Json::parse(
        R"({"usage": {"input_tokens": 9223372036854775807, "output_tokens": 9223372036854775807,
            "cache_read_tokens": 9223372036854775807, "cache_write_tokens": 9223372036854775807}})");
    Usage usage = entryMetaFromJson(json, QStringLiteral("f")).usage;
    usage += usage;
    QVERIFY(usage.totalTokens() > 0);
    QVERIFY(usage.cacheReadTokens + usage.cacheWriteTokens > 0);
}

void TestEntry::refusesHostileJson_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("metaIsRefused");
    const auto row = [](const char* text, bool metaIsRefused) {
        QTest::newRow(text) << QByteArray(text) << metaIsRefused;
    };
    row("null", true);
    row("[]", true);
    row("\"text\"", true);
    row("12", true);
    row("{}", false); // an entry of nothing, shown as such
    row(R"({"cost_usd": "a lot"})", true);
    row(R"({"cost_usd": 0.1})", true);
    row(R"({"usage": {"input_tokens": -1}, "output": 1, "messages": []} )", true);
    row(R"({"output": 1})", false);
    row(R"({"output": 1, "messages": {}})", false);
    row(R"({"output": 1, "messages": [1]})", false);
    row(R"({"output": 1, "messages": [{"role": "root", "content": "x"}]})", false);
}

void TestEntry::refusesHostileJson()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, metaIsRefused);
    const Json json = Json::parse(text.toStdString());
    if (metaIsRefused)
        QVERIFY_EXCEPTION_THROWN(entryMetaFromJson(json, QStringLiteral("f")), CacheError);
    else
        QCOMPARE(entryMetaFromJson(json, QStringLiteral("f")).fingerprint, QStringLiteral("f"));
    Entry entry;
    QVERIFY_EXCEPTION_THROWN(responseFromJson(json, entry), CacheError);
    QVERIFY_EXCEPTION_THROWN(responseFromText(text, entry), CacheError);
}

LLMCACHE_TEST_MAIN(TestEntry)
#include "tst_entry.moc"
