#include "store/ledgersummary.h"
#include "storesamples.h"

#include <QTest>
#include <QThreadPool>

using namespace llmcache;
using namespace llmcache::test;

namespace {

constexpr qint64 fromMs = 1'795'392'000'000;
constexpr qint64 dayMs = 86'400'000;

/// Calls that are kept small, but for every `rare`th.
std::vector<Call> ledgerOf(int count, int rare)
{
    std::vector<Call> calls = randomLedger(5, count, fromMs, 40 * dayMs);
    for (std::size_t i = 0; i < calls.size(); ++i) {
        calls[i].host = QStringLiteral("host %1").arg(i % 3);
        calls[i].tags = i % 2 == 0 ? QStringList() : QStringList{QStringLiteral("a"), QStringLiteral("b")};
        calls[i].waited = {};
        if (i % static_cast<std::size_t>(rare) == 0)
            calls[i].usage.webSearches = 2;
    }
    return calls;
}

LedgerReport reportOfBlocks(const std::vector<Call>& calls, const LedgerQuery& query)
{
    constexpr std::size_t blockSize = 77;
    const auto names = std::make_shared<NameTable>();
    LedgerSummary summary(query, names);
    for (std::size_t at = 0; at < calls.size(); at += blockSize) {
        CallBlock block;
        for (std::size_t i = at; i < std::min(at + blockSize, calls.size()); ++i)
            block.add(figuresOf(calls[i], *names));
        summary.add(block);
    }
    return summary.report();
}

std::shared_ptr<const CallBlock> blockOf(int calls)
{
    auto block = std::make_shared<CallBlock>();
    block->reserve(calls);
    for (int i = 0; i < calls; ++i)
        block->add(CallFigures());
    return block;
}

} // namespace

class TestKeptCalls : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void blocksAddUpToTheSame_data();
    void blocksAddUpToTheSame();
    void manyNamesAddUpToTheSame();
    void numbersThatDoNotFitAreKept_data();
    void numbersThatDoNotFitAreKept();
    void callsThatAreNotUsualAreKept();
    void isAddedUpWhileNamesCome();
    void mostCallsAreKeptSmall();
    void forgetsWhatWasAskedForLongAgo();
    void anotherVersionIsNotFound();
    void namesBecomeTooMany();
};

void TestKeptCalls::blocksAddUpToTheSame_data()
{
    QTest::addColumn<QList<Dimension>>("groupBy");
    QTest::newRow("nothing") << QList<Dimension>{};
    QTest::newRow("time") << QList<Dimension>{Dimension::Hour};
    QTest::newRow("two times") << QList<Dimension>{Dimension::Week, Dimension::Day};
    QTest::newRow("name") << QList<Dimension>{Dimension::Provider};
    QTest::newRow("outcome and time") << QList<Dimension>{Dimension::Outcome, Dimension::Hour};
    QTest::newRow("time and name") << QList<Dimension>{Dimension::Day, Dimension::Model};
    QTest::newRow("names") << QList<Dimension>{Dimension::User, Dimension::Task, Dimension::Host};
    QTest::newRow("tags") << QList<Dimension>{Dimension::Tag, Dimension::Month, Dimension::Agent};
}

