// Runs of several processes on one Redis: cooldowns, failures, refreshes, locks. Two runners stand for two
// processes: they share nothing but the server.
#include "base/error.h"
#include "cache/cooldowns.h"
#include "cache/runlock.h"
#include "cache/session.h"
#include "fakeclock.h"
#include "redis/client.h"
#include "redisserver.h"
#include "scriptedprovider.h"
#include "store/redis/redisstore.h"
#include "store/spool.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QHostAddress>
#include <QTcpSocket>
#include <QTest>

#include <algorithm>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

QCoro::Task<bool> drained(Runner* runner)
{
    co_await runner->drain();
    co_return true;
}

/// What one process has, on a store that others have as well.
struct Process {
    Process(const QString& url, const QString& spoolFolder, const QByteArray& key = "k1",
        std::unique_ptr<Clock> realClock = nullptr)
        : store(makeRedisStore(redis::RedisUrl::parse(url), QStringLiteral("default")))
        , spool(spoolFolder)
        , providers(ProviderConfig{{}, [key](const QString& name) {
                                       return name == QLatin1String("OPENAI_API_KEY") ? QString::fromUtf8(key)
                                                                                      : QString();
                                   }})
    {
        auto owned = std::make_unique<ScriptedProvider>();
        provider = owned.get();
        providers.setProvider(QStringLiteral("openai"), std::move(owned));
        system = std::move(realClock);
        Clock& used = system ? *system : static_cast<Clock&>(clock);
        runner = std::make_unique<Runner>(*store, providers, used, PriceTable::builtIn(),
            Identity{QStringLiteral("ana"), QStringLiteral("desk")}, &spool);
    }
    ~Process() { drain(); }

    QCoro::Task<RunResult> start(QString prompt, RunOptions options = {})
    {
        return runner->run(agent, std::move(prompt), std::move(options));
    }
    RunResult run(const QString& prompt, RunOptions options = {})
    {
        return waitForTask(start(prompt, std::move(options)));
    }
    void drain() { waitForTask(drained(runner.get())); }

    std::unique_ptr<Store> store;
    Spool spool;
    ProviderRegistry providers;
    ScriptedProvider* provider = nullptr;
    FakeClock clock;
    std::unique_ptr<Clock> system; ///< instead of the fake one
    std::unique_ptr<Runner> runner;
    Agent agent{.name = QStringLiteral("helper"), .model = QStringLiteral("openai:gpt-4o-mini")};
};

QString fingerprintOf(Process& process, const QString& prompt)
{
    return fingerprint(process.runner->buildRequest(process.agent, prompt, {}));
}

/// The kind of error that a run ends with, or what it answers.
QCoro::Task<> note(QCoro::Task<RunResult> run, QStringList* outcomes)
{
    try {
        const RunResult result = co_await run;
        outcomes->append(result.text());
    } catch (const Error& error) {
        outcomes->append(error.kind());
    }
}

template <typename E>
std::optional<E> errorOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const E& error) {
        return error;
    }
    return std::nullopt;
}

QCoro::Task<redis::Reply> replyOf(redis::Client* client, redis::Command command)
{
    redis::Reply reply = co_await client->command(std::move(command));
    co_return reply;
}

redis::Reply ask(redis::Client& client, redis::Command command)
{
    return waitForTask(replyOf(&client, std::move(command)));
}

/// Asks a server how often it has read from its connections. Waits without an event loop, so that nobody else
/// speaks meanwhile.
class ServerReads {
public:
    explicit ServerReads(quint16 port) { m_socket.connectToHost(QHostAddress::LocalHost, port); }
    qint64 count()
    {
        m_socket.waitForConnected();
        m_socket.write("INFO stats\r\n");
        QByteArray text;
        while (!text.contains("total_writes_processed") && m_socket.waitForReadyRead())
            text += m_socket.readAll();
        const QByteArray name = "total_reads_processed:";
        const qsizetype start = text.indexOf(name) + name.size();
        return text.mid(start, text.indexOf('\r', start) - start).toLongLong();
    }

private:
    QTcpSocket m_socket;
};

