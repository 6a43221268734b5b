#pragma once

#include "store/store.h"

namespace llmcache {

struct SqliteOptions {
    /// Keeps an index of prompts and answers (TextIndex), made and kept up while the store has nothing else
    /// to do: a search for a text then reads the few entries that may have it. It is about as large as the
    /// compressed texts themselves. Without it, every search reads all of them.
    bool indexesTexts = true;
};

/// A workspace in an SQLite file, which several processes may share. The file and its missing folders are
/// created, for their owner alone, when the store is first used; until then nothing is touched, and a file
/// that can't be used is an error of each call (a ConnectionError when it can't be opened, a CacheError
/// when it is no store, a ConfigurationError when a newer version wrote it).
///
/// The database lives on a thread of its own; calls are worked off in order. Destroying the store first
/// finishes the calls that were made. Throws ConfigurationError for an empty file name, and for a workspace
/// name that is empty or longer than 200 characters.
std::unique_ptr<Store> makeSqliteStore(QString filePath, QString workspace, SqliteOptions options = {});

} // namespace llmcache
