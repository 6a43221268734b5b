#pragma once

#include "figures.h"

namespace llmcache::bench {

/// What somebody who looks at the Cache view notices, over a store that is filled already: when rows appear,
/// how long the window stands still while they come in and while one scrolls, how soon they are in another
/// order, how soon a value of 10 MB can be read, and what is left of the memory afterwards. `kind` names the
/// store.
void cacheViewFigures(const QString& kind, const QString& url, const QString& workspace,
    const QString& folder, const Print& print);

} // namespace llmcache::bench
