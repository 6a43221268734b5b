#include "base/error.h"
#include "cache/runner.h"
#include "fakeclock.h"
#include "scriptedprovider.h"
#include "store/spool.h"
#include "store/sqlite/sqlitestore.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QDateTime>
#include <QTest>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

/// A runner over a real SQLite file and a scripted provider under the prefix "scripted".
struct Bench {
    explicit Bench(const QString& file)
        : store(makeSqliteStore(file, QStringLiteral("default")))
        , spool(file + QStringLiteral(".spool"))
        , providers(ProviderConfig{{}, [](const QString&) { return QString(); }})
    {
        auto owned = std::make_unique<ScriptedProvider>();
        provider = owned.get();
        providers.setProvider(QStringLiteral("scripted"), std::move(owned));
        PriceTable prices = PriceTable::builtIn();
        prices.setCustomCosts(
            {{QStringLiteral("scripted:model"), {QStringLiteral("1"), QStringLiteral("5"), {}, {}}}});
        runner = std::make_unique<Runner>(*store, providers, clock, prices,
            Identity{QStringLiteral("ana"), QStringLiteral("desk")}, &spool);
    }
    ~Bench() { drain(); }

    RunResult run(const QString& prompt, RunOptions options = {})
    {
        return waitForTask(runner->run(agent, prompt, options));
    }
    void drain()
    {
        const auto wait = [](Runner* used) -> QCoro::Task<bool> {
            co_await used->drain();
            co_return true;
        };
        waitForTask(wait(runner.get()));
    }
    std::vector<Call> calls()
    {
        drain();
        return waitForTask(store->listCalls({}));
    }

    std::unique_ptr<Store> store;
    Spool spool;
    ProviderRegistry providers;
    ScriptedProvider* provider = nullptr;
    FakeClock clock;
    std::unique_ptr<Runner> runner;
    Agent agent{.name = QStringLiteral("helper"), .model = QStringLiteral("scripted:model")};
};

const Money paidPrice = *Money::fromDecimal(QStringLiteral("0.00015")); // 100 in at $1/M, 10 out at $5/M

template <typename E>
E errorOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const E& error) {
        return error;
    }
    throw std::runtime_error("the expected error was not thrown");
}

QCoro::Task<RunResult> runSoon(Runner* runner, Agent agent, QString prompt, RunOptions options)
{
    co_return co_await runner->run(std::move(agent), std::move(prompt), std::move(options));
}

} // namespace

class TestRunner : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();

    void missPaysOnceAndHitPaysNothing();
    void ledgerHasACallForEveryRun();
    void refreshPaysAgainAndReplaces();
    void bypassNeitherReadsNorStores();
    void cacheOnlyMissIsACacheError();
    void readOnlyPaysButDoesNotStore();
    void agentAndTaskNamesDoNotChangeTheAnswer();
    void samplesAreEntriesOfTheirOwn();
    void identicalConcurrentRunsPayOnce();
    void cancelledLeaderHandsOver();
    void permanentFailureReachesAllWaiters();
    void twoRunnersOnOneStorePayOnce();
    void rateLimitIsWaitedOut();
    void rateLimitBeyondMaxWaitFails();
    void waitingForAnotherRunIsPartOfMaxWait();
    void serverErrorsAreRetried();
    void permanentErrorsAreNot();
    void invalidOutputGoesBackToTheModel();
    void outputErrorKeepsTheLastAnswerAndStoresNothing();
    void truncatedAnswerIsReturnedButNotStored();
    void toolCallsAreAnsweredFromTheAgent();
    void missingVariableIsNamed();
    void historyAndConverter();
    void unknownModelIsUnpricedAndKept();
    void customCostsWin();
    void aRetryAfterACutRequestIsOfUnknownCost();
    void tagsOfAgentAndRunAreInTheLedger();
    void failingExpenseRecorderCostsNothing();
    void aCoroutineMayRecordExpenses();
    void cancelStopsAtOnceAndStoresNothing();
    void storeThatFailsCostsAWarningOnly();
    void lifetimes_data();
    void lifetimes();
    void streamedTextReachesTheCaller();