void TestKeptCalls::blocksAddUpToTheSame()
{
    QFETCH(QList<Dimension>, groupBy);
    const std::vector<Call> calls = ledgerOf(3'000, 9);
    LedgerQuery query;
    query.groupBy = {groupBy.begin(), groupBy.end()};
    query.timeZone = "Australia/Lord_Howe";
    query.distributions = true;
    QCOMPARE(describe(reportOfBlocks(calls, query)), describe(reportOfCalls(calls, query)));
    query.selection.filters = {{Dimension::Task, {QStringLiteral("task 1"), QStringLiteral("task 3")}},
        {Dimension::Tag, {QStringLiteral("b"), QString()}}};
    query.selection.fromMs = fromMs + 3 * dayMs + 1;
    query.selection.toMs = fromMs + 30 * dayMs;
    QCOMPARE(describe(reportOfBlocks(calls, query)), describe(reportOfCalls(calls, query)));
}

void TestKeptCalls::manyNamesAddUpToTheSame()
{
    std::vector<Call> calls = ledgerOf(4'000, 9);
    for (std::size_t i = 0; i < calls.size(); ++i)
        calls[i].task = QStringLiteral("task %1").arg(i % 3'000);
    LedgerQuery query;
    query.groupBy = {Dimension::Day, Dimension::Task};
    query.top = {{Dimension::Task, 5, Measure::Tokens}};
    QCOMPARE(describe(reportOfBlocks(calls, query)), describe(reportOfCalls(calls, query)));
}

void TestKeptCalls::numbersThatDoNotFitAreKept_data()
{
    QTest::addColumn<qint64>("number");
    QTest::newRow("largest that fits") << qint64{2'147'483'647};
    QTest::newRow("first that does not") << qint64{2'147'483'648};
    QTest::newRow("twice as many bits") << (qint64{1} << 40) + 1;
    QTest::newRow("negative") << -(qint64{1} << 33);
}

void TestKeptCalls::numbersThatDoNotFitAreKept()
{
    QFETCH(qint64, number);
    for (const auto member : {&Usage::inputTokens, &Usage::outputTokens, &Usage::cacheReadTokens,
             &Usage::cacheWriteTokens, &Usage::cacheWrite1hTokens, &Usage::reasoningTokens,
             &Usage::inputAudioTokens, &Usage::outputAudioTokens, &Usage::webSearches}) {
        std::vector<Call> calls = ledgerOf(1, 2);
        calls.front().outcome = Outcome::Miss;
        calls.front().usage.*member = number;
        calls.front().latency = std::chrono::milliseconds(number);
        QCOMPARE(describe(reportOfBlocks(calls, {})), describe(reportOfCalls(calls, {})));
    }
}

void TestKeptCalls::callsThatAreNotUsualAreKept()
{
    std::vector<Call> calls = ledgerOf(200, 300);
    calls[3].timeMs += 100 * dayMs; // far from the first
    calls[5].cost = Money::fromPicodollars(7);
    calls[5].avoided = Money::fromPicodollars(9);
    calls[7].attempts = 256;
    const auto names = std::make_shared<NameTable>();
    for (int name = 0; name < 65'600; ++name)
        names->idOf(QString::number(name)); // what comes now has a large number
    CallBlock block;
    for (const Call& call : calls)
        block.add(figuresOf(call, *names));
    LedgerQuery query;
    query.groupBy = {Dimension::Task, Dimension::Hour};
    LedgerSummary summary(query, names);
    summary.add(block);
    QCOMPARE(describe(summary.report()), describe(reportOfCalls(calls, query)));
    QCOMPARE(describe(reportOfBlocks(calls, query)), describe(reportOfCalls(calls, query)));
}

void TestKeptCalls::isAddedUpWhileNamesCome()
{
    const std::vector<Call> calls = ledgerOf(2'000, 9);
    const auto names = std::make_shared<NameTable>();
    auto block = std::make_shared<CallBlock>();
    for (const Call& call : calls)
        block->add(figuresOf(call, *names));
    std::vector<LedgerQuery> queries;
    for (const Dimension dimension :
        {Dimension::Provider, Dimension::Task, Dimension::Tag, Dimension::User}) {
        LedgerQuery query;
        query.groupBy = {Dimension::Day, dimension};
        query.selection.filters = {{Dimension::Task, {QStringLiteral("task 1"), QStringLiteral("task 3")}}};
        queries.push_back(query);
    }
    QThreadPool threads;
    std::vector<QFuture<LedgerReport>> reports;
    for (const LedgerQuery& query : queries)
        reports.push_back(reportOn(threads, std::make_shared<LedgerSummary>(query, names), {block, block}));
    for (int name = 0; name < 20'000; ++name)
        names->idOfUtf8(QByteArray::number(name));
    std::vector<Call> twice = calls;
    twice.insert(twice.end(), calls.begin(), calls.end());
    for (std::size_t i = 0; i < queries.size(); ++i)
        QCOMPARE(describe(reports[i].result()), describe(reportOfCalls(twice, queries[i])));
}

void TestKeptCalls::mostCallsAreKeptSmall()
{
    NameTable names;
    CallBlock block;
    std::vector<Call> calls = ledgerOf(1'000, 10);
    for (Call& call : calls) {
        // As it is with real calls: of some weeks, and one that is paid for saves nothing.
        call.timeMs = fromMs + (call.timeMs - fromMs) / 2;
        if (call.cost && *call.cost != Money())
            call.avoided.reset();
        block.add(figuresOf(call, names));
    }
    int usual = 0;
    block.forEach([&usual](const auto& call) {
        usual += std::is_same_v<std::decay_t<decltype(call)>, UsualFigures> ? 1 : 0;
    });
    QCOMPARE(usual, 900);
}

void TestKeptCalls::forgetsWhatWasAskedForLongAgo()
{
    const auto block = blockOf(100);
    CallCache cache(block->bytes() * 3);
    for (quint64 part = 1; part <= 3; ++part)
        cache.keep(part, "v", block);
    QVERIFY(cache.find(1, "v"));
    cache.keep(4, "v", block);
    QVERIFY(!cache.find(2, "v"));
    QVERIFY(cache.find(1, "v"));
    QVERIFY(cache.find(3, "v"));
    QVERIFY(cache.find(4, "v"));
    cache.keep(5, "v", blockOf(1'000)); // larger than all that may be kept
    QVERIFY(!cache.find(5, "v"));
}

void TestKeptCalls::anotherVersionIsNotFound()
{
    CallCache cache;
    cache.keep(1, "first", blockOf(1));
    QVERIFY(cache.find(1, "first"));
    QVERIFY(!cache.find(1, "second"));
    cache.forget(1);
    QVERIFY(!cache.find(1, "first"));
    cache.keep(1, "first", blockOf(1));
    cache.forgetAll();
    QVERIFY(!cache.find(1, "first"));
}

void TestKeptCalls::namesBecomeTooMany()
{
    CallCache cache;
    cache.keep(1, "v", blockOf(1));
    std::shared_ptr<NameTable> inUse = cache.names();
    for (int i = 0; i < 1'000; ++i)
        inUse->idOfUtf8(QByteArray::number(i));
    QCOMPARE(inUse->idOfUtf8("7"), inUse->idOf(QStringLiteral("7")));
    cache.clearIfWorn();
    QVERIFY(cache.find(1, "v"));
    for (int i = 0; i < 300'000; ++i)
        inUse->idOfUtf8(QByteArray::number(i));
    cache.clearIfWorn(); // not while a report uses them
    QVERIFY(cache.find(1, "v"));
    QCOMPARE(cache.names(), inUse);
    inUse.reset();
    cache.clearIfWorn();
    QVERIFY(!cache.find(1, "v"));
    QCOMPARE(cache.names()->size(), quint32{1});
}

QTEST_GUILESS_MAIN(TestKeptCalls)
#include "tst_keptcalls.moc"
