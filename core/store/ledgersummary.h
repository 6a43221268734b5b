#pragma once

#include "store/keptcalls.h"
#include "store/ledgerquery.h"

#include <QFuture>

#include <memory>

class QThreadPool;

namespace llmcache {

/// Adds a call to sums.
void addTo(LedgerSums& sums, const CallFigures& call);

/// Answers a LedgerQuery from calls, in any order; the meaning that every store must agree with. The
/// fingerprint of the selection is left to whoever adds the calls. Used by one thread at a time.
class LedgerSummary {
public:
    /// Throws ConfigurationError for an unknown zone, a filter by time, or groupings that make no sense.
    LedgerSummary(LedgerQuery query, std::shared_ptr<const NameTable> names);
    ~LedgerSummary();
    LedgerSummary(const LedgerSummary&) = delete;
    LedgerSummary& operator=(const LedgerSummary&) = delete;

    const LedgerQuery& query() const;
    /// Adds a call if it is in the range and passes the filters.
    void add(const CallFigures& call);
    /// Adds those of a block, whose names are in the same table.
    void add(const CallBlock& block);
    LedgerReport report() const;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

/// Adds blocks to a summary and reports, on a thread of the pool: questions that are asked together are
/// answered on all cores.
QFuture<LedgerReport> reportOn(
    QThreadPool& threads, std::shared_ptr<LedgerSummary> summary, CallBlocks blocks);

/// A report by one dimension that is not time, as the same query had answered it with `top`, ordered by what
/// that ranks by: so that one report serves for several.
LedgerReport withTop(LedgerReport report, const TopValues& top);

} // namespace llmcache