RunOptions waitingSeen(bool* waiting)
{
    RunOptions options;
    options.progress = [waiting](const RunEvent& event) {
        *waiting = *waiting || event.kind == RunEvent::Kind::WaitingForOther;
    };
    return options;
}

} // namespace

class TestSharedRuns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();

    void aCooldownIsHonouredByOthers();
    void aCooldownBeyondMaxWaitFailsAtOnce();
    void cooldownsAreByAccountAndModel();
    void aCooldownIsOnlyExtended();
    void oneBudgetOverAllRequestsOfAConversation();
    void aFailingProviderIsNotHammered();
    void waitersTakeOverAfterATransientFailure();
    void otherProcessesShareOnlyWhatIsTheirs_data();
    void otherProcessesShareOnlyWhatIsTheirs();
    void readOnlyRunsPayOnceTogether();
    void staleAnswersAreServedWhileOneProcessRefreshes();
    void aStaleAnswerIsAMissWithoutTheOption();
    void aRefusedCommitKeepsThePaidAnswer();
    void theSameRequestIsNotPaidTwiceWhileTheStoreIsAway();
    void aStopIsSeenWhileTheStoreHangs();
    void theLockIsFreeAfterEveryOutcome_data();
    void theLockIsFreeAfterEveryOutcome();
    void aStoppedRunOwesWhatItSent();
    void aMovedClockChangesNoPromise_data();
    void aMovedClockChangesNoPromise();
    void aSessionEmptiesItsSpoolWhenTheStoreIsThere();
    void aHeldLockIsRenewed();
    void anEndingSessionStopsItsRuns();
    void aHitIsOneRoundTripAndALockAddsTwoAtMost();

private:
    Process& process(int index) { return *m_processes[static_cast<std::size_t>(index)]; }
    void makeProcess(const QByteArray& key = "k1");

    std::unique_ptr<RedisServer> m_server;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::vector<std::unique_ptr<Process>> m_processes;
};

void TestSharedRuns::initTestCase()
{
    if (!RedisServer::isInstalled())
        QSKIP(qUtf8Printable(RedisServer::missingText()));
}

void TestSharedRuns::init()
{
    m_server = std::make_unique<RedisServer>();
    QVERIFY2(m_server->start(), qUtf8Printable(m_server->log()));
    m_folder = std::make_unique<QTemporaryDir>();
    makeProcess();
    makeProcess();
}

void TestSharedRuns::cleanup()
{
    m_processes.clear();
    m_server.reset();
}

void TestSharedRuns::makeProcess(const QByteArray& key)
{
    const QString folder = m_folder->filePath(QStringLiteral("spool%1").arg(m_processes.size()));
    m_processes.push_back(std::make_unique<Process>(m_server->url(), folder, key));
}

void TestSharedRuns::aCooldownIsHonouredByOthers()
{
    Process& first = process(0);
    // What is left of it is measured by the server, so this one needs real time.
    Process second(
        m_server->url(), m_folder->filePath(QStringLiteral("real")), "k1", std::make_unique<SystemClock>());
    first.provider->fail(ProviderFailure::RateLimited, 429, 1s);
    first.provider->reply(u"One."_qs);
    second.provider->reply(u"Two."_qs);
    QCOMPARE(first.run(u"a"_qs).data().attempts, 2);
    first.drain();
    // Another request of another process: it never saw the refusal, and waits before its first request.
    const RunResult result = second.run(u"b"_qs);
    QCOMPARE(result.data().attempts, 1);
    QVERIFY(result.data().waited > 0ms);
    QVERIFY(result.data().waited <= 1100ms);
}

