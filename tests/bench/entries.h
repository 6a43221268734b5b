#pragma once

#include "figures.h"

namespace llmcache::bench {

/// What the views and the command line do with many entries, on both stores: scan, search, sort, delete,
/// export, import. `folder` is for files; `rows` are stored in each store.
std::vector<Figure> entryFigures(const QString& folder, int rows);

} // namespace llmcache::bench