private:
    std::unique_ptr<QTemporaryDir> m_directory;
    std::unique_ptr<Bench> m_bench;
};

void TestRunner::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    m_bench = std::make_unique<Bench>(m_directory->filePath(QStringLiteral("cache.sqlite")));
}

void TestRunner::cleanup()
{
    m_bench.reset();
    m_directory.reset();
}

void TestRunner::missPaysOnceAndHitPaysNothing()
{
    m_bench->provider->reply(u"Hello."_qs);
    const RunResult first = m_bench->run(u"hi"_qs);
    QVERIFY(!first.cached());
    QCOMPARE(first.text(), u"Hello."_qs);
    QCOMPARE(*first.cost(), paidPrice);
    QVERIFY(!first.avoidedCost());
    QVERIFY(first.data().stored);
    QCOMPARE(first.messages().size(), std::size_t(2));

    const RunResult second = m_bench->run(u"hi"_qs);
    QVERIFY(second.cached());
    QCOMPARE(second.text(), u"Hello."_qs);
    QCOMPARE(*second.cost(), Money());
    QCOMPARE(*second.avoidedCost(), paidPrice);
    QCOMPARE(second.fingerprint(), first.fingerprint());
    QVERIFY(second.messages() == first.messages());
    QCOMPARE(second.data().entry->author, u"ana"_qs);
    QCOMPARE(m_bench->provider->requests(), 1);
}

void TestRunner::ledgerHasACallForEveryRun()
{
    m_bench->provider->reply(u"Hello."_qs);
    m_bench->run(u"hi"_qs);
    m_bench->run(u"hi"_qs);
    m_bench->provider->fail(ProviderFailure::Authentication, 401);
    errorOf<ProviderError>([this] { m_bench->run(u"other"_qs); });
    m_bench->drain();
    CostQuery query;
    query.groupBy = {Dimension::Outcome};
    const CostReport report = waitForTask(m_bench->store->costs(query));
    QCOMPARE(report.total.calls, qint64(3));
    QCOMPARE(report.total.hits, qint64(1));
    QCOMPARE(report.total.misses, qint64(1));
    QCOMPARE(report.total.failures, qint64(1));
    QCOMPARE(report.total.cost, paidPrice);
    QCOMPARE(report.total.avoided, paidPrice);
    const auto page = waitForTask(m_bench->store->listEntries({}, 10));
    QCOMPARE(page.rows.size(), std::size_t(1));
    QCOMPARE(page.rows.front().hits, qint64(1));
}

void TestRunner::refreshPaysAgainAndReplaces()
{
    m_bench->provider->reply(u"old"_qs);
    m_bench->provider->reply(u"new"_qs);
    m_bench->run(u"hi"_qs);
    RunOptions options;
    options.cachePolicy = CachePolicy::Refresh;
    QCOMPARE(m_bench->run(u"hi"_qs, options).data().outcome, Outcome::Refreshed);
    const RunResult hit = m_bench->run(u"hi"_qs);
    QCOMPARE(hit.text(), u"new"_qs);
    QCOMPARE(hit.data().entry->revision, qint64(2));
}

void TestRunner::bypassNeitherReadsNorStores()
{
    m_bench->provider->reply(u"one"_qs);
    m_bench->provider->reply(u"two"_qs);
    m_bench->provider->reply(u"three"_qs);
    RunOptions bypass;
    bypass.cachePolicy = CachePolicy::Bypass;
    QCOMPARE(m_bench->run(u"hi"_qs, bypass).text(), u"one"_qs);
    QCOMPARE(m_bench->run(u"hi"_qs).text(), u"two"_qs);
    const RunResult third = m_bench->run(u"hi"_qs, bypass);
    QCOMPARE(third.text(), u"three"_qs);
    QVERIFY(!third.data().stored);
    QCOMPARE(m_bench->run(u"hi"_qs).text(), u"two"_qs);
}

