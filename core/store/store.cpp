#include "store/store.h"

namespace llmcache {

CallPageQuery callPageQueryOf(const CallQuery& query)
{
    CallPageQuery page;
    page.selection.fromMs = query.fromMs;
    page.selection.toMs = query.toMs;
    page.selection.filters = query.filters;
    page.selection.fingerprint = query.fingerprint;
    page.limit = query.limit;
    return page;
}

QCoro::Task<CostReport> Store::costs(CostQuery query)
{
    LedgerQuery ledgerQuery = ledgerQueryOf(query);
    auto asking = report(std::move(ledgerQuery));
    const LedgerReport answer = co_await asking;
    co_return costReportOf(answer);
}

Store::~Store() = default;

} // namespace llmcache
