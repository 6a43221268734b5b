#include "costs/callarithmetic.h"

#include "base/error.h"
#include "widgets/format.h"

#include <QCoreApplication>

namespace llmcache::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("llmcache::ui::CallDetail", text);
}

} // namespace

CallArithmetic arithmeticOf(const Call& call, const PriceTable& prices)
{
    const bool served = call.outcome == Outcome::Hit || call.outcome == Outcome::Shared;
    const std::optional<Money> recorded = served ? call.avoided : call.cost;
    CallArithmetic arithmetic;
    if (call.usage.totalTokens() == 0 && call.usage.webSearches == 0) {
        arithmetic.sum = recorded;
        arithmetic.remark = tr("No tokens were reported for this call.");
        return arithmetic;
    }
    Quote quote;
    try {
        quote = prices.quote(call.model, call.usage, call.timeMs);
    } catch (const Error& error) {
        arithmetic.remark = error.message();
        return arithmetic;
    }
    arithmetic.lines = quote.lines;
    arithmetic.sum = quote.total;
    arithmetic.source = quote.source;
    if (!quote.total)
        arithmetic.remark = quote.problem;
    else if (!recorded)
        arithmetic.remark = tr("There was no price when the call was made; these are the prices of now.");
    else if (*recorded != *quote.total)
        arithmetic.remark = (call.usage.requests > 1
                ? tr("Recorded as %1: it took %2 requests, which are priced one by one, and prices may have "
                     "changed.")
                      .arg(QLatin1Char('$') + recorded->toDecimal(), format::count(call.usage.requests))
                : tr("Recorded as %1, by other prices (%2).")
                      .arg(QLatin1Char('$') + recorded->toDecimal(),
                          call.priceSource.isEmpty() ? tr("unknown source") : call.priceSource));
    return arithmetic;
}

} // namespace llmcache::ui
