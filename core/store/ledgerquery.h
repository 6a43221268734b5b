#pragma once

#include "store/call.h"
#include "store/loghistogram.h"

#include <array>

namespace llmcache {

// Questions to the ledger, for dashboards and reports. Store::report() answers a LedgerQuery with sums and
// distributions, Store::callPage() lists the calls behind any part of the answer. Both take the same filters,
// so that the calls of a bar are those of its row: add the row's keys to the filters, and narrow the range to
// the bucket for a key that is a time.

/// Which of the ledger's calls are meant: those in [fromMs, toMs) that pass all filters.
struct CallSelection {
    qint64 fromMs = 0; ///< UTC milliseconds
    qint64 toMs = std::numeric_limits<qint64>::max();
    /// A call passes a filter when its dimension has one of the values; for Dimension::Tag when one of its
    /// tags is among them (the empty text: when it has none). Not for dimensions of time.
    std::vector<std::pair<Dimension, QStringList>> filters;
    QString fingerprint{}; ///< only calls of this entry; empty = all
};
/// Throws ConfigurationError for a filter by a dimension of time.
void requireSound(const CallSelection& selection);
bool accepts(const CallSelection& selection, const Call& call);

/// What groups are ranked by.
enum class Measure { Billed, Avoided, Calls, Hits, Paid, Failures, Unpriced, Tokens };

/// Keep the `count` values of `dimension` with the highest totals over the whole selection; the sums of all
/// others go to rows whose key is LedgerKey::Other, so that rows still add up to the total exactly.
struct TopValues {
    Dimension dimension = Dimension::Model;
    int count = 10;
    Measure by = Measure::Billed;
};

/// Which prices money is in. Repricing is laid over the calls; what was charged when they were made stays.
enum class PriceView {
    Current, ///< repriced where a repricing is applied, as charged elsewhere
    AsCharged,
};

struct LedgerQuery {
    CallSelection selection;
    /// In the order of the keys of a row; may be empty. At most `mostGroups`, each once.
    std::vector<Dimension> groupBy;
    static constexpr std::size_t mostGroups = 6;
    QByteArray timeZone = "UTC"; ///< IANA id; cuts Minute, Hour, Day, Week, Month
    std::vector<TopValues> top; ///< for dimensions of groupBy that are not time
    Measure orderBy = Measure::Billed;
    PriceView prices = PriceView::Current;
    /// Also fill the histograms of rows and total: some KB a row, so for reports of few rows.
    bool distributions = false;
};

/// Sums over some calls; exact, saturating at the ends of 64 bits.
struct LedgerSums {
    std::array<qint64, 7> outcomes{}; ///< calls by Outcome
    qint64 unpriced = 0; ///< calls that paid an unknown amount
    Money billed;
    Money avoided; ///< what hits and shared waits did not pay
    qint64 avoidedUnknown = 0; ///< hits and shared waits of entries without a price

    // Tokens of calls that paid or failed, in the convention of Usage (input includes cache reads and
    // writes).
    qint64 inputTokens = 0;
    qint64 outputTokens = 0;
    qint64 cacheReadTokens = 0;
    qint64 cacheWriteTokens = 0;
    qint64 cacheWrite1hTokens = 0;
    qint64 reasoningTokens = 0;
    qint64 inputAudioTokens = 0;
    qint64 outputAudioTokens = 0;
    qint64 webSearches = 0;
    qint64 servedTokens = 0; ///< input and output of the entries that hits and shared waits were served from

    qint64 attempts = 0; ///< provider requests sent
    qint64 retriedCalls = 0; ///< calls that sent more than one request
    qint64 rateLimits = 0; ///< answers 429
    qint64 rateLimitedCalls = 0; ///< calls that got one
    qint64 waitedMs = 0; ///< between attempts
    qint64 latencyMs = 0; ///< of all calls together
    qint64 failed = 0; ///< calls with an error (Outcome::Failed); cancelled ones are no errors

    qint64 calls() const;
    qint64 of(Outcome outcome) const { return outcomes.at(static_cast<std::size_t>(outcome)); }
    qint64 hits() const { return of(Outcome::Hit) + of(Outcome::Shared); }
    qint64 paid() const { return of(Outcome::Miss) + of(Outcome::Refreshed) + of(Outcome::Bypassed); }
    qint64 failures() const { return of(Outcome::Failed) + of(Outcome::Cancelled); }
    qint64 tokens() const;
    /// Hits of all calls that asked the cache (hits, misses, shared waits); nothing when none did.
    std::optional<double> hitRate() const;
    /// Of the calls that sent a request; nothing when none did.
    std::optional<double> retryRate() const;
    std::optional<double> rateLimitRate() const;
    qint64 sendingCalls = 0; ///< calls that sent at least one request: what the two rates are shares of

