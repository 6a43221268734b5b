#include "base/error.h"
#include "cache/session.h"
#include "cost/pricefiles.h"
#include "testenvironment.h"
#include "waitfortask.h"

#include <QCoreApplication>
#include <QFile>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

using namespace llmcache;
using llmcache::test::waitForTask;

namespace {

Agent echo()
{
    Agent agent;
    agent.name = QStringLiteral("echo");
    agent.model = QStringLiteral("test:echo");
    return agent;
}

QString storeIn(const QTemporaryDir& folder)
{
    return QStringLiteral("sqlite://") + folder.filePath(QStringLiteral("cache.sqlite"));
}

QString messageOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const ConfigurationError& error) {
        return error.text();
    }
    return {};
}

} // namespace

class TestSession : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void synchronousRunPaysOnce();
    void synchronousRunsThrow();
    void synchronousRunFromAnotherThread();
    void coroutineKeepsItsSession();
    void ownSession();
    void optionNamesTheStore();
    void environmentNamesTheStore();
    void expenseRecorderGetsEveryCall();
    void pricesOfTheDataFolderHold();
    void badPriceFilesStopNoRun();
    void badStores_data();
    void badStores();
    void filesAreTheOwnersAlone();
};

void TestSession::synchronousRunPaysOnce()
{
    const RunResult miss = cachedAgentRunSync(echo(), QStringLiteral("hello"));
    QVERIFY(!miss.cached());
    QVERIFY(miss.text().contains(QStringLiteral("hello")));
    const RunResult hit = cachedAgentRunSync(echo(), QStringLiteral("hello"));
    QVERIFY(hit.cached());
    QCOMPARE(hit.output(), miss.output());
    QCOMPARE(hit.fingerprint(), miss.fingerprint());
    QCOMPARE(hit.cost(), std::optional<Money>(Money()));
    QCOMPARE(hit.avoidedCost(), miss.cost());
}

void TestSession::synchronousRunsThrow()
{
    RunOptions options;
    options.cachePolicy = CachePolicy::Only;
    QVERIFY_EXCEPTION_THROWN(cachedAgentRunSync(echo(), QStringLiteral("never stored"), options), CacheError);
    Agent nameless = echo();
    nameless.model = QStringLiteral("nowhere:model");
    QVERIFY_EXCEPTION_THROWN(cachedAgentRunSync(nameless, QStringLiteral("hello")), ConfigurationError);
}

