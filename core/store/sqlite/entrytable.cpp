#include "store/sqlite/entrytable_p.h"

#include "store/sqlite/changetable_p.h"
#include "store/sqlite/database_p.h"
#include "store/storedjson_p.h"

#include <algorithm>
#include <functional>

namespace llmcache::sqlite {

namespace {

constexpr int largestPage = 10'000;
/// Rows of other workspaces that a page passes over at most: it should not take long.
constexpr qint64 othersPerPage = 20'000;
/// Expired entries deleted along with each commit: more than are written, so that they run out.
constexpr qint64 purgeBatch = 20;
/// How long a released lock is remembered for waiters that poll.
constexpr qint64 lockMemoryMs = 60 * 60 * 1000;
/// Texts of so many bytes, with the metadata, stand in the row itself: it fits into a page of 4 KB, and to
/// count a hit rewrites no other.
constexpr qsizetype longestInRow = 3000;

std::optional<qint64> expiryOf(std::optional<std::chrono::seconds> ttl, qint64 nowMs)
{
    // A lifetime beyond what the clock can count is no limit at all.
    if (!ttl || ttl->count() > (std::numeric_limits<qint64>::max() - nowMs) / 1000)
        return std::nullopt;
    return nowMs + std::chrono::milliseconds(*ttl).count();
}

/// Columns fingerprint, v, rev, hits, used_ms, expires_ms, meta, from the first.
EntryMeta metaFromRow(const Statement& row)
{
    const QString fingerprint = row.text(0);
    if (row.integer(1) != entryFormat)
        throw CacheError(QStringLiteral("Entry %1 has format %2, which this program does not know.")
                             .arg(fingerprint)
                             .arg(row.integer(1)),
            QStringLiteral("Update the program, or delete the entry."));
    EntryMeta meta = entryMetaFromText(row.bytes(6), fingerprint);
    meta.revision = row.integer(2);
    meta.hits = row.integer(3);
    meta.lastUsedMs = row.integer(4);
    if (!row.isNull(5))
        meta.expiresMs = row.integer(5);
    return meta;
}

void purge(Database& database, qint64 nowMs)
{
    {
        Statement remove = database.prepare(
            QStringLiteral("DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE expires_ms <= ? "
                           "LIMIT ?) RETURNING workspace, fingerprint"));
        remove.run(nowMs, purgeBatch);
        while (remove.next())
            database.changed(remove.integer(0), remove.text(1));
    }
    database.prepare(QStringLiteral("DELETE FROM locks WHERE expires_ms <= ?")).run(nowMs - lockMemoryMs);
}

struct Cursor {
    qint64 total = 0;
    qint64 scanned = 0;
    qint64 after = 0; ///< id of the last row looked at
};

QByteArray toBytes(const Cursor& cursor)
{
    return QByteArray::number(cursor.total) + ' ' + QByteArray::number(cursor.scanned) + ' '
        + QByteArray::number(cursor.after);
}

Cursor cursorFrom(const QByteArray& bytes)
{
    const auto first = bytes.indexOf(' ');
    const auto second = bytes.indexOf(' ', first + 1);
    Cursor cursor;
    bool totalOk = false;
    bool scannedOk = false;
    bool afterOk = false;
    if (first > 0 && second > 0) {
        cursor.total = bytes.first(first).toLongLong(&totalOk);
        cursor.scanned = bytes.sliced(first + 1, second - first - 1).toLongLong(&scannedOk);
        cursor.after = bytes.sliced(second + 1).toLongLong(&afterOk);
    }
    if (!totalOk || !scannedOk || !afterOk)
        throw CacheError(QStringLiteral("The position in the list of entries is not one of this store."),
            QStringLiteral("List from the beginning."));
    return cursor;
}

} // namespace

std::optional<qint64> revisionOf(Database& database, const QString& fingerprint, qint64 nowMs)
{
    static const QString question =
        QStringLiteral("SELECT rev FROM entries WHERE %1 AND (expires_ms IS NULL OR expires_ms > ?)")
            .arg(isEntry());
    Statement select = database.prepare(question);
    if (!select.run(database.workspace(), headOf(fingerprint), fingerprint, nowMs).next())
        return std::nullopt;
    return select.integer(0);
}

namespace {

const QString& lookupQuestion(EntryParts parts)
{
    static const auto ask = [](const QString& texts) {
        return QStringLiteral("SELECT fingerprint, v, rev, hits, used_ms, expires_ms, meta%1 WHERE %2 "
                              "AND (expires_ms IS NULL OR expires_ms > ?)")
            .arg(texts, isEntry());
    };
    static const QString meta = ask(QStringLiteral(" FROM entries"));
    static const QString answer =
        ask(QStringLiteral(", %1 FROM entries e%2").arg(responseColumn(), withBodies()));
    static const QString all =
        ask(QStringLiteral(", %1, %2 FROM entries e%3").arg(responseColumn(), requestColumn(), withBodies()));
    return parts == EntryParts::Meta ? meta : parts == EntryParts::Answer ? answer : all;
}

} // namespace

std::optional<Entry> lookupEntry(
    Database& database, const QString& fingerprint, EntryParts parts, qint64 nowMs)
{
    Statement select = database.prepare(lookupQuestion(parts));
    if (!select.run(database.workspace(), headOf(fingerprint), fingerprint, nowMs).next())
        return std::nullopt;
    if (parts != EntryParts::Meta && select.isNull(7))
        return std::nullopt; // without its texts there is nothing to answer with
    Entry entry;
    entry.meta = metaFromRow(select);
    if (parts != EntryParts::Meta)
        responseFromText(unpackField(select.bytes(7)), entry);
    if (parts == EntryParts::All)
        entry.request = parseStored(
            unpackField(select.bytes(8)), QStringLiteral("The request of entry %1").arg(fingerprint));
    return entry;
}

namespace {

bool fitsIntoRow(const EntryRow& row)
{
    return row.meta.size() + row.request.size() + row.response.size() <= longestInRow;
}

/// NULL where the texts stand apart.
std::optional<QByteArray> inRow(const QByteArray& text, bool fits)
{
    return fits ? std::optional(text) : std::nullopt;
}

void writeBody(Database& database, qint64 id, const EntryRow& row)
{
    database
        .prepare(
            QStringLiteral("INSERT OR REPLACE INTO entry_bodies (entry, request, response) VALUES (?, ?, ?)"))
        .run(id, row.request, row.response);
}

std::optional<qint64> idOf(Database& database, const QString& fingerprint)
{
    static const QString question = QStringLiteral("SELECT id FROM entries WHERE ") + isEntry();
    Statement select = database.prepare(question);
    if (!select.run(database.workspace(), headOf(fingerprint), fingerprint).next())
        return std::nullopt;
    return select.integer(0);
}

/// False where there is one of its fingerprint.
bool insertRow(Database& database, const EntryRow& row)
{
    const bool fits = fitsIntoRow(row);
    Statement insert = database.prepare(QStringLiteral(
        "INSERT INTO entries (workspace, head, fingerprint, v, rev, hits, used_ms, expires_ms, meta, "
        "request, response) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    insert.run(database.workspace(), headOf(row.fingerprint), row.fingerprint, row.format, row.revision,
        row.hits, row.usedMs, row.expiresMs, row.meta, inRow(row.request, fits), inRow(row.response, fits));
    if (insert.changes() == 0)
        return false;
    if (!fits)
        writeBody(database, insert.insertedId(), row);
    return true;
}

void replaceRow(Database& database, qint64 id, const EntryRow& row)
{
    const bool fits = fitsIntoRow(row);
    database
        .prepare(QStringLiteral("UPDATE entries SET v = ?, rev = ?, hits = ?, used_ms = ?, "
                                "expires_ms = ?, meta = ?, request = ?, response = ? WHERE id = ?"))
        .run(row.format, row.revision, row.hits, row.usedMs, row.expiresMs, row.meta,
            inRow(row.request, fits), inRow(row.response, fits), id);
    if (fits)
        database.prepare(QStringLiteral("DELETE FROM entry_bodies WHERE entry = ?")).run(id);
    else
        writeBody(database, id, row);
}

} // namespace

bool addRow(Database& database, const EntryRow& row)
{
    if (!insertRow(database, row))
        return false;
    database.changed(database.workspace(), row.fingerprint);
    return true;
}

void writeRow(Database& database, const EntryRow& row)
{
    if (const auto id = idOf(database, row.fingerprint))
        replaceRow(database, *id, row);
    else
        insertRow(database, row);
    database.changed(database.workspace(), row.fingerprint);
}

qint64 commitEntry(Database& database, const Commit& commit, qint64 nowMs)
{
    const QString fingerprint = commit.entry.meta.fingerprint;
    if (fingerprint.isEmpty())
        throw CacheError(QStringLiteral("An entry without a fingerprint can't be stored."));
    const EntryFields fields = toFields(commit.entry, 0); // the revision is counted below
    const auto expiresMs = expiryOf(commit.ttl, nowMs);
    Transaction transaction(database, Transaction::Mode::Durable);
    const qint64 revision = revisionOf(database, fingerprint, nowMs).value_or(0) + 1;
    writeRow(database,
        {fingerprint, entryFormat, revision, 0, 0, expiresMs, fields["meta"], fields["request"],
            fields["response"]});
    if (!commit.lockToken.isEmpty())
        releaseLock(database, fingerprint, commit.lockToken, QString());
    purge(database, nowMs);
    transaction.commit();
    return revision;
}

qint64 removeEntries(Database& database, const QStringList& fingerprints, qint64 nowMs)
{
    static const QString removal =
        QStringLiteral("DELETE FROM entries WHERE %1 RETURNING expires_ms").arg(isEntry());
    qint64 removed = 0;
    Transaction transaction(database, Transaction::Mode::Write);
    for (const QString& fingerprint : fingerprints) {
        Statement remove = database.prepare(removal);
        remove.run(database.workspace(), headOf(fingerprint), fingerprint);
        while (remove.next()) {
            database.changed(database.workspace(), fingerprint);
            removed += remove.isNull(0) || remove.integer(0) > nowMs ? 1 : 0;
        }
    }
    transaction.commit();
    return removed;
}

namespace {

/// Gives the next rows of the workspace to `take`, and moves on; false at the end. The question asks for
/// the columns of metaFromRow(), then workspace and id.
bool walk(Database& database, const QString& question, Cursor& cursor, int pageSize, qint64 nowMs,
    const std::function<void(const Statement& row)>& take)
{
    const qint64 size = std::clamp(pageSize, 1, largestPage);
    Statement select = database.prepare(question);
    select.run(cursor.after);
    qint64 rows = 0;
    qint64 others = 0;
    while (rows < size && others < othersPerPage && select.next()) {
        cursor.after = select.integer(8);
        const bool isExpired = !select.isNull(5) && select.integer(5) <= nowMs;
        if (select.integer(7) != database.workspace() || isExpired) {
            ++others;
            continue;
        }
        ++rows;
        take(select);
    }
    cursor.scanned += rows;
    return rows == size || others == othersPerPage;
}

Cursor beginOrGoOn(Database& database, const QByteArray& bytes, qint64 nowMs)
{
    if (!bytes.isEmpty())
        return cursorFrom(bytes);
    Cursor cursor;
    cursor.total = countEntries(database, nowMs);
    return cursor;
}

template <typename Page>
void setProgress(Page& page, const Cursor& cursor, bool hasMore)
{
    page.scanned = cursor.scanned;
    page.total = std::max(cursor.total, cursor.scanned);
    if (hasMore)
        page.cursor = toBytes(cursor);
}

} // namespace

// Both by the id, which an entry keeps for as long as it exists: what exists throughout the listing comes
// exactly once. That is also the order in which they lie in the file, and whoever changes what was listed
// touches each part of it once.

EntryPage listEntries(Database& database, const QByteArray& cursorBytes, int pageSize, qint64 nowMs)
{
    Cursor cursor = beginOrGoOn(database, cursorBytes, nowMs);
    EntryPage page;
    const QString question =
        QStringLiteral("SELECT fingerprint, v, rev, hits, used_ms, expires_ms, meta, workspace, id "
                       "FROM entries WHERE id > ? ORDER BY id");
    const bool hasMore = walk(database, question, cursor, pageSize, nowMs, [&page](const Statement& row) {
        try {
            page.rows.push_back(metaFromRow(row));
        } catch (const CacheError& error) {
            // One damaged entry must not hide the others.
            qWarning("%s", error.what());
        }
    });
    setProgress(page, cursor, hasMore);
    return page;
}

ImagePage listImages(Database& database, const QByteArray& cursorBytes, int pageSize, qint64 nowMs)
{
    Cursor cursor = beginOrGoOn(database, cursorBytes, nowMs);
    ImagePage page;
    const QString question =
        QStringLiteral("SELECT e.fingerprint, e.v, e.rev, e.hits, e.used_ms, e.expires_ms, e.meta, "
                       "e.workspace, e.id, %1, %2 FROM entries e%3 WHERE e.id > ? ORDER BY e.id")
            .arg(requestColumn(), responseColumn(), withBodies());
    const bool hasMore = walk(database, question, cursor, pageSize, nowMs, [&page](const Statement& row) {
        if (row.isNull(9))
            return; // its texts are lost
        EntryRow found{row.text(0), row.integer(1), row.integer(2), row.integer(3), row.integer(4), {},
            row.bytes(6), row.bytes(9), row.bytes(10)};
        if (!row.isNull(5))
            found.expiresMs = row.integer(5);
        page.images.push_back(imageOf(found));
    });
    setProgress(page, cursor, hasMore);
    return page;
}

QStringList fingerprintsWith(Database& database, const QString& prefix, int limit, qint64 nowMs)
{
    const auto isHexDigit = [](QChar c) {
        return (c >= QLatin1Char('0') && c <= QLatin1Char('9'))
            || (c >= QLatin1Char('a') && c <= QLatin1Char('f'));
    };
    if (prefix.size() < 4 || !std::all_of(prefix.begin(), prefix.end(), isHexDigit))
        throw ConfigurationError(QStringLiteral("\"%1\" is no beginning of a fingerprint.").arg(prefix),
            QStringLiteral("Give at least 4 digits of it: 0 to 9 and a to f."));
    QStringList found;
    const QString after = prefix + QLatin1Char('g'); // every digit sorts before it
    Statement select = database.prepare(
        QStringLiteral("SELECT fingerprint FROM entries WHERE workspace = ? AND head >= ? AND head <= ? "
                       "AND fingerprint >= ? AND fingerprint < ? "
                       "AND (expires_ms IS NULL OR expires_ms > ?) ORDER BY fingerprint LIMIT ?"));
    select.run(database.workspace(), headOf(prefix), headOf(after), prefix, after, nowMs,
        static_cast<qint64>(std::max(0, limit)));
    while (select.next())
        found.append(select.text(0));
    return found;
}

qint64 countEntries(Database& database, qint64 nowMs)
{
    // Both from indexes: a condition on the expiry would read the metadata of all entries.
    Statement all = database.prepare(QStringLiteral("SELECT COUNT(*) FROM entries WHERE workspace = ?"));
    const qint64 count = all.run(database.workspace()).next() ? all.integer(0) : 0;
    Statement expired =
        database.prepare(QStringLiteral("SELECT COUNT(*) FROM entries INDEXED BY "
                                        "entries_expiry WHERE expires_ms <= ? AND workspace = ?"));
    return count - (expired.run(nowMs, database.workspace()).next() ? expired.integer(0) : 0);
}

} // namespace llmcache::sqlite
