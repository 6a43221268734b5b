#pragma once

#include "figures.h"

namespace llmcache::bench {

/// A ledger of that many calls of a year in each kind of store: appending, reports of a month, calls behind
/// a bar, repricing; and the speed of quotes.
std::vector<Figure> ledgerFigures(const QString& folder, qint64 rows);

} // namespace llmcache::bench
