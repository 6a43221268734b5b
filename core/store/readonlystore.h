#pragma once

#include "store/store.h"

namespace llmcache {

/// `store`, for reading alone: every call that would store, change or delete something throws CacheError that
/// ends with `remedy`, before anything is sent, whatever the store is. Locks and cooldowns are refused, too.
std::unique_ptr<Store> makeReadOnly(std::unique_ptr<Store> store, QString remedy);

} // namespace llmcache
