#pragma once

#include "base/clock.h"
#include "cache/request.h"
#include "cache/run.h"
#include "provider/provider.h"

namespace llmcache {

class Spool;

/// Who runs, for ledger and entries.
struct Identity {
    QString user{};
    QString host{};
    /// LLM_CACHE_USER, else the login name; and the host name.
    static Identity ofProcess();
};

/// Runs agents through a store: lookup, single flight, lock, provider with backoff, validation, price,
/// commit, ledger.
///
/// Thread-affine; needs an event loop. Store, providers and clock must outlive it, and it must outlive its
/// tasks: await drain() before destroying it.
class Runner {
public:
    Runner(Store& store, ProviderRegistry& providers, Clock& clock, PriceTable prices, Identity identity,
        Spool* spool);
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

    /// Answers from the cache or the provider. Throws ConfigurationError, RateLimitError, ProviderError,
    /// OutputError, Cancelled; CacheError only for cache-only runs.
    QCoro::Task<RunResult> run(Agent agent, QString prompt, RunOptions options);
    /// What run() would do, without doing it.
    QCoro::Task<Prediction> predict(Agent agent, QString prompt, RunOptions options);
    /// The request that run() would fingerprint. Throws ConfigurationError.
    Request buildRequest(const Agent& agent, const QString& prompt, const RunOptions& options) const;

    /// Takes work on the store that drain() is to wait for.
    void startInBackground(QCoro::Task<> task);
    /// Waits until ledger records of finished runs are written (or spooled), locks released, refreshes over.
    QCoro::Task<> drain();
    /// Stops the runs that are under way, which throw Cancelled, and waits for them; then as drain(). None
    /// may be started afterwards. Awaited by a run, or in a callback of one, it would never end.
    QCoro::Task<> end();
    /// Waits until the records of the runs that have ended so far are written (or spooled), so that the
    /// ledger shows them.
    QCoro::Task<> writeLedger();
    /// Runs that are under way.
    int running() const;
    const PriceTable& prices() const;
    void setPrices(PriceTable prices);
    const Identity& identity() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace llmcache