void TestRunner::cacheOnlyMissIsACacheError()
{
    RunOptions options;
    options.cachePolicy = CachePolicy::Only;
    const auto error = errorOf<CacheError>([&] { m_bench->run(u"hi"_qs, options); });
    QCOMPARE(error.exitCode(), 5);
    QCOMPARE(m_bench->provider->requests(), 0);
}

void TestRunner::readOnlyPaysButDoesNotStore()
{
    m_bench->provider->reply(u"one"_qs);
    RunOptions options;
    options.cachePolicy = CachePolicy::ReadOnly;
    QVERIFY(!m_bench->run(u"hi"_qs, options).data().stored);
    QCOMPARE(waitForTask(m_bench->store->listEntries({}, 10)).rows.size(), std::size_t(0));
    QVERIFY(m_bench->calls().front().unstored);
}

void TestRunner::agentAndTaskNamesDoNotChangeTheAnswer()
{
    m_bench->provider->reply(u"Hello."_qs);
    m_bench->run(u"hi"_qs);
    m_bench->agent.name = u"another"_qs;
    RunOptions options;
    options.taskName = u"some task"_qs;
    QVERIFY(m_bench->run(u"hi"_qs, options).cached());
    const std::vector<Call> calls = m_bench->calls(); // of the same millisecond, in no order
    const auto hit = std::find_if(
        calls.begin(), calls.end(), [](const Call& call) { return call.outcome == Outcome::Hit; });
    QVERIFY(hit != calls.end());
    QCOMPARE(hit->task, u"some task"_qs);
}

void TestRunner::samplesAreEntriesOfTheirOwn()
{
    m_bench->provider->reply(u"one"_qs);
    m_bench->provider->reply(u"two"_qs);
    m_bench->run(u"hi"_qs);
    RunOptions options;
    options.sample = 1;
    QCOMPARE(m_bench->run(u"hi"_qs, options).text(), u"two"_qs);
    QCOMPARE(m_bench->run(u"hi"_qs, options).text(), u"two"_qs);
    QCOMPARE(m_bench->run(u"hi"_qs).text(), u"one"_qs);
}

void TestRunner::identicalConcurrentRunsPayOnce()
{
    m_bench->provider->reply(u"Hello."_qs);
    m_bench->provider->hold();
    std::vector<QCoro::Task<RunResult>> tasks;
    constexpr int count = 50;
    for (int at = 0; at < count; ++at)
        tasks.push_back(runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, {}));
    QTRY_COMPARE(m_bench->provider->requests(), 1);
    QCOMPARE(m_bench->runner->running(), count);
    m_bench->provider->release();
    int paid = 0;
    for (auto& task : tasks) {
        const RunResult result = waitForTask(std::move(task));
        QCOMPARE(result.text(), u"Hello."_qs);
        if (!result.cached())
            ++paid;
    }
    QCOMPARE(paid, 1);
    QCOMPARE(m_bench->provider->requests(), 1);
    QCOMPARE(m_bench->runner->running(), 0);
    m_bench->drain();
    const CostReport report = waitForTask(m_bench->store->costs({}));
    QCOMPARE(report.total.calls, qint64(count));
    QCOMPARE(report.total.cost, paidPrice);
    QCOMPARE(report.total.avoided, paidPrice * (count - 1));
}

void TestRunner::cancelledLeaderHandsOver()
{
    m_bench->provider->hold();
    std::stop_source stop;
    RunOptions leader;
    leader.stop = stop.get_token();
    auto first = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, leader);
    QTRY_COMPARE(m_bench->provider->requests(), 1);
    auto second = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, {});
    m_bench->provider->reply(u"Hello."_qs);
    stop.request_stop();
    errorOf<Cancelled>([&] { waitForTask(std::move(first)); });
    QCOMPARE(waitForTask(std::move(second)).text(), u"Hello."_qs);
    QCOMPARE(m_bench->provider->requests(), 2);
}