void TestSession::synchronousRunFromAnotherThread()
{
    const QString prompt = QStringLiteral("from a thread");
    std::optional<RunResult> result;
    const std::unique_ptr<QThread> thread(
        QThread::create([&] { result = cachedAgentRunSync(echo(), prompt); }));
    thread->start();
    QVERIFY(thread->wait(20'000));
    QVERIFY(!result->cached());
    QVERIFY(cachedAgentRunSync(echo(), prompt).cached());
}

void TestSession::coroutineKeepsItsSession()
{
    const QString prompt = QStringLiteral("in a coroutine");
    QVERIFY(!waitForTask(cachedAgentRun(echo(), prompt)).cached());
    QVERIFY(waitForTask(cachedAgentRun(echo(), prompt)).cached());
    QCOMPARE(QCoreApplication::instance()->findChildren<Session*>().size(), 1);
    // The program's data are where the other front ends look for them.
    QVERIFY(cachedAgentRunSync(echo(), prompt).cached());
}

void TestSession::ownSession()
{
    const QTemporaryDir folder;
    SessionConfig config;
    config.dataFolder = folder.path();
    config.workspace = QStringLiteral("team a");
    Session session(config);
    const RunResult miss = waitForTask(cachedAgentRun(session, echo(), QStringLiteral("mine")));
    QVERIFY(!miss.cached());
    QCOMPARE(miss.data().store.workspace, QStringLiteral("team a"));
    QVERIFY(waitForTask(cachedAgentRun(session, echo(), QStringLiteral("mine"))).cached());
    QVERIFY(!cachedAgentRunSync(echo(), QStringLiteral("mine")).cached());
}

void TestSession::optionNamesTheStore()
{
    const QTemporaryDir folder;
    RunOptions options;
    options.redisUrl = storeIn(folder);
    QVERIFY(!cachedAgentRunSync(echo(), QStringLiteral("there"), options).cached());
    QVERIFY(cachedAgentRunSync(echo(), QStringLiteral("there"), options).cached());
    QVERIFY(!cachedAgentRunSync(echo(), QStringLiteral("there")).cached());
}

void TestSession::environmentNamesTheStore()
{
    const QTemporaryDir folder;
    qputenv("LLM_CACHE_REDIS_URL", storeIn(folder).toUtf8());
    const auto unset = qScopeGuard([] { qunsetenv("LLM_CACHE_REDIS_URL"); });
    QVERIFY(!cachedAgentRunSync(echo(), QStringLiteral("set")).cached());
    QVERIFY(QFile::exists(folder.filePath(QStringLiteral("cache.sqlite"))));
}

void TestSession::expenseRecorderGetsEveryCall()
{
    std::vector<Call> calls;
    RunOptions options;
    options.taskName = QStringLiteral("count");
    options.expenseRecorder = [&calls](const Call& call) { calls.push_back(call); };
    cachedAgentRunSync(echo(), QStringLiteral("counted"), options);
    cachedAgentRunSync(echo(), QStringLiteral("counted"), options);
    QCOMPARE(calls.size(), std::size_t(2));
    QCOMPARE(calls[0].outcome, Outcome::Miss);
    QCOMPARE(calls[1].outcome, Outcome::Hit);
    QCOMPARE(calls[0].task, QStringLiteral("count"));
    QVERIFY(calls[0].cost && *calls[0].cost > Money());
    QCOMPARE(calls[1].avoided, calls[0].cost);
}

void TestSession::pricesOfTheDataFolderHold()
{
    const QTemporaryDir folder;
    const QString model = echo().model;
    PriceFiles files(folder.path());
    files.setCosts(model, {QStringLiteral("10000"), QStringLiteral("0"), {}, {}});
    SessionConfig config;
    config.dataFolder = folder.path();
    const auto costOfInput = [](Session& session, const QString& prompt) {
        const RunResult result = waitForTask(cachedAgentRun(session, echo(), prompt));
        return std::pair(
            result.cost(), *Money::fromDecimal(QStringLiteral("0.01")) * result.data().usage.inputTokens);
    };
    {
        Session session(config);
        const auto [cost, cents] = costOfInput(session, QStringLiteral("priced"));
        QCOMPARE(cost, std::optional(cents));
        // What changes while the session lives holds from then on.
        const QSignalSpy changed(&session, &Session::pricesChanged);
        files.setCosts(model, {QStringLiteral("20000"), QStringLiteral("0"), {}, {}});
        session.setPrices(files.load());
        QCOMPARE(changed.count(), 1);
        const auto [later, laterCents] = costOfInput(session, QStringLiteral("priced again"));
        QCOMPARE(later, std::optional(laterCents * 2));
    }
    // The program's own custom costs win, in whatever letters.
    config.customCosts = {{model.toUpper(), {QStringLiteral("30000"), QStringLiteral("0"), {}, {}}}};
    Session session(config);
    const auto [cost, cents] = costOfInput(session, QStringLiteral("priced by the program"));
    QCOMPARE(cost, std::optional(cents * 3));
}

void TestSession::badPriceFilesStopNoRun()
{
    const QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("custom-prices.json")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QVERIFY(file.write("{\"a\": 3}") > 0);
    file.close();
    SessionConfig config;
    config.dataFolder = folder.path();
    Session session(config);
    QVERIFY2(session.priceProblem().contains(file.fileName()), qUtf8Printable(session.priceProblem()));
    const RunResult result = waitForTask(cachedAgentRun(session, echo(), QStringLiteral("all the same")));
    QVERIFY(result.cost().has_value());
    session.setPrices(PriceTable::builtIn());
    QVERIFY(session.priceProblem().isEmpty());
}

void TestSession::badStores_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("workspace");
    QTest::addColumn<QString>("named");
    const QString workspace = QStringLiteral("default");
    QTest::newRow("scheme") << QStringLiteral("http://cache") << workspace << QStringLiteral("scheme");
    QTest::newRow("no file") << QStringLiteral("sqlite://") << workspace << QStringLiteral("no file");
    QTest::newRow("port") << QStringLiteral("redis://:pw@host:notaport") << workspace
                          << QStringLiteral("port");
    QTest::newRow("no workspace") << QString() << QString() << QStringLiteral("\"\"");
    QTest::newRow("workspace with a separator")
        << QString() << QStringLiteral("a:b") << QStringLiteral("\"a:b\"");
}

void TestSession::badStores()
{
    QFETCH(QString, url);
    QFETCH(QString, workspace);
    QFETCH(QString, named);
    const QTemporaryDir folder;
    const QString message = messageOf([&] { openStore(url, workspace, folder.path()); });
    QVERIFY2(message.contains(named), qPrintable(message));
    QVERIFY2(!message.contains(QStringLiteral("pw")), qPrintable(message));
}

void TestSession::filesAreTheOwnersAlone()
{
    const QTemporaryDir folder;
    SessionConfig config;
    config.dataFolder = folder.filePath(QStringLiteral("data"));
    Session session(config);
    waitForTask(cachedAgentRun(session, echo(), QStringLiteral("private")));
    const auto others = QFile::ReadGroup | QFile::WriteGroup | QFile::ExeGroup | QFile::ReadOther
        | QFile::WriteOther | QFile::ExeOther;
    QVERIFY(!(QFile::permissions(config.dataFolder) & others));
    QVERIFY(!(QFile::permissions(config.dataFolder + QStringLiteral("/cache.sqlite")) & others));
}

LLMCACHE_TEST_MAIN(TestSession)
#include "tst_session.moc"
