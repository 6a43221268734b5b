#pragma once

#include "store/callpack.h"
#include "store/ledgerupkeep.h"

namespace llmcache {

/// Prices calls again and sums up the difference. A call keeps what it was charged where nothing better is
/// known. `names` are those of the calls; must outlive it.
class Repricer {
public:
    Repricer(const RepricingRequest& request, const NameTable& names);
    /// The new price of a call as it was charged; not repriced outside of the range.
    NewPrice price(const CallFigures& call);
    Repricing result() const;

private:
    struct ModelState {
        ModelPrices prices;
        RepricedSums sums;
    };
    ModelState& stateOf(quint32 model);

    qint64 m_fromMs;
    qint64 m_toMs;
    PriceTable m_prices;
    const NameTable& m_names;
    std::vector<std::unique_ptr<ModelState>> m_models; ///< by name
    Usage m_usage;
};

} // namespace llmcache
