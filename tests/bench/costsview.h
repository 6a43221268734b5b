#pragma once

#include "figures.h"

namespace llmcache::bench {

/// What somebody who looks at the Costs view notices, over a ledger that is filled already and ends at
/// `nowMs` (UTC milliseconds): when the first charts of a month are painted, how soon they are painted again
/// after another grouping, filter or page was chosen, and how long the window stands still meanwhile. `kind`
/// names the store.
std::vector<Figure> costsViewFigures(
    const QString& kind, const QString& url, const QString& workspace, const QString& folder, qint64 nowMs);

} // namespace llmcache::bench