void TestSharedRuns::aCooldownBeyondMaxWaitFailsAtOnce()
{
    Process& first = process(0);
    Process& second = process(1);
    first.provider->fail(ProviderFailure::RateLimited, 429, 300s);
    QVERIFY(errorOf<RateLimitError>([&] { first.run(u"a"_qs); }));
    first.drain();
    const auto refused = errorOf<RateLimitError>([&] { second.run(u"b"_qs); });
    QVERIFY(refused);
    QCOMPARE(refused->attempts(), 0);
    QVERIFY(refused->hint() > 290s);
    QCOMPARE(second.provider->requests(), 0);
    QVERIFY(second.clock.sleeps().empty());
    // It is over when the provider said so.
    first.clock.advance(301s);
    first.provider->reply(u"One."_qs);
    QCOMPARE(first.run(u"a"_qs).text(), u"One."_qs);
}

void TestSharedRuns::cooldownsAreByAccountAndModel()
{
    makeProcess("k2");
    Process& other = process(2);
    process(0).provider->fail(ProviderFailure::RateLimited, 429, 300s);
    QVERIFY(errorOf<RateLimitError>([&] { process(0).run(u"a"_qs); }));
    process(0).drain();
    other.provider->reply(u"Mine."_qs);
    QCOMPARE(other.run(u"b"_qs).text(), u"Mine."_qs);
    process(1).agent.model = QStringLiteral("openai:gpt-4o");
    process(1).provider->reply(u"Larger."_qs);
    QCOMPARE(process(1).run(u"b"_qs).text(), u"Larger."_qs);
    QVERIFY(other.clock.sleeps().empty());
    QVERIFY(process(1).clock.sleeps().empty());
    const QString account = other.providers.account(QStringLiteral("openai"));
    QVERIFY(!account.isEmpty() && !account.contains(u"k2"_qs));
}

void TestSharedRuns::aCooldownIsOnlyExtended()
{
    Store& store = *process(0).store;
    const auto extend = [&store](const QString& who, std::chrono::milliseconds span) {
        const auto wait = [](Store* used, QString name, std::chrono::milliseconds time) -> QCoro::Task<bool> {
            co_await used->extendCooldown(QStringLiteral("key"), name, time);
            co_return true;
        };
        waitForTask(wait(&store, who, span));
    };
    QCOMPARE(waitForTask(store.cooldown(u"key"_qs)).left, 0ms);
    extend(u"a"_qs, 60s);
    extend(u"b"_qs, 5s);
    Cooldown cooldown = waitForTask(store.cooldown(u"key"_qs));
    QCOMPARE(cooldown.publisher, u"a"_qs);
    QVERIFY(cooldown.left > 50s && cooldown.left <= 60s);
    extend(u"b"_qs, 90s);
    cooldown = waitForTask(store.cooldown(u"key"_qs));
    QCOMPARE(cooldown.publisher, u"b"_qs);
    QVERIFY(cooldown.left > 60s);
}

void TestSharedRuns::oneBudgetOverAllRequestsOfAConversation()
{
    Process& one = process(0);
    one.agent.output = OutputType::json(u"Number"_qs, Json::parse(R"({"type": "object",
        "properties": {"n": {"type": "integer"}}, "required": ["n"]})"));
    one.provider->fail(ProviderFailure::RateLimited, 429, 40s);
    one.provider->replyJson(Json::object()); // does not fit: a second request of the same run
    one.provider->fail(ProviderFailure::RateLimited, 429, 40s);
    const auto refused = errorOf<RateLimitError>([&] { one.run(u"a"_qs); });
    QVERIFY(refused);
    QVERIFY(refused->waited() >= 40s);
    QCOMPARE(one.clock.sleeps().size(), std::size_t(1));
}

void TestSharedRuns::aFailingProviderIsNotHammered()
{
    Process& one = process(0);
    RunOptions options;
    options.maxWait = 1h;
    for (int i = 0; i < 49; ++i)
        one.provider->fail(ProviderFailure::Server, 500);
    one.provider->reply(u"At last."_qs);
    QCOMPARE(one.run(u"a"_qs, options).data().attempts, 50);
    // The budget is all but gone: one more retry, and from then on each run gets one request.
    for (const int allowed : {2, 1, 1}) {
        for (int i = 0; i < allowed; ++i)
            one.provider->fail(ProviderFailure::Server, 500);
        const int before = one.provider->requests();
        const auto failed = errorOf<ProviderError>([&] { one.run(u"b"_qs, options); });
        QVERIFY(failed);
        QVERIFY2(failed->message().contains(u"not tried again"_qs), failed->what());
        QCOMPARE(one.provider->requests() - before, allowed);
    }
}