void TestRunner::permanentFailureReachesAllWaiters()
{
    m_bench->provider->hold();
    m_bench->provider->fail(ProviderFailure::BadRequest, 400);
    auto first = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, {});
    QTRY_COMPARE(m_bench->provider->requests(), 1);
    bool waiting = false;
    RunOptions options;
    options.progress = [&waiting](const RunEvent& event) {
        waiting = waiting || event.kind == RunEvent::Kind::WaitingForOther;
    };
    auto second = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, options);
    QTRY_VERIFY(waiting);
    m_bench->provider->release();
    QCOMPARE(errorOf<ProviderError>([&] { waitForTask(std::move(first)); }).status(), 400);
    QCOMPARE(errorOf<ProviderError>([&] { waitForTask(std::move(second)); }).status(), 400);
    QCOMPARE(m_bench->provider->requests(), 1);
}

void TestRunner::twoRunnersOnOneStorePayOnce()
{
    // Two programs: runners with single flights of their own, that meet only in the store.
    Bench other(m_directory->filePath(QStringLiteral("cache.sqlite")));
    m_bench->provider->reply(u"Hello."_qs);
    m_bench->provider->hold();
    auto first = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, {});
    QTRY_COMPARE(m_bench->provider->requests(), 1);
    auto second = runSoon(other.runner.get(), other.agent, u"hi"_qs, {});
    m_bench->provider->release();
    QVERIFY(!waitForTask(std::move(first)).cached());
    const RunResult shared = waitForTask(std::move(second));
    QVERIFY(shared.cached());
    QCOMPARE(shared.text(), u"Hello."_qs);
    QCOMPARE(other.provider->requests(), 0);
}

void TestRunner::rateLimitIsWaitedOut()
{
    m_bench->provider->fail(ProviderFailure::RateLimited, 429, 3s);
    m_bench->provider->reply(u"Hello."_qs);
    QStringList events;
    RunOptions options;
    options.progress = [&events](const RunEvent& event) {
        if (event.kind == RunEvent::Kind::Retrying)
            events.append(event.text);
    };
    const RunResult result = m_bench->run(u"hi"_qs, options);
    QCOMPARE(result.data().attempts, 2);
    QCOMPARE(m_bench->clock.sleeps().size(), std::size_t(1));
    QVERIFY(m_bench->clock.sleeps().front() >= 3s);
    QVERIFY(m_bench->clock.sleeps().front() <= 3300ms);
    QCOMPARE(events.size(), 1);
}

void TestRunner::rateLimitBeyondMaxWaitFails()
{
    m_bench->provider->fail(ProviderFailure::RateLimited, 429, 120s);
    const auto error = errorOf<RateLimitError>([this] { m_bench->run(u"hi"_qs); });
    QCOMPARE(error.exitCode(), 4);
    QCOMPARE(error.attempts(), 1);
    QCOMPARE(*error.hint(), 120s);
    QVERIFY(m_bench->clock.sleeps().empty());
}

void TestRunner::waitingForAnotherRunIsPartOfMaxWait()
{
    RunOptions leader;
    leader.maxWait = 1s;
    RunOptions follower;
    follower.maxWait = 60s;
    m_bench->provider->hold();
    auto first = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, leader);
    QTRY_COMPARE(m_bench->provider->requests(), 1);
    auto second = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, follower);
    // The store answers in order: by then the second has looked, found nothing, and waits for the first.
    waitForTask(m_bench->store->status());
    m_bench->clock.advance(50s);
    m_bench->provider->fail(ProviderFailure::RateLimited, 429, 2s); // too long for the leader
    m_bench->provider->fail(ProviderFailure::RateLimited, 429, 20s); // of its minute ten seconds are left
    m_bench->provider->reply(u"Too late."_qs);
    m_bench->provider->release();
    errorOf<RateLimitError>([&] { waitForTask(std::move(first)); });
    errorOf<RateLimitError>([&] { waitForTask(std::move(second)); });
    QCOMPARE(m_bench->provider->requests(), 2);
}

