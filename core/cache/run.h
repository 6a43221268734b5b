#pragma once

#include "agent/agent.h"
#include "agent/message.h"
#include "agent/templating.h"
#include "cache/expenserecorder.h"
#include "cost/modelcosts.h"
#include "cost/pricetable.h"
#include "store/call.h"
#include "store/store.h"

#include <functional>
#include <stop_token>

namespace llmcache {

/// How a run uses the cache.
enum class CachePolicy {
    Use, ///< read, and store what was paid for
    Refresh, ///< do not read; store the new answer over the old one
    Bypass, ///< neither read nor store
    Only, ///< read; never call the provider: a miss is a CacheError
    ReadOnly, ///< read; pay on a miss, but store nothing
};
/// "use", "refresh", "bypass", "only", "read-only".
QString cachePolicyName(CachePolicy policy);
std::optional<CachePolicy> cachePolicyFromName(const QString& name);

/// Something that happens during a run, for progress displays.
struct RunEvent {
    enum class Kind {
        LookingUp,
        WaitingForOther, ///< somebody else is paying for the same request
        Requesting, ///< a request goes to the provider
        Retrying, ///< a wait begins; `wait` and `text` say how long and why
        Text, ///< `text` is the next piece of the answer
        Validating, ///< the answer did not fit and goes back to the model; `text` has the violations
        Storing,
    };
    Kind kind = Kind::LookingUp;
    QString text;
    int attempt = 0;
    std::chrono::milliseconds wait{0};
};

/// What a run may be told. Every field has a usable default.
struct RunOptions {
    QString taskName{}; ///< what the call is billed to; empty = the agent's task, then its name
    History messageHistory{};
    /// History in a format of the caller's; read with `messageConverter`, or historyFromJson without one.
    Json rawHistory{};
    MessageConverter messageConverter{};
    std::vector<Attachment> attachments{};
    /// When set, `{{name}}` in prompt, system prompts and instructions is replaced; otherwise texts are left
    /// as they are.
    std::optional<Variables> variables{};
    /// Lifetime of the entry; 0 = never expires; nothing = the agent's, then 15 days.
    std::optional<std::chrono::seconds> ttl{};
    /// For this long after the end of its lifetime an entry is still served, at once, while one process
    /// fetches a new answer behind the caller's back. Stored with the entry and asked for by the reader: both
    /// need it.
    std::optional<std::chrono::seconds> staleWhileRevalidate{};
    std::chrono::milliseconds maxWait{
        60'000}; ///< all backoff waits together, holding off for others included
    std::chrono::milliseconds initialWait{500}; ///< first backoff wait
    /// Told of every call when it is over: a function or a coroutine. May throw; never costs the answer.
    ExpenseRecorder expenseRecorder{};
    QString redisUrl{}; ///< only for the free functions: the store to use instead of the environment's
    CustomCosts customCosts{}; ///< win over the session's prices
    CachePolicy cachePolicy = CachePolicy::Use;
    bool useLock = true; ///< one payment among all processes that share the store
    int sample = 0; ///< number of the repeat; each sample is an entry of its own
    bool stream = false; ///< ask the provider for a stream and report RunEvent::Kind::Text
    std::function<void(const RunEvent&)> progress{}; ///< called on the run's thread
    std::stop_token stop{}; ///< ends the run with Cancelled; request it from the run's thread
    QStringList tags{}; ///< for the entry and the ledger
};

/// Everything known about a finished run.
struct RunData {
    Json output; ///< text or JSON
    Usage usage; ///< of this answer (for a hit: what it cost when it was paid)
    /// Billed by this run; $0 for a hit; nothing = unknown: there is no price, or a request that failed may
    /// have been billed as well.
    std::optional<Money> cost;
    std::optional<Money> avoidedCost; ///< saved by a hit; nothing when unpriced or paid
    Quote quote; ///< the arithmetic of the answer's price
    History messages; ///< new messages of this run: the prompt, then everything up to the answer
    Outcome outcome = Outcome::Miss;
    QString fingerprint;
    Json request; ///< canonical
    QString agent;
    QString model;
    QString task;
    std::chrono::microseconds latency{0};
    std::chrono::milliseconds originalLatency{0}; ///< of the paid call
    std::optional<std::chrono::milliseconds> timeToFirstToken;
    int attempts = 0; ///< provider requests of this run
    std::chrono::milliseconds waited{0};
    QString finishReason;
    StoreInfo store;
    std::optional<EntryMeta> entry; ///< of the entry that was hit
    bool stale = false; ///< the lifetime of the entry was over; a new answer is on its way
    bool stored = false; ///< the answer is in the store now
    QStringList warnings; ///< what went wrong without costing the answer
    QString callId;
};

/// The result of a run: the data alone by output(), the rest beside it. A cheap value.
class RunResult {
public:
    explicit RunResult(RunData data)
        : m_data(std::make_shared<const RunData>(std::move(data)))
    {
    }
    const Json& output() const { return m_data->output; }
    /// The output as text: text as it is, JSON compact.
    QString text() const { return outputText(m_data->output); }
    const Usage& usage() const { return m_data->usage; }
    std::optional<Money> cost() const { return m_data->cost; }
    std::optional<Money> avoidedCost() const { return m_data->avoidedCost; }
    const History& messages() const { return m_data->messages; }
    bool cached() const { return m_data->outcome == Outcome::Hit || m_data->outcome == Outcome::Shared; }
    const QString& fingerprint() const { return m_data->fingerprint; }
    const QStringList& warnings() const { return m_data->warnings; }
    const RunData& data() const { return *m_data; }

private:
    std::shared_ptr<const RunData> m_data;
};
/// The `--json` form of the command line, described in README.
Json toJson(const RunResult& result);

/// What a run would do now.
struct Prediction {
    QString fingerprint;
    std::optional<EntryMeta> entry; ///< set = a hit
    qint64 estimatedInputTokens = 0; ///< rough: four bytes a token
    std::optional<Money> estimatedCost; ///< input alone; nothing = unpriced
    QString problem; ///< store trouble, for people
};

} // namespace llmcache
