#include "cache/runner_p.h"

#include "agent/historyformats.h"
#include "agent/outputvalidation.h"
#include "base/error.h"
#include "base/worker.h"
#include "cache/sharedfailure.h"
#include "cache/stoppable.h"
#include "store/spool.h"

#include <qcorofuture.h>

#include <QScopeGuard>
#include <QSysInfo>

#ifdef Q_OS_UNIX
#include <pwd.h>
#include <unistd.h>
#endif

namespace llmcache {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// Fingerprint and size of a request, which may be many megabytes. Pure, made for a worker thread.
Prediction weighed(const Request& request)
{
    Prediction prediction;
    prediction.fingerprint = llmcache::fingerprint(request);
    qint64 bytes = request.prompt.toUtf8().size() + request.instructions.toUtf8().size();
    for (const QString& text : request.systemPrompts)
        bytes += text.toUtf8().size();
    for (const Message& message : request.history)
        bytes += message.text.toUtf8().size();
    if (!request.output.isText())
        bytes += toJsonText(request.output.schema).size();
    prediction.estimatedInputTokens = (bytes + 3) / 4;
    return prediction;
}

/// The account's name where the environment does not say it, as for services.
QString accountName()
{
#ifdef Q_OS_UNIX
    constexpr std::size_t roomForAll = 16 * 1024;
    std::vector<char> texts(roomForAll);
    passwd account{};
    passwd* found = nullptr;
    if (getpwuid_r(getuid(), &account, texts.data(), texts.size(), &found) == 0 && found)
        return QString::fromLocal8Bit(found->pw_name);
#endif
    return QStringLiteral("unknown");
}

} // namespace

Identity Identity::ofProcess()
{
    Identity identity;
    for (const char* name : {"LLM_CACHE_USER", "USER", "LOGNAME"}) {
        identity.user = qEnvironmentVariable(name);
        if (!identity.user.isEmpty())
            break;
    }
    if (identity.user.isEmpty())
        identity.user = accountName();
    identity.host = QSysInfo::machineHostName();
    return identity;
}

Runner::Runner(Store& store, ProviderRegistry& providers, Clock& clock, PriceTable prices, Identity identity,
    Spool* spool)
    : d(std::make_unique<Private>(store, providers, clock, std::move(prices), std::move(identity), spool))
{
}

Runner::~Runner() = default;

Request Runner::buildRequest(const Agent& agent, const QString& prompt, const RunOptions& options) const
{
    return d->buildRequest(agent, prompt, options);
}

void Runner::startInBackground(QCoro::Task<> task)
{
    d->background.start(std::move(task));
}

QCoro::Task<> Runner::drain()
{
    // A refresh leaves a record, too.
    do {
        co_await d->background.drain();
        co_await d->ledger.drain();
    } while (!d->background.isIdle());
}

QCoro::Task<> Runner::end()
{
    d->ending.request_stop();
    while (d->running > 0) {
        if (!d->runsOver)
            d->runsOver = std::make_shared<Flight>();
        auto over = d->runsOver;
        const std::stop_token never;
        co_await awaitFlight(std::move(over), never);
    }
    co_await drain();
}

QCoro::Task<> Runner::writeLedger()
{
    return d->ledger.drain();
}

int Runner::running() const
{
    return d->running;
}

const PriceTable& Runner::prices() const
{
    return d->prices;
}

void Runner::setPrices(PriceTable prices)
{
    d->prices = std::move(prices);
}

const Identity& Runner::identity() const
{
    return d->identity;
}

Request Runner::Private::buildRequest(
    const Agent& agent, const QString& prompt, const RunOptions& options) const
{
    const auto render = [&options](const QString& text) {
        return options.variables ? renderTemplate(text, *options.variables) : text;
    };
    Request request;
    request.model = ModelRef::parse(agent.model);
    request.endpoint =
        agent.baseUrl.isEmpty() ? providers.endpointOverride(request.model.provider) : agent.baseUrl;
    request.history = options.messageHistory;
    if (!options.rawHistory.is_null()) {
        const History converted = options.messageConverter ? options.messageConverter(options.rawHistory)
                                                           : historyFromJson(options.rawHistory);
        request.history.insert(request.history.end(), converted.begin(), converted.end());
    }
    // A history with a system message of its own is trusted, as PydanticAI trusts it.
    const bool hasSystem = std::any_of(request.history.begin(), request.history.end(),
        [](const Message& message) { return message.role == Role::System; });
    if (!hasSystem) {
        for (const QString& text : agent.systemPrompt)
            request.systemPrompts.append(render(text));
    }
    request.instructions = render(agent.instructions);
    request.prompt = render(prompt);
    request.attachments = options.attachments;
    request.output = agent.output;
    request.settings = agent.settings;
    request.tools = agent.tools;
    request.sample = options.sample;
    return request;
}

