#include "base/error.h"
#include "cache/runner_p.h"
#include "interop/pythonwrite.h"
#include "store/spool.h"

#include <algorithm>

namespace llmcache {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

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

} // namespace

QString Runner::Private::cooldownKeyOf(const RunState& state) const
{
    const ModelRef& model = state.request.model;
    return Cooldowns::key(
        model.provider, state.request.endpoint, providers.account(model.provider), model.model);
}

ConversationContext Runner::Private::contextOf(const RunState& state)
{
    const QString provider = state.request.model.provider;
    auto& budget = retryBudgets[provider + QLatin1Char('\n') + state.request.endpoint];
    if (!budget)
        budget = std::make_shared<RetryBudget>();
    ConversationContext context;
    context.provider = &providers.provider(provider);
    context.clock = &clock;
    context.backoff.initialWait = state.options.initialWait;
    context.backoff.maxWait = std::max(milliseconds(0), state.options.maxWait - state.lostToOthers);
    context.cooldowns = &cooldowns;
    context.cooldownKey = cooldownKeyOf(state);
    context.retryBudget = budget;
    context.outputRetries = state.agent.outputRetries;
    context.baseUrl = QUrl(state.agent.baseUrl);
    context.progress = state.options.progress;
    context.stream = state.options.stream;
    context.stop = state.options.stop;
    context.bill = state.bill;
    return context;
}

Entry Runner::Private::entryOf(const RunState& state, const Answer& answer, const RunData& data, qint64 nowMs)
{
    Entry entry;
    entry.request = data.request;
    entry.output = answer.output;
    entry.messages = answer.messages;
    entry.finishReason = finishReasonName(answer.finishReason);
    entry.providerModel = answer.providerModel;
    entry.usage = state.bill->usage;
    entry.costSource = data.quote.source;
    EntryMeta& meta = entry.meta;
    meta.fingerprint = state.fingerprint;
    meta.model = state.request.model.toString();
    meta.agent = state.agent.name;
    meta.task = state.task;
    meta.author = identity.user;
    meta.createdMs = nowMs;
    meta.usage = state.bill->usage;
    meta.usage.raw = nullptr;
    meta.cost = data.quote.total;
    meta.latency = data.originalLatency;
    meta.promptExcerpt = excerpt(state.request.prompt);
    meta.answerExcerpt = excerpt(outputText(answer.output));
    meta.tags = tagsOf(state);
    meta.pinned = !ttlOf(state);
    if (const auto ttl = ttlOf(state); ttl && state.options.staleWhileRevalidate)
        meta.staleAfterMs = nowMs + milliseconds(*ttl).count();
    return entry;
}

