#include "store/sqlite/schema_p.h"

#include "store/sqlite/database_p.h"

#include <QDir>

namespace llmcache::sqlite {

namespace {

constexpr qint64 applicationId = 0x4C4C4D43; // "LLMC"

/// The sums of a cost report, which versions 2 to 6 kept with each call and by hour.
QString sumColumns()
{
    return QStringLiteral("n INTEGER NOT NULL, hits INTEGER NOT NULL, misses INTEGER NOT NULL, "
                          "failures INTEGER NOT NULL, unpriced INTEGER NOT NULL, cost INTEGER NOT NULL, "
                          "avoided INTEGER NOT NULL, input_tokens INTEGER NOT NULL, "
                          "output_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL, "
                          "cache_write_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL");
}

} // namespace

const std::vector<Migration>& migrations()
{
    static const std::vector<Migration> steps{
        // 1: entries, locks and agents. Bodies have a table of their own, so that counting a hit does not
        // rewrite a large answer and a listing does not read it.
        {
            QStringLiteral("CREATE TABLE workspaces (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"),
            QStringLiteral("CREATE TABLE entries (id INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "fingerprint TEXT NOT NULL, v INTEGER NOT NULL, rev INTEGER NOT NULL, "
                           "hits INTEGER NOT NULL, used_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL, "
                           "expires_ms INTEGER, meta BLOB NOT NULL, UNIQUE (workspace, fingerprint))"),
            QStringLiteral("CREATE INDEX entries_expiry ON entries (expires_ms) "
                           "WHERE expires_ms IS NOT NULL"),
            QStringLiteral("CREATE TABLE entry_bodies (entry INTEGER PRIMARY KEY, request BLOB NOT NULL, "
                           "response BLOB NOT NULL)"),
            QStringLiteral("CREATE TRIGGER entries_deleted AFTER DELETE ON entries "
                           "BEGIN DELETE FROM entry_bodies WHERE entry = old.id; END"),
            QStringLiteral("CREATE TABLE locks (workspace INTEGER NOT NULL, fingerprint TEXT NOT NULL, "
                           "token TEXT NOT NULL, expires_ms INTEGER NOT NULL, "
                           "released_token TEXT NOT NULL, failure TEXT NOT NULL, "
                           "PRIMARY KEY (workspace, fingerprint)) WITHOUT ROWID"),
            QStringLiteral("CREATE INDEX locks_expiry ON locks (expires_ms)"),
            QStringLiteral("CREATE TABLE agents (workspace INTEGER NOT NULL, name TEXT NOT NULL, "
                           "rev INTEGER NOT NULL, saved_ms INTEGER NOT NULL, saved_by TEXT NOT NULL, "
                           "definition BLOB NOT NULL, PRIMARY KEY (workspace, name)) WITHOUT ROWID"),
        },
        // 2: the ledger. Models, tasks, agents, users and outcomes repeat: they are numbers here.
        {
            QStringLiteral("CREATE TABLE names (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)"),
            QStringLiteral("CREATE TABLE calls (seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "id TEXT NOT NULL, time_ms INTEGER NOT NULL, model INTEGER NOT NULL, "
                           "task INTEGER NOT NULL, agent INTEGER NOT NULL, user INTEGER NOT NULL, "
                           "outcome INTEGER NOT NULL, fingerprint TEXT NOT NULL, ")
                + sumColumns() + QStringLiteral(", detail BLOB NOT NULL, UNIQUE (workspace, id))"),
            QStringLiteral("CREATE INDEX calls_time ON calls (workspace, time_ms)"),
            QStringLiteral("CREATE INDEX calls_fingerprint ON calls (workspace, fingerprint, time_ms)"),
            QStringLiteral("CREATE TABLE hours (workspace INTEGER NOT NULL, time_ms INTEGER NOT NULL, "
                           "model INTEGER NOT NULL, task INTEGER NOT NULL, agent INTEGER NOT NULL, "
                           "user INTEGER NOT NULL, outcome INTEGER NOT NULL, ")
                + sumColumns()
                + QStringLiteral(", PRIMARY KEY (workspace, time_ms, model, task, agent, user, outcome)) "
                                 "WITHOUT ROWID"),
        },
        // 3: what edits of entries replaced. Not bound to the entry, which may be deleted and put back.
        {
            QStringLiteral("CREATE TABLE revisions (id INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "fingerprint TEXT NOT NULL, saved_ms INTEGER NOT NULL, image BLOB NOT NULL)"),
            QStringLiteral("CREATE INDEX revisions_fingerprint ON revisions (workspace, fingerprint)"),
            QStringLiteral("CREATE INDEX revisions_saved ON revisions (saved_ms)"),
        },
        // 4: what happened to entries lately, for those who look at them. By triggers, so that nothing is
        // forgotten, but not for hits: they would write as much again as they cost now.
        {
            QStringLiteral("CREATE TABLE news (seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "fingerprint TEXT NOT NULL)"),
            QStringLiteral("CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN INSERT INTO news "
                           "(workspace, fingerprint) VALUES (new.workspace, new.fingerprint); END"),
            QStringLiteral("CREATE TRIGGER entries_changed AFTER UPDATE OF rev, expires_ms ON entries "
                           "BEGIN INSERT INTO news (workspace, fingerprint) "
                           "VALUES (new.workspace, new.fingerprint); END"),
            QStringLiteral("CREATE TRIGGER entries_removed AFTER DELETE ON entries BEGIN INSERT INTO news "
                           "(workspace, fingerprint) VALUES (old.workspace, old.fingerprint); END"),
        },
        // 5: which texts the search index lacks (see texttable_p.h), all of them at first. The index itself
        // is
        // made where it is used: not every SQLite can. By a trigger, so that
        // nothing is forgotten.
        {
            QStringLiteral("CREATE TABLE text_pending (entry INTEGER PRIMARY KEY, kept INTEGER NOT NULL)"),
            QStringLiteral("CREATE TABLE text_state (generation INTEGER NOT NULL, indexed INTEGER NOT NULL)"),
            QStringLiteral("INSERT INTO text_state VALUES (0, 0)"),
            QStringLiteral("INSERT INTO text_pending SELECT entry, 0 FROM entry_bodies"),
            QStringLiteral("CREATE TRIGGER entry_bodies_added AFTER INSERT ON entry_bodies BEGIN "
                           "INSERT OR REPLACE INTO text_pending VALUES (new.entry, 0); END"),
        },
        // 6: calls in packs, as reports read them, and prices laid over them (see packtable_p.h). Packs are
        // made when there is time.
        {
            QStringLiteral("CREATE TABLE packs (id INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "after INTEGER NOT NULL, upto INTEGER NOT NULL, first_ms INTEGER NOT NULL, "
                           "last_ms INTEGER NOT NULL, calls INTEGER NOT NULL, body BLOB NOT NULL)"),
            QStringLiteral("CREATE INDEX packs_time ON packs (workspace, last_ms)"),
            QStringLiteral("CREATE INDEX packs_sequence ON packs (workspace, upto)"),
            QStringLiteral("CREATE TABLE packed (workspace INTEGER PRIMARY KEY, upto INTEGER NOT NULL)"),
            QStringLiteral("CREATE TABLE repricings (id INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "applied INTEGER NOT NULL, applied_ms INTEGER NOT NULL, from_ms INTEGER NOT NULL, "
                           "to_ms INTEGER NOT NULL, prices TEXT NOT NULL, author TEXT NOT NULL)"),
            QStringLiteral("CREATE TABLE overlays (pack INTEGER NOT NULL, repricing INTEGER NOT NULL, "
                           "body BLOB NOT NULL, PRIMARY KEY (pack, repricing))"),
            QStringLiteral("CREATE INDEX overlays_repricing ON overlays (repricing)"),
        },
        // 7: no sums by hour any more. Packs answer every question, repriced ones and those of any time zone
        // too, and a call is recorded in less than half of the time.
        {
            QStringLiteral("DROP TABLE hours"),
            QStringLiteral("CREATE TABLE calls_7 (seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "id TEXT NOT NULL, time_ms INTEGER NOT NULL, model INTEGER NOT NULL, "
                           "task INTEGER NOT NULL, agent INTEGER NOT NULL, user INTEGER NOT NULL, "
                           "outcome INTEGER NOT NULL, fingerprint TEXT NOT NULL, detail BLOB NOT NULL, "
                           "UNIQUE (workspace, id))"),
            QStringLiteral(
                "INSERT INTO calls_7 SELECT seq, workspace, id, time_ms, model, task, agent, user, "
                "outcome, fingerprint, detail FROM calls"),
            QStringLiteral("DROP TABLE calls"),
            QStringLiteral("ALTER TABLE calls_7 RENAME TO calls"),
            QStringLiteral("CREATE INDEX calls_time ON calls (workspace, time_ms)"),
            QStringLiteral("CREATE INDEX calls_fingerprint ON calls (workspace, fingerprint, time_ms)"),
        },
        // 8: what a bulk change of entries costs, which is mostly pages that it writes. The index has the
        // beginning of a fingerprint instead of all of it, a fifth of the size; a trigger sees to it that
        // there is one entry of each. Short texts stand in the row itself, the others apart as
        // before, where what is stored stays until it is written anew. When an entry was made stands in its
        // metadata alone. News are told by the transaction, one
        // row for all of its entries.
        {
            QStringLiteral("CREATE TABLE entries_8 (id INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "head TEXT NOT NULL, fingerprint TEXT NOT NULL, v INTEGER NOT NULL, "
                           "rev INTEGER NOT NULL, hits INTEGER NOT NULL, used_ms INTEGER NOT NULL, "
                           "expires_ms INTEGER, meta BLOB NOT NULL, "
                           "request BLOB, response BLOB)"),
            QStringLiteral("INSERT INTO entries_8 SELECT id, workspace, substr(fingerprint, 1, 8), "
                           "fingerprint, v, rev, hits, used_ms, expires_ms, meta, NULL, NULL "
                           "FROM entries"),
            QStringLiteral("DROP TABLE entries"),
            QStringLiteral("ALTER TABLE entries_8 RENAME TO entries"),
            QStringLiteral("CREATE INDEX entries_head ON entries (workspace, head)"),
            QStringLiteral("CREATE TRIGGER entries_unique BEFORE INSERT ON entries WHEN EXISTS (SELECT 1 "
                           "FROM entries WHERE workspace = new.workspace AND head = new.head "
                           "AND fingerprint = new.fingerprint) BEGIN SELECT RAISE(IGNORE); END"),
            QStringLiteral("CREATE INDEX entries_expiry ON entries (expires_ms) "
                           "WHERE expires_ms IS NOT NULL"),
            QStringLiteral("CREATE TRIGGER entries_deleted AFTER DELETE ON entries "
                           "WHEN old.request IS NULL "
                           "BEGIN DELETE FROM entry_bodies WHERE entry = old.id; END"),
            QStringLiteral("DROP TRIGGER entry_bodies_added"),
            QStringLiteral("CREATE TRIGGER entries_added AFTER INSERT ON entries BEGIN "
                           "INSERT OR REPLACE INTO text_pending VALUES (new.id, 0); END"),
            QStringLiteral("CREATE TRIGGER entries_rewritten AFTER UPDATE OF request, response ON entries "
                           "BEGIN INSERT OR REPLACE INTO text_pending VALUES (new.id, 0); END"),
            QStringLiteral("DROP TABLE news"),
            QStringLiteral("CREATE TABLE news (seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, "
                           "changes INTEGER NOT NULL, fingerprints BLOB NOT NULL)"),
        },
    };
    return steps;
}

void migrate(Database& database, const std::vector<Migration>& steps)
{
    const auto newest = static_cast<qint64>(steps.size());
    const auto refuseNewer = [&](qint64 version) {
        if (version > newest)
            throw ConfigurationError(
                QStringLiteral("The store %1 was written by a newer version of this program (schema %2; this "
                               "one knows %3).")
                    .arg(QDir::toNativeSeparators(database.filePath()))
                    .arg(version)
                    .arg(newest),
                QStringLiteral("Update the program, or choose another file."));
    };
    const QString versionPragma = QStringLiteral("PRAGMA user_version");
    qint64 version = database.number(versionPragma);
    refuseNewer(version);
    if (version == newest)
        return;
    Transaction transaction(database, Transaction::Mode::Durable);
    version = database.number(versionPragma); // another process may have done it meanwhile
    refuseNewer(version);
    for (qint64 step = version; step < newest; ++step) {
        for (const QString& sql : steps.at(static_cast<std::size_t>(step)))
            database.execute(sql);
    }
    database.execute(QStringLiteral("PRAGMA application_id=%1").arg(applicationId));
    database.execute(QStringLiteral("PRAGMA user_version=%1").arg(newest));
    transaction.commit();
}

void refuseForeignFile(Database& database)
{
    // One snapshot: another process may be making the tables right now.
    const Transaction snapshot(database, Transaction::Mode::Read);
    const qint64 id = database.number(QStringLiteral("PRAGMA application_id"));
    if (id == applicationId)
        return;
    const qint64 tables = database.number(QStringLiteral("SELECT COUNT(*) FROM sqlite_master"));
    if (id != 0 || tables != 0)
        throw CacheError(QStringLiteral("The file %1 is a database of another program.")
                             .arg(QDir::toNativeSeparators(database.filePath())),
            QStringLiteral("Choose another file for the store."));
}

} // namespace llmcache::sqlite
