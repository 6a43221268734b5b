#pragma once

// Insides of Runner, shared by runner.cpp (the way of a call), runpayment.cpp (the provider and the commit)
// and runoutcome.cpp (what a run leaves behind).

#include "cache/background.h"
#include "cache/conversation.h"
#include "cache/cooldowns.h"
#include "cache/ledgerwriter.h"
#include "cache/pythonsiblings.h"
#include "cache/pythontwin.h"
#include "cache/runlock.h"
#include "cache/runner.h"
#include "cache/singleflight.h"
#include "cache/unsavedanswers.h"
#include "store/pythonstore.h"

#include <QHash>
#include <QSet>

#include <stop_token>

namespace llmcache {

/// Is stopped as soon as one of two others is.
class EitherStop {
public:
    EitherStop(std::stop_token one, std::stop_token other)
        : m_one(std::move(one), Forward{m_source})
        , m_other(std::move(other), Forward{m_source})
    {
    }
    std::stop_token token() const { return m_source.get_token(); }

private:
    struct Forward {
        std::stop_source source;
        void operator()() { source.request_stop(); }
    };
    std::stop_source m_source;
    std::stop_callback<Forward> m_one;
    std::stop_callback<Forward> m_other;
};

/// One run under way.
struct RunState {
    Agent agent;
    RunOptions options;
    Request request;
    Json canonical; ///< toJson(request), once somebody asked for it
    QString callId; ///< for the next record of it; empty = not drawn yet
    QString fingerprint;
    QString task;
    std::chrono::steady_clock::time_point started;
    qint64 startedMs = 0;
    std::shared_ptr<Bill> bill = std::make_shared<Bill>();
    std::optional<PythonTwin> twin; ///< only where the store is one that Python programs use
    std::shared_ptr<EitherStop> stops; ///< behind `options.stop`, once a run is no hit
    std::shared_ptr<RunLock> pythonLock; ///< held, so that no Python program pays for the same
    QStringList warnings;
    QString storeProblem; ///< the last one that was told
    bool waitedForOther = false;
    bool mayNotStore = false; ///< it was to be stored, and the store is read-only
    std::chrono::milliseconds lostToOthers{0}; ///< waited for a run that then failed; counts as backoff

    bool reads() const
    {
        return options.cachePolicy != CachePolicy::Refresh && options.cachePolicy != CachePolicy::Bypass;
    }
    bool writes() const
    {
        return options.cachePolicy == CachePolicy::Use || options.cachePolicy == CachePolicy::Refresh;
    }
    const Json& canonicalRequest()
    {
        if (canonical.is_null())
            canonical = toJson(request);
        return canonical;
    }
    /// What the entry may be stored under. Only the likeliest key of pyai-caching as long as there is a
    /// second look, with the lock: a hit should cost little.
    QStringList entryIds(bool all) const
    {
        QStringList ids{fingerprint};
        if (twin && twin->isReadable())
            ids += all ? twin->allKeys() : twin->keys(1);
        return ids;
    }
    /// A store that is down fails every step of a run; the reason is told once.
    void warnOfStore(const QString& what, const QString& reason)
    {
        warnings.append(what
            + (reason == storeProblem ? QStringLiteral(", for the same reason.")
                                      : QStringLiteral(": ") + reason));
        storeProblem = reason;
    }
    void report(RunEvent::Kind kind) const
    {
        if (!options.progress)
            return;
        RunEvent event;
        event.kind = kind;
        options.progress(event);
    }
};
using State = std::shared_ptr<RunState>;
using LockPointer = std::shared_ptr<std::unique_ptr<RunLock>>;

/// A random id without braces, for calls and locks.
QString newId();

struct Runner::Private {
    Private(Store& usedStore, ProviderRegistry& usedProviders, Clock& usedClock, PriceTable usedPrices,
        Identity who, Spool* usedSpool)
        : store(usedStore)
        , pythonStore(pythonStoreOf(&usedStore))
        , providers(usedProviders)
        , clock(usedClock)
        , prices(std::move(usedPrices))
        , identity(std::move(who))
        , spool(usedSpool)
        , cooldowns(usedStore, usedClock, background)
        , ledger(usedStore, usedSpool)
    {
    }

