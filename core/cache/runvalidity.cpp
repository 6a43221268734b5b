// Which stored entries answer a run, and how a stale one is renewed behind it.

#include "agent/outputvalidation.h"
#include "base/error.h"
#include "cache/runner_p.h"

namespace llmcache {

bool Runner::Private::isFresh(const RunState& state, const Entry& entry) const
{
    return !isStale(entry) && fits(state, entry) && (state.reads() || entry.meta.createdMs > state.startedMs);
}

/// Whether an entry of pyai-caching has the type of output that is asked for: its key does not tell text from
/// lists.
bool Runner::Private::fits(const RunState& state, const Entry& entry)
{
    if (!entry.meta.python)
        return true;
    const OutputType& type = state.request.output;
    return type.isText() ? entry.output.is_string()
                         : validateOutput(type.schema, entry.output).violations.isEmpty();
}

bool Runner::Private::isStale(const Entry& entry) const
{
    return entry.meta.staleAfterMs && *entry.meta.staleAfterMs <= clock.nowMs();
}

bool Runner::Private::answers(const RunState& state, const Entry& entry) const
{
    if (!fits(state, entry))
        return false;
    if (!isStale(entry))
        return true;
    const auto allowed = state.options.staleWhileRevalidate;
    return allowed && (clock.nowMs() - *entry.meta.staleAfterMs) / 1000 < allowed->count();
}

void Runner::Private::startRevalidation(const State& state)
{
    if (flights.find(state->fingerprint))
        return;
    auto behind = std::make_shared<RunState>(*state);
    behind->started = clock.steadyNow();
    behind->startedMs = clock.nowMs();
    behind->bill = std::make_shared<Bill>();
    behind->warnings.clear();
    behind->callId.clear();
    behind->options.cachePolicy = CachePolicy::Refresh;
    behind->options.progress = nullptr; // the caller has its answer
    behind->options.stream = false;
    behind->options.stop = {};
    background.start(revalidate(std::move(behind)));
}

/// Fetches a new answer for a stale entry, unless somebody else is at it.
QCoro::Task<> Runner::Private::revalidate(State state)
{
    flights.begin(state->fingerprint);
    auto lock = std::make_shared<std::unique_ptr<RunLock>>();
    try {
        const QString token = newId();
        const bool locked = co_await store.tryLock(state->fingerprint, token, lockTtl);
        if (locked)
            *lock = std::make_unique<RunLock>(store, background, state->fingerprint, token);
        const std::optional<Entry> entry = co_await store.lookup(state->fingerprint, EntryParts::Meta);
        if (!locked || (entry && !isStale(*entry))) {
            flights.fail(state->fingerprint, std::make_exception_ptr(Cancelled()));
            co_return;
        }
    } catch (const Error&) {
        // Without the store there is nothing to renew.
        flights.fail(state->fingerprint, std::make_exception_ptr(Cancelled()));
        co_return;
    }
    try {
        State copy = state;
        auto lockCopy = lock;
        const RunResult result = co_await pay(std::move(copy), std::move(lockCopy));
        flights.succeed(state->fingerprint, result);
    } catch (const Error& error) {
        flights.fail(state->fingerprint, std::current_exception());
        recordFailure(state, error);
    }
}

} // namespace llmcache
