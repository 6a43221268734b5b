#pragma once

#include "costs/chartdata.h"
#include "costs/costsdata.h"
#include "costs/seriescolors.h"

namespace llmcache::ui {

// The charts of the view, out of what the ledger said.

ChartData spendChart(const CostsSnapshot& snapshot, const SeriesColors& colors);
ChartData savedChart(const CostsSnapshot& snapshot);
ChartData hitRateChart(const CostsSnapshot& snapshot);
/// Disjoint classes: input that no cache knew, cache reads and writes, reasoning, and other output.
ChartData tokensChart(const CostsSnapshot& snapshot);
/// How many runs cost how much.
ChartData runCostChart(const CostsSnapshot& snapshot);
/// p50, p95 and p99 of what was paid, or of hits.
ChartData latencyChart(const CostsSnapshot& snapshot, bool hits);
ChartData errorsChart(const CostsSnapshot& snapshot);

} // namespace llmcache::ui