void TestRunner::serverErrorsAreRetried()
{
    m_bench->provider->fail(ProviderFailure::Server, 500);
    m_bench->provider->fail(ProviderFailure::Overloaded, 503);
    m_bench->provider->fail(ProviderFailure::Connection, 0);
    m_bench->provider->reply(u"Hello."_qs);
    const RunResult result = m_bench->run(u"hi"_qs);
    QCOMPARE(result.data().attempts, 4);
    // Failed requests bill nothing.
    QCOMPARE(*result.cost(), paidPrice);
}

void TestRunner::permanentErrorsAreNot()
{
    for (const ProviderFailure failure : {ProviderFailure::Authentication, ProviderFailure::BadRequest,
             ProviderFailure::NotFound, ProviderFailure::Quota}) {
        m_bench->provider->fail(failure, 400);
        errorOf<ProviderError>([this] { m_bench->run(u"hi"_qs); });
    }
    QCOMPARE(m_bench->provider->requests(), 4);
    QVERIFY(m_bench->clock.sleeps().empty());
}

void TestRunner::invalidOutputGoesBackToTheModel()
{
    m_bench->agent.output = OutputType::json(u"Profile"_qs,
        parseJson(
            R"({"type":"object","properties":{"age":{"type":"integer"}},"required":["age"]})", u"s"_qs));
    m_bench->provider->replyJson(Json{{"age", "unknown"}});
    m_bench->provider->replyJson(Json{{"age", "30"}});
    const RunResult result = m_bench->run(u"hi"_qs);
    QCOMPARE(toJsonText(result.output()), QByteArray(R"({"age":30})"));
    // Both requests are billed.
    QCOMPARE(result.usage().inputTokens, qint64(200));
    QCOMPARE(*result.cost(), paidPrice * 2);
    const Message feedback = m_bench->provider->received().at(1).messages.back();
    QCOMPARE(feedback.role, Role::Tool);
    QVERIFY(feedback.isError);
    QCOMPARE(feedback.toolCallId, u"call_1"_qs);
    QVERIFY2(feedback.text.contains(u"/age"_qs), qPrintable(feedback.text));
}

void TestRunner::outputErrorKeepsTheLastAnswerAndStoresNothing()
{
    m_bench->agent.output =
        OutputType::json(u"Profile"_qs, parseJson(R"({"type":"object","required":["age"]})", u"s"_qs));
    m_bench->provider->replyJson(Json{{"name", "A"}});
    m_bench->provider->replyJson(Json{{"name", "B"}});
    const auto error = errorOf<OutputError>([this] { m_bench->run(u"hi"_qs); });
    QVERIFY(error.lastAnswer().contains(u"\"B\""_qs));
    QVERIFY(!error.violations().isEmpty());
    QCOMPARE(error.exitCode(), 7);
    QCOMPARE(waitForTask(m_bench->store->listEntries({}, 10)).rows.size(), std::size_t(0));
    // What was billed is in the ledger.
    QCOMPARE(*m_bench->calls().front().cost, paidPrice * 2);
}

void TestRunner::truncatedAnswerIsReturnedButNotStored()
{
    m_bench->provider->reply(u"Hel"_qs, FinishReason::Length);
    const RunResult result = m_bench->run(u"hi"_qs);
    QCOMPARE(result.text(), u"Hel"_qs);
    QVERIFY(!result.data().stored);
    QVERIFY(result.warnings().join(u" "_qs).contains(u"max_tokens"_qs));
    QCOMPARE(waitForTask(m_bench->store->listEntries({}, 10)).rows.size(), std::size_t(0));
}

