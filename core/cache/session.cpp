#include "cache/session.h"

#include "base/error.h"
#include "cost/pricefiles.h"
#include "store/pythonstore.h"
#include "store/readonlystore.h"
#include "store/spool.h"

#include <QCoreApplication>
#include <QDir>
#include <QEventLoop>
#include <QStandardPaths>
#include <QThread>
#include <QTimer>

namespace llmcache {

namespace {

QCoro::Task<> leaveWhenReady(const QCoro::Task<>* task, QEventLoop* loop)
{
    co_await *task;
    QMetaObject::invokeMethod(loop, &QEventLoop::quit, Qt::QueuedConnection);
}

} // namespace

SessionConfig SessionConfig::fromEnvironment()
{
    SessionConfig config;
    config.storeUrl = qEnvironmentVariable("LLM_CACHE_REDIS_URL");
    config.dataFolder =
        QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/llmcache");
    return config;
}

namespace {

/// How long after a replay the next one looks for what has come since; twice as long each time that the store
/// takes nothing of it.
constexpr std::chrono::milliseconds firstReplayPause{1'000};
constexpr std::chrono::milliseconds longestReplayPause{60'000};
/// How often it is looked whether there is anything; that costs next to nothing.
constexpr std::chrono::milliseconds idlePause{5'000};

} // namespace

struct Session::Private {
    explicit Private(SessionConfig given)
        : config(std::move(given))
        , spool(QDir(config.dataFolder).filePath(QStringLiteral("spool")))
        , undo(QDir(config.dataFolder).filePath(QStringLiteral("undo")))
        , store(openAs(config.connection))
        , ownKeys(config.keys ? nullptr : std::make_unique<KeyRing>(config.dataFolder))
        , keys(config.keys ? *config.keys : *ownKeys)
        , providers(withKeys(config.providers))
        , runner(*store, providers, clock, firstPrices(), config.identity, &spool)
    {
    }

    std::unique_ptr<Store> openAs(const ConnectionTraits& traits) const
    {
        auto opened = openStore(config.storeUrl, config.workspace, config.dataFolder);
        if (PythonStore* const shared = pythonStoreOf(opened.get()))
            shared->setWrittenForPython(traits.writeForPython);
        if (!traits.readOnly)
            return opened;
        return makeReadOnly(std::move(opened),
            traits.name.isEmpty()
                ? QStringLiteral("Open it without --read-only to allow that.")
                : QStringLiteral("Turn off \"Read-only\" in the connection \"%1\", or leave out --read-only, "
                                 "to allow that.")
                      .arg(traits.name));
    }

    /// A file that can't be read must not keep anybody from running.
    PriceTable firstPrices()
    {
        if (!config.dataFolder.isEmpty()) {
            try {
                return withOwnCosts(PriceFiles(config.dataFolder).load());
            } catch (const ConfigurationError& error) {
                priceProblem = error.text();
            }
        }
        return withOwnCosts(PriceTable::builtIn());
    }

    PriceTable withOwnCosts(PriceTable table) const
    {
        table.addCustomCosts(config.customCosts);
        return table;
    }

    ProviderConfig withKeys(ProviderConfig given)
    {
        if (!given.secret) {
            given.secret = [this](const QString& name) { return keys.value(name); };
            given.loadSecrets = [this](const QStringList& names) { return keys.load(names); };
        }
        return given;
    }

    /// Offers the store what waits on disk. The session waits for it when it ends.
    static QCoro::Task<> replay(Private* session);

    SessionConfig config;
    SystemClock clock;
    Spool spool;
    UndoJournal undo;
    std::unique_ptr<Store> store;
    std::unique_ptr<KeyRing> ownKeys;
    KeyRing& keys;
    ProviderRegistry providers;
    QString priceProblem;
    Runner runner;
    std::chrono::milliseconds replayPause = firstReplayPause;
    QTimer replayTimer;
};

Session::Session(SessionConfig config, QObject* parent)
    : QObject(parent)
{
    d = std::make_unique<Private>(std::move(config));
    // Paid answers that wait on disk are stored as soon as the store is there: at the first use of it, when
    // it comes back, and (a full disk makes no connection) now and then.
    connect(
        d->store.get(), &Store::connectionChanged, this,
        [this](bool connected) {
            d->replayPause = firstReplayPause;
            if (connected)
                replayInBackground();
        },
        Qt::QueuedConnection);
    d->replayTimer.setSingleShot(true);
    connect(&d->replayTimer, &QTimer::timeout, this, &Session::replayInBackground);
    d->replayTimer.start(idlePause);
}

void Session::replayInBackground()
{
    if (d->spool.pending() == 0 || isReadOnly())
        d->replayTimer.start(idlePause);
    else
        d->runner.startInBackground(Private::replay(d.get()));
}

QCoro::Task<> Session::Private::replay(Private* session)
{
    const int taken = co_await session->spool.replay(session->store.get());
    session->replayPause =
        taken > 0 ? firstReplayPause : std::min(session->replayPause * 2, longestReplayPause);
    session->replayTimer.start(session->replayPause);
}

Session::~Session()
{
    // Store and providers must not go while a run uses them, holds a lock, or has a record on its way. The
    // store's timeouts bound the wait; what it does not take goes to the spool.
    const auto ending = d->runner.end();
    if (ending.isReady())
        return;
    QEventLoop loop;
    const auto leaving = leaveWhenReady(&ending, &loop);
    loop.exec();
}

Store& Session::store()
{
    return *d->store;
}

const ConnectionTraits& Session::connection() const
{
    return d->config.connection;
}

bool Session::isReadOnly() const
{
    return d->store->isReadOnly();
}

UndoJournal& Session::undoJournal()
{
    return d->undo;
}

Runner& Session::runner()
{
    return d->runner;
}

QCoro::Task<CostReport> Session::costs(CostQuery query)
{
    co_await d->runner.writeLedger();
    co_return co_await d->store->costs(std::move(query));
}

QCoro::Task<std::vector<Call>> Session::calls(CallQuery query)
{
    co_await d->runner.writeLedger();
    co_return co_await d->store->listCalls(std::move(query));
}

QCoro::Task<LedgerReport> Session::report(LedgerQuery query)
{
    co_await d->runner.writeLedger();
    co_return co_await d->store->report(std::move(query));
}

QCoro::Task<CallPage> Session::callPage(CallPageQuery query)
{
    co_await d->runner.writeLedger();
    co_return co_await d->store->callPage(std::move(query));
}

ProviderRegistry& Session::providers()
{
    return d->providers;
}

void Session::setPrices(PriceTable prices)
{
    d->runner.setPrices(d->withOwnCosts(std::move(prices)));
    d->priceProblem.clear();
    Q_EMIT pricesChanged();
}

const QString& Session::priceProblem() const
{
    return d->priceProblem;
}

KeyRing& Session::keys()
{
    return d->keys;
}

Clock& Session::clock()
{
    return d->clock;
}

const SessionConfig& Session::config() const
{
    return d->config;
}

qint64 Session::spooled() const
{
    return d->spool.pending();
}

QCoro::Task<int> Session::replaySpool()
{
    if (isReadOnly())
        co_return 0;
    try {
        co_return co_await d->spool.replay(d->store.get());
    } catch (const Error&) {
        // The records stay where they are; the next start or reconnect tries again.
    }
    co_return 0;
}

QCoro::Task<RunResult> cachedAgentRun(Session& session, Agent agent, QString prompt, RunOptions options)
{
    return session.runner().run(std::move(agent), std::move(prompt), std::move(options));
}

namespace {

/// The session that the main thread keeps for a store, as a child of the application object: it ends with it,
/// and there is no other global state.
Session* keptSession(const QString& url)
{
    QCoreApplication* const application = QCoreApplication::instance();
    const QString name = QStringLiteral("llmcache session ") + url;
    if (auto* session = application->findChild<Session*>(name, Qt::FindDirectChildrenOnly))
        return session;
    SessionConfig config = SessionConfig::fromEnvironment();
    if (!url.isEmpty())
        config.storeUrl = url;
    auto* session = new Session(std::move(config), application);
    session->setObjectName(name);
    return session;
}

void needApplication()
{
    if (!QCoreApplication::instance())
        throw ConfigurationError(QStringLiteral("There is no QCoreApplication object."),
            QStringLiteral("Create one before the first run; sockets and timers need it."));
}

QCoro::Task<RunResult> runInOwnSession(Agent agent, QString prompt, RunOptions options)
{
    SessionConfig config = SessionConfig::fromEnvironment();
    if (!options.redisUrl.isEmpty())
        config.storeUrl = options.redisUrl;
    Session session(std::move(config));
    std::exception_ptr failure;
    std::optional<RunResult> result;
    try {
        result = co_await session.runner().run(std::move(agent), std::move(prompt), std::move(options));
    } catch (const Error&) {
        failure = std::current_exception();
    }
    co_await session.runner().drain();
    if (failure)
        std::rethrow_exception(failure);
    co_return *result;
}

/// Runs one coroutine to its end on the current thread, which is ours.
QCoro::Task<> runAndQuit(QEventLoop* loop, Agent agent, QString prompt, RunOptions options,
    std::optional<RunResult>* result, std::exception_ptr* failure)
{
    try {
        *result = co_await runInOwnSession(std::move(agent), std::move(prompt), std::move(options));
    } catch (...) {
        *failure = std::current_exception();
    }
    QMetaObject::invokeMethod(loop, &QEventLoop::quit, Qt::QueuedConnection);
}

} // namespace

QCoro::Task<RunResult> cachedAgentRun(Agent agent, QString prompt, RunOptions options)
{
    needApplication();
    if (QThread::currentThread() != QCoreApplication::instance()->thread())
        return runInOwnSession(std::move(agent), std::move(prompt), std::move(options));
    Session* const session = keptSession(options.redisUrl);
    return session->runner().run(std::move(agent), std::move(prompt), std::move(options));
}

RunResult cachedAgentRunSync(Agent agent, QString prompt, RunOptions options)
{
    needApplication();
    std::optional<RunResult> result;
    std::exception_ptr failure;
    const std::unique_ptr<QThread> thread(QThread::create([&] {
        QEventLoop loop;
        runAndQuit(&loop, std::move(agent), std::move(prompt), std::move(options), &result, &failure);
        loop.exec();
    }));
    thread->start();
    thread->wait();
    if (failure)
        std::rethrow_exception(failure);
    return *result;
}

} // namespace llmcache
