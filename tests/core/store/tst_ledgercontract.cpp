#include "base/error.h"
#include "costaccumulator.h"
#include "storecontracttest.h"

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

/// Calls and their sums, in every kind of store.
class TestLedgerContract final : public StoreContractTest {
    Q_OBJECT
private Q_SLOTS:
    void callComesBackUnchanged();
    void callsAreRecordedOnce();
    void sumsOfManyCallsAtOnceAreExact();
    void hitsAreCountedOnEntries();
    void costsAgreeWithTheAccumulator_data();
    void costsAgreeWithTheAccumulator();
    void costsOfNothing();
    void costsRefuseUnknownZones();
    void listsCallsNewestFirst();
    void filtersCalls();
    void reportsAgreeWithTheSummary_data();
    void reportsAgreeWithTheSummary();
    void reportsOfNothing();
    void reportsRefuseUnknownZones();
    void pagesHaveEveryCallOnce_data();
    void pagesHaveEveryCallOnce();
    void pagesStayWhileCallsArrive();
    void pagesRefuseForeignCursors();
};

void TestLedgerContract::callComesBackUnchanged()
{
    Call call = sampleCall();
    Call bare;
    bare.id = newId();
    bare.timeMs = call.timeMs - 1;
    bare.outcome = Outcome::Failed;
    bare.error = QStringLiteral("provider");
    QCOMPARE(await(m_store->recordCalls({call, bare})), 2);
    const auto calls = await(another()->listCalls({}));
    QCOMPARE(calls.size(), 2U);
    QCOMPARE(toPrettyJsonText(toJson(calls[0])), toPrettyJsonText(toJson(call)));
    QCOMPARE(toPrettyJsonText(toJson(calls[1])), toPrettyJsonText(toJson(bare)));
    QVERIFY(!calls[1].cost);
}

void TestLedgerContract::callsAreRecordedOnce()
{
    const Call call = sampleCall();
    const Call second = sampleCall();
    QCOMPARE(await(m_store->recordCalls({})), 0);
    QCOMPARE(await(m_store->recordCalls({call, call})), 1);
    QCOMPARE(await(another()->recordCalls({call, second})), 1);
    Call changed = call;
    changed.cost = Money::fromPicodollars(1);
    changed.task = QStringLiteral("other");
    QCOMPARE(await(m_store->recordCalls({changed})), 0);
    const CostReport report = await(m_store->costs({}));
    QCOMPARE(report.total.calls, 2);
    QCOMPARE(report.total.cost, *call.cost + *second.cost);
    QCOMPARE(await(m_store->listCalls({})).size(), 2U);
}

void TestLedgerContract::sumsOfManyCallsAtOnceAreExact()
{
    // Beyond what a double holds, in one hour, more than one script takes.
    constexpr qint64 odd = 9'007'199'254'740'993;
    CostQuery byTask;
    byTask.groupBy = {Dimension::Task};
    CostAccumulator expected(byTask);
    std::vector<Call> calls;
    for (int i = 0; i < 900; ++i) {
        Call call = sampleCall();
        call.task = QStringLiteral("task %1").arg(i % 3);
        call.cost = Money::fromPicodollars(i % 3 == 2 ? -1'000'000'007 - i : odd + i);
        call.avoided = Money::fromPicodollars(i % 7 == 0 ? -odd : 999'999'999 + i);
        calls.push_back(call);
        expected.add(call);
    }
    QCOMPARE(await(m_store->recordCalls({calls.begin(), calls.begin() + 10})), 10);
    QCOMPARE(await(m_store->recordCalls(calls)), 890);
    const CostReport report = await(m_store->costs(byTask));
    QCOMPARE(describe(report), describe(expected.report()));
    QCOMPARE(report.total.calls, 900);
}

void TestLedgerContract::hitsAreCountedOnEntries()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    const QString fingerprint = commit.entry.meta.fingerprint;
    await(m_store->commit(commit));
    Call hit = sampleCall();
    hit.outcome = Outcome::Hit;
    hit.fingerprint = fingerprint;
    hit.timeMs = 1'795'400'000'000;
    Call shared = hit;
    shared.id = newId();
    shared.outcome = Outcome::Shared;
    shared.timeMs -= 5'000;
    Call miss = hit;
    miss.id = newId();
    miss.outcome = Outcome::Miss;
    miss.timeMs += 5'000;
    Call elsewhere = hit;
    elsewhere.id = newId();
    elsewhere.fingerprint = sampleFingerprint(QStringLiteral("not stored"));
    await(m_store->recordCalls({hit, shared, miss, elsewhere}));
    await(m_store->recordCalls({hit}));
    const auto entry = await(m_store->lookup(fingerprint));
    QCOMPARE(entry->meta.hits, 2);
    QCOMPARE(entry->meta.lastUsedMs, hit.timeMs);
    QCOMPARE(entry->meta.revision, 1);
    QVERIFY(entry->meta.expiresMs);
    QVERIFY(!await(m_store->lookup(elsewhere.fingerprint)));
    const EntryPage page = await(m_store->listEntries({}, 10));
    QCOMPARE(page.rows.size(), 1U);
    QCOMPARE(page.rows[0].hits, 2);
    QCOMPARE(page.rows[0].lastUsedMs, hit.timeMs);
}

