#include "store/sqlite/texttable_p.h"

#include "base/error.h"
#include "store/imagefilter.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/entrytable_p.h"
#include "store/sqlite/textquery_p.h"
#include "store/storedjson_p.h"

namespace llmcache::sqlite {

namespace {

/// Entries that are indexed together at most.
constexpr qint64 largestSlice = 500;
/// Longer texts are not indexed: they would take long, and are few enough to be read.
constexpr qsizetype longestText = 1024 * 1024;
/// Rest that is always tolerated.
constexpr qint64 toleratedRest = 1'000;

/// The texts of an entry as they are indexed; nothing for one that has to be read instead.
std::optional<QString> indexedText(const QByteArray& packedRequest, const QByteArray& packedResponse)
{
    try {
        const Json request = parseStored(unpackField(packedRequest), QStringLiteral("The request"));
        const Json response = parseStored(unpackField(packedResponse), QStringLiteral("The response"));
        QString text = foldedTexts(searchedTexts(request, response));
        if (text.size() <= longestText)
            return text;
    } catch (const CacheError&) {
        // Damaged: whoever reads it says so.
    }
    return std::nullopt;
}

/// Begins anew when most of the index is about texts that are gone.
void dropRest(Database& database)
{
    const qint64 indexed = countIndexed(database);
    if (indexed <= toleratedRest)
        return;
    const qint64 live = database.number(QStringLiteral("SELECT COUNT(*) FROM entries"));
    if (indexed <= 2 * live + toleratedRest)
        return;
    database.execute(QStringLiteral("INSERT INTO entry_texts (entry_texts) VALUES ('delete-all')"));
    database.execute(QStringLiteral("UPDATE text_state SET generation = generation + 1, indexed = 0"));
    database.execute(
        QStringLiteral("INSERT OR REPLACE INTO text_pending (entry, kept) SELECT id, 0 FROM entries"));
}

/// In the order of the ids, which is the quickest for FTS5.
qint64 indexPending(Database& database, const std::function<bool()>& isEnough)
{
    Statement select =
        database.prepare(QStringLiteral("SELECT p.entry, %1, %2 FROM text_pending p LEFT JOIN entries e "
                                        "ON e.id = p.entry%3 WHERE p.kept = 0 ORDER BY p.entry LIMIT ?")
                             .arg(requestColumn(), responseColumn(), withBodies()));
    qint64 indexed = 0;
    std::vector<std::pair<qint64, bool>> looked; // ids, and whether they stay to be read
    select.run(largestSlice);
    while (select.next()) {
        const qint64 entry = select.integer(0);
        const bool isGone = select.isNull(1);
        const auto text = isGone ? std::nullopt : indexedText(select.bytes(1), select.bytes(2));
        if (text) {
            database.prepare(QStringLiteral("INSERT INTO entry_texts (rowid, text) VALUES (?, ?)"))
                .run(entry, *text);
            ++indexed;
        }
        looked.emplace_back(entry, !isGone && !text);
        if (isEnough())
            break;
    }
    for (const auto& [entry, isKept] : looked) {
        if (isKept)
            database.prepare(QStringLiteral("UPDATE text_pending SET kept = 1 WHERE entry = ?")).run(entry);
        else
            database.prepare(QStringLiteral("DELETE FROM text_pending WHERE entry = ?")).run(entry);
    }
    return indexed;
}

} // namespace

bool openTextIndex(Database& database)
{
    if (database.number(QStringLiteral("SELECT COUNT(*) FROM sqlite_master WHERE name = 'entry_texts'")) > 0)
        return true;
    try {
        // No positions and no texts: single groups of letters are all that is asked for.
        database.execute(QStringLiteral("CREATE VIRTUAL TABLE IF NOT EXISTS entry_texts USING fts5 (text, "
                                        "content='', detail=none, columnsize=0, "
                                        "tokenize='trigram case_sensitive 1')"));
        return true;
    } catch (const Error&) {
        return false;
    }
}

bool indexSomeTexts(Database& database, const std::function<bool()>& isEnough)
{
    const auto isUpToDate = [&database] {
        return database.number(QStringLiteral("SELECT 1 FROM text_pending WHERE kept = 0 LIMIT 1")) == 0;
    };
    if (isUpToDate())
        return false; // as a rule, and nothing is written for it
    const Impatience impatient(database);
    if (!openTextIndex(database))
        return false;
    Transaction transaction(database, Transaction::Mode::Write);
    const qint64 indexed = indexPending(database, isEnough);
    if (indexed > 0)
        database
            .prepare(
                QStringLiteral("UPDATE text_state SET generation = generation + 1, indexed = indexed + ?"))
            .run(indexed);
    if (isUpToDate())
        dropRest(database);
    transaction.commit();
    return !isUpToDate();
}

qint64 countIndexed(Database& database)
{
    return database.number(QStringLiteral("SELECT indexed FROM text_state"));
}

qint64 countUnindexed(Database& database)
{
    return database.number(QStringLiteral("SELECT COUNT(*) FROM text_pending WHERE kept = 0"));
}

qint64 textGeneration(Database& database)
{
    return database.number(QStringLiteral("SELECT generation FROM text_state"));
}

TextWindow textCandidatesBetween(Database& database, const QString& query, qint64 from, qint64 nowMs)
{
    const Transaction snapshot(database, Transaction::Mode::Read);
    TextWindow window;
    // FTS5 knows no column of its table but the row's number.
    Statement select = database.prepare(
        QStringLiteral("SELECT e.fingerprint FROM entry_texts t JOIN entries e ON e.id = t.rowid "
                       "WHERE t.entry_texts MATCH ? AND t.rowid >= ? AND t.rowid < ? AND e.workspace = ? "
                       "AND (e.expires_ms IS NULL OR e.expires_ms > ?)"));
    select.run(query, from, from + textWindow, database.workspace(), nowMs);
    while (select.next())
        window.fingerprints.append(select.text(0));
    if (database.number(QStringLiteral("SELECT MAX(id) FROM entries")) >= from + textWindow)
        window.next = from + textWindow;
    return window;
}

std::optional<QStringList> unindexedTexts(Database& database, qint64 most, qint64 nowMs)
{
    // To look all of them up only to give up takes a hundred times longer than to count them. Where there are
    // other workspaces they may be theirs.
    if (database.number(QStringLiteral("SELECT COUNT(*) FROM workspaces")) == 1) {
        Statement count =
            database.prepare(QStringLiteral("SELECT COUNT(*) FROM (SELECT 1 FROM text_pending LIMIT ?)"));
        if (count.run(most + 1).next() && count.integer(0) > most)
            return std::nullopt;
    }
    QStringList fingerprints;
    Statement select = database.prepare(
        QStringLiteral("SELECT e.fingerprint FROM text_pending p JOIN entries e ON e.id = p.entry "
                       "WHERE e.workspace = ? AND (e.expires_ms IS NULL OR e.expires_ms > ?) LIMIT ?"));
    select.run(database.workspace(), nowMs, most + 1);
    while (select.next())
        fingerprints.append(select.text(0));
    if (fingerprints.size() > most)
        return std::nullopt;
    return fingerprints;
}

} // namespace llmcache::sqlite
