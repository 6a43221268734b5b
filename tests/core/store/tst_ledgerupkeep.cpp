#include "await.h"
#include "base/error.h"
#include "store/callpack.h"
#include "store/readonlystore.h"
#include "store/repricer.h"
#include "store/sqlite/sqlitestore.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 fromMs = 1'795'392'000'000;
constexpr qint64 dayMs = 86'400'000;

PriceTable tableOf(const char* inputPrice)
{
    const QByteArray text = R"({"schema": 1, "version": "new", "providers": [
        {"id": "openai", "name": "OpenAI", "prefixes": ["openai"], "models": [
            {"id": "gpt-5", "prices": [{"input": "%1", "output": "10"}]},
            {"id": "gpt-5-mini", "prices": [
                {"input": "1", "output": "2", "above": [{"input_tokens": 200000, "input": "2"}]}]}]},
        {"id": "anthropic", "name": "Anthropic", "prefixes": ["anthropic"], "models": [
            {"id": "claude-haiku-4-5", "prices": [{"input": "1", "output": "5", "cache_read": "0.1"}]}]}]})";
    return PriceTable::fromJson(
        QByteArray(text).replace("%1", inputPrice), QStringLiteral("the test's table"));
}

/// Calls whose usage is possible, of models with and without a price.
std::vector<Call> pricedLedger(unsigned seed, int count)
{
    std::vector<Call> ledger = labelledLedger(seed, count, fromMs, 3 * dayMs);
    for (Call& call : ledger) {
        call.usage.inputTokens += 10'000;
        call.usage.outputTokens += 1'000;
        call.usage.cacheWrite1hTokens = 0;
        call.usage.requests = 1;
        call.usage.webSearches = 0; // which the test's table has no price for
    }
    return ledger;
}

QString totalsOf(Store& store, PriceView view)
{
    LedgerQuery query;
    query.prices = view;
    query.groupBy = {Dimension::Model, Dimension::Day};
    return describe(await(store.report(query)));
}

} // namespace

/// What can be done to a ledger besides appending.
class TestLedgerUpkeep : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();

    void packsComeBackUnchanged();
    void damagedPacksAreRefused();
    void overlaysComeBackUnchanged();
    void pricesAgreeWithQuotes();

    void reportsReadPacksAndRows();
    void lateCallsAreCounted();
    void repricingIsShownAppliedAndUndone();
    void repricingsOfPartsStack();
    void cancelledRepricingChangesNothing();
    void callsWithoutAPriceStayAsCharged();
    void rebuildRepairsSums();
    void rebuildAfterManyWritersFindsNothing();
    void archivedCallsStayInReports();
    void archiveThatFailsRemovesNothing();
    void readOnlyStoresAreNotWritten();

private:
    std::unique_ptr<Store> another() const
    {
        return makeSqliteStore(m_folder->filePath(QStringLiteral("store.db")), QStringLiteral("test"));
    }
    LedgerUpkeep& upkeep() const { return dynamic_cast<LedgerUpkeep&>(*m_store); }
    RepricingRequest request(const char* inputPrice) const
    {
        RepricingRequest request;
        request.prices = tableOf(inputPrice);
        request.by = QStringLiteral("ada");
        request.nowMs = fromMs + 5 * dayMs;
        return request;
    }
    void execute(const QString& sql) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Store> m_store;
};

void TestLedgerUpkeep::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_store = another();
}

void TestLedgerUpkeep::cleanup()
{
    m_store.reset();
    m_folder.reset();
}

void TestLedgerUpkeep::execute(const QString& sql) const
{
    const QString name = newId();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), name);
        database.setDatabaseName(m_folder->filePath(QStringLiteral("store.db")));
        QVERIFY(database.open());
        QSqlQuery query(database);
        QVERIFY2(query.exec(sql), qPrintable(sql));
    }
    QSqlDatabase::removeDatabase(name);
}

void TestLedgerUpkeep::packsComeBackUnchanged()
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

void TestLedgerUpkeep::damagedPacksAreRefused()
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

