#pragma once

#include "figures.h"

namespace llmcache::bench {

/// A ledger of so many calls of a year in each kind of store.
struct LedgerPlan {
    QString folder;
    qint64 rows = 0;
    bool sqlite = true;
    bool redis = true;
    QString redisUrl; ///< a server that is there; empty = starts one
};

/// Appending, reports of a month, calls behind a bar, repricing; and the speed of quotes. Filling a ledger
/// takes most of the time: one that has calls is taken as it is.
std::vector<Figure> ledgerFigures(const LedgerPlan& plan);

} // namespace llmcache::bench