    LedgerSums& operator+=(const LedgerSums& other);
    friend bool operator==(const LedgerSums&, const LedgerSums&) = default;
};
qint64 measureOf(const LedgerSums& sums, Measure measure);
/// The part of the sums that CostReport has.
CostSums costSumsOf(const LedgerSums& sums);

/// How values are spread; filled when LedgerQuery::distributions is set. Mergeable.
struct Distributions {
    LogHistogram paidLatency; ///< ms, of miss, refreshed and bypassed
    LogHistogram hitLatency; ///< ms, of hit and shared
    LogHistogram firstToken; ///< ms to the first token, of paid calls that streamed
    LogHistogram billed; ///< picodollars of paid calls with a price
    Distributions& operator+=(const Distributions& other);
    friend bool operator==(const Distributions&, const Distributions&) = default;
};

/// One key of a row.
struct LedgerKey {
    enum class Kind { Value, Time, Other };
    Kind kind = Kind::Value;
    /// The value; a time as "2026-11-23T14:05" (Minute, Hour), "2026-11-23", "2026-W48" (ISO), "2026-11";
    /// empty for Other. An hour that a clock change repeats is one key; its minutes are told apart, the later
    /// ones by their offset from UTC: "2026-10-25T02:30+01:00".
    QString text{};
    qint64 startMs = 0; ///< Time only: where the bucket begins, UTC milliseconds
    friend bool operator==(const LedgerKey&, const LedgerKey&) = default;
};

struct LedgerRow {
    std::vector<LedgerKey> keys; ///< one a dimension of groupBy
    LedgerSums sums;
    Distributions distributions;
};

struct LedgerReport {
    /// By LedgerQuery::orderBy, highest first, keys break ties; with a dimension of time first in groupBy: by
    /// time, oldest first, then likewise. Other comes after its sisters.
    std::vector<LedgerRow> rows;
    /// Exactly the sum of the rows, except where they are grouped by tag: a call is in the row of each of its
    /// tags and counts once here.
    LedgerRow total;
    qint64 firstMs = 0; ///< of the calls that were summed; 0 when there are none
    qint64 lastMs = 0;
    bool hasRepriced = false; ///< an applied repricing covers some of them
};
/// The same question and answer in the words of CostQuery.
LedgerQuery ledgerQueryOf(const CostQuery& query);
CostReport costReportOf(const LedgerReport& report);

/// A bucket of local time.
struct TimeBucket {
    QString text; ///< as in LedgerKey
    qint64 startMs = 0;
    qint64 endMs = 0; ///< exclusive
};
/// The buckets that [fromMs, toMs) touches, oldest first, also those without calls: the axis of a chart.
/// At most `mostBuckets`, the newest ones. Throws ConfigurationError for an unknown zone or a dimension that
/// is no time.
std::vector<TimeBucket> timeBuckets(
    Dimension dimension, const QByteArray& timeZone, qint64 fromMs, qint64 toMs);
inline constexpr int mostBuckets = 20'000;

/// A page of calls, newest first. Filters that few calls pass make the store look at many.
struct CallPageQuery {
    CallSelection selection;
    QByteArray cursor{}; ///< of the page before; empty for the first
    int limit = 200; ///< 1 to mostCalls
    static constexpr int mostCalls = 10'000;
};
struct CallPage {
    /// By time, then id, both descending: the same order in every store, so that a call that arrives
    /// meanwhile moves nothing.
    std::vector<Call> calls;
    QByteArray cursor; ///< give it to the next call; empty after the last page
};
/// The order of pages, and the place in it that a cursor marks.
bool comesBefore(const Call& left, const Call& right);
QByteArray cursorOf(const Call& call);
struct CallPosition {
    qint64 timeMs = 0;
    QString id;
    bool isBefore(const Call& call) const; ///< whether the call is on a later page
};
/// Nothing for an empty cursor; throws CacheError for one that is none.
std::optional<CallPosition> positionOf(const QByteArray& cursor);

} // namespace llmcache
