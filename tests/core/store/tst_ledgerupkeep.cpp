#include "await.h"
#include "base/error.h"
#include "redis/client.h"
#include "store/ledgerupkeep.h"
#include "store/readonlystore.h"
#include "store/redis/rediskeys_p.h"
#include "storefactory.h"
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
        if (!call.cost)
            call.attempts = 1; // all of it was answered
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

/// What can be done to a ledger besides appending. Each function runs once a kind of store.
class TestLedgerUpkeep : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase_data();
    void init();
    void cleanup();

    void reportsReadPacksAndRows();
    void lateCallsAreCounted();
    void repricingIsShownAppliedAndUndone();
    void repricingsOfPartsStack();
    void cancelledRepricingChangesNothing();
    void callsWithoutAPriceStayAsCharged();
    void rebuildRepairsPacks();
    void rebuildAfterManyWritersFindsNothing();
    void archivedCallsStayInReports();
    void archiveThatFailsRemovesNothing();
    void archivedCallsKeepTheirRepricing();
    void aFingerprintsCallsAreRepriced();
    void readOnlyStoresAreNotWritten();

private:
    std::unique_ptr<Store> another() const { return m_factory->make(m_workspace); }
    LedgerUpkeep& upkeep() const { return dynamic_cast<LedgerUpkeep&>(*m_store); }
    RepricingRequest request(const char* inputPrice) const
    {
        RepricingRequest request;
        request.prices = tableOf(inputPrice);
        request.by = QStringLiteral("ada");
        request.nowMs = fromMs + 5 * dayMs;
        return request;
    }
    /// Makes something wrong of what was made of the calls.
    void damagePacks() const;
    void damageSqlitePacks() const;
    void damageRedisPacks() const;
    bool hasPacks() const;
    /// SQLite keeps the last row of a ledger that is archived, whose number the next one follows.
    static std::size_t lastRow()
    {
        QFETCH_GLOBAL(QString, kind);
        return kind == QLatin1String("sqlite") ? 1 : 0;
    }

    StoreFactories m_factories;
    StoreFactory* m_factory = nullptr;
    QString m_workspace;
    std::unique_ptr<Store> m_store;
};

void TestLedgerUpkeep::initTestCase_data()
{
    QTest::addColumn<QString>("kind");
    for (const QString& kind : storeKinds() + QStringList{QStringLiteral("cluster")})
        QTest::newRow(qPrintable(kind)) << kind;
}

void TestLedgerUpkeep::init()
{
    QFETCH_GLOBAL(QString, kind);
    m_factory = m_factories.of(kind);
    if (!m_factory)
        QSKIP(qPrintable(m_factories.missingText()));
    m_workspace = newId();
    m_store = another();
}

void TestLedgerUpkeep::cleanup()
{
    m_store.reset();
}

namespace {

/// Runs `work` with a connection of its own to a SQLite file.
void withDatabase(const QString& path, const std::function<void(QSqlDatabase&)>& work)
{
    const QString name = newId();
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), name);
        database.setDatabaseName(path);
        if (!database.open())
            qFatal("the store can't be opened");
        work(database);
    }
    QSqlDatabase::removeDatabase(name);
}

} // namespace

void TestLedgerUpkeep::damagePacks() const
{
    QFETCH_GLOBAL(QString, kind);
    if (kind == QLatin1String("sqlite"))
        damageSqlitePacks();
    else
        damageRedisPacks();
}

void TestLedgerUpkeep::damageSqlitePacks() const
{
    withDatabase(m_factory->path(), [this](QSqlDatabase& database) {
        QSqlQuery query(database);
        query.prepare(QStringLiteral(
            "UPDATE packs SET first_ms = 0, body = (SELECT body FROM packs ORDER BY id DESC LIMIT 1) WHERE "
            "id = "
            "(SELECT MIN(p.id) FROM packs p JOIN workspaces w ON w.id = p.workspace WHERE w.name = ?)"));
        query.addBindValue(m_workspace);
        QVERIFY(query.exec());
        QCOMPARE(query.numRowsAffected(), 1);
    });
}

void TestLedgerUpkeep::damageRedisPacks() const
{
    const auto client = redis::makeClient(redis::RedisUrl::parse(m_factory->path()));
    const auto run = [&client](redis::Command command) {
        return redis::checked(await([](redis::Pending pending) -> QCoro::Task<redis::Reply> {
            co_return co_await pending;
        }(client->command(std::move(command)))),
            QStringLiteral("the test"));
    };
    // One that belongs to another hour, and one that is no pack.
    const QByteArray key = redisstore::Keys(m_workspace).packs(3);
    const redis::Reply packs = run(redis::Command::once("HGETALL", key));
    QVERIFY(packs.items.size() >= 6);
    const QByteArray& first = packs.items[1].bytes;
    const QByteArray& second = packs.items[3].bytes;
    const auto swapped = first.left(first.indexOf('\n')) + second.mid(second.indexOf('\n'));
    run(redis::Command::once("HSET", key, packs.items[0].bytes, swapped));
    run(redis::Command::once(
        "HSET", key, packs.items[2].bytes, QByteArray(second.left(second.indexOf('\n')) + "\njunk")));
}

