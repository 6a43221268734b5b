#pragma once

#include "store/store.h"

namespace llmcache::sqlite {

class Database;

// Reports on the ledger of the database's workspace. All throw CacheError, and ConfigurationError for a
// question that makes no sense.

LedgerReport reportOn(Database& database, const LedgerQuery& query);
CallPage pageOf(Database& database, const CallPageQuery& query);

} // namespace llmcache::sqlite