void TestSharedRuns::waitersTakeOverAfterATransientFailure()
{
    Process& one = process(0);
    RunOptions impatient;
    impatient.maxWait = 0ms;
    one.provider->hold();
    one.provider->fail(ProviderFailure::Server, 503);
    auto first = one.start(u"a"_qs, impatient);
    QTRY_COMPARE(one.provider->requests(), 1);
    bool waiting = false;
    auto second = one.start(u"a"_qs, waitingSeen(&waiting));
    QTRY_VERIFY(waiting);
    one.provider->reply(u"Better."_qs);
    one.provider->release();
    QVERIFY(errorOf<ProviderError>([&] { waitForTask(std::move(first)); }));
    QCOMPARE(waitForTask(std::move(second)).text(), u"Better."_qs);
    QCOMPARE(one.provider->requests(), 2);
}

void TestSharedRuns::otherProcessesShareOnlyWhatIsTheirs_data()
{
    QTest::addColumn<ProviderFailure>("failure");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<bool>("shared");
    QTest::newRow("bad request") << ProviderFailure::BadRequest << 400 << QByteArray("k2") << true;
    QTest::newRow("wrong key, the same")
        << ProviderFailure::Authentication << 401 << QByteArray("k1") << true;
    QTest::newRow("wrong key, another")
        << ProviderFailure::Authentication << 401 << QByteArray("k2") << false;
    QTest::newRow("no money, another's") << ProviderFailure::Quota << 402 << QByteArray("k2") << false;
    QTest::newRow("nonsense") << ProviderFailure::BadReply << 200 << QByteArray("k1") << false;
    QTest::newRow("server") << ProviderFailure::Server << 500 << QByteArray("k1") << false;
}

void TestSharedRuns::otherProcessesShareOnlyWhatIsTheirs()
{
    QFETCH(ProviderFailure, failure);
    QFETCH(int, status);
    QFETCH(QByteArray, key);
    QFETCH(bool, shared);
    makeProcess(key);
    Process& holder = process(0);
    Process& waiter = process(2);
    RunOptions impatient;
    impatient.maxWait = 0ms;
    holder.provider->hold();
    holder.provider->fail(failure, status);
    auto first = holder.start(u"a"_qs, impatient);
    QTRY_COMPARE(holder.provider->requests(), 1);
    bool waiting = false;
    auto second = waiter.start(u"a"_qs, waitingSeen(&waiting));
    QTRY_VERIFY(waiting);
    waiter.provider->reply(u"Fine here."_qs);
    holder.provider->release();
    QVERIFY(errorOf<ProviderError>([&] { waitForTask(std::move(first)); }));
    if (shared) {
        const auto own = errorOf<ProviderError>([&] { waitForTask(std::move(second)); });
        QVERIFY(own);
        QCOMPARE(own->status(), status);
        QCOMPARE(own->details().failure, failure);
    } else {
        QCOMPARE(waitForTask(std::move(second)).text(), u"Fine here."_qs);
    }
    QCOMPARE(waiter.provider->requests(), shared ? 0 : 1);
}

void TestSharedRuns::readOnlyRunsPayOnceTogether()
{
    Process& one = process(0);
    RunOptions options;
    options.cachePolicy = CachePolicy::ReadOnly;
    one.provider->hold();
    one.provider->reply(u"Unstored."_qs);
    auto first = one.start(u"a"_qs, options);
    QTRY_COMPARE(one.provider->requests(), 1);
    bool waiting = false;
    RunOptions second = waitingSeen(&waiting);
    second.cachePolicy = CachePolicy::ReadOnly;
    auto follower = one.start(u"a"_qs, second);
    QTRY_VERIFY(waiting);
    one.provider->release();
    QCOMPARE(waitForTask(std::move(first)).text(), u"Unstored."_qs);
    QCOMPARE(waitForTask(std::move(follower)).data().outcome, Outcome::Shared);
    QCOMPARE(one.provider->requests(), 1);
    QVERIFY(!waitForTask(one.store->lookup(fingerprintOf(one, u"a"_qs))));
    // A run that stores does not take part: it needs an entry.
    one.provider->reply(u"Stored."_qs);
    QCOMPARE(one.run(u"a"_qs).text(), u"Stored."_qs);
    QCOMPARE(one.provider->requests(), 2);
}

