#pragma once

#include "store/store.h"

namespace llmcache::sqlite {

class Database;

// What happened to entries lately, but for hits: a row for all that one transaction changed in a workspace.
// Its number is how many changes there were up to and with it.

/// See Store::entryNews().
EntryNews entryNews(Database& database, const QByteArray& position);
/// Tells what the open transaction changed (Database::changed()), and forgets the oldest news.
void writeNews(Database& database);

} // namespace llmcache::sqlite
