#pragma once

#include "store/store.h"

namespace llmcache::sqlite {

class Database;

/// See Store::entryNews().
EntryNews entryNews(Database& database, const QByteArray& position);
/// Forgets the oldest news, in the transaction that made new ones.
void trimNews(Database& database);

} // namespace llmcache::sqlite
