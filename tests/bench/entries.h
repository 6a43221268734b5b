#pragma once

#include "figures.h"

namespace llmcache::bench {

/// `entries`: what the store and the command line do; `view`: what the Cache view does over the same rows. In
/// one of the stores or both.
struct EntryParts {
    bool entries = true;
    bool view = true;
    bool redis = true;
    bool sqlite = true;
};

/// What the views and the command line do with many entries, on the chosen stores: scan, search, sort,
/// delete, export, import. `folder` is for files; `rows` are stored in each store. It takes minutes: figures
/// are printed as they come.
void entryFigures(const QString& folder, int rows, EntryParts parts, const Print& print);

} // namespace llmcache::bench