void TestSharedRuns::staleAnswersAreServedWhileOneProcessRefreshes()
{
    Process& first = process(0);
    Process& second = process(1);
    RunOptions options;
    options.ttl = 100s;
    options.staleWhileRevalidate = 1000s;
    first.provider->reply(u"Old."_qs);
    QVERIFY(!first.run(u"a"_qs, options).data().stale);
    QVERIFY(first.run(u"a"_qs, options).cached());
    first.clock.advance(200s);
    second.clock.advance(200s);
    second.provider->hold();
    second.provider->reply(u"New."_qs);
    // Both get the old answer at once; one of them fetches the new one, the other finds the lock taken.
    const RunResult served = second.run(u"a"_qs, options);
    QCOMPARE(served.text(), u"Old."_qs);
    QVERIFY(served.data().stale);
    QCOMPARE(served.data().attempts, 0);
    QTRY_COMPARE(second.provider->requests(), 1);
    QCOMPARE(second.run(u"a"_qs, options).text(), u"Old."_qs);
    QCOMPARE(first.run(u"a"_qs, options).text(), u"Old."_qs);
    first.drain();
    second.provider->release();
    second.drain();
    const RunResult renewed = first.run(u"a"_qs, options);
    QCOMPARE(renewed.text(), u"New."_qs);
    QVERIFY(renewed.cached() && !renewed.data().stale);
    QCOMPARE(first.provider->requests() + second.provider->requests(), 2);
    first.drain();
    const auto calls = waitForTask(first.store->listCalls({}));
    int paid = 0;
    for (const Call& call : calls)
        paid += call.attempts;
    QCOMPARE(paid, 2);
}

void TestSharedRuns::aStaleAnswerIsAMissWithoutTheOption()
{
    Process& one = process(0);
    RunOptions options;
    options.ttl = 100s;
    options.staleWhileRevalidate = 1000s;
    one.provider->reply(u"Old."_qs);
    one.run(u"a"_qs, options);
    one.clock.advance(200s);
    one.provider->reply(u"New."_qs);
    QCOMPARE(one.run(u"a"_qs).text(), u"New."_qs);
    QCOMPARE(one.provider->requests(), 2);
}

void TestSharedRuns::aRefusedCommitKeepsThePaidAnswer()
{
    // Whatever the reason: a permission that is missing is a ConfigurationError, and the answer is paid for.
    QProcess::execute(QStringLiteral("redis-cli"),
        {u"-p"_qs, QString::number(m_server->port()), u"ACL"_qs, u"SETUSER"_qs, u"reader"_qs, u"on"_qs,
            u">pw"_qs, u"~*"_qs, u"&*"_qs, u"+@read"_qs, u"+@connection"_qs});
    const QString folder = m_folder->filePath(QStringLiteral("reader"));
    {
        Process reader(QStringLiteral("redis://reader:pw@127.0.0.1:%1").arg(m_server->port()), folder);
        reader.provider->reply(u"Paid."_qs);
        const RunResult result = reader.run(u"a"_qs);
        QCOMPARE(result.text(), u"Paid."_qs);
        QVERIFY(!result.data().stored);
        QVERIFY2(result.warnings().join(u' ').contains(u"'set'"_qs),
            qUtf8Printable(result.warnings().join(u'\n')));
        reader.drain();
        QCOMPARE(reader.spool.pending(), qint64(2));
    }
    // Nothing but the user's rights stood in the way.
    QProcess::execute(QStringLiteral("redis-cli"),
        {u"-p"_qs, QString::number(m_server->port()), u"ACL"_qs, u"SETUSER"_qs, u"reader"_qs, u"+@all"_qs});
    Process later(QStringLiteral("redis://reader:pw@127.0.0.1:%1").arg(m_server->port()), folder);
    QCOMPARE(waitForTask(later.spool.replay(later.store.get())), 2);
    QVERIFY(later.run(u"a"_qs).cached());
}

