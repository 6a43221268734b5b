#pragma once

#include "redis/redisurl.h"
#include "store/store.h"

namespace llmcache {

/// A workspace in Redis, shared with whoever uses the same server and workspace. Connects on first use.
/// Uses nothing that Redis 6.2 lacks, nor KEYS, CONFIG or FLUSHDB. Throws ConfigurationError for a workspace
/// name that is empty or longer than 200 characters.
std::unique_ptr<Store> makeRedisStore(redis::RedisUrl url, QString workspace);

} // namespace llmcache
