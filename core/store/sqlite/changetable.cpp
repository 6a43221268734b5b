#include "store/sqlite/changetable_p.h"

#include "store/sqlite/database_p.h"
#include "store/sqlite/entrytable_p.h"
#include "store/store.h"

namespace llmcache::sqlite {

namespace {

const QByteArray version = QByteArrayLiteral("v");
const QByteArray revision = QByteArrayLiteral("rev");
const QByteArray metadata = QByteArrayLiteral("meta");
const QByteArray request = QByteArrayLiteral("request");
const QByteArray response = QByteArrayLiteral("response");
const QByteArray hits = QByteArrayLiteral("hits");
const QByteArray used = QByteArrayLiteral("used");

std::optional<EntryImage> readImage(Database& database, const QString& fingerprint, qint64 nowMs)
{
    static const QString question =
        QStringLiteral("SELECT v, rev, hits, used_ms, expires_ms, meta, %1, %2 FROM entries e%3 WHERE %4 "
                       "AND (expires_ms IS NULL OR expires_ms > ?)")
            .arg(requestColumn(), responseColumn(), withBodies(), isEntry());
    Statement select = database.prepare(question);
    if (!select.run(database.workspace(), headOf(fingerprint), fingerprint, nowMs).next() || select.isNull(6))
        return std::nullopt;
    EntryRow row{fingerprint, select.integer(0), select.integer(1), select.integer(2), select.integer(3), {},
        select.bytes(5), select.bytes(6), select.bytes(7)};
    if (!select.isNull(4))
        row.expiresMs = select.integer(4);
    return imageOf(row);
}

EntryRow rowOf(const EntryImage& image)
{
    const EntryFields& fields = image.fields;
    return {image.fingerprint, fields.value(version).toLongLong(), image.revision(),
        fields.value(hits).toLongLong(), fields.value(used).toLongLong(), image.expiresMs,
        fields.value(metadata), fields.value(request), fields.value(response)};
}

void keepRevision(Database& database, const EntryChange& change, qint64 nowMs)
{
    const qint64 forgetBefore = nowMs - std::chrono::milliseconds(Store::revisionTime).count();
    database.prepare(QStringLiteral("DELETE FROM revisions WHERE saved_ms < ?")).run(forgetBefore);
    database
        .prepare(QStringLiteral(
            "INSERT INTO revisions (workspace, fingerprint, saved_ms, image) VALUES (?, ?, ?, ?)"))
        .run(database.workspace(), change.fingerprint, nowMs, change.kept);
    // A change makes its predecessors live as long as itself, as on Redis.
    database
        .prepare(QStringLiteral("UPDATE revisions SET saved_ms = ? WHERE workspace = ? AND fingerprint = ?"))
        .run(nowMs, database.workspace(), change.fingerprint);
    database
        .prepare(QStringLiteral("DELETE FROM revisions WHERE workspace = ? AND fingerprint = ? AND id NOT IN "
                                "(SELECT id FROM revisions WHERE workspace = ? AND fingerprint = ? "
                                "ORDER BY id DESC LIMIT ?)"))
        .run(database.workspace(), change.fingerprint, database.workspace(), change.fingerprint,
            qint64(Store::mostRevisions));
}

/// Removes an entry of one revision; false when there is none.
bool removeRow(Database& database, const EntryChange& change, qint64 nowMs)
{
    static const QString removal =
        QStringLiteral("DELETE FROM entries WHERE %1 AND rev = ? AND (expires_ms IS NULL OR expires_ms > ?)")
            .arg(isEntry());
    Statement remove = database.prepare(removal);
    remove.run(
        database.workspace(), headOf(change.fingerprint), change.fingerprint, change.expectedRevision, nowMs);
    if (remove.changes() == 0)
        return false;
    database.changed(database.workspace(), change.fingerprint);
    return true;
}

/// Changes what stands beside the texts, which may be large and stay as they are.
void updateRow(Database& database, const EntryChange& change)
{
    QStringList columns;
    QVariantList values;
    const auto set = [&](const char* column, const QVariant& value) {
        columns.append(QLatin1String(column) + QLatin1String(" = ?"));
        values.append(value);
    };
    const std::pair<QByteArray, const char*> numbers[] = {
        {version, "v"}, {revision, "rev"}, {hits, "hits"}, {used, "used_ms"}};
    for (const auto& [field, column] : numbers) {
        if (change.fields.contains(field))
            set(column, change.fields.value(field).toLongLong());
    }
    if (change.fields.contains(metadata))
        set("meta", Statement::toVariant(change.fields.value(metadata)));
    if (change.setsExpiry)
        set("expires_ms", Statement::toVariant(change.expiresMs));
    if (columns.isEmpty())
        return;
    values << database.workspace() << headOf(change.fingerprint) << change.fingerprint;
    database
        .prepare(QStringLiteral("UPDATE entries SET %1 WHERE %2")
                     .arg(columns.join(QLatin1String(", ")), isEntry()))
        .runList(values);
    database.changed(database.workspace(), change.fingerprint);
}

/// Most changes are done by one statement, which finds out by itself whether they apply. False where that one
/// did nothing, or there is none.
bool changeAtOnce(Database& database, const EntryChange& change, qint64 nowMs)
{
    if (!change.kept.isEmpty())
        return false;
    if (change.kind == EntryChange::Kind::Remove)
        return removeRow(database, change, nowMs);
    return change.kind == EntryChange::Kind::Put && change.expectedRevision == 0
        && addRow(database, rowOf({change.fingerprint, change.fields, change.expiresMs}));
}

ChangeOutcome changeEntry(Database& database, const EntryChange& change, qint64 nowMs)
{
    using Kind = EntryChange::Kind;
    if (changeAtOnce(database, change, nowMs))
        return ChangeOutcome::Done;
    const auto found = revisionOf(database, change.fingerprint, nowMs);
    if (!found && change.kind != Kind::Put)
        return ChangeOutcome::Absent;
    if (found.value_or(0) != change.expectedRevision)
        return ChangeOutcome::Conflict;
    if (!change.kept.isEmpty())
        keepRevision(database, change, nowMs);
    if (change.kind == Kind::Remove) {
        removeRow(database, change, nowMs);
        return ChangeOutcome::Done;
    }
    if (change.kind == Kind::Put) {
        writeRow(database, rowOf({change.fingerprint, change.fields, change.expiresMs}));
        return ChangeOutcome::Done;
    }
    if (!change.fields.contains(request) && !change.fields.contains(response)) {
        updateRow(database, change);
        return ChangeOutcome::Done;
    }
    auto image = readImage(database, change.fingerprint, nowMs);
    if (!image)
        return ChangeOutcome::Absent;
    for (const EntryField& field : change.fields)
        image->fields.insert(field.name, field.value);
    if (change.setsExpiry)
        image->expiresMs = change.expiresMs;
    writeRow(database, rowOf(*image));
    return ChangeOutcome::Done;
}

} // namespace

EntryImage imageOf(const EntryRow& row)
{
    EntryImage image;
    image.fingerprint = row.fingerprint;
    image.fields = {{hits, QByteArray::number(row.hits)}, {metadata, row.meta}, {request, row.request},
        {response, row.response}, {revision, QByteArray::number(row.revision)},
        {used, QByteArray::number(row.usedMs)}, {version, QByteArray::number(row.format)}};
    image.expiresMs = row.expiresMs;
    return image;
}

std::vector<EntryImage> readImages(Database& database, const QStringList& fingerprints, qint64 nowMs)
{
    std::vector<EntryImage> images;
    const Transaction snapshot(database, Transaction::Mode::Read);
    for (const QString& fingerprint : fingerprints) {
        if (auto image = readImage(database, fingerprint, nowMs))
            images.push_back(std::move(*image));
    }
    return images;
}

std::vector<ChangeOutcome> changeEntries(
    Database& database, const std::vector<EntryChange>& changes, qint64 nowMs)
{
    std::vector<ChangeOutcome> outcomes;
    outcomes.reserve(changes.size());
    Transaction transaction(database, Transaction::Mode::Durable);
    for (const EntryChange& change : changes)
        outcomes.push_back(changeEntry(database, change, nowMs));
    transaction.commit();
    return outcomes;
}

std::vector<EntryImage> revisionsOf(Database& database, const QString& fingerprint, qint64 nowMs)
{
    std::vector<EntryImage> images;
    Statement select = database.prepare(QStringLiteral(
        "SELECT image FROM revisions WHERE workspace = ? AND fingerprint = ? AND saved_ms >= ? "
        "ORDER BY id DESC"));
    select.run(
        database.workspace(), fingerprint, nowMs - std::chrono::milliseconds(Store::revisionTime).count());
    while (select.next()) {
        try {
            images.push_back(imageFromBytes(select.bytes(0)));
        } catch (const CacheError& error) {
            // One damaged revision must not hide the others.
            qWarning("%s", error.what());
        }
    }
    return images;
}

} // namespace llmcache::sqlite