void TestRunner::toolCallsAreAnsweredFromTheAgent()
{
    ToolDefinition tool;
    tool.name = u"weather"_qs;
    tool.answers.push_back({Json{{"city", "Paris"}}, Json("sunny")});
    m_bench->agent.tools.push_back(tool);
    m_bench->provider->replyToolCall(u"weather"_qs, Json{{"city", "Paris"}, {"unit", "C"}});
    m_bench->provider->reply(u"It is sunny."_qs);
    const RunResult result = m_bench->run(u"hi"_qs);
    QCOMPARE(result.text(), u"It is sunny."_qs);
    QCOMPARE(m_bench->provider->received().at(1).messages.back().text, u"sunny"_qs);
    QCOMPARE(result.messages().size(), std::size_t(4));
}

void TestRunner::missingVariableIsNamed()
{
    RunOptions options;
    options.variables = Variables{{u"who"_qs, u"Ana"_qs}};
    m_bench->agent.systemPrompt = SystemPrompt(u"Speak {{language}}."_qs);
    const auto error = errorOf<ConfigurationError>([&] { m_bench->run(u"Greet {{who}}"_qs, options); });
    QVERIFY(error.text().contains(u"{{language}}"_qs));
    options.variables->insert(u"language"_qs, u"French"_qs);
    m_bench->provider->reply(u"Salut."_qs);
    m_bench->run(u"Greet {{who}}"_qs, options);
    QCOMPARE(m_bench->provider->received().front().messages.back().text, u"Greet Ana"_qs);
    QCOMPARE(m_bench->provider->received().front().systemPrompts, QStringList{u"Speak French."_qs});
}

void TestRunner::historyAndConverter()
{
    m_bench->provider->reply(u"one"_qs);
    m_bench->provider->reply(u"two"_qs);
    RunOptions options;
    options.rawHistory = parseJson(R"([["A","hello"],["B","hi"]])", u"history"_qs);
    options.messageConverter = [](const Json& lines) {
        History history;
        for (const Json& line : lines)
            history.push_back(
                line[0] == "A" ? Message::user(toQString(line[1])) : Message::assistant(toQString(line[1])));
        return history;
    };
    m_bench->agent.systemPrompt = SystemPrompt(u"Be brief."_qs);
    m_bench->run(u"go on"_qs, options);
    const ProviderRequest& sent = m_bench->provider->received().front();
    QCOMPARE(sent.messages.size(), std::size_t(3));
    QCOMPARE(sent.messages.at(1).role, Role::Assistant);
    QCOMPARE(sent.systemPrompts.size(), 1);
    QCOMPARE(m_bench->run(u"go on"_qs).text(), u"two"_qs);
}

void TestRunner::unknownModelIsUnpricedAndKept()
{
    m_bench->agent.model = u"scripted:nobody-knows"_qs;
    m_bench->provider->reply(u"Hello."_qs);
    const RunResult result = m_bench->run(u"hi"_qs);
    QVERIFY(!result.cost());
    QVERIFY(result.data().stored);
    QVERIFY(result.warnings().join(u" "_qs).contains(u"cost is unknown"_qs));
    QVERIFY(toJson(result)["cost_usd"].is_null());
    m_bench->drain();
    QCOMPARE(waitForTask(m_bench->store->costs({})).total.unpriced, qint64(1));
}

void TestRunner::customCostsWin()
{
    m_bench->provider->reply(u"Hello."_qs);
    RunOptions options;
    options.customCosts = {{u"scripted:model"_qs, {u"10"_qs, u"100"_qs, {}, {}}}};
    QCOMPARE(m_bench->run(u"hi"_qs, options).cost()->toDecimal(), u"0.002"_qs);
}