void TestLedgerUpkeep::reportsReadPacksAndRows()
{
    // More than one pack, and a rest that is in none.
    const std::vector<Call> ledger = labelledLedger(3, 5'000, fromMs, 3 * dayMs);
    await(m_store->recordCalls(ledger));
    const auto neighbour = m_factory->make(newId());
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
    second.prices.setCustomCosts(
        {{QStringLiteral("mistral:mistral-small"), {QStringLiteral("1"), QStringLiteral("5"), {}, {}}}});
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
    // Each call says which of them it is priced by.
    CallPageQuery page;
    page.limit = CallPageQuery::mostCalls;
    std::array<int, 2> repriced{};
    for (const Call& call : await(m_store->callPage(page)).calls) {
        if (!call.repriced)
            continue;
        const bool isSecond = call.timeMs >= second.fromMs;
        ++repriced.at(isSecond ? 1 : 0);
        QCOMPARE(call.repriced->source,
            isSecond ? QStringLiteral("table new and custom costs") : QStringLiteral("table new"));
    }
    QVERIFY(repriced[0] > 50 && repriced[1] > 50);
    QVERIFY(billed(fromMs, fromMs + dayMs) != Money());
    QCOMPARE(billed(fromMs, fromMs + dayMs), expected("3", fromMs, fromMs + dayMs));
    QCOMPARE(billed(fromMs + dayMs, fromMs + 3 * dayMs), expected("7", fromMs + dayMs, fromMs + 3 * dayMs));
    QVERIFY(await(upkeep().undoRepricing()));
    QCOMPARE(totalsOf(*m_store, PriceView::Current), afterFirst);
}

void TestLedgerUpkeep::cancelledRepricingChangesNothing()
{
    // More than is done in one step.
    QFETCH_GLOBAL(QString, kind);
    const unsigned batches = kind == QLatin1String("sqlite") ? 28 : 2;
    for (unsigned batch = 0; batch < batches; ++batch)
        await(m_store->recordCalls(pricedLedger(800 + batch, 2'000)));
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
    unpriced.attempts = 1;
    Call refused = unpriced; // twice, which costs nothing
    refused.id = newId();
    refused.attempts = 3;
    refused.rateLimits = 2;
    // Their first request was answered, and the second one may have been billed as well.
    Call cut = unpriced;
    cut.id = newId();
    cut.attempts = 2;
    Call failed = cut;
    failed.id = newId();
    failed.outcome = Outcome::Failed;
    await(m_store->recordCalls({unknown, tiers, free, hit, unpriced, refused, cut, failed}));
    const Repricing repricing = await(upkeep().applyRepricing(request("3"), {}, {}));
    QCOMPARE(repricing.total.calls, 8);
    QCOMPARE(repricing.total.kept, 5);
    QCOMPARE(repricing.total.unpricedBefore, 4);
    QCOMPARE(repricing.total.unpricedAfter, 2);
    const CallPage page = await(m_store->callPage({}));
    for (const Call& call : page.calls) {
        QCOMPARE(
            call.repriced.has_value(), call.id == hit.id || call.id == unpriced.id || call.id == refused.id);
        if (call.id == hit.id) {
            QCOMPARE(call.repriced->cost, Money());
            // 1200 in at $1 and 300 out at $5 a million.
            QCOMPARE(call.repriced->avoided->toDecimal(), QStringLiteral("0.0027"));
        }
    }
}

void TestLedgerUpkeep::rebuildRepairsPacks()
{
    const std::vector<Call> ledger = labelledLedger(9, 5'000, fromMs, 3 * dayMs);
    await(m_store->recordCalls(ledger));
    LedgerQuery query;
    query.groupBy = {Dimension::Hour, Dimension::Model};
    const QString right = describe(await(m_store->report(query)));
    QCOMPARE(right, describe(reportOfCalls(ledger, query)));
    LedgerRebuild rebuild = await(upkeep().rebuildPacks({}, {}));
    QCOMPARE(rebuild.calls, 5'000);
    QCOMPARE(rebuild.repaired, 0);
    QVERIFY(rebuild.packs > 2);
    damagePacks();
    const auto reader = another(); // who knows nothing from before
    bool isRight = true;
    try {
        isRight = describe(await(reader->report(query))) == right;
    } catch (const CacheError& error) {
        isRight = false;
        QVERIFY(error.remedy().contains(QStringLiteral("costs rebuild")));
    }
    QVERIFY(!isRight);
    rebuild = await(upkeep().rebuildPacks({}, {}));
    QVERIFY(rebuild.repaired > 0);
    QCOMPARE(rebuild.calls, 5'000);
    QCOMPARE(describe(await(m_store->report(query))), right);
    QCOMPARE(describe(await(reader->report(query))), right);
    QCOMPARE(await(upkeep().rebuildPacks({}, {})).repaired, 0);
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
            await(upkeep().rebuildPacks({}, {})); // packs what is there by now
    }
    const LedgerRebuild rebuild = await(upkeep().rebuildPacks({}, {}));
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
    QCOMPARE(await(upkeep().rebuildPacks({}, {})).repaired, 0);
    QCOMPARE(totalsOf(*m_store, PriceView::Current), before);
    // All of it, and then new calls, some of them late.
    await(upkeep().archiveCalls(fromMs + 9 * dayMs, sink, [] {}, {}, {}));
    std::vector<Call> late = labelledLedger(20, 500, fromMs, 3 * dayMs);
    await(another()->recordCalls(late));
    QCOMPARE(await(m_store->report({})).total.sums.calls(), 3'000);
    QCOMPARE(await(m_store->callPage(page)).calls.size(), 500U + lastRow());
    QCOMPARE(await(upkeep().rebuildPacks({}, {})).repaired, 0);
    QCOMPARE(await(m_store->report({})).total.sums.calls(), 3'000);
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

void TestLedgerUpkeep::archivedCallsKeepTheirRepricing()
{
    await(m_store->recordCalls(pricedLedger(13, 2'500)));
    await(upkeep().applyRepricing(request("3"), {}, {}));
    const QString current = totalsOf(*m_store, PriceView::Current);
    const QString charged = totalsOf(*m_store, PriceView::AsCharged);
    QVERIFY(current != charged);
    // In the middle of an hour.
    await(upkeep().archiveCalls(
        fromMs + dayMs + 1'234'567, [](const Call&) {}, [] {}, {}, {}));
    QCOMPARE(totalsOf(*another(), PriceView::Current), current);
    QCOMPARE(totalsOf(*another(), PriceView::AsCharged), charged);
    QVERIFY(await(upkeep().undoRepricing()));
    QCOMPARE(totalsOf(*m_store, PriceView::Current), charged);
}

void TestLedgerUpkeep::aFingerprintsCallsAreRepriced()
{
    std::vector<Call> ledger = pricedLedger(14, 200);
    for (Call& call : ledger)
        call.fingerprint = sampleFingerprint(QStringLiteral("one"));
    await(m_store->recordCalls(ledger));
    const Repricing applied = await(upkeep().applyRepricing(request("3"), {}, {}));
    LedgerQuery query;
    query.selection.fingerprint = ledger.front().fingerprint;
    QCOMPARE(await(m_store->report(query)).total.sums.billed, applied.total.after);
    query.prices = PriceView::AsCharged;
    QCOMPARE(await(m_store->report(query)).total.sums.billed, applied.total.before);
    // What is asked for in the older words is the same.
    QCOMPARE(await(m_store->costs({})).total.cost, applied.total.after);
}

bool TestLedgerUpkeep::hasPacks() const
{
    bool found = false;
    withDatabase(m_factory->path(), [&](QSqlDatabase& database) {
        QSqlQuery query(database);
        query.prepare(QStringLiteral("SELECT COUNT(*) FROM packs p JOIN workspaces w ON w.id = p.workspace "
                                     "WHERE w.name = ?"));
        query.addBindValue(m_workspace);
        found = query.exec() && query.next() && query.value(0).toInt() > 0;
    });
    return found;
}

void TestLedgerUpkeep::readOnlyStoresAreNotWritten()
{
    QFETCH_GLOBAL(QString, kind);
    if (kind != QLatin1String("sqlite"))
        QSKIP("looks into the file");
    await(m_store->recordCalls(labelledLedger(12, 2'500, fromMs, dayMs)));
    m_store = makeReadOnly(another(), QString());
    QCOMPARE(await(m_store->report({})).total.sums.calls(), 2'500);
    m_store.reset();
    QVERIFY(!hasPacks());
    QCOMPARE(await(another()->report({})).total.sums.calls(), 2'500);
    QVERIFY(hasPacks());
}

LLMCACHE_TEST_MAIN(TestLedgerUpkeep)
#include "tst_ledgerupkeep.moc"