void TestSharedRuns::theSameRequestIsNotPaidTwiceWhileTheStoreIsAway()
{
    Process& one = process(0);
    m_server->kill();
    one.provider->reply(u"Paid once."_qs);
    QCOMPARE(one.run(u"a"_qs).text(), u"Paid once."_qs);
    const RunResult again = one.run(u"a"_qs);
    QCOMPARE(again.text(), u"Paid once."_qs);
    QVERIFY(again.cached());
    QVERIFY(!again.warnings().isEmpty());
    QCOMPARE(one.provider->requests(), 1);
}

void TestSharedRuns::aStopIsSeenWhileTheStoreHangs()
{
    Process& one = process(0);
    one.provider->reply(u"Warm."_qs);
    one.run(u"warm"_qs); // connected
    one.drain();
    m_server->freeze();
    std::stop_source stop;
    RunOptions options;
    options.stop = stop.get_token();
    auto running = one.start(u"a"_qs, options);
    stop.request_stop();
    const bool cancelled = errorOf<Cancelled>([&] { waitForTask(std::move(running)); }).has_value();
    m_server->thaw();
    QVERIFY(cancelled);
    QCOMPARE(one.provider->requests(), 1);
}

void TestSharedRuns::theLockIsFreeAfterEveryOutcome_data()
{
    QTest::addColumn<QString>("outcome");
    for (const char* outcome : {"answer", "truncated", "failed", "permanent", "misfit", "cancelled"})
        QTest::newRow(outcome) << QString::fromLatin1(outcome);
}

void TestSharedRuns::theLockIsFreeAfterEveryOutcome()
{
    QFETCH(QString, outcome);
    Process& one = process(0);
    RunOptions options;
    std::stop_source stop;
    options.stop = stop.get_token();
    options.maxWait = 0ms;
    one.provider->hold();
    if (outcome == u"truncated") {
        one.provider->reply(u"Half"_qs, FinishReason::Length);
    } else if (outcome == u"failed") {
        one.provider->fail(ProviderFailure::Server, 500);
    } else if (outcome == u"permanent") {
        one.provider->fail(ProviderFailure::BadRequest, 400);
    } else {
        if (outcome == u"misfit")
            one.agent.output = OutputType::json(u"Number"_qs, Json::parse(R"({"type": "integer"})"));
        one.agent.outputRetries = 0;
        one.provider->reply(u"Hello."_qs);
    }
    const QString fingerprint = fingerprintOf(one, u"a"_qs);
    auto running = one.start(u"a"_qs, options);
    QTRY_COMPARE(one.provider->requests(), 1);
    QVERIFY(!waitForTask(process(1).store->tryLock(fingerprint, u"probe"_qs, 1s)));
    if (outcome == u"cancelled")
        stop.request_stop();
    else
        one.provider->release();
    const bool failed = errorOf<Error>([&] { waitForTask(std::move(running)); }).has_value();
    QCOMPARE(failed, outcome != u"answer" && outcome != u"truncated");
    one.drain();
    QVERIFY(waitForTask(process(1).store->tryLock(fingerprint, u"probe"_qs, 1s)));
    QCOMPARE(waitForTask(process(1).store->lookup(fingerprint)).has_value(), outcome == u"answer");
    QCOMPARE(waitForTask(process(1).store->listCalls({})).size(), std::size_t(1));
}