void TestRunner::aRetryAfterACutRequestIsOfUnknownCost()
{
    m_bench->provider->then([](ProviderRequest, ProviderContext) -> QCoro::Task<ProviderReply> {
        ProviderError::Details details;
        details.failure = ProviderFailure::Connection;
        details.mayBeBilled = true;
        ProviderError(u"The connection was cut."_qs, {}, details).raise();
        co_return ProviderReply();
    });
    m_bench->provider->reply(u"Hello."_qs);
    const RunResult paid = m_bench->run(u"hi"_qs);
    QCOMPARE(paid.text(), u"Hello."_qs);
    QVERIFY(!paid.cost());
    QVERIFY2(paid.warnings().join(u" "_qs).contains(u"may have been billed"_qs),
        qPrintable(paid.warnings().join(u" "_qs)));
    const std::vector<Call> calls = m_bench->calls();
    QVERIFY(!calls.front().cost);
    QCOMPARE(calls.front().attempts, 2);
    QCOMPARE(waitForTask(m_bench->store->costs({})).total.unpriced, qint64(1));
    // What the answer itself costs is known, and saved from now on.
    QCOMPARE(*m_bench->run(u"hi"_qs).avoidedCost(), paidPrice);
}

void TestRunner::tagsOfAgentAndRunAreInTheLedger()
{
    m_bench->provider->reply(u"Hello."_qs);
    m_bench->agent.tags = {u"team a"_qs, u"both"_qs};
    RunOptions options;
    options.tags = {u"both"_qs, u"nightly"_qs};
    m_bench->run(u"hi"_qs, options);
    m_bench->run(u"hi"_qs, options);
    const std::vector<Call> calls = m_bench->calls();
    QCOMPARE(calls.size(), std::size_t(2));
    for (const Call& call : calls)
        QCOMPARE(call.tags, (QStringList{u"team a"_qs, u"both"_qs, u"nightly"_qs}));
}

void TestRunner::failingExpenseRecorderCostsNothing()
{
    m_bench->provider->reply(u"Hello."_qs);
    RunOptions options;
    int calls = 0;
    options.expenseRecorder = [&calls](const Call& call) {
        ++calls;
        if (call.outcome == Outcome::Miss)
            throw std::runtime_error("recorder down");
    };
    const RunResult paid = m_bench->run(u"hi"_qs, options);
    QCOMPARE(paid.text(), u"Hello."_qs);
    QVERIFY(paid.warnings().join(u" "_qs).contains(u"recorder down"_qs));
    QVERIFY(m_bench->run(u"hi"_qs, options).cached());
    QCOMPARE(calls, 2);
    QCOMPARE(m_bench->provider->requests(), 1);
}

void TestRunner::aCoroutineMayRecordExpenses()
{
    m_bench->provider->reply(u"Hello."_qs);
    QStringList recorded;
    Gate gate;
    RunOptions options;
    options.expenseRecorder = [&](const Call& call) -> QCoro::Task<> {
        if (call.outcome == Outcome::Miss) {
            co_await gate.passed();
            recorded << outcomeName(call.outcome);
            throw std::runtime_error("recorder down");
        }
        recorded << outcomeName(call.outcome);
    };
    // The answer does not wait for it.
    QCOMPARE(m_bench->run(u"hi"_qs, options).text(), u"Hello."_qs);
    QVERIFY(m_bench->run(u"hi"_qs, options).cached());
    QCOMPARE(recorded, QStringList{u"hit"_qs});
    QTest::ignoreMessage(QtWarningMsg, "The expense recorder failed: recorder down");
    gate.open();
    m_bench->drain();
    QCOMPARE(recorded, (QStringList{u"hit"_qs, u"miss"_qs}));
}