QCoro::Task<RunResult> Runner::run(Agent agent, QString prompt, RunOptions options)
{
    ++d->running;
    const auto counted = qScopeGuard([this] { d->runEnded(); });
    auto state = std::make_shared<RunState>();
    state->started = d->clock.steadyNow();
    state->startedMs = d->clock.nowMs();
    state->agent = std::move(agent);
    state->options = std::move(options);
    if (d->store.isReadOnly() && state->writes()) {
        state->mayNotStore = true;
        state->options.cachePolicy = state->reads() ? CachePolicy::ReadOnly : CachePolicy::Bypass;
    }
    state->task = state->options.taskName.isEmpty() ? state->agent.task : state->options.taskName;
    if (state->task.isEmpty())
        state->task = state->agent.name;
    constexpr int longestTask = 200;
    if (state->task.size() > longestTask)
        throw ConfigurationError(
            QStringLiteral("The task name is longer than %1 characters.").arg(longestTask),
            QStringLiteral("Shorten it."));
    state->request = d->buildRequest(state->agent, prompt, state->options);
    if (!state->request.output.isText())
        checkSchema(
            state->request.output.schema, QStringLiteral("The output schema of %1").arg(state->agent.name));
    state->fingerprint = llmcache::fingerprint(state->request);
    if (d->pythonStore)
        state->twin = pythonTwin(state->agent, prompt, state->options);
    try {
        State copy = state;
        co_return co_await d->execute(std::move(copy));
    } catch (const Error& error) {
        d->recordFailure(state, error);
        throw;
    }
}

QCoro::Task<Prediction> Runner::predict(Agent agent, QString prompt, RunOptions options)
{
    const Request request = d->buildRequest(agent, prompt, options);
    const QString model = request.model.toString();
    const auto work = [request] { return weighed(request); };
    const QFuture<Prediction> weighing = runOn(*QThreadPool::globalInstance(), work);
    Prediction prediction = co_await weighing;
    Usage usage;
    usage.inputTokens = prediction.estimatedInputTokens;
    prediction.estimatedCost = d->prices.quote(model, usage, d->clock.nowMs()).total;
    QStringList ids{prediction.fingerprint};
    if (d->pythonStore) {
        const PythonTwin twin = pythonTwin(agent, prompt, options);
        if (twin.isReadable())
            ids += twin.allKeys();
    }
    try {
        auto looking = d->lookupFirst(std::move(ids), EntryParts::Meta);
        const std::optional<Entry> entry = co_await looking;
        if (entry)
            prediction.entry = entry->meta;
    } catch (const CacheError& error) {
        prediction.problem = error.text();
    }
    co_return prediction;
}

QCoro::Task<std::optional<Entry>> Runner::Private::lookup(State state)
{
    state->report(RunEvent::Kind::LookingUp);
    std::optional<Entry> entry;
    try {
        const bool looksAgain = state->options.useLock && state->writes();
        QStringList ids = state->entryIds(!looksAgain);
        auto looking = lookupFirst(std::move(ids), EntryParts::Answer);
        prepareForAnswer(*state); // while the store looks
        const std::stop_token stop = state->options.stop;
        if (stop.stop_possible())
            entry = co_await unlessStopped(&background, std::move(looking), stop);
        else
            entry = co_await looking;
    } catch (const Cancelled&) {
        throw;
    } catch (const Error& error) {
        if (state->options.cachePolicy == CachePolicy::Only)
            throw;
        state->warnOfStore(QStringLiteral("The cache could not be read"), error.text());
    }
    if (!entry && !unsaved.isEmpty()) {
        // All in the store by now, or still on their way there.
        if (spool && spool->pending() == 0)
            unsaved.clear();
        else
            entry = unsaved.find(state->fingerprint, clock.nowMs());
    }
    co_return entry;
}

