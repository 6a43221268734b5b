#pragma once

#include "cost/pricetable.h"
#include "store/call.h"

namespace llmcache::ui {

/// How the cost of a call comes about, out of its usage and a price table.
struct CallArithmetic {
    std::vector<PriceLine> lines;
    std::optional<Money> sum; ///< of the lines; nothing = the table has no price
    QString source; ///< of the prices in the lines
    QString remark; ///< where the sum is not what was charged, and why; empty when it is
};
/// For a hit: of what it saved. Never throws.
CallArithmetic arithmeticOf(const Call& call, const PriceTable& prices);

} // namespace llmcache::ui