QCoro::Task<RunResult> Runner::Private::pay(State state, LockPointer lock)
{
    const auto sent = clock.steadyNow();
    ConversationContext context = contextOf(*state);
    Request request = state->request;
    Answer answer = co_await converse(std::move(request), std::move(context));
    const auto latency = duration_cast<milliseconds>(clock.steadyNow() - sent);

    state->warnings += answer.warnings;
    const qint64 now = clock.nowMs();
    const Outcome outcome = paidOutcome(state->options.cachePolicy);
    RunData data;
    data.quote = quoteOf(state, answer.reportedCost, now);
    data.cost = billedBy(state, data.quote);
    data.request = state->canonicalRequest();
    data.originalLatency = latency;

    if (state->mayNotStore)
        state->warnings.append(QStringLiteral("The answer is not stored: the connection is read-only."));
    if (state->writes() && answer.complete) {
        Entry entry = entryOf(*state, answer, data, now);
        // On its way before the commit, which lets the lock go.
        std::optional<QCoro::Task<>> python;
        if (writesForPython(*state)) {
            State forPython = state;
            Entry same = entry;
            python = writeForPython(std::move(forPython), std::move(same));
        }
        state->report(RunEvent::Kind::Storing);
        State copy = state;
        const QString token = *lock ? (*lock)->token() : QString();
        data.stored = co_await storeAnswer(std::move(copy), std::move(entry), token);
        if (data.stored && *lock)
            (*lock)->released();
        if (python)
            co_await *python;
        state->pythonLock.reset();
    }

    Call call = callOf(state, outcome);
    call.usage = state->bill->usage;
    call.cost = data.cost;
    call.priceSource = data.quote.source;
    call.timeToFirstToken = answer.timeToFirstToken;
    call.unstored = !data.stored && outcome != Outcome::Bypassed; // of which it goes without saying
    record(state, call);

    data.output = std::move(answer.output);
    data.usage = state->bill->usage;
    data.messages = std::move(answer.messages);
    data.outcome = outcome;
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

QCoro::Task<std::shared_ptr<const PythonSiblings>> Runner::Private::siblingsOf(State state)
{
    const OutputType& type = state->agent.output;
    const Json outputIdentity = Json::array({type.schema, toUtf8(type.pythonType)});
    const QByteArray key = toCanonicalJson(outputIdentity);
    constexpr std::chrono::minutes patience(5);
    const KnownSiblings known = knownSiblings.value(key);
    if (known.siblings && (!known.siblings->isEmpty() || clock.steadyNow() - known.since < patience))
        co_return known.siblings;
    auto found = std::make_shared<PythonSiblings>(type);
    try {
        std::function<bool(const QByteArray&)> add = [found](const QByteArray& pickle) {
            return found->add(pickle);
        };
        auto visiting = pythonStore->visitPickles(std::move(add));
        co_await visiting;
    } catch (const Error& error) {
        qWarning("%s", error.what()); // without the right to look around there are none
    }
    const std::shared_ptr<const PythonSiblings> result = found;
    knownSiblings.insert(key, KnownSiblings{result, clock.steadyNow()});
    co_return result;
}

QByteArray Runner::Private::pythonPickle(
    const RunState& state, const Entry& entry, const PythonSiblings* siblings)
{
    PythonResultParts parts;
    parts.output = entry.output;
    parts.type.schema = state.agent.output.schema;
    if (siblings) {
        parts.type.classPath = siblings->classPath(state.agent.name);
        parts.type.examples = siblings->answers();
    } else {
        parts.type.classPath = state.agent.output.pythonType;
    }
    parts.usage = entry.usage;
    parts.model = state.twin->call.modelName;
    parts.cost = entry.meta.cost ? entry.meta.cost->toDecimal() : QStringLiteral("0");
    return writePythonResult(parts);
}

/// Stores an answer as pyai-caching does. Our own entry is what counts: this fails with a warning.
QCoro::Task<> Runner::Private::writeForPython(State state, Entry entry)
{
    QString problem;
    try {
        std::shared_ptr<const PythonSiblings> siblings;
        if (PythonSiblings::matter(state->agent.output)) {
            State copy = state;
            auto finding = siblingsOf(std::move(copy));
            siblings = co_await finding;
        }
        QByteArray pickle = pythonPickle(*state, entry, siblings.get());
        const QStringList keys = state->twin->writtenKeys();
        PythonOrigin origin{state->agent.name, state->task, entry.request};
        auto remembering = rememberOrigin(keys, std::move(origin), ttlOf(*state));
        auto putting = pythonStore->putForPython(keys, std::move(pickle), ttlOf(*state));
        co_await putting;
        co_await remembering;
        co_return;
    } catch (const Error& error) {
        problem = error.text();
    }
    state->warnings.append(QStringLiteral("The answer was not stored for Python: %1").arg(problem));
}

/// Never throws: it is a convenience.
QCoro::Task<> Runner::Private::rememberOrigin(
    QStringList keys, PythonOrigin origin, std::optional<std::chrono::seconds> ttl)
{
    try {
        auto remembering = pythonStore->rememberOrigin(keys, std::move(origin), ttl);
        co_await remembering;
        constexpr qsizetype mostRemembered = 100'000;
        if (remembered.size() > mostRemembered)
            remembered.clear();
        for (const QString& key : std::as_const(keys))
            remembered.insert(key);
    } catch (const Error& error) {
        qWarning("%s", error.what());
    }
}

void Runner::Private::rememberHit(RunState& state, const EntryMeta& meta)
{
    if (!meta.python || !state.writes() || store.isReadOnly() || remembered.contains(meta.fingerprint))
        return;
    std::optional<std::chrono::seconds> ttl;
    if (meta.expiresMs)
        ttl = std::chrono::seconds((*meta.expiresMs - clock.nowMs()) / 1000 + 1);
    background.start(rememberOrigin(
        {meta.fingerprint}, PythonOrigin{state.agent.name, state.task, state.canonicalRequest()}, ttl));
}

QCoro::Task<bool> Runner::Private::storeAnswer(State state, Entry entry, QString lockToken)
{
    Commit commit;
    commit.entry = std::move(entry);
    commit.ttl = ttlOf(*state);
    if (commit.ttl && state->options.staleWhileRevalidate)
        commit.ttl = *commit.ttl + *state->options.staleWhileRevalidate;
    commit.lockToken = std::move(lockToken);
    Commit sent = commit;
    QString problem;
    try {
        co_await store.commit(std::move(sent));
        co_return true;
    } catch (const Error& error) {
        // Whatever it is, a password that was changed or a missing permission included: the answer is paid
        // for.
        problem = error.text();
    }
    commit.lockToken.clear();
    try {
        if (spool) {
            spool->add(store.info(), commit);
            unsaved.add(commit);
            state->warnOfStore(QStringLiteral("The answer could not be stored"), problem);
            state->warnings.back() +=
                QStringLiteral(" It is kept on disk and stored when the store is back.");
            co_return false;
        }
    } catch (const Error& error) {
        problem += QLatin1Char(' ') + error.text();
    }
    state->warnOfStore(QStringLiteral("The answer could not be stored"), problem);
    co_return false;
}

} // namespace llmcache