void TestLedgerUpkeep::overlaysComeBackUnchanged()
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

void TestLedgerUpkeep::pricesAgreeWithQuotes()
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

void TestLedgerUpkeep::reportsReadPacksAndRows()
{
    // More than one pack, and a rest that is in none.
    const std::vector<Call> ledger = labelledLedger(3, 5'000, fromMs, 3 * dayMs);
    await(m_store->recordCalls(ledger));
    const auto neighbour =
        makeSqliteStore(m_folder->filePath(QStringLiteral("store.db")), QStringLiteral("neighbour"));
    await(neighbour->recordCalls({sampleCall()}));
    LedgerQuery query;
    query.groupBy = {Dimension::Task, Dimension::Tag};
    query.distributions = true;
    query.timeZone = "Asia/Kathmandu";
    for (const qint64 toMs : {fromMs + 4 * dayMs, fromMs + dayMs + 1234, fromMs}) {
        query.selection.toMs = toMs;
        QCOMPARE(describe(await(m_store->report(query))), describe(reportOfCalls(ledger, query)));
        QCOMPARE(describe(await(another()->report(query))), describe(reportOfCalls(ledger, query)));
    }
    QCOMPARE(await(neighbour->report({})).total.sums.calls(), 1);
}

void TestLedgerUpkeep::lateCallsAreCounted()
{
    std::vector<Call> ledger = labelledLedger(4, 2'100, fromMs, 3 * dayMs);
    await(m_store->recordCalls(ledger));
    QCOMPARE(await(m_store->report({})).total.sums.calls(), 2'100);
    const std::vector<Call> late = labelledLedger(5, 2'100, fromMs, 3 * dayMs);
    await(another()->recordCalls(late));
    ledger.insert(ledger.end(), late.begin(), late.end());
    LedgerQuery query;
    query.selection.toMs = fromMs + dayMs;
    query.groupBy = {Dimension::Hour};
    QCOMPARE(describe(await(m_store->report(query))), describe(reportOfCalls(ledger, query)));
}

void TestLedgerUpkeep::repricingIsShownAppliedAndUndone()
{
    const std::vector<Call> ledger = pricedLedger(6, 3'000);
    await(m_store->recordCalls(ledger));
    const QString before = totalsOf(*m_store, PriceView::Current);
    qint64 told = 0;
    const auto progress = [&told](qint64 done, qint64 total) { told = total == 0 ? 0 : done * 100 / total; };
    const Repricing preview = await(upkeep().previewRepricing(request("3"), progress, {}));
    QCOMPARE(told, 100);
    QCOMPARE(preview.total.calls, 3'000);
    QVERIFY(preview.total.changed > 1'000);
    QCOMPARE(totalsOf(*m_store, PriceView::Current), before);
    QVERIFY(await(upkeep().repricings()).empty());

    const Repricing applied = await(upkeep().applyRepricing(request("3"), {}, {}));
    QVERIFY(applied.total == preview.total);
    QCOMPARE(totalsOf(*m_store, PriceView::AsCharged), before);
    LedgerQuery query;
    const LedgerReport current = await(another()->report(query));
    QVERIFY(current.hasRepriced);
    QCOMPARE(current.total.sums.billed, preview.total.after);
    QCOMPARE(current.total.sums.avoided, preview.total.avoidedAfter);
    QCOMPARE(current.total.sums.unpriced, preview.total.unpricedAfter);
    query.prices = PriceView::AsCharged;
    const LedgerReport charged = await(m_store->report(query));
    QCOMPARE(charged.total.sums.billed, preview.total.before);
    QVERIFY(!charged.hasRepriced);

    // A call by itself: by the quote of its usage, with what was charged beside it.
    CallPageQuery page;
    page.limit = 500;
    page.selection.filters = {
        {Dimension::Model, {QStringLiteral("openai:gpt-5")}}, {Dimension::Outcome, {QStringLiteral("miss")}}};
    const CallPage calls = await(m_store->callPage(page));
    QVERIFY(calls.calls.size() > 20);
    for (const Call& call : calls.calls) {
        QVERIFY(call.repriced);
        QCOMPARE(call.repriced->cost, tableOf("3").quote(call.model, call.usage, call.timeMs).total);
        QCOMPARE(call.repriced->source, QStringLiteral("table new"));
        const auto original = std::find_if(
            ledger.begin(), ledger.end(), [&call](const Call& one) { return one.id == call.id; });
        QCOMPARE(call.cost, original->cost);
    }
    const auto list = await(upkeep().repricings());
    QCOMPARE(list.size(), 1U);
    QCOMPARE(list[0].prices, QStringLiteral("new"));
    QCOMPARE(list[0].by, QStringLiteral("ada"));

    QVERIFY(await(upkeep().undoRepricing()));
    QCOMPARE(totalsOf(*m_store, PriceView::Current), before);
    QVERIFY(!await(upkeep().undoRepricing()));
    QVERIFY(!await(m_store->callPage(page)).calls.front().repriced);
}

void TestLedgerUpkeep::repricingsOfPartsStack()
{
    await(m_store->recordCalls(pricedLedger(7, 1'000)));
    RepricingRequest first = request("3");
    first.toMs = fromMs + 2 * dayMs;
    await(upkeep().applyRepricing(first, {}, {}));
    const QString afterFirst = totalsOf(*m_store, PriceView::Current);
    RepricingRequest second = request("7");
    second.fromMs = fromMs + dayMs;
    await(upkeep().applyRepricing(second, {}, {}));
    const auto billed = [this](qint64 from, qint64 to) {
        LedgerQuery query;
        query.selection = {from, to, {{Dimension::Model, {QStringLiteral("openai:gpt-5")}}}, {}};
        return await(m_store->report(query)).total.sums.billed;
    };
    const auto expected = [this](const char* price, qint64 from, qint64 to) {
        RepricingRequest asked = request(price);
        asked.fromMs = from;
        asked.toMs = to;
        const Repricing repricing = await(upkeep().previewRepricing(asked, {}, {}));
        for (const auto& [model, sums] : repricing.models) {
            if (model == QLatin1String("openai:gpt-5"))
                return sums.after;
        }
        return Money();
    };
    QVERIFY(billed(fromMs, fromMs + dayMs) != Money());
    QCOMPARE(billed(fromMs, fromMs + dayMs), expected("3", fromMs, fromMs + dayMs));
    QCOMPARE(billed(fromMs + dayMs, fromMs + 3 * dayMs), expected("7", fromMs + dayMs, fromMs + 3 * dayMs));
    QVERIFY(await(upkeep().undoRepricing()));
    QCOMPARE(totalsOf(*m_store, PriceView::Current), afterFirst);
}

void TestLedgerUpkeep::cancelledRepricingChangesNothing()
{
    await(m_store->recordCalls(pricedLedger(8, 55'000)));
    const QString before = totalsOf(*m_store, PriceView::Current);
    std::stop_source stop;
    const auto progress = [&stop](qint64 done, qint64 total) {
        if (done > 0 && done < total)
            stop.request_stop();
    };
    QVERIFY_EXCEPTION_THROWN(
        await(upkeep().applyRepricing(request("3"), progress, stop.get_token())), Cancelled);
    QCOMPARE(totalsOf(*m_store, PriceView::Current), before);
    QVERIFY(await(upkeep().repricings()).empty());
}

void TestLedgerUpkeep::callsWithoutAPriceStayAsCharged()
{
    Call unknown = sampleCall();
    unknown.model = QStringLiteral("ollama:llama");
    unknown.cost = Money::fromPicodollars(77);
    Call tiers = sampleCall(); // which of the tiers its requests were in is not known
    tiers.model = QStringLiteral("openai:gpt-5-mini");
    tiers.usage.requests = 3;
    Call free = sampleCall();
    free.outcome = Outcome::Cancelled;
    free.attempts = 0;
    free.usage = Usage();
    free.cost = Money();
    Call hit = sampleCall();
    hit.outcome = Outcome::Hit;
    hit.cost = Money();
    hit.avoided = std::nullopt;
    hit.attempts = 0;
    Call unpriced = sampleCall();
    unpriced.cost = std::nullopt;
    await(m_store->recordCalls({unknown, tiers, free, hit, unpriced}));
    const Repricing repricing = await(upkeep().applyRepricing(request("3"), {}, {}));
    QCOMPARE(repricing.total.calls, 5);
    QCOMPARE(repricing.total.kept, 3);
    QCOMPARE(repricing.total.unpricedBefore, 1);
    QCOMPARE(repricing.total.unpricedAfter, 0);
    const CallPage page = await(m_store->callPage({}));
    for (const Call& call : page.calls) {
        QCOMPARE(call.repriced.has_value(), call.id == hit.id || call.id == unpriced.id);
        if (call.id == hit.id) {
            QCOMPARE(call.repriced->cost, Money());
            // 1200 in at $1 and 300 out at $5 a million.
            QCOMPARE(call.repriced->avoided->toDecimal(), QStringLiteral("0.0027"));
        }
    }
}

void TestLedgerUpkeep::rebuildRepairsSums()
{
    const std::vector<Call> ledger = labelledLedger(9, 3'000, fromMs, 3 * dayMs);
    await(m_store->recordCalls(ledger));
    CostQuery query;
    query.groupBy = {Dimension::Hour, Dimension::Model};
    const QString right = describe(await(m_store->costs(query)));
    LedgerRebuild rebuild = await(upkeep().rebuildSums({}, {}));
    QCOMPARE(rebuild.calls, 3'000);
    QCOMPARE(rebuild.repaired, 0);
    QVERIFY(rebuild.sums > 1'000);
    // Wrong, missing and invented sums; and a pack of something else.
    execute(QStringLiteral("UPDATE hours SET cost = cost + 1 WHERE time_ms = "
                           "(SELECT MIN(time_ms) FROM hours)"));
    execute(QStringLiteral("DELETE FROM hours WHERE time_ms = (SELECT MAX(time_ms) FROM hours)"));
    execute(QStringLiteral(
        "INSERT INTO hours SELECT workspace, 3600000, model, task, agent, user, outcome, n, hits, "
        "misses, failures, unpriced, cost, avoided, input_tokens, output_tokens, "
        "cache_read_tokens, cache_write_tokens, reasoning_tokens FROM hours LIMIT 1"));
    execute(QStringLiteral("UPDATE packs SET body = (SELECT body FROM packs ORDER BY id DESC LIMIT 1), "
                           "first_ms = 0 WHERE id = 1"));
    QVERIFY(describe(await(m_store->costs(query))) != right);
    rebuild = await(upkeep().rebuildSums({}, {}));
    QVERIFY(rebuild.repaired > 2);
    QCOMPARE(describe(await(m_store->costs(query))), right);
    LedgerQuery all;
    all.groupBy = {Dimension::User};
    QCOMPARE(describe(await(m_store->report(all))), describe(reportOfCalls(ledger, all)));
    QCOMPARE(await(upkeep().rebuildSums({}, {})).repaired, 0);
}

void TestLedgerUpkeep::rebuildAfterManyWritersFindsNothing()
{
    std::vector<std::unique_ptr<Store>> writers;
    constexpr int batches = 6;
    for (unsigned writer = 0; writer < 8; ++writer)
        writers.push_back(another());
    for (int batch = 0; batch < batches; ++batch) {
        std::vector<QCoro::Task<qint64>> tasks; // all of them at once
        for (unsigned writer = 0; writer < writers.size(); ++writer)
            tasks.push_back(writers[writer]->recordCalls(
                labelledLedger(100 * writer + static_cast<unsigned>(batch), 60, fromMs, dayMs)));
        for (auto& task : tasks)
            QCOMPARE(await(std::move(task)), 60);
        if (batch == batches / 2)
            await(upkeep().rebuildSums({}, {})); // packs what is there by now
    }
    const LedgerRebuild rebuild = await(upkeep().rebuildSums({}, {}));
    QCOMPARE(rebuild.calls, 8 * batches * 60);
    QCOMPARE(rebuild.repaired, 0);
    QCOMPARE(await(m_store->report({})).total.sums.calls(), 8 * batches * 60);
}

void TestLedgerUpkeep::archivedCallsStayInReports()
{
    const std::vector<Call> ledger = labelledLedger(10, 2'500, fromMs, 3 * dayMs);
    await(m_store->recordCalls(ledger));
    const QString before = totalsOf(*m_store, PriceView::Current);
    CostQuery costs;
    costs.groupBy = {Dimension::Task};
    const QString costsBefore = describe(await(m_store->costs(costs)));
    std::vector<Call> archive;
    const auto sink = [&archive](const Call& call) { archive.push_back(call); };
    const qint64 cut = fromMs + 2 * dayMs;
    const qint64 archived = await(upkeep().archiveCalls(cut, sink, [] {}, {}, {}));
    QCOMPARE(archived, static_cast<qint64>(archive.size()));
    QVERIFY(archived > 1'000);
    QVERIFY(std::is_sorted(archive.begin(), archive.end(),
        [](const Call& left, const Call& right) { return left.timeMs < right.timeMs; }));
    QVERIFY(
        std::all_of(archive.begin(), archive.end(), [cut](const Call& call) { return call.timeMs < cut; }));
    QCOMPARE(totalsOf(*m_store, PriceView::Current), before);
    QCOMPARE(describe(await(m_store->costs(costs))), costsBefore);
    CallPageQuery page;
    page.limit = CallPageQuery::mostCalls;
    QCOMPARE(static_cast<qint64>(await(m_store->callPage(page)).calls.size()), 2'500 - archived);
    QCOMPARE(await(upkeep().archiveCalls(cut, sink, [] {}, {}, {})), 0);
    // Sums of what is archived are kept by a rebuild.
    QCOMPARE(await(upkeep().rebuildSums({}, {})).repaired, 0);
    QCOMPARE(totalsOf(*m_store, PriceView::Current), before);
    // All of it, and then new calls.
    await(upkeep().archiveCalls(fromMs + 9 * dayMs, sink, [] {}, {}, {}));
    await(another()->recordCalls({sampleCall()}));
    QCOMPARE(await(m_store->report({})).total.sums.calls(), 2'501);
}

void TestLedgerUpkeep::archiveThatFailsRemovesNothing()
{
    await(m_store->recordCalls(labelledLedger(11, 1'500, fromMs, dayMs)));
    const auto sink = [](const Call&) { throw CacheError(QStringLiteral("The disk is full.")); };
    const auto full = [] { throw CacheError(QStringLiteral("The disk is full.")); };
    QVERIFY_EXCEPTION_THROWN(
        await(upkeep().archiveCalls(fromMs + 2 * dayMs, sink, [] {}, {}, {})), CacheError);
    QVERIFY_EXCEPTION_THROWN(
        await(upkeep().archiveCalls(fromMs + 2 * dayMs, [](const Call&) {}, full, {}, {})), CacheError);
    CallPageQuery page;
    page.limit = CallPageQuery::mostCalls;
    QCOMPARE(await(m_store->callPage(page)).calls.size(), 1'500U);
}

void TestLedgerUpkeep::readOnlyStoresAreNotWritten()
{
    await(m_store->recordCalls(labelledLedger(12, 2'500, fromMs, dayMs)));
    m_store = makeReadOnly(another(), QString());
    QCOMPARE(await(m_store->report({})).total.sums.calls(), 2'500);
    m_store.reset();
    const QString name = newId();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), name);
        database.setDatabaseName(m_folder->filePath(QStringLiteral("store.db")));
        QVERIFY(database.open());
        QSqlQuery query(QStringLiteral("SELECT COUNT(*) FROM packs"), database);
        QVERIFY(query.next());
        QCOMPARE(query.value(0).toInt(), 0);
    }
    QSqlDatabase::removeDatabase(name);
}

LLMCACHE_TEST_MAIN(TestLedgerUpkeep)
#include "tst_ledgerupkeep.moc"