void TestSharedRuns::aStoppedRunOwesWhatItSent()
{
    Process& holder = process(0);
    Process& waiter = process(1);
    holder.provider->hold();
    holder.provider->reply(u"Hello."_qs);
    std::stop_source stopHolder;
    RunOptions held;
    held.stop = stopHolder.get_token();
    auto first = holder.start(u"a"_qs, held);
    QTRY_COMPARE(holder.provider->requests(), 1);
    bool waiting = false;
    std::stop_source stopWaiter;
    RunOptions options = waitingSeen(&waiting);
    options.stop = stopWaiter.get_token();
    auto second = waiter.start(u"a"_qs, options);
    QTRY_VERIFY(waiting);
    stopWaiter.request_stop();
    QVERIFY(errorOf<Cancelled>([&] { waitForTask(std::move(second)); }));
    stopHolder.request_stop();
    QVERIFY(errorOf<Cancelled>([&] { waitForTask(std::move(first)); }));
    holder.drain();
    waiter.drain();
    const auto calls = waitForTask(holder.store->listCalls({}));
    QCOMPARE(calls.size(), std::size_t(2));
    for (const Call& call : calls) {
        QCOMPARE(call.outcome, Outcome::Cancelled);
        // Who only waited owes nothing; who had sent a request does not know what it owes.
        QCOMPARE(call.cost, call.attempts == 0 ? std::optional(Money()) : std::nullopt);
    }
    QCOMPARE(calls[0].attempts + calls[1].attempts, 1);
}

void TestSharedRuns::aMovedClockChangesNoPromise_data()
{
    QTest::addColumn<int>("hours");
    QTest::newRow("a day ahead") << 24;
    QTest::newRow("a day back") << -24;
}

/// While a request is under way the clock of its machine is moved; others wait for it, and come later.
void TestSharedRuns::aMovedClockChangesNoPromise()
{
    QFETCH(int, hours);
    Process& moved = process(0);
    Process& other = process(1);
    constexpr int prompts = 20;
    int answered = 0;
    for (int i = 0; i < prompts; ++i) {
        const QString prompt = QString::number(i);
        moved.provider->hold();
        moved.provider->reply(u"Once."_qs);
        auto first = moved.start(prompt);
        QTRY_COMPARE(moved.provider->requests(), i + 1);
        bool waiting = false;
        auto second = other.start(prompt, waitingSeen(&waiting));
        QTRY_VERIFY(waiting);
        moved.clock.moveWall(std::chrono::hours(i % 2 == 0 ? hours : -hours));
        moved.provider->release();
        answered += waitForTask(std::move(first)).text() == u"Once."_qs ? 1 : 0;
        answered += waitForTask(std::move(second)).text() == u"Once."_qs ? 1 : 0;
        answered += other.run(prompt).cached() ? 1 : 0;
    }
    moved.drain();
    other.drain();
    CallQuery query;
    query.limit = 1000;
    const auto calls = waitForTask(other.store->listCalls(query));
    int requests = 0;
    for (const Call& call : calls)
        requests += call.attempts;
    const int paid = moved.provider->requests() + other.provider->requests();
    qInfo("clock moved: %d runs, %d answers lost, %d double payments, %d provider requests, %d in the "
          "ledger, %d calls",
        3 * prompts, 3 * prompts - answered, paid - prompts, paid, requests, int(calls.size()));
    QCOMPARE(answered, 3 * prompts);
    QCOMPARE(paid, prompts);
    QCOMPARE(requests, paid);
    QCOMPARE(calls.size(), std::size_t(3 * prompts));
}

void TestSharedRuns::aSessionEmptiesItsSpoolWhenTheStoreIsThere()
{
    const QString folder = m_folder->filePath(u"data"_qs);
    const auto config = [&] {
        SessionConfig made;
        made.storeUrl = m_server->url();
        made.dataFolder = folder;
        return made;
    };
    Agent agent{.name = QStringLiteral("helper"), .model = QStringLiteral("test:model")};
    m_server->kill();
    {
        Session session(config());
        QVERIFY(!waitForTask(cachedAgentRun(session, agent, u"a"_qs)).data().stored);
        waitForTask(drained(&session.runner()));
        QCOMPARE(session.spooled(), qint64(2));
    }
    // A later start of the program, which does nothing but use the store.
    QVERIFY2(m_server->start(), qUtf8Printable(m_server->log()));
    Session session(config());
    QVERIFY(waitForTask(session.store().listCalls({})).empty());
    QTRY_COMPARE(session.spooled(), qint64(0));
    waitForTask(drained(&session.runner()));
    QCOMPARE(waitForTask(session.store().listCalls({})).size(), std::size_t(1));
    QVERIFY(waitForTask(cachedAgentRun(session, agent, u"a"_qs)).cached());
    waitForTask(drained(&session.runner()));
}

