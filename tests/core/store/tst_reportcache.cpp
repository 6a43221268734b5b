#include "redis/client.h"
#include "store/ledgerupkeep.h"
#include "store/redis/rediskeys_p.h"
#include "storecontracttest.h"

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 fromMs = 1'795'392'000'000;
constexpr qint64 dayMs = 86'400'000;

LedgerQuery byDayAndModel()
{
    LedgerQuery query;
    query.groupBy = {Dimension::Day, Dimension::Model};
    query.distributions = true;
    return query;
}

/// One call for each of the models in turn, all within three days.
std::vector<Call> ledgerOf(unsigned seed, int count)
{
    std::vector<Call> calls = randomLedger(seed, count, fromMs, 3 * dayMs);
    for (Call& call : calls)
        call.waited = {};
    return calls;
}

} // namespace

/// A store keeps what its reports have read. What somebody else changes meanwhile has to be seen all the
/// same.
class TestReportCache : public StoreContractTest {
    Q_OBJECT
private Q_SLOTS:
    void callsOfOthersAreSeen();
    void repricingsOfOthersAreSeen();
    void archivingByOthersChangesNothing();
    void bothPriceViewsAreKeptApart();
    void reportsThatAreAskedTogether();
    void writersInBetween();
    void lostNumbersOfChangesAreNoticed();

private:
    QString report(Store& store, PriceView view = PriceView::Current)
    {
        LedgerQuery query = byDayAndModel();
        query.prices = view;
        return describe(await(store.report(query)));
    }
    static LedgerUpkeep& upkeep(Store& store) { return dynamic_cast<LedgerUpkeep&>(store); }
    static RepricingRequest requestOf(const char* price)
    {
        RepricingRequest request;
        request.prices = PriceTable::fromJson(QByteArray(R"({"schema": 1, "version": "new", "providers": [
                {"id": "anthropic", "name": "Anthropic", "prefixes": ["anthropic"], "models": [
                    {"id": "claude-haiku-4-5", "prices": [{"input": "%1", "output": "5"}]}]}]})")
                                                  .replace("%1", price),
            QStringLiteral("the test's table"));
        request.nowMs = fromMs + 5 * dayMs;
        return request;
    }
};