void TestRunner::cancelStopsAtOnceAndStoresNothing()
{
    m_bench->provider->hold();
    std::stop_source stop;
    RunOptions options;
    options.stop = stop.get_token();
    auto task = runSoon(m_bench->runner.get(), m_bench->agent, u"hi"_qs, options);
    QTRY_COMPARE(m_bench->provider->requests(), 1);
    stop.request_stop();
    const auto error = errorOf<Cancelled>([&] { waitForTask(std::move(task)); });
    QCOMPARE(error.exitCode(), 8);
    QCOMPARE(waitForTask(m_bench->store->listEntries({}, 10)).rows.size(), std::size_t(0));
    const std::vector<Call> calls = m_bench->calls();
    QCOMPARE(calls.front().outcome, Outcome::Cancelled);
    QVERIFY(!calls.front().cost); // a request was out: unknown, not free
    // The lock is gone: the next run does not wait for it.
    m_bench->provider->reply(u"Hello."_qs);
    QVERIFY(m_bench->run(u"hi"_qs).data().stored);
}

void TestRunner::storeThatFailsCostsAWarningOnly()
{
    m_bench.reset();
    // A folder where the file should be: the store can never open it.
    const QString path = m_directory->filePath(QStringLiteral("taken"));
    QVERIFY(QDir().mkpath(path));
    Bench broken(path);
    broken.provider->reply(u"Hello."_qs);
    const RunResult result = broken.run(u"hi"_qs);
    QCOMPARE(result.text(), u"Hello."_qs);
    QVERIFY(!result.data().stored);
    QVERIFY(!result.warnings().isEmpty());
    // Once is enough, whatever failed for it.
    QCOMPARE(result.warnings().filter(path).size(), 1);
    QVERIFY2(result.warnings().back().contains(u"kept on disk"_qs), qPrintable(result.warnings().back()));
    broken.drain();
    // Entry and ledger call wait on disk.
    QVERIFY(broken.spool.pending() >= 2);
}

void TestRunner::lifetimes_data()
{
    using Ttl = std::optional<std::chrono::seconds>;
    QTest::addColumn<Ttl>("agents");
    QTest::addColumn<Ttl>("runs");
    QTest::addColumn<Ttl>("expected");
    QTest::newRow("nobody says") << Ttl() << Ttl() << Ttl(15 * 24h);
    QTest::newRow("the agent's") << Ttl(1h) << Ttl() << Ttl(1h);
    QTest::newRow("the run's before the agent's") << Ttl(1h) << Ttl(2h) << Ttl(2h);
    QTest::newRow("never, for the agent") << Ttl(0s) << Ttl() << Ttl();
    QTest::newRow("never, for the run") << Ttl(1h) << Ttl(0s) << Ttl();
    QTest::newRow("of the run, though never for the agent") << Ttl(0s) << Ttl(2h) << Ttl(2h);
}

void TestRunner::lifetimes()
{
    QFETCH(std::optional<std::chrono::seconds>, agents);
    QFETCH(std::optional<std::chrono::seconds>, runs);
    QFETCH(std::optional<std::chrono::seconds>, expected);
    m_bench->provider->reply(u"Hello."_qs);
    m_bench->agent.ttl = agents;
    RunOptions options;
    options.ttl = runs;
    const qint64 before = QDateTime::currentMSecsSinceEpoch();
    m_bench->run(u"hi"_qs, options);
    const qint64 after = QDateTime::currentMSecsSinceEpoch();
    const EntryMeta meta = *m_bench->run(u"hi"_qs).data().entry;
    QCOMPARE(meta.pinned, !expected);
    QCOMPARE(meta.expiresMs.has_value(), expected.has_value());
    if (!expected)
        return;
    const qint64 lifetime = std::chrono::milliseconds(*expected).count();
    QVERIFY(*meta.expiresMs >= before + lifetime && *meta.expiresMs <= after + lifetime);
}

void TestRunner::streamedTextReachesTheCaller()
{
    m_bench->provider->reply(u"Hello."_qs);
    RunOptions options;
    options.stream = true;
    QString text;
    options.progress = [&text](const RunEvent& event) {
        if (event.kind == RunEvent::Kind::Text)
            text += event.text;
    };
    m_bench->run(u"hi"_qs, options);
    QCOMPARE(text, u"Hello."_qs);
}

LLMCACHE_TEST_MAIN(TestRunner)
#include "tst_runner.moc"
