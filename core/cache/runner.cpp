#include "cache/runner_p.h"

#include "agent/outputvalidation.h"
#include "base/error.h"
#include "store/spool.h"

#include <QSysInfo>

#ifdef Q_OS_UNIX
#include <pwd.h>
#include <unistd.h>
#endif

namespace llmcache {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

class RunningCount {
public:
    explicit RunningCount(int& count)
        : m_count(count)
    {
        ++m_count;
    }
    ~RunningCount() { --m_count; }
    RunningCount(const RunningCount&) = delete;
    RunningCount& operator=(const RunningCount&) = delete;

private:
    int& m_count;
};

std::optional<std::chrono::seconds> ttlOf(const RunState& state)
{
    const auto ttl = state.options.ttl ? state.options.ttl : state.agent.ttl;
    if (!ttl)
        return defaultTtl;
    return ttl->count() == 0 ? std::nullopt : ttl;
}

Outcome paidOutcome(CachePolicy policy)
{
    switch (policy) {
    case CachePolicy::Refresh:
        return Outcome::Refreshed;
    case CachePolicy::Bypass:
        return Outcome::Bypassed;
    default:
        return Outcome::Miss;
    }
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

QCoro::Task<> Runner::drain()
{
    co_await d->ledger.drain();
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
                                                           : messagesFromJson(options.rawHistory);
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
    const RunningCount counted(d->running);
    auto state = std::make_shared<RunState>();
    state->started = d->clock.steadyNow();
    state->startedMs = d->clock.nowMs();
    state->agent = std::move(agent);
    state->options = std::move(options);
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
    Usage usage;
    usage.inputTokens = prediction.estimatedInputTokens;
    prediction.estimatedCost = d->prices.quote(request.model.toString(), usage, d->clock.nowMs()).total;
    try {
        if (const auto entry = co_await d->store.lookup(prediction.fingerprint))
            prediction.entry = entry->meta;
    } catch (const CacheError& error) {
        prediction.problem = error.text();
    }
    co_return prediction;
}

QCoro::Task<std::optional<Entry>> Runner::Private::lookup(State state)
{
    state->report(RunEvent::Kind::LookingUp);
    try {
        co_return co_await store.lookup(state->fingerprint);
    } catch (const CacheError& error) {
        if (state->options.cachePolicy == CachePolicy::Only)
            throw;
        state->warnings.append(QStringLiteral("The cache could not be read: %1").arg(error.text()));
    }
    co_return std::nullopt;
}

QCoro::Task<RunResult> Runner::Private::execute(State state)
{
    if (state->reads()) {
        State copy = state;
        const std::optional<Entry> entry = co_await lookup(std::move(copy));
        if (entry)
            co_return finishHit(state, *entry, Outcome::Hit);
        if (state->options.cachePolicy == CachePolicy::Only)
            throw CacheError(
                QStringLiteral("No entry for this request in %1 (fingerprint %2), and the run is cache-only.")
                    .arg(store.info().name, state->fingerprint.left(8)),
                QStringLiteral(
                    "Run it once with the cache policy \"use\", or check model, prompts and settings."));
    }
    if (!state->writes()) {
        State copy = state;
        auto noLock = std::make_shared<std::unique_ptr<RunLock>>();
        co_return co_await pay(std::move(copy), std::move(noLock));
    }
    while (const auto flight = flights.find(state->fingerprint)) {
        state->report(RunEvent::Kind::WaitingForOther);
        auto flightCopy = flight;
        const std::stop_token stop = state->options.stop;
        co_await awaitFlight(std::move(flightCopy), stop);
        if (flight->result)
            co_return finishShared(state, *flight->result);
        try {
            std::rethrow_exception(flight->error);
        } catch (const Cancelled&) {
            // Its leader gave up; somebody else has to pay.
        }
    }
    flights.begin(state->fingerprint);
    try {
        State copy = state;
        RunResult result = co_await lead(std::move(copy));
        flights.succeed(state->fingerprint, result);
        co_return result;
    } catch (...) {
        flights.fail(state->fingerprint, std::current_exception());
        throw;
    }
}

QCoro::Task<RunResult> Runner::Private::lead(State state)
{
    auto lock = std::make_shared<std::unique_ptr<RunLock>>();
    if (state->options.useLock) {
        State copy = state;
        auto lockCopy = lock;
        const std::optional<RunResult> others = co_await acquire(std::move(copy), std::move(lockCopy));
        if (others)
            co_return *others;
    }
    try {
        State copy = state;
        auto lockCopy = lock;
        co_return co_await pay(std::move(copy), std::move(lockCopy));
    } catch (const ProviderError& error) {
        if (*lock && !error.isTransient())
            (*lock)->setFailure(error.text());
        throw;
    }
}

/// Takes the distributed lock, or gives the answer that somebody else paid for meanwhile.
QCoro::Task<std::optional<RunResult>> Runner::Private::acquire(
    State state, std::shared_ptr<std::unique_ptr<RunLock>> lock)
{
    for (;;) {
        const QString token = newId();
        bool locked = false;
        std::optional<Entry> entry;
        try {
            // Both in one round trip: who gets the lock must look again, since the last holder may have
            // committed between our lookup and our lock.
            auto lockTask = store.tryLock(state->fingerprint, token, lockTtl);
            auto lookupTask = store.lookup(state->fingerprint);
            locked = co_await std::move(lockTask);
            if (locked)
                *lock = std::make_unique<RunLock>(store, state->fingerprint, token);
            entry = co_await std::move(lookupTask);
        } catch (const CacheError& error) {
            state->warnings.append(
                QStringLiteral("The run is not locked against others: %1").arg(error.text()));
            co_return std::nullopt;
        }
        const bool fresh = entry && (state->reads() || entry->meta.createdMs > state->startedMs);
        if (fresh) {
            lock->reset();
            co_return finishHit(state, *entry, state->waitedForOther ? Outcome::Shared : Outcome::Hit);
        }
        if (locked)
            co_return std::nullopt;
        state->report(RunEvent::Kind::WaitingForOther);
        state->waitedForOther = true;
        QString failure;
        try {
            const std::stop_token stop = state->options.stop;
            failure = co_await store.awaitUnlock(state->fingerprint, lockTtl, stop);
        } catch (const CacheError& error) {
            state->warnings.append(
                QStringLiteral("The run is not locked against others: %1").arg(error.text()));
            co_return std::nullopt;
        }
        if (!failure.isEmpty()) {
            ProviderError::Details details;
            details.failure = ProviderFailure::BadRequest;
            details.provider = state->request.model.provider;
            throw ProviderError(
                QStringLiteral("Another run of the same request failed for good: %1").arg(failure), {},
                details);
        }
    }
}

QCoro::Task<RunResult> Runner::Private::pay(State state, std::shared_ptr<std::unique_ptr<RunLock>> lock)
{
    const auto sent = clock.steadyNow();
    ConversationContext context;
    context.provider = &providers.provider(state->request.model.provider);
    context.clock = &clock;
    context.backoff.initialWait = state->options.initialWait;
    context.backoff.maxWait = state->options.maxWait;
    context.outputRetries = state->agent.outputRetries;
    context.baseUrl = QUrl(state->agent.baseUrl);
    context.progress = state->options.progress;
    context.stream = state->options.stream;
    context.stop = state->options.stop;
    context.bill = state->bill;
    Request request = state->request;
    Answer answer = co_await converse(std::move(request), std::move(context));
    const auto latency = duration_cast<milliseconds>(clock.steadyNow() - sent);

    state->warnings += answer.warnings;
    const qint64 now = clock.nowMs();
    const Outcome outcome = paidOutcome(state->options.cachePolicy);
    RunData data;
    data.quote = quoteOf(state, answer.reportedCost, now);
    data.request = toJson(state->request);

    if (state->writes() && answer.complete) {
        Entry entry;
        entry.request = data.request;
        entry.output = answer.output;
        entry.messages = answer.messages;
        entry.finishReason = finishReasonName(answer.finishReason);
        entry.providerModel = answer.providerModel;
        entry.usage = state->bill->usage;
        entry.costSource = data.quote.source;
        EntryMeta& meta = entry.meta;
        meta.fingerprint = state->fingerprint;
        meta.model = state->request.model.toString();
        meta.agent = state->agent.name;
        meta.task = state->task;
        meta.author = identity.user;
        meta.createdMs = now;
        meta.usage = state->bill->usage;
        meta.usage.raw = nullptr;
        meta.cost = data.quote.total;
        meta.latency = latency;
        meta.promptExcerpt = excerpt(state->request.prompt);
        meta.answerExcerpt = excerpt(outputText(answer.output));
        meta.tags = state->agent.tags + state->options.tags;
        meta.tags.removeDuplicates();
        meta.pinned = !ttlOf(*state);
        state->report(RunEvent::Kind::Storing);
        State copy = state;
        const QString token = *lock ? (*lock)->token() : QString();
        data.stored = co_await storeAnswer(std::move(copy), std::move(entry), token);
        if (data.stored && *lock)
            (*lock)->released();
    }

    Call call = callOf(state, outcome);
    call.usage = state->bill->usage;
    call.cost = data.quote.total;
    call.priceSource = data.quote.source;
    call.timeToFirstToken = answer.timeToFirstToken;
    record(state, call);

    data.output = std::move(answer.output);
    data.usage = state->bill->usage;
    data.cost = data.quote.total;
    data.messages = std::move(answer.messages);
    data.outcome = outcome;
    data.originalLatency = latency;
    data.timeToFirstToken = answer.timeToFirstToken;
    data.finishReason = finishReasonName(answer.finishReason);
    data.callId = call.id;
    data.fingerprint = state->fingerprint;
    data.agent = state->agent.name;
    data.model = state->request.model.toString();
    data.task = state->task;
    data.latency = elapsed(state);
    data.attempts = state->bill->attempts;
    data.waited = state->bill->waited;
    data.store = store.info();
    data.warnings = state->warnings;
    co_return RunResult(std::move(data));
}

QCoro::Task<bool> Runner::Private::storeAnswer(State state, Entry entry, QString lockToken)
{
    Commit commit;
    commit.entry = std::move(entry);
    commit.ttl = ttlOf(*state);
    commit.lockToken = std::move(lockToken);
    Commit sent = commit;
    QString problem;
    try {
        co_await store.commit(std::move(sent));
        co_return true;
    } catch (const CacheError& error) {
        problem = error.text();
    }
    commit.lockToken.clear();
    try {
        if (spool) {
            spool->add(store.info(), commit);
            state->warnings.append(
                QStringLiteral("The answer could not be stored: %1 It is kept on disk and stored when the "
                               "store is back.")
                    .arg(problem));
            co_return false;
        }
    } catch (const Error& error) {
        problem += QLatin1Char(' ') + error.text();
    }
    state->warnings.append(QStringLiteral("The answer could not be stored: %1").arg(problem));
    co_return false;
}

} // namespace llmcache