void TestReportCache::callsOfOthersAreSeen()
{
    std::vector<Call> all = ledgerOf(1, 3'000);
    await(m_store->recordCalls(all));
    const auto reader = another();
    QCOMPARE(report(*reader), describe(reportOfCalls(all, byDayAndModel())));
    for (unsigned round = 2; round < 6; ++round) {
        // Into hours that the reader has read, and that have packs by now.
        const std::vector<Call> more = ledgerOf(round, round == 5 ? 1 : 40);
        await(m_store->recordCalls(more));
        all.insert(all.end(), more.begin(), more.end());
        QCOMPARE(report(*reader), describe(reportOfCalls(all, byDayAndModel())));
        QCOMPARE(report(*another()), describe(reportOfCalls(all, byDayAndModel())));
    }
    await(m_store->recordCalls({all.front()})); // once more is no change
    QCOMPARE(report(*reader), describe(reportOfCalls(all, byDayAndModel())));
}

void TestReportCache::repricingsOfOthersAreSeen()
{
    await(m_store->recordCalls(ledgerOf(1, 3'000)));
    const auto reader = another();
    const QString charged = report(*reader);
    await(upkeep(*m_store).applyRepricing(requestOf("3"), {}, {}));
    const QString first = report(*another());
    QVERIFY(first != charged);
    QCOMPARE(report(*reader), first);
    await(upkeep(*m_store).applyRepricing(requestOf("4"), {}, {}));
    const QString second = report(*another());
    QVERIFY(second != first);
    QCOMPARE(report(*reader), second);
    await(upkeep(*m_store).undoRepricing());
    QCOMPARE(report(*reader), first);
    await(upkeep(*m_store).undoRepricing());
    QCOMPARE(report(*reader), charged);
}

void TestReportCache::archivingByOthersChangesNothing()
{
    await(m_store->recordCalls(ledgerOf(1, 3'000)));
    const auto reader = another();
    const QString before = report(*reader);
    qint64 given = 0;
    await(upkeep(*m_store).archiveCalls(
        fromMs + dayMs, [&given](const Call&) { ++given; }, [] {}, {}, {}));
    QVERIFY(given > 0);
    QCOMPARE(report(*reader), before);
    QCOMPARE(report(*another()), before);
}

void TestReportCache::bothPriceViewsAreKeptApart()
{
    await(m_store->recordCalls(ledgerOf(1, 3'000)));
    const QString charged = report(*m_store, PriceView::AsCharged);
    await(upkeep(*m_store).applyRepricing(requestOf("3"), {}, {}));
    const QString current = report(*m_store);
    for (int round = 0; round < 2; ++round) {
        QCOMPARE(report(*m_store, PriceView::AsCharged), charged);
        QCOMPARE(report(*m_store), current);
    }
    QVERIFY(current != charged);
}

void TestReportCache::reportsThatAreAskedTogether()
{
    const std::vector<Call> all = ledgerOf(1, 3'000);
    await(m_store->recordCalls(all));
    std::vector<LedgerQuery> queries;
    for (const Dimension dimension :
        {Dimension::Model, Dimension::Task, Dimension::User, Dimension::Outcome}) {
        LedgerQuery query = byDayAndModel();
        query.groupBy = {dimension, Dimension::Hour};
        query.selection.toMs = fromMs + static_cast<qint64>(queries.size() + 1) * dayMs;
        queries.push_back(query);
    }
    const auto reader = another();
    for (int round = 0; round < 2; ++round) {
        std::vector<QCoro::Task<LedgerReport>> tasks;
        for (const LedgerQuery& query : queries)
            tasks.push_back(reader->report(query));
        for (std::size_t at = 0; at < tasks.size(); ++at)
            QCOMPARE(describe(await(std::move(tasks[at]))), describe(reportOfCalls(all, queries[at])));
    }
}

void TestReportCache::writersInBetween()
{
    const auto reader = another();
    std::vector<Call> all;
    for (unsigned round = 0; round < 20; ++round) {
        const std::vector<Call> more = ledgerOf(round, 30);
        // Begun together: the report may count the calls or not, the next one has to.
        auto recording = m_store->recordCalls(more);
        auto reporting = reader->report({});
        await(std::move(recording));
        await(std::move(reporting));
        all.insert(all.end(), more.begin(), more.end());
        QCOMPARE(report(*reader), describe(reportOfCalls(all, byDayAndModel())));
    }
}

void TestReportCache::lostNumbersOfChangesAreNoticed()
{
    QFETCH_GLOBAL(QString, kind);
    if (kind != QLatin1String("redis"))
        QSKIP("only Redis counts changes");
    std::vector<Call> all = ledgerOf(1, 500);
    await(m_store->recordCalls(all));
    const auto reader = another();
    QCOMPARE(report(*reader), describe(reportOfCalls(all, byDayAndModel())));
    const auto client = redis::makeClient(redis::RedisUrl::parse(m_factory->path()));
    const auto forgetChanges = [&] {
        for (int shard = 0; shard < redisstore::Keys::shardCount; ++shard) {
            auto forget = [](redis::Pending pending) -> QCoro::Task<redis::Reply> {
                co_return co_await pending;
            };
            await(forget(
                client->command(redis::Command::once("DEL", redisstore::Keys(m_workspace).changes(shard)))));
        }
    };
    // A server under pressure may drop any key. First nothing is left, then only what came after it.
    const std::vector<Call> more = ledgerOf(2, 500);
    await(m_store->recordCalls(more));
    all.insert(all.end(), more.begin(), more.end());
    forgetChanges();
    QCOMPARE(report(*reader), describe(reportOfCalls(all, byDayAndModel())));
    const std::vector<Call> last = ledgerOf(3, 1);
    await(m_store->recordCalls(last));
    all.insert(all.end(), last.begin(), last.end());
    QCOMPARE(report(*reader), describe(reportOfCalls(all, byDayAndModel())));
    QCOMPARE(report(*another()), describe(reportOfCalls(all, byDayAndModel())));
}

QTEST_GUILESS_MAIN(TestReportCache)
#include "tst_reportcache.moc"
