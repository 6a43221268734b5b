#pragma once

#include "store/ledgersummary.h"
#include "store/store.h"

namespace llmcache::sqlite {

class Database;

// Reports on the ledger of the database's workspace. All throw CacheError, and ConfigurationError for a
// question that makes no sense.

/// A report, and what is still to be added to it, on any thread.
struct BegunReport {
    std::shared_ptr<LedgerSummary> summary;
    CallBlocks kept;
};
BegunReport beginReport(Database& database, const LedgerQuery& query);
CallPage pageOf(Database& database, const CallPageQuery& query);

} // namespace llmcache::sqlite