void TestSharedRuns::aHeldLockIsRenewed()
{
    Store& store = *process(0).store;
    const QString id = fingerprintOf(process(0), u"slow"_qs);
    const QString token = u"mine"_qs;
    QVERIFY(waitForTask(store.tryLock(id, token, 1s)));
    const auto server = redis::makeClient(redis::RedisUrl::parse(m_server->url()));
    const QByteArray key = "llmcache:default:lock:{" + id.toLatin1() + '}';
    const auto left = [&] {
        return std::chrono::milliseconds(ask(*server, redis::Command::idempotent("PTTL", key)).toInteger());
    };
    QVERIFY(left() <= 1s);
    Background background;
    {
        const RunLock lock(store, background, id, token, 10ms);
        QTRY_VERIFY(left() > lockTtl - 5s);
    }
    QTRY_VERIFY(background.isIdle());
    QVERIFY(left() < 0ms);
}

void TestSharedRuns::anEndingSessionStopsItsRuns()
{
    SessionConfig config;
    config.storeUrl = m_server->url();
    config.dataFolder = m_folder->filePath(u"data"_qs);
    auto session = std::make_unique<Session>(config);
    auto owned = std::make_unique<ScriptedProvider>();
    ScriptedProvider* const provider = owned.get();
    session->providers().setProvider(u"openai"_qs, std::move(owned));
    provider->hold();
    provider->reply(u"Too late."_qs);
    QStringList outcomes;
    // One holds the lock while the provider takes its time, the other waits for it.
    for (int i = 0; i < 2; ++i)
        note(cachedAgentRun(*session, process(0).agent, u"slow"_qs), &outcomes);
    QTRY_COMPARE(provider->requests(), 1);
    const QString fingerprint = fingerprintOf(process(0), u"slow"_qs);
    const auto isLocked = [&] {
        return !waitForTask(process(0).store->tryLock(fingerprint, u"me"_qs, 1min));
    };
    QVERIFY(isLocked());
    session.reset();
    QCOMPARE(outcomes, (QStringList{u"cancelled"_qs, u"cancelled"_qs}));
    QVERIFY(!isLocked());
    const auto calls = waitForTask(process(0).store->listCalls({}));
    QCOMPARE(calls.size(), std::size_t(2));
    QVERIFY(std::all_of(
        calls.begin(), calls.end(), [](const Call& call) { return call.outcome == Outcome::Cancelled; }));
}

void TestSharedRuns::aHitIsOneRoundTripAndALockAddsTwoAtMost()
{
    const auto runAndDrain = [this](const QString& prompt, bool useLock) {
        RunOptions options;
        options.useLock = useLock;
        process(0).run(prompt, options);
        process(0).drain();
    };
    for (int i = 0; i < 3; ++i)
        process(0).provider->reply(u"answer"_qs);
    runAndDrain(u"first"_qs, true); // teaches the scripts to the server
    runAndDrain(u"first"_qs, true);

    ServerReads reads(m_server->port());
    qint64 before = reads.count();
    runAndDrain(u"unlocked"_qs, false);
    const qint64 unlocked = reads.count() - before;
    before = reads.count();
    runAndDrain(u"locked"_qs, true);
    const qint64 locked = reads.count() - before;
    QVERIFY2(locked - unlocked <= 2, qPrintable(u"%1 against %2"_qs.arg(locked).arg(unlocked)));

    before = reads.count();
    QVERIFY(process(0).run(u"locked"_qs).cached());
    QCOMPARE(reads.count() - before, 2); // the hit, and the question
}

LLMCACHE_TEST_MAIN(TestSharedRuns)

#include "tst_sharedruns.moc"
