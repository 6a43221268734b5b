#pragma once

#include "cost/pricetable.h"
#include "store/ledgerquery.h"

#include <qcorotask.h>

#include <functional>
#include <stop_token>

namespace llmcache {

/// How far a long task over the ledger is, in calls.
using LedgerProgress = std::function<void(qint64 done, qint64 total)>;

/// What the calls of a range cost by other prices.
struct RepricingRequest {
    qint64 fromMs = 0; ///< calls in [fromMs, toMs), UTC milliseconds
    qint64 toMs = std::numeric_limits<qint64>::max();
    PriceTable prices; ///< dated: each call by the prices of its own time
    QString by{}; ///< who does it
    qint64 nowMs = 0;
};

/// The difference that a repricing makes. Money is exact.
struct RepricedSums {
    qint64 calls = 0;
    qint64 changed = 0; ///< calls whose cost or avoided cost is another one
    qint64 unpricedBefore = 0; ///< calls that paid an unknown amount
    qint64 unpricedAfter = 0;
    /// Calls that stay as charged, because the table has no price for them, because they made several
    /// requests of a model with tiers, which are told apart by request, or because their cost is unknown and
    /// some of their requests left no usage.
    qint64 kept = 0;
    Money before;
    Money after;
    Money avoidedBefore;
    Money avoidedAfter;
    RepricedSums& operator+=(const RepricedSums& other);
    friend bool operator==(const RepricedSums&, const RepricedSums&) = default;
};
struct Repricing {
    RepricedSums total;
    std::vector<std::pair<QString, RepricedSums>> models; ///< by model; the largest difference first
    QString prices; ///< what by: see versionOf()
};
/// What prices are called after they are gone: the version of the table, and whether there were custom costs.
QString versionOf(const PriceTable& prices);

/// A repricing that is applied.
struct AppliedRepricing {
    qint64 id = 0;
    qint64 appliedMs = 0;
    qint64 fromMs = 0;
    qint64 toMs = 0;
    QString prices; ///< see versionOf()
    QString by;
};
/// What the price that lies over a call of that time comes from, where the newest repricing that shows is
/// `id`: it keeps those of the ones before it outside of its range. `applied` as LedgerUpkeep::repricings().
QString sourceOfPrice(const std::vector<AppliedRepricing>& applied, qint64 id, qint64 timeMs);

/// What was found when packs of calls (see store/callpack.h), which reports read, were made again.
struct LedgerRebuild {
    qint64 calls = 0;
    qint64 packs = 0; ///< that are there now
    qint64 repaired = 0; ///< of these, how many were wrong or missing
};

/// Where archived calls go: gets each of them, oldest first. Throws to stop before anything is removed.
using CallSink = std::function<void(const Call&)>;
/// Called after the last one: makes sure that all are safe, or throws likewise.
using ArchiveEnd = std::function<void()>;

/// What can be done to a ledger besides appending (ask a store with dynamic_cast). Thread, errors and
/// lifetime as for Store. Long tasks give the store its turn between steps, tell how far they are, and throw
/// Cancelled soon after `stop` is requested, having changed nothing that anybody sees.
class LedgerUpkeep {
public:
    virtual ~LedgerUpkeep() = default;

    /// What a repricing would change.
    virtual QCoro::Task<Repricing> previewRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) = 0;
    /// Lays the new prices over the calls, all at once at the end. What was charged stays: reports tell both
    /// (PriceView), and undoRepricing() takes it back. Calls that are recorded later are not covered.
    virtual QCoro::Task<Repricing> applyRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) = 0;
    /// The repricings that are applied, the newest first.
    virtual QCoro::Task<std::vector<AppliedRepricing>> repricings() = 0;
    /// Takes the newest repricing back; the one before it, if any, shows again. Nothing when there is none.
    virtual QCoro::Task<std::optional<AppliedRepricing>> undoRepricing() = 0;

    /// Makes everything that reports read besides the calls again from them, and says what was wrong with it.
    virtual QCoro::Task<LedgerRebuild> rebuildPacks(LedgerProgress progress, std::stop_token stop) = 0;
    /// Gives the calls before `beforeMs` to `sink`, and removes them after `end`. Reports stay what they are;
    /// lists of calls end where the archive begins. Returns how many there were.
    virtual QCoro::Task<qint64> archiveCalls(
        qint64 beforeMs, CallSink sink, ArchiveEnd end, LedgerProgress progress, std::stop_token stop) = 0;
};

} // namespace llmcache
