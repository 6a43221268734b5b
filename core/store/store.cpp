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

Store::~Store() = default;

} // namespace llmcache
