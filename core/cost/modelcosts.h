#pragma once

#include "base/money.h"

#include <QMap>

namespace llmcache {

/// Custom prices of one model, in dollars per million tokens, as decimal text so that nothing is rounded. The
/// four numbers of pyai-caching.
struct ModelCosts {
    QString costPerMillionInputTokens{};
    QString costPerMillionOutputTokens{};
    QString costPerMillionCachingInputTokens{}; ///< cache writes; empty = the input price
    QString costPerMillionCachingHitTokens{}; ///< cache reads; empty = the input price
    friend bool operator==(const ModelCosts&, const ModelCosts&) = default;
};

/// By `provider:model` or by model alone; the longer form wins.
using CustomCosts = QMap<QString, ModelCosts>;

} // namespace llmcache
