#pragma once

#include "figures.h"

namespace llmcache::bench {

/// Listing of entries that pyai-caching wrote, whose metadata is in their pickles.
std::optional<Figure> pythonListingFigure(int rows);

} // namespace llmcache::bench
