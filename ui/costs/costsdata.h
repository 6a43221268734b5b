#pragma once

#include "cache/session.h"
#include "costs/filterbar.h"
#include "costs/timespans.h"

#include <optional>

namespace llmcache::ui {

/// The parts of the view that are looked at one at a time; each asks the ledger for what it shows.
enum class CostsPage { Spend, Cache, Tokens, Latency, Prices };

/// What the view asks for.
struct CostsQuestion {
    CostsPage page = CostsPage::Spend;
    CostsRange range = CostsRange::Month;
    TimeSpan span; ///< the range as milliseconds
    std::optional<Dimension> bucket; ///< wanted for the time axis; nothing = what suits the span
    Dimension stackBy = Dimension::Model;
    QByteArray timeZone = "UTC";
    CostFilters filters;
    bool compare = true;
};

/// Sums of one series in every bucket of the range.
struct CostsSeries {
    QString name;
    bool isOther = false; ///< the sum of all that have no series of their own
    std::vector<LedgerSums> values;
};

/// All that the view shows: exact sums out of the ledger.
struct CostsSnapshot {
    CostsQuestion question;
    Dimension bucket = Dimension::Day;
    std::vector<Bucket> buckets; ///< oldest first, empty ones included
    std::vector<CostsSeries> series; ///< by spend, highest first; "other" last
    std::vector<LedgerSums> perBucket;
    LedgerReport byModel;
    LedgerReport byTask;
    QStringList unpricedModels; ///< with calls of unknown cost, most calls first
    LedgerSums total;
    bool hasRepriced = false;
    std::optional<LedgerSums> before; ///< nothing when not compared
    /// In the order of `buckets`, each over the times that it is compared with (see counterpartOf).
    std::vector<LedgerSums> beforePerBucket;
    Distributions distributions; ///< Tokens only
    std::vector<Bucket> latencyBuckets; ///< Latency only: fewer than `buckets` where there are many
    std::vector<Distributions> latencyPerBucket;
};

/// At most this many series have a colour of their own.
inline constexpr int mostSeries = 6;
/// Bars of a breakdown, before "other".
inline constexpr int mostBars = 7;

CallSelection selectionOf(const CostsQuestion& question);

/// Asks the ledger. The session must outlive the task; throws what its store throws.
QCoro::Task<CostsSnapshot> loadCosts(Session* session, CostsQuestion question);

/// The values of a dimension in a selection without its own filter, by calls: what it can be filtered by.
QCoro::Task<std::vector<ChoicePopup::Choice>> loadValues(
    Session* session, CallSelection selection, Dimension dimension);

/// The values of a report by one dimension, without "other".
QStringList namesOf(const LedgerReport& report);
/// All values of a dimension in a selection but these: what "other" stands for.
QCoro::Task<QStringList> loadOthers(
    Session* session, CallSelection selection, Dimension dimension, QStringList shown);

/// CSV of a report: one column a dimension, then all sums; decimal dollars.
QByteArray costsCsv(const std::vector<Dimension>& groupBy, const LedgerReport& report);
/// CSV of the sums by time, model and task.
QCoro::Task<QByteArray> loadSumsCsv(Session* session, CostsQuestion question);

} // namespace llmcache::ui
