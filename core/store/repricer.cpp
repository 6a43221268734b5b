#include "store/repricer.h"

#include <algorithm>

namespace llmcache {

QString versionOf(const PriceTable& prices)
{
    return prices.customCosts().isEmpty() ? prices.version()
                                          : prices.version() + QStringLiteral(" and custom costs");
}

QString sourceOfPrice(const std::vector<AppliedRepricing>& applied, qint64 id, qint64 timeMs)
{
    for (const AppliedRepricing& repricing : applied) {
        if (repricing.id <= id && timeMs >= repricing.fromMs && timeMs < repricing.toMs)
            return QStringLiteral("table ") + repricing.prices;
    }
    return {};
}

RepricedSums& RepricedSums::operator+=(const RepricedSums& other)
{
    calls += other.calls;
    changed += other.changed;
    unpricedBefore += other.unpricedBefore;
    unpricedAfter += other.unpricedAfter;
    kept += other.kept;
    before += other.before;
    after += other.after;
    avoidedBefore += other.avoidedBefore;
    avoidedAfter += other.avoidedAfter;
    return *this;
}

Repricer::Repricer(const RepricingRequest& request, const NameTable& names)
    : m_fromMs(request.fromMs)
    , m_toMs(request.toMs)
    , m_prices(request.prices)
    , m_names(names)
{
}

Repricer::ModelState& Repricer::stateOf(quint32 model)
{
    if (model >= m_models.size())
        m_models.resize(model + 1);
    auto& state = m_models[model];
    if (!state) {
        state = std::make_unique<ModelState>();
        state->prices = m_prices.pricesOf(m_names.text(model));
    }
    return *state;
}

NewPrice Repricer::price(const CallFigures& call)
{
    NewPrice price;
    if (call.timeMs < m_fromMs || call.timeMs >= m_toMs)
        return price;
    ModelState& state = stateOf(call.model);
    const bool served = call.outcome == Outcome::Hit || call.outcome == Outcome::Shared;
    // Who never sent a request paid nothing, and who was cut off before the usage came did not learn it.
    const bool hasUsage = call.inputTokens != 0 || call.outputTokens != 0 || call.webSearches != 0;
    const bool paysUnknown =
        !served && !call.isPriced && (call.attempts > 0 || call.outcome < Outcome::Failed);
    RepricedSums& sums = state.sums;
    ++sums.calls;
    sums.unpricedBefore += paysUnknown ? 1 : 0;
    sums.before += call.cost;
    sums.avoidedBefore += call.avoided;

    // Nor is anything derived from a part of what was billed: a request that went out, and was not refused,
    // and whose usage never came.
    const bool mayOweMore =
        paysUnknown && call.attempts - call.rateLimits > std::max<qint64>(call.requests, hasUsage ? 1 : 0);
    std::optional<Money> found;
    if (hasUsage && !mayOweMore) {
        m_usage.inputTokens = call.inputTokens;
        m_usage.outputTokens = call.outputTokens;
        m_usage.cacheReadTokens = call.cacheReadTokens;
        m_usage.cacheWriteTokens = call.cacheWriteTokens;
        m_usage.cacheWrite1hTokens = call.cacheWrite1hTokens;
        m_usage.reasoningTokens = call.reasoningTokens;
        m_usage.inputAudioTokens = call.inputAudioTokens;
        m_usage.cacheReadAudioTokens = call.cacheReadAudioTokens;
        m_usage.outputAudioTokens = call.outputAudioTokens;
        m_usage.webSearches = call.webSearches;
        m_usage.requests = call.requests;
        if (call.requests <= 1 || !state.prices.hasTiers(call.timeMs))
            found = state.prices.costOf(m_usage, call.timeMs);
    }
    if (!found) {
        sums.kept += 1;
        sums.unpricedAfter += paysUnknown ? 1 : 0;
        sums.after += call.cost;
        sums.avoidedAfter += call.avoided;
        return price;
    }
    price.isRepriced = true;
    price.isPriced = served ? call.isPriced : true;
    price.cost = served ? call.cost : *found;
    price.isAvoidedKnown = served ? true : call.isAvoidedKnown;
    price.avoided = served ? *found : call.avoided;
    sums.after += price.cost;
    sums.avoidedAfter += price.avoided;
    if (price.isPriced != call.isPriced || price.isAvoidedKnown != call.isAvoidedKnown
        || price.cost != call.cost || price.avoided != call.avoided)
        ++sums.changed;
    return price;
}

Repricing Repricer::result() const
{
    Repricing result;
    result.prices = versionOf(m_prices);
    for (std::size_t model = 0; model < m_models.size(); ++model) {
        if (!m_models[model])
            continue;
        result.total += m_models[model]->sums;
        result.models.emplace_back(m_names.text(static_cast<quint32>(model)), m_models[model]->sums);
    }
    const auto difference = [](const RepricedSums& sums) {
        const qint64 picodollars = (sums.after - sums.before).picodollars();
        return picodollars < 0 ? -picodollars : picodollars;
    };
    std::sort(result.models.begin(), result.models.end(), [&difference](const auto& left, const auto& right) {
        const qint64 one = difference(left.second);
        const qint64 other = difference(right.second);
        return one != other ? one > other : left.first < right.first;
    });
    return result;
}

} // namespace llmcache
