#pragma once

#include "figures.h"

namespace llmcache::bench {

/// Listing of entries that pyai-caching wrote, whose metadata is in their pickles.
std::optional<Figure> pythonListingFigure(int rows);
/// Reading of one pickle of that size: models, dicts and lists of short texts and numbers.
Figure pickleFigure(int megabytes);

} // namespace llmcache::bench