void Runner::Private::prepareForAnswer(RunState& state)
{
    state.canonicalRequest();
    if (state.callId.isEmpty())
        state.callId = newId();
}

QCoro::Task<RunResult> Runner::Private::execute(State state)
{
    if (state->reads()) {
        State copy = state;
        std::optional<Entry> entry = co_await lookup(std::move(copy));
        if (entry && answers(*state, *entry)) {
            if (isStale(*entry) && state->options.cachePolicy == CachePolicy::Use)
                startRevalidation(state);
            co_return finishHit(state, std::move(*entry), Outcome::Hit);
        }
        if (state->options.cachePolicy == CachePolicy::Only)
            throw CacheError(
                QStringLiteral("No entry for this request in %1 (fingerprint %2), and the run is cache-only.")
                    .arg(store.info().name, state->fingerprint.left(8)),
                QStringLiteral(
                    "Run it once with the cache policy \"use\", or check model, prompts and settings."));
    }
    stopWithRunner(*state);
    if (state->options.cachePolicy == CachePolicy::Bypass) {
        State copy = state;
        auto noLock = std::make_shared<std::unique_ptr<RunLock>>();
        co_return co_await pay(std::move(copy), std::move(noLock));
    }
    // Runs that store nothing join those that do, and each other; never the other way round.
    const QString flightName =
        state->writes() ? state->fingerprint : state->fingerprint + QStringLiteral(" read-only");
    for (;;) {
        auto flight = flights.find(state->fingerprint);
        if (!flight)
            flight = flights.find(flightName);
        if (!flight)
            break;
        State copy = state;
        auto flightCopy = flight;
        co_await joinFlight(std::move(copy), std::move(flightCopy));
        if (flight->result)
            co_return finishShared(state, *flight->result);
    }
    flights.begin(flightName);
    try {
        State copy = state;
        RunResult result = co_await lead(std::move(copy));
        flights.succeed(flightName, result);
        co_return result;
    } catch (...) {
        flights.fail(flightName, std::current_exception());
        throw;
    }
}

void Runner::Private::stopWithRunner(RunState& state) const
{
    state.stops = std::make_shared<EitherStop>(state.options.stop, ending.get_token());
    state.options.stop = state.stops->token();
    if (ending.stop_requested())
        throw Cancelled();
}

void Runner::Private::runEnded()
{
    if (--running > 0)
        return;
    if (const auto over = std::exchange(runsOver, nullptr)) {
        over->over = true;
        Q_EMIT over->finished();
    }
}

/// Waits for a run of the same request in this process. Throws its failure if that is permanent; after any
/// other this run is on its own, with what is left of its waiting time.
QCoro::Task<> Runner::Private::joinFlight(State state, std::shared_ptr<Flight> flight)
{
    state->report(RunEvent::Kind::WaitingForOther);
    const auto begun = clock.steadyNow();
    auto flightCopy = flight;
    const std::stop_token stop = state->options.stop;
    co_await awaitFlight(std::move(flightCopy), stop);
    if (flight->result)
        co_return;
    try {
        std::rethrow_exception(flight->error);
    } catch (const Cancelled&) {
        co_return; // somebody else has to pay
    } catch (const ProviderError& error) {
        if (isPermanent(error))
            throw;
    } catch (const RateLimitError&) {
    }
    state->lostToOthers += duration_cast<milliseconds>(clock.steadyNow() - begun);
}

QCoro::Task<RunResult> Runner::Private::lead(State state)
{
    // Only now: a hit needs no key, and a locked keychain asks for a password.
    const std::stop_token stop = state->options.stop;
    const QString prefix = state->request.model.provider;
    auto preparing = prepare(prefix);
    co_await unlessStopped(&background, std::move(preparing), stop);
    auto lock = std::make_shared<std::unique_ptr<RunLock>>();
    if (state->options.useLock && state->writes()) {
        State copy = state;
        auto lockCopy = lock;
        auto acquiring = acquire(std::move(copy), std::move(lockCopy));
        std::optional<RunResult> others = co_await unlessStopped(&background, std::move(acquiring), stop);
        if (others)
            co_return *others;
    }
    try {
        State copy = state;
        auto lockCopy = lock;
        co_return co_await pay(std::move(copy), std::move(lockCopy));
    } catch (const ProviderError& error) {
        if (*lock)
            (*lock)->setFailure(sharedFailure(error, providers.account(state->request.model.provider)));
        throw;
    }
}