void TestLedgerContract::costsAgreeWithTheAccumulator_data()
{
    QTest::addColumn<QByteArray>("zone");
    // Daylight saving time begins or ends within the ledger for Los Angeles and Lord Howe (by half an hour).
    QTest::addColumn<qint64>("fromMs");
    QTest::newRow("UTC") << QByteArray("UTC") << qint64{1'795'392'000'000};
    QTest::newRow("Los Angeles, autumn") << QByteArray("America/Los_Angeles") << qint64{1'793'491'200'000};
    QTest::newRow("Los Angeles, spring") << QByteArray("America/Los_Angeles") << qint64{1'772'841'600'000};
    QTest::newRow("Kolkata") << QByteArray("Asia/Kolkata") << qint64{1'795'392'000'000};
    QTest::newRow("Kathmandu") << QByteArray("Asia/Kathmandu") << qint64{1'795'392'000'000};
    QTest::newRow("Lord Howe, spring") << QByteArray("Australia/Lord_Howe") << qint64{1'790'985'600'000};
}

void TestLedgerContract::costsAgreeWithTheAccumulator()
{
    QFETCH(QByteArray, zone);
    QFETCH(qint64, fromMs);
    constexpr qint64 spanMs = qint64{3} * 24 * 3'600'000;
    const std::vector<Call> ledger = randomLedger(4711, 300, fromMs, spanMs);
    // In batches, and the first twice.
    await(m_store->recordCalls({ledger.begin(), ledger.begin() + 100}));
    await(m_store->recordCalls(ledger));

    const std::vector<std::vector<Dimension>> groupings{{}, {Dimension::Model}, {Dimension::Provider},
        {Dimension::Task, Dimension::Model}, {Dimension::User}, {Dimension::Agent}, {Dimension::Outcome},
        {Dimension::Hour}, {Dimension::Day, Dimension::Task}, {Dimension::Month, Dimension::Provider},
        {Dimension::Model, Dimension::Day}};
    const std::vector<std::pair<qint64, qint64>> ranges{{0, std::numeric_limits<qint64>::max()},
        {fromMs + 24 * 3'600'000, fromMs + 48 * 3'600'000}, {fromMs + 1'234'567, fromMs + spanMs - 7'654'321},
        {fromMs + 600'000, fromMs + 1'800'000}, {fromMs, fromMs}, {fromMs + spanMs, fromMs}};
    const std::vector<std::vector<std::pair<Dimension, QStringList>>> filters{{},
        {{Dimension::Provider, {QStringLiteral("openai"), QStringLiteral("bare")}}},
        {{Dimension::Task, {QStringLiteral("task 1"), QStringLiteral("task 2")}},
            {Dimension::Outcome, {QStringLiteral("miss"), QStringLiteral("hit")}}},
        {{Dimension::User, {QStringLiteral("nobody")}}}};
    for (std::size_t group = 0; group < groupings.size(); ++group) {
        for (std::size_t range = 0; range < ranges.size(); ++range) {
            for (std::size_t filter = 0; filter < filters.size(); ++filter) {
                if ((group + range + filter) % 2 != 0)
                    continue; // half of all: each two of them still meet
                CostQuery query;
                query.fromMs = ranges[range].first;
                query.toMs = ranges[range].second;
                query.groupBy = groupings[group];
                query.timeZone = zone;
                query.filters = filters[filter];
                CostAccumulator accumulator(query);
                for (const Call& call : ledger)
                    accumulator.add(call);
                QCOMPARE(describe(await(m_store->costs(query))), describe(accumulator.report()));
            }
        }
    }
}

void TestLedgerContract::costsOfNothing()
{
    CostQuery query;
    query.groupBy = {Dimension::Model};
    const CostReport report = await(m_store->costs(query));
    QCOMPARE(report.rows.size(), 0U);
    QCOMPARE(report.total, CostSums());
}

void TestLedgerContract::costsRefuseUnknownZones()
{
    CostQuery query;
    query.groupBy = {Dimension::Day};
    query.timeZone = "Mars/Olympus_Mons";
    QVERIFY_EXCEPTION_THROWN(await(m_store->costs(query)), ConfigurationError);
}

void TestLedgerContract::listsCallsNewestFirst()
{
    std::vector<Call> ledger = randomLedger(7, 60, 1'795'392'000'000, 36'000'000);
    await(m_store->recordCalls(ledger));
    std::sort(ledger.begin(), ledger.end(),
        [](const Call& left, const Call& right) { return left.timeMs > right.timeMs; });
    CallQuery query;
    query.limit = 25;
    const auto newest = await(m_store->listCalls(query));
    QCOMPARE(newest.size(), 25U);
    for (std::size_t i = 0; i < newest.size(); ++i)
        QCOMPARE(newest[i].id, ledger[i].id);
    query.limit = 1000;
    query.fromMs = ledger[40].timeMs;
    query.toMs = ledger[10].timeMs;
    const auto middle = await(m_store->listCalls(query));
    QCOMPARE(middle.size(), 30U);
    QCOMPARE(middle.front().id, ledger[11].id);
    QCOMPARE(middle.back().id, ledger[40].id);
}

void TestLedgerContract::filtersCalls()
{
    const std::vector<Call> ledger = randomLedger(8, 120, 1'795'392'000'000, 36'000'000);
    await(m_store->recordCalls(ledger));
    const auto count = [this](const std::vector<std::pair<Dimension, QStringList>>& filters) {
        CallQuery query;
        query.filters = filters;
        return static_cast<qint64>(await(m_store->listCalls(query)).size());
    };
    const auto expected = [&ledger](const auto& predicate) {
        return static_cast<qint64>(std::count_if(ledger.begin(), ledger.end(), predicate));
    };
    QCOMPARE(count({{Dimension::Provider, {QStringLiteral("openai")}}}),
        expected([](const Call& call) { return call.provider() == QLatin1String("openai"); }));
    QCOMPARE(count({{Dimension::Task, {QStringLiteral("task 1"), QStringLiteral("task 3")}},
                 {Dimension::Outcome, {QStringLiteral("failed")}}}),
        expected([](const Call& call) {
            return (call.task == QLatin1String("task 1") || call.task == QLatin1String("task 3"))
                && call.outcome == Outcome::Failed;
        }));
    QCOMPARE(count({{Dimension::Agent, {QString()}}}),
        expected([](const Call& call) { return call.agent.isEmpty(); }));
    QCOMPARE(count({{Dimension::User, {QStringLiteral("nobody")}}}), 0);

    Call marked = sampleCall();
    marked.fingerprint = sampleFingerprint(QStringLiteral("marked"));
    await(m_store->recordCalls({marked}));
    CallQuery query;
    query.fingerprint = marked.fingerprint;
    const auto found = await(m_store->listCalls(query));
    QCOMPARE(found.size(), 1U);
    QCOMPARE(found[0].id, marked.id);
}

void TestLedgerContract::reportsAgreeWithTheSummary_data()
{
    costsAgreeWithTheAccumulator_data();
}

void TestLedgerContract::reportsAgreeWithTheSummary()
{
    QFETCH(QByteArray, zone);
    QFETCH(qint64, fromMs);
    constexpr qint64 spanMs = qint64{3} * 24 * 3'600'000;
    const std::vector<Call> ledger = labelledLedger(4712, 300, fromMs, spanMs);
    await(m_store->recordCalls({ledger.begin(), ledger.begin() + 100}));
    await(m_store->recordCalls(ledger));

    const std::vector<std::vector<Dimension>> groupings{{}, {Dimension::Model},
        {Dimension::Provider, Dimension::Day}, {Dimension::Task, Dimension::User},
        {Dimension::Agent, Dimension::Host}, {Dimension::Outcome}, {Dimension::Minute},
        {Dimension::Hour, Dimension::Model}, {Dimension::Week, Dimension::Tag},
        {Dimension::Month, Dimension::Task}};
    const std::vector<std::pair<qint64, qint64>> ranges{{0, std::numeric_limits<qint64>::max()},
        {fromMs + 24 * 3'600'000, fromMs + 48 * 3'600'000}, {fromMs + 1'234'567, fromMs + spanMs - 7'654'321},
        {0, std::numeric_limits<qint64>::max()}, {fromMs + spanMs, fromMs}};
    const std::vector<std::vector<std::pair<Dimension, QStringList>>> filters{{},
        {{Dimension::Provider, {QStringLiteral("openai"), QStringLiteral("bare")}}},
        {{Dimension::Task, {QStringLiteral("task 1")}},
            {Dimension::Outcome, {QStringLiteral("miss"), QStringLiteral("hit")}}},
        {{Dimension::Tag, {QStringLiteral("tag 1")}}, {Dimension::Host, {QStringLiteral("host 0")}}},
        {{Dimension::Tag, {QString()}}}, {{Dimension::User, {QStringLiteral("nobody")}}}};
    std::size_t number = 0;
    for (const auto& groupBy : groupings) {
        for (const auto& [from, to] : ranges) {
            LedgerQuery query;
            query.selection.fromMs = from;
            query.selection.toMs = to;
            query.selection.filters = filters[number++ % filters.size()];
            query.groupBy = groupBy;
            query.timeZone = zone;
            query.distributions = groupBy.size() < 2;
            if (groupBy.size() == 2 && !isTimeDimension(groupBy[1]))
                query.top = {{groupBy[1], 2, Measure::Calls}};
            QCOMPARE(describe(await(m_store->report(query))), describe(reportOfCalls(ledger, query)));
        }
    }
    LedgerQuery one;
    one.selection.fingerprint = ledger[7].fingerprint;
    QCOMPARE(await(m_store->report(one)).total.sums.calls(), 1);
}

void TestLedgerContract::reportsOfNothing()
{
    LedgerQuery query;
    query.groupBy = {Dimension::Model, Dimension::Day};
    const LedgerReport report = await(m_store->report(query));
    QCOMPARE(report.rows.size(), 0U);
    QCOMPARE(report.total.sums, LedgerSums());
    QCOMPARE(report.firstMs, 0);
}

void TestLedgerContract::reportsRefuseUnknownZones()
{
    LedgerQuery query;
    query.timeZone = "Mars/Olympus_Mons";
    QVERIFY_EXCEPTION_THROWN(await(m_store->report(query)), ConfigurationError);
    query.timeZone = "UTC";
    query.selection.filters = {{Dimension::Day, {QStringLiteral("2026-11-23")}}};
    QVERIFY_EXCEPTION_THROWN(await(m_store->report(query)), ConfigurationError);
}

void TestLedgerContract::pagesHaveEveryCallOnce_data()
{
    QTest::addColumn<int>("limit");
    QTest::addColumn<Dimension>("dimension"); // of the filter
    QTest::addColumn<QStringList>("values");
    for (const int limit : {1, 7, 60, 61, 1000}) {
        QTest::addRow("%d", limit) << limit << Dimension::Tag << QStringList();
        QTest::addRow("%d, filtered", limit)
            << limit << Dimension::Tag << QStringList{QStringLiteral("tag 1")};
    }
    constexpr int some = 9;
    QTest::newRow("untagged") << some << Dimension::Tag << QStringList{QString(), QStringLiteral("tag 1")};
    QTest::newRow("provider") << some << Dimension::Provider
                              << QStringList{QStringLiteral("openai"), QStringLiteral("bare")};
    QTest::newRow("outcomes") << some << Dimension::Outcome
                              << QStringList{
                                     QStringLiteral("hit"), QStringLiteral("miss"), QStringLiteral("failed")};
    QTest::newRow("names to escape") << some << Dimension::User
                                     << QStringList{QStringLiteral("J\u00f6rg \"J/\" <\\>\n"),
                                            QStringLiteral("user 1")};
}

void TestLedgerContract::pagesHaveEveryCallOnce()
{
    QFETCH(int, limit);
    QFETCH(Dimension, dimension);
    QFETCH(QStringList, values);
    // Over several hours, and with many at the same time.
    std::vector<Call> ledger = labelledLedger(77, 61, 1'795'392'000'000, 20'000'000);
    for (Call& call : ledger)
        call.timeMs -= call.timeMs % 1'000'000;
    for (std::size_t i = 0; i < ledger.size(); i += 3)
        ledger[i].user = QStringLiteral("J\u00f6rg \"J/\" <\\>\n");
    await(m_store->recordCalls(ledger));
    CallPageQuery query;
    query.limit = limit;
    query.selection.toMs = 1'795'392'000'000 + 18'000'001;
    if (!values.isEmpty())
        query.selection.filters = {{dimension, values}};
    std::vector<Call> expected;
    std::copy_if(ledger.begin(), ledger.end(), std::back_inserter(expected),
        [&query](const Call& call) { return accepts(query.selection, call); });
    std::sort(expected.begin(), expected.end(), comesBefore);
    QStringList expectedIds;
    for (const Call& call : expected)
        expectedIds.append(call.id);
    QVERIFY(expectedIds.size() > 10);
    QStringList found;
    do {
        const CallPage page = await(m_store->callPage(query));
        QVERIFY(page.calls.size() <= static_cast<std::size_t>(limit));
        for (const Call& call : page.calls)
            found.append(call.id);
        query.cursor = page.cursor;
    } while (!query.cursor.isEmpty() && found.size() < 100);
    QCOMPARE(found, expectedIds);
}

void TestLedgerContract::pagesStayWhileCallsArrive()
{
    const std::vector<Call> ledger = randomLedger(78, 40, 1'795'392'000'000, 20'000'000);
    await(m_store->recordCalls(ledger));
    CallPageQuery query;
    query.limit = 15;
    const CallPage first = await(m_store->callPage(query));
    Call newer = sampleCall();
    newer.timeMs = 1'795'392'000'000 + 30'000'000;
    Call asOld = sampleCall(); // late, and on a page that was read
    asOld.timeMs = first.calls[3].timeMs;
    await(m_store->recordCalls({newer, asOld}));
    query.cursor = first.cursor;
    query.limit = 100;
    const CallPage second = await(m_store->callPage(query));
    QCOMPARE(second.calls.size(), 25U);
    QVERIFY(second.cursor.isEmpty());
    QVERIFY(second.calls.front().timeMs <= first.calls.back().timeMs);
}

void TestLedgerContract::pagesRefuseForeignCursors()
{
    CallPageQuery query;
    query.cursor = "no cursor";
    QVERIFY_EXCEPTION_THROWN(await(m_store->callPage(query)), CacheError);
}

LLMCACHE_TEST_MAIN(TestLedgerContract)
#include "tst_ledgercontract.moc"
