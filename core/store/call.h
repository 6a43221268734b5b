#pragma once

#include "base/money.h"
#include "base/usage.h"

#include <QStringList>

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

namespace llmcache {

/// What became of a run.
enum class Outcome { Hit, Miss, Shared, Refreshed, Bypassed, Failed, Cancelled };
/// "hit", "miss", "shared", "refreshed", "bypassed", "failed", "cancelled".
QString outcomeName(Outcome outcome);
std::optional<Outcome> outcomeFromName(const QString& name);

/// One ledger record. A value; append only.
struct Call {
    QString id; ///< UUID without braces; the ledger takes each id once
    qint64 timeMs = 0; ///< UTC milliseconds, when the run ended
    QString agent;
    QString task;
    QString user;
    QString host;
    QString model; ///< `provider:model`
    Outcome outcome = Outcome::Miss;
    Usage usage; ///< of this run: billed tokens for a miss, the entry's for a hit
    std::optional<Money> cost; ///< billed by this run: $0 for hits; nothing = unpriced
    std::optional<Money> avoided; ///< what a hit or a shared wait saved; nothing = unpriced
    QString priceSource;
    std::chrono::milliseconds latency{0};
    std::optional<std::chrono::milliseconds> timeToFirstToken;
    bool unstored = false; ///< its answer was paid for and is in no entry
    int attempts = 0; ///< provider requests sent, retries included
    int rateLimits = 0; ///< of these, answered with "too many requests" (429)
    std::chrono::milliseconds waited{0}; ///< between attempts
    QString fingerprint;
    QString error; ///< kind of the error, for failures
    QStringList tags;

    /// What the call would have cost by the prices of a repricing that is applied. Laid over by the ledger
    /// when it lists calls, not a part of the record: `cost` and `avoided` stay as they were charged.
    struct Repriced {
        std::optional<Money> cost; ///< nothing = unpriced
        std::optional<Money> avoided;
        QString source; ///< of the prices
    };
    std::optional<Repriced> repriced;

    QString provider() const { return model.section(QLatin1Char(':'), 0, 0); }
};

Json toJson(const Call& call);
/// Throws CacheError when it is no call.
Call callFromJson(const Json& json);

/// What a cost report can be grouped by.
enum class Dimension {
    Model,
    Provider,
    Task,
    Agent,
    User,
    Outcome,
    Hour,
    Day,
    Month,
    Minute,
    Week,
    Host,
    Tag
};
/// Minute to month: what the time zone of the question cuts.
bool isTimeDimension(Dimension dimension);
QString dimensionName(Dimension dimension);
std::optional<Dimension> dimensionFromName(const QString& name);

/// A question to the ledger. Times are [fromMs, toMs) in UTC milliseconds.
struct CostQuery {
    qint64 fromMs = 0;
    qint64 toMs = std::numeric_limits<qint64>::max();
    std::vector<Dimension> groupBy; ///< in the order of the keys of a row; may be empty
    QByteArray timeZone = "UTC"; ///< IANA id; cuts the dimensions of time
    /// Only calls whose dimension has one of these values (not for dimensions of time).
    std::vector<std::pair<Dimension, QStringList>> filters;
};

/// Sums over some calls; exact.
struct CostSums {
    qint64 calls = 0;
    qint64 hits = 0; ///< hits and shared waits
    qint64 misses = 0; ///< calls that paid: miss, refreshed, bypassed
    qint64 failures = 0; ///< failed and cancelled
    qint64 unpriced = 0; ///< calls that paid an unknown amount
    Money cost;
    Money avoided;
    qint64 inputTokens = 0; ///< of calls that paid; likewise below
    qint64 outputTokens = 0;
    qint64 cacheReadTokens = 0;
    qint64 cacheWriteTokens = 0;
    qint64 reasoningTokens = 0;
    CostSums& operator+=(const CostSums& other);
    friend bool operator==(const CostSums&, const CostSums&) = default;
};
/// What one call adds to the sums.
CostSums sumsOf(const Call& call);

struct CostRow {
    QStringList keys; ///< one a group dimension; hours, days and months as "2026-11-23T14:00", "2026-11-23",
                      ///< "2026-11"
    CostSums sums;
};

struct CostReport {
    std::vector<CostRow> rows; ///< by cost, highest first; with a time dimension first: by time, oldest first
    CostSums total; ///< exactly the sum of the rows
};

QString dimensionValue(const Call& call, Dimension dimension);

} // namespace llmcache
