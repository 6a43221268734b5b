#include "store/sqlite/ledgertable_p.h"

#include "store/sqlite/database_p.h"
#include "store/sqlite/entrytable_p.h"

#include <algorithm>
#include <array>

namespace llmcache::sqlite {

namespace {

constexpr qint64 latestTimeMs = 253'402'300'799'999; // the end of the year 9999

/// Dimensions with a column of their own, in the order of the columns; the provider is part of the model.
constexpr std::array storedDimensions{
    std::pair{Dimension::Model, "model"},
    std::pair{Dimension::Task, "task"},
    std::pair{Dimension::Agent, "agent"},
    std::pair{Dimension::User, "user"},
    std::pair{Dimension::Outcome, "outcome"},
};

Dimension storedAs(Dimension dimension)
{
    return dimension == Dimension::Provider ? Dimension::Model : dimension;
}

QString placeholders(qsizetype count)
{
    return QStringList(count, QStringLiteral("?")).join(QStringLiteral(", "));
}

const QString& insertCallSql()
{
    static const QString sql = QStringLiteral(
        "INSERT OR IGNORE INTO calls (workspace, id, time_ms, fingerprint, model, task, agent, "
        "user, outcome, detail) VALUES (%1)")
                                   .arg(placeholders(10));
    return sql;
}

const QString& countHitSql()
{
    static const QString sql =
        QStringLiteral("UPDATE entries SET hits = hits + 1, used_ms = MAX(used_ms, ?) WHERE ") + isEntry();
    return sql;
}

/// What columns do not hold already.
QByteArray detailOf(const Call& call)
{
    Json json = toJson(call);
    for (const char* key : {"id", "time_ms", "fingerprint", "model", "task", "agent", "user", "outcome"})
        json.erase(key);
    return packField(toJsonText(json));
}

} // namespace

Call callFromRow(Database& database, const Statement& row)
{
    const QString id = row.text(0);
    Json json;
    try {
        json = parseJson(unpackField(row.bytes(8)), QStringLiteral("call %1").arg(id));
    } catch (const std::exception&) {
        throw CacheError(QStringLiteral("The call %1 in the ledger is damaged.").arg(id),
            QStringLiteral("Restore the store from a backup."));
    }
    json["id"] = toUtf8(id);
    json["time_ms"] = row.integer(1);
    json["fingerprint"] = toUtf8(row.text(2));
    json["model"] = toUtf8(database.nameText(row.integer(3)));
    json["task"] = toUtf8(database.nameText(row.integer(4)));
    json["agent"] = toUtf8(database.nameText(row.integer(5)));
    json["user"] = toUtf8(database.nameText(row.integer(6)));
    json["outcome"] = toUtf8(database.nameText(row.integer(7)));
    return callFromJson(json);
}

QVariantList nameIdsFor(Database& database, Dimension dimension, const QStringList& values)
{
    QVariantList ids;
    const auto collect = [&ids](Statement& select) {
        while (select.next())
            ids.append(select.integer(0));
    };
    for (const QString& value : values) {
        if (dimension == Dimension::Provider) {
            // What comes before the first colon of a model; the semicolon follows the colon in ASCII.
            Statement select = database.prepare(
                QStringLiteral("SELECT id FROM names WHERE text = ? OR (text >= ? AND text < ?)"));
            select.run(value, QString(value + QLatin1Char(':')), QString(value + QLatin1Char(';')));
            collect(select);
        } else {
            Statement select = database.prepare(QStringLiteral("SELECT id FROM names WHERE text = ?"));
            select.run(value);
            collect(select);
        }
    }
    return ids;
}

qint64 recordCalls(Database& database, const std::vector<Call>& calls)
{
    const bool paid = std::any_of(calls.begin(), calls.end(),
        [](const Call& call) { return call.outcome != Outcome::Hit && call.outcome != Outcome::Shared; });
    Transaction transaction(database, paid ? Transaction::Mode::Durable : Transaction::Mode::Write);
    qint64 added = 0;
    for (const Call& call : calls) {
        if (call.id.isEmpty())
            throw CacheError(QStringLiteral("A call without an id can't be recorded."));
        if (call.timeMs < 0 || call.timeMs > latestTimeMs)
            throw CacheError(QStringLiteral("The call %1 has an impossible time.").arg(call.id),
                QStringLiteral("Set the clock of this machine."));
        QVariantList names;
        for (const auto& [dimension, column] : storedDimensions)
            names.append(database.nameId(dimensionValue(call, dimension)));
        QVariantList values{
            database.workspace(), call.id, call.timeMs, Statement::toVariant(call.fingerprint)};
        values.append(names);
        values.append(detailOf(call));
        {
            Statement insert = database.prepare(insertCallSql());
            if (insert.runList(values).changes() == 0)
                continue; // recorded before
        }
        ++added;
        if (sumsOf(call).hits != 0 && !call.fingerprint.isEmpty())
            database.prepare(countHitSql())
                .run(call.timeMs, database.workspace(), headOf(call.fingerprint), call.fingerprint);
    }
    transaction.commit();
    return added;
}

QString conditionFor(Database& database, const CallSelection& selection, QVariantList& values)
{
    requireSound(selection);
    QString sql = QStringLiteral("workspace = ? AND time_ms >= ? AND time_ms < ?");
    values = {database.workspace(), selection.fromMs, selection.toMs};
    if (!selection.fingerprint.isEmpty()) {
        sql += QStringLiteral(" AND fingerprint = ?");
        values.append(selection.fingerprint);
    }
    for (const auto& [dimension, wanted] : selection.filters) {
        const auto stored = std::find_if(storedDimensions.begin(), storedDimensions.end(),
            [as = storedAs(dimension)](const auto& column) { return column.first == as; });
        if (stored == storedDimensions.end())
            continue; // in the detail
        const QVariantList ids = nameIdsFor(database, dimension, wanted);
        if (ids.isEmpty())
            return {};
        sql += QStringLiteral(" AND %1 IN (%2)").arg(QLatin1String(stored->second), placeholders(ids.size()));
        values.append(ids);
    }
    return sql;
}

} // namespace llmcache::sqlite