QCoro::Task<bool> Runner::Private::prepare(QString prefix)
{
    co_await providers.prepare(prefix);
    co_return true;
}

/// Takes the distributed lock, or gives the answer that somebody else paid for meanwhile. Stopped, it goes on
/// until the store has answered, and then lets the lock go.
QCoro::Task<std::optional<RunResult>> Runner::Private::acquire(State state, LockPointer lock)
{
    // In the same write, so that it is known when the lock is.
    background.start(cooldowns.refresh(cooldownKeyOf(*state)));
    for (;;) {
        const QString token = newId();
        bool locked = false;
        std::optional<Entry> entry;
        QString failure;
        try {
            // Both in one round trip: who gets the lock must look again, since the last holder may have
            // committed between our lookup and our lock.
            auto lockTask = store.tryLock(state->fingerprint, token, lockTtl);
            QStringList ids = state->entryIds(true);
            auto lookupTask = lookupFirst(std::move(ids), EntryParts::Answer);
            locked = co_await std::move(lockTask);
            if (locked)
                *lock = std::make_unique<RunLock>(store, background, state->fingerprint, token);
            entry = co_await std::move(lookupTask);
            if (state->options.stop.stop_requested()) {
                lock->reset();
                throw Cancelled();
            }
            if (entry && isFresh(*state, *entry)) {
                lock->reset();
                co_return finishHit(
                    state, std::move(*entry), state->waitedForOther ? Outcome::Shared : Outcome::Hit);
            }
            if (locked && writesForPython(*state)) {
                State copy = state;
                auto lockCopy = lock;
                auto acquiring = acquireForPython(std::move(copy), std::move(lockCopy));
                std::optional<RunResult> theirs = co_await acquiring;
                co_return theirs;
            }
            if (locked)
                co_return std::nullopt;
            state->report(RunEvent::Kind::WaitingForOther);
            state->waitedForOther = true;
            const std::stop_token stop = state->options.stop;
            failure = co_await store.awaitUnlock(state->fingerprint, lockTtl, stop);
        } catch (const Cancelled&) {
            throw;
        } catch (const Error& error) {
            state->warnOfStore(QStringLiteral("The run is not locked against others"), error.text());
            co_return std::nullopt;
        }
        if (failure.isEmpty())
            continue;
        if (const auto own = failureFromShared(failure, providers.account(state->request.model.provider)))
            throw *own;
    }
}

/// Takes the lock of pyai-caching as well, or gives the answer that a Python program paid for meanwhile. Only
/// the holder of our own lock comes here.
QCoro::Task<std::optional<RunResult>> Runner::Private::acquireForPython(State state, LockPointer lock)
{
    const QString key = state->twin->keys(1).front();
    for (;;) {
        const QString token = newId();
        auto lockTask = store.tryLock(key, token, lockTtl);
        QStringList ids = state->entryIds(true);
        auto lookupTask = lookupFirst(std::move(ids), EntryParts::Answer);
        const bool locked = co_await std::move(lockTask);
        if (locked)
            state->pythonLock = std::make_shared<RunLock>(store, background, key, token);
        std::optional<Entry> entry = co_await std::move(lookupTask);
        if (state->options.stop.stop_requested()) {
            lock->reset();
            throw Cancelled();
        }
        if (entry && isFresh(*state, *entry)) {
            state->pythonLock.reset();
            lock->reset();
            co_return finishHit(
                state, std::move(*entry), state->waitedForOther ? Outcome::Shared : Outcome::Hit);
        }
        if (locked)
            co_return std::nullopt;
        state->report(RunEvent::Kind::WaitingForOther);
        state->waitedForOther = true;
        const std::stop_token stop = state->options.stop;
        co_await store.awaitUnlock(key, lockTtl, stop);
    }
}

QCoro::Task<std::optional<Entry>> Runner::Private::lookupFirst(QStringList ids, EntryParts parts)
{
    if (!pythonStore)
        return store.lookup(ids.front(), parts);
    return pythonStore->lookupFirst(std::move(ids), parts);
}

bool Runner::Private::writesForPython(const RunState& state) const
{
    return state.writes() && state.twin && state.twin->problem.isEmpty() && pythonStore->isWrittenForPython();
}

} // namespace llmcache
