#include "base/error.h"
#include "cost/pricetable.h"
#include "store/callpack.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QTest>

#include <random>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 fromMs = 1'795'392'000'000;
constexpr qint64 dayMs = 86'400'000;

} // namespace

class TestCallPack : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void packsComeBackUnchanged();
    void damagedPacksAreRefused();
    void overlaysComeBackUnchanged();
    void pricesAgreeWithQuotes();
};

void TestCallPack::packsComeBackUnchanged()
{
    std::vector<Call> ledger = labelledLedger(1, 500, fromMs, 3 * dayMs);
    ledger[3].cost = Money::fromPicodollars(std::numeric_limits<qint64>::max());
    ledger[4].cost = Money::fromPicodollars(-5);
    ledger[5].timeMs = 0;
    ledger[6].usage.inputTokens = std::numeric_limits<qint64>::max();
    NameTable names;
    PackWriter writer(names);
    for (std::size_t i = 0; i < ledger.size(); ++i)
        writer.add(static_cast<qint64>(i * 7), figuresOf(ledger[i], names));
    QCOMPARE(writer.firstMs(), 0);
    NameTable other;
    other.idOf(QStringLiteral("something before"));
    PackReader reader(writer.finish(), other);
    QCOMPARE(reader.count(), 500);
    CallFigures call;
    for (std::size_t i = 0; i < ledger.size(); ++i) {
        QVERIFY(reader.next(call));
        QCOMPARE(reader.key(), static_cast<qint64>(i * 7));
        const CallFigures expected = figuresOf(ledger[i], other);
        QCOMPARE(call.timeMs, expected.timeMs);
        QCOMPARE(call.model, expected.model);
        QCOMPARE(call.tags, expected.tags);
        QCOMPARE(call.outcome, expected.outcome);
        QCOMPARE(call.isPriced, expected.isPriced);
        QCOMPARE(call.isAvoidedKnown, expected.isAvoidedKnown);
        QCOMPARE(call.cost, expected.cost);
        QCOMPARE(call.avoided, expected.avoided);
        QCOMPARE(call.inputTokens, expected.inputTokens);
        QCOMPARE(call.firstTokenMs, expected.firstTokenMs);
        QCOMPARE(call.rateLimits, expected.rateLimits);
    }
    QVERIFY(!reader.next(call));
    QVERIFY(writer.finish().size() < 500 * 50);
}

void TestCallPack::damagedPacksAreRefused()
{
    NameTable names;
    PackWriter writer(names);
    const std::vector<Call> ledger = labelledLedger(2, 5, fromMs, dayMs); // too few to be compressed
    for (const Call& call : ledger)
        writer.add(1, figuresOf(call, names));
    const QByteArray pack = writer.finish();
    const auto readAll = [](const QByteArray& bytes) {
        NameTable others;
        PackReader reader(bytes, others);
        CallFigures call;
        int calls = 0;
        while (reader.next(call))
            ++calls;
        return calls;
    };
    QCOMPARE(readAll(pack), 5);
    // Cut off anywhere; and with any byte changed it is refused or read, but not run past its end.
    for (qsizetype size = 0; size < pack.size(); ++size)
        QVERIFY_EXCEPTION_THROWN(readAll(pack.first(size)), CacheError);
    for (qsizetype at = 0; at < pack.size(); ++at) {
        for (const int change : {1, 0x80, 0xff}) {
            QByteArray changed = pack;
            changed[at] = static_cast<char>(changed[at] ^ change);
            try {
                QVERIFY(readAll(changed) >= 0);
            } catch (const CacheError& error) {
                QVERIFY(!error.message().isEmpty());
            }
        }
    }
}

void TestCallPack::overlaysComeBackUnchanged()
{
    OverlayWriter writer;
    writer.add({});
    writer.add({true, true, false, Money::fromPicodollars(12), Money()});
    writer.add({true, false, true, Money(), Money::fromPicodollars(-3)});
    OverlayReader reader(writer.finish());
    QVERIFY(!reader.next().isRepriced);
    const NewPrice second = reader.next();
    QVERIFY(second.isRepriced && second.isPriced && !second.isAvoidedKnown);
    QCOMPARE(second.cost, Money::fromPicodollars(12));
    QCOMPARE(reader.next().avoided, Money::fromPicodollars(-3));
    QVERIFY(!reader.next().isRepriced); // calls that came later
    QVERIFY_EXCEPTION_THROWN(OverlayReader(QByteArray("jx")), CacheError);
}

void TestCallPack::pricesAgreeWithQuotes()
{
    const PriceTable table = PriceTable::builtIn();
    std::mt19937_64 random(8);
    const auto pick = [&random](
                          qint64 below) { return std::uniform_int_distribution<qint64>(0, below)(random); };
    int priced = 0;
    const std::vector<ModelInfo> models = table.models();
    for (std::size_t i = 0; i < models.size(); i += 5) {
        const QString model = models[i].provider + QLatin1Char(':') + models[i].model;
        const ModelPrices prices = table.pricesOf(model);
        for (int round = 0; round < 8; ++round) {
            Usage usage;
            usage.inputTokens = pick(400'000);
            usage.outputTokens = pick(5'000);
            usage.cacheReadTokens = pick(200'000);
            usage.cacheWriteTokens = pick(3'000);
            usage.cacheWrite1hTokens = pick(2'000);
            usage.inputAudioTokens = round % 3 == 0 ? pick(1'000) : 0;
            usage.reasoningTokens = pick(2'000);
            usage.webSearches = pick(1);
            usage.requests = pick(2);
            const qint64 atMs = fromMs - pick(500) * dayMs + pick(dayMs);
            std::optional<Money> expected;
            try {
                expected = table.quote(model, usage, atMs).total;
            } catch (const CacheError&) {
                expected = std::nullopt; // impossible
            }
            QVERIFY2(prices.costOf(usage, atMs) == expected, qPrintable(model));
            priced += expected ? 1 : 0;
        }
    }
    QVERIFY(priced > 100);
    QVERIFY(!ModelPrices().costOf(Usage(), fromMs));
    QVERIFY(!table.pricesOf(QStringLiteral("nobody:knows")).costOf(Usage(), fromMs));
}

LLMCACHE_TEST_MAIN(TestCallPack)
#include "tst_callpack.moc"
