#pragma once

#include "store/sqlite/database_p.h"

namespace llmcache::test {

/// Puts the entries of a file of today back into the tables of version 7, with what told of their changes.
/// The version itself is left to the caller.
inline void makeEntriesOfVersion7(sqlite::Database& database)
{
    const char* const steps[] = {
        "ALTER TABLE entries RENAME TO entries_now",
        "DROP INDEX entries_expiry",
        "CREATE TABLE entries (id INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
        "fingerprint TEXT NOT NULL, v INTEGER NOT NULL, rev INTEGER NOT NULL, hits INTEGER NOT NULL, "
        "used_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER, meta BLOB NOT NULL, "
        "UNIQUE (workspace, fingerprint))",
        "INSERT INTO entries SELECT id, workspace, fingerprint, v, rev, hits, used_ms, 0, expires_ms, meta "
        "FROM entries_now",
        "INSERT INTO entry_bodies SELECT id, request, response FROM entries_now WHERE request IS NOT NULL",
        "DROP TABLE entries_now",
        "CREATE INDEX entries_expiry ON entries (expires_ms) WHERE expires_ms IS NOT NULL",
        "CREATE TRIGGER entries_deleted AFTER DELETE ON entries "
        "BEGIN DELETE FROM entry_bodies WHERE entry = old.id; END",
        "CREATE TRIGGER entry_bodies_added AFTER INSERT ON entry_bodies BEGIN "
        "INSERT OR REPLACE INTO text_pending VALUES (new.entry, 0); END",
        "DROP TABLE news",
        "CREATE TABLE news (seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, fingerprint TEXT NOT NULL)",
        "CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN INSERT INTO news (workspace, "
        "fingerprint) VALUES (new.workspace, new.fingerprint); END",
        "CREATE TRIGGER entries_changed AFTER UPDATE OF rev, expires_ms ON entries BEGIN INSERT INTO news "
        "(workspace, fingerprint) VALUES (new.workspace, new.fingerprint); END",
        "CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN INSERT INTO news (workspace, "
        "fingerprint) VALUES (old.workspace, old.fingerprint); END",
    };
    for (const char* const step : steps)
        database.execute(QLatin1String(step));
}

} // namespace llmcache::test
