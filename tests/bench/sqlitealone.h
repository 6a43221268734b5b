#pragma once

#include "figures.h"

namespace llmcache::bench {

/// What SQLite by itself takes for the first `rows` entries of a store's file, with all that the file keeps
/// of an entry (its indexes and triggers): deleting them, and adding them again. The least that a deletion or
/// an import can take there. No store may have the file open.
std::vector<Figure> sqliteAloneFigures(const QString& path, int rows);

} // namespace llmcache::bench