    Request buildRequest(const Agent& agent, const QString& prompt, const RunOptions& options) const;
    QCoro::Task<std::optional<Entry>> lookup(State state);
    /// What an answer will need whatever it is.
    static void prepareForAnswer(RunState& state);
    QCoro::Task<std::optional<Entry>> lookupFirst(QStringList ids, EntryParts parts);
    QCoro::Task<RunResult> execute(State state);
    /// Lets end() stop the run as well. Throws Cancelled when it already has.
    void stopWithRunner(RunState& state) const;
    void runEnded();
    QCoro::Task<RunResult> lead(State state);
    QCoro::Task<bool> prepare(QString prefix);
    QCoro::Task<std::optional<RunResult>> acquire(State state, LockPointer lock);
    QCoro::Task<std::optional<RunResult>> acquireForPython(State state, LockPointer lock);
    bool writesForPython(const RunState& state) const;
    QCoro::Task<RunResult> pay(State state, LockPointer lock);
    QCoro::Task<> joinFlight(State state, std::shared_ptr<Flight> flight);
    QCoro::Task<> revalidate(State state);
    void startRevalidation(const State& state);
    bool isStale(const Entry& entry) const;
    bool isFresh(const RunState& state, const Entry& entry) const;
    static bool fits(const RunState& state, const Entry& entry);
    /// Whether an entry answers this run: within its lifetime, or a little beyond if the run allows that.
    bool answers(const RunState& state, const Entry& entry) const;
    ConversationContext contextOf(const RunState& state);
    static QStringList tagsOf(const RunState& state);
    Entry entryOf(const RunState& state, const Answer& answer, const RunData& data, qint64 nowMs);
    QString cooldownKeyOf(const RunState& state) const;
    QCoro::Task<> writeForPython(State state, Entry entry);
    /// What Python programs stored of the same output type; never null, and looked for once in a while.
    QCoro::Task<std::shared_ptr<const PythonSiblings>> siblingsOf(State state);
    /// What pyai-caching would store. Throws ConfigurationError for an output whose class is not known.
    static QByteArray pythonPickle(const RunState& state, const Entry& entry, const PythonSiblings* siblings);
    /// Lets lists show what an entry of pyai-caching is the answer to.
    QCoro::Task<> rememberOrigin(
        QStringList keys, PythonOrigin origin, std::optional<std::chrono::seconds> ttl);
    void rememberHit(RunState& state, const EntryMeta& meta);
    QCoro::Task<bool> storeAnswer(State state, Entry entry, QString lockToken);

    /// What the answer costs. A request that was billed without an answer is not in it; see billedBy().
    Quote quoteOf(const State& state, const std::optional<Money>& reported, qint64 atMs);
    /// What the run was billed, for an answer of that price; nothing = unknown.
    static std::optional<Money> billedBy(const State& state, const Quote& quote);
    PriceTable pricesFor(const State& state) const;
    RunResult finishHit(const State& state, Entry entry, Outcome outcome);
    RunResult finishShared(const State& state, const RunResult& paid);
    Call callOf(const State& state, Outcome outcome) const;
    void record(const State& state, Call call);
    void tellRecorder(const State& state, const Call& call);
    void recordFailure(const State& state, const Error& error);
    std::chrono::microseconds elapsed(const State& state) const
    {
        return std::chrono::duration_cast<std::chrono::microseconds>(clock.steadyNow() - state->started);
    }

    Store& store;
    PythonStore* pythonStore; ///< the same, where Python programs use it too; else null
    ProviderRegistry& providers;
    Clock& clock;
    PriceTable prices;
    Identity identity;
    Spool* spool;
    struct KnownSiblings {
        std::shared_ptr<const PythonSiblings> siblings;
        std::chrono::steady_clock::time_point since;
    };
    QHash<QByteArray, KnownSiblings> knownSiblings; ///< by output type
    QSet<QString> remembered; ///< entries of pyai-caching whose requests were kept
    Background background;
    Cooldowns cooldowns;
    QHash<QString, std::shared_ptr<RetryBudget>> retryBudgets; ///< by provider and endpoint
    UnsavedAnswers unsaved;
    LedgerWriter ledger;
    SingleFlight flights;
    int running = 0;
    std::stop_source ending; ///< of all that is running
    std::shared_ptr<Flight> runsOver; ///< what end() waits for
};

} // namespace llmcache
