#include "store/sqlite/ledgertable_p.h"

#include "store/sqlite/database_p.h"

#include <QTimeZone>

#include <algorithm>
#include <array>

namespace llmcache::sqlite {

namespace {

constexpr qint64 hourMs = 3'600'000;
constexpr qint64 latestTimeMs = 253'402'300'799'999; // the end of the year 9999

struct SumColumn {
    const char* name;
    qint64 CostSums::*count; // null for money
    Money CostSums::*money;
};

constexpr std::array sumColumns{
    SumColumn{"n", &CostSums::calls, nullptr},
    SumColumn{"hits", &CostSums::hits, nullptr},
    SumColumn{"misses", &CostSums::misses, nullptr},
    SumColumn{"failures", &CostSums::failures, nullptr},
    SumColumn{"unpriced", &CostSums::unpriced, nullptr},
    SumColumn{"cost", nullptr, &CostSums::cost},
    SumColumn{"avoided", nullptr, &CostSums::avoided},
    SumColumn{"input_tokens", &CostSums::inputTokens, nullptr},
    SumColumn{"output_tokens", &CostSums::outputTokens, nullptr},
    SumColumn{"cache_read_tokens", &CostSums::cacheReadTokens, nullptr},
    SumColumn{"cache_write_tokens", &CostSums::cacheWriteTokens, nullptr},
    SumColumn{"reasoning_tokens", &CostSums::reasoningTokens, nullptr},
};

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

qint64 hourOf(qint64 timeMs)
{
    const qint64 remainder = timeMs % hourMs;
    return timeMs - (remainder < 0 ? remainder + hourMs : remainder);
}

QString joined(const QStringList& parts)
{
    return parts.join(QStringLiteral(", "));
}

/// Column names of the sums; with a template such as "SUM(%1)" around each.
QString sumList(const QString& pattern)
{
    QStringList list;
    for (const SumColumn& column : sumColumns)
        list.append(QString(pattern).replace(QStringLiteral("%1"), QLatin1String(column.name)));
    return joined(list);
}

QVariantList sumValues(const CostSums& sums)
{
    QVariantList values;
    for (const SumColumn& column : sumColumns)
        values.append(column.count ? sums.*column.count : (sums.*column.money).picodollars());
    return values;
}

CostSums sumsFromRow(const Statement& row, int firstColumn)
{
    CostSums sums;
    for (const SumColumn& column : sumColumns) {
        const qint64 value = row.integer(firstColumn++);
        if (column.count)
            sums.*column.count = value;
        else
            sums.*column.money = Money::fromPicodollars(value);
    }
    return sums;
}

QString placeholders(qsizetype count)
{
    return QStringList(count, QStringLiteral("?")).join(QStringLiteral(", "));
}

const QString& insertCallSql()
{
    static const QString sql =
        QStringLiteral(
            "INSERT OR IGNORE INTO calls (workspace, id, time_ms, fingerprint, model, task, agent, "
            "user, outcome, detail, ")
        + sumList(QStringLiteral("%1")) + QStringLiteral(") VALUES (")
        + placeholders(10 + qsizetype{sumColumns.size()}) + QLatin1Char(')');
    return sql;
}

const QString& addToHourSql()
{
    // SQLite turns an integer sum that overflows into a float; saturate like Money instead.
    static const QString sql = QStringLiteral("INSERT INTO hours (workspace, time_ms, model, task, agent, "
                                              "user, outcome, ")
        + sumList(QStringLiteral("%1")) + QStringLiteral(") VALUES (")
        + placeholders(7 + qsizetype{sumColumns.size()})
        + QStringLiteral(
            ") ON CONFLICT (workspace, time_ms, model, task, agent, user, outcome) DO UPDATE SET ")
        + sumList(QStringLiteral("%1 = CASE WHEN %1 > 0 AND excluded.%1 > 9223372036854775807 - %1 "
                                 "THEN 9223372036854775807 ELSE %1 + excluded.%1 END"));
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

/// Whether all local hours from `fromMs` to `toMs` are whole hours of UTC, so that rollups fit into them.
bool hoursFit(const QByteArray& timeZone, qint64 fromMs, qint64 toMs)
{
    const QTimeZone zone(timeZone);
    const QDateTime from = QDateTime::fromMSecsSinceEpoch(fromMs, Qt::UTC);
    if (qint64{zone.offsetFromUtc(from)} * 1000 % hourMs != 0)
        return false;
    const auto transitions = zone.transitions(from, QDateTime::fromMSecsSinceEpoch(toMs, Qt::UTC));
    return std::all_of(transitions.begin(), transitions.end(), [](const QTimeZone::OffsetData& transition) {
        return qint64{transition.offsetFromUtc} * 1000 % hourMs == 0
            && transition.atUtc.toMSecsSinceEpoch() % hourMs == 0;
    });
}

/// One pass over calls or rollups, grouped as far as the question allows.
class Summation {
public:
    Summation(Database& database, const CostQuery& query, CostAccumulator& accumulator)
        : m_database(database)
        , m_accumulator(accumulator)
    {
        std::vector<Dimension> used = query.groupBy;
        for (const auto& filter : query.filters)
            used.push_back(filter.first);
        for (const auto& [dimension, column] : storedDimensions) {
            const auto isUsed = [stored = dimension](Dimension other) { return storedAs(other) == stored; };
            if (std::any_of(used.begin(), used.end(), isUsed)) {
                m_dimensions.push_back(dimension);
                m_columns.append(QLatin1String(column));
            }
        }
    }

    /// Adds what `table` has in [fromMs, toMs). Times are kept apart by `spanMs` when it is not 0.
    void add(const QString& table, qint64 fromMs, qint64 toMs, qint64 spanMs)
    {
        if (fromMs >= toMs)
            return;
        try {
            select(table, fromMs, toMs, spanMs, true);
        } catch (const CacheError& error) {
            // SUM() refuses to overflow where Money saturates.
            if (!error.message().contains(QLatin1String("integer overflow")))
                throw;
            select(table, fromMs, toMs, spanMs, false);
        }
    }

private:
    struct Row {
        qint64 timeMs;
        std::vector<std::pair<Dimension, QString>> values;
        CostSums sums;
        QString value(Dimension dimension) const
        {
            for (const auto& [known, text] : values) {
                if (known == storedAs(dimension))
                    return dimension == Dimension::Provider ? text.section(QLatin1Char(':'), 0, 0) : text;
            }
            return {};
        }
    };

    void select(const QString& table, qint64 fromMs, qint64 toMs, qint64 spanMs, bool grouped)
    {
        QStringList groups = m_columns;
        if (spanMs > 0)
            groups.append(QStringLiteral("time_ms / %1").arg(spanMs));
        QString sql = QStringLiteral("SELECT ")
            + (grouped ? QStringLiteral("MIN(time_ms), COUNT(*), ") : QStringLiteral("time_ms, 1, "))
            + sumList(grouped ? QStringLiteral("SUM(%1)") : QStringLiteral("%1"));
        if (!m_columns.isEmpty())
            sql += QStringLiteral(", ") + joined(m_columns);
        sql += QStringLiteral(" FROM %1 WHERE workspace = ? AND time_ms >= ? AND time_ms < ?").arg(table);
        if (grouped && !groups.isEmpty())
            sql += QStringLiteral(" GROUP BY ") + joined(groups);
        Statement statement = m_database.prepare(sql);
        statement.run(m_database.workspace(), fromMs, toMs);
        // Only a complete pass counts: the grouped one may overflow half-way.
        std::vector<Row> rows;
        while (statement.next()) {
            if (statement.integer(1) == 0)
                continue; // the sum of no rows
            Row row{statement.integer(0), {}, sumsFromRow(statement, 2)};
            int column = 2 + static_cast<int>(sumColumns.size());
            for (const Dimension dimension : m_dimensions)
                row.values.emplace_back(dimension, m_database.nameText(statement.integer(column++)));
            rows.push_back(std::move(row));
        }
        for (const Row& row : rows) {
            const auto valueOf = [&row](Dimension dimension) { return row.value(dimension); };
            m_accumulator.add(row.timeMs, valueOf, row.sums);
        }
    }

    Database& m_database;
    CostAccumulator& m_accumulator;
    std::vector<Dimension> m_dimensions;
    QStringList m_columns;
};

/// First and last time of the calls in [fromMs, toMs).
std::optional<std::pair<qint64, qint64>> extent(Database& database, qint64 fromMs, qint64 toMs)
{
    Statement select =
        database.prepare(QStringLiteral("SELECT MIN(time_ms), MAX(time_ms) FROM calls "
                                        "WHERE workspace = ? AND time_ms >= ? AND time_ms < ?"));
    if (!select.run(database.workspace(), fromMs, toMs).next() || select.isNull(0))
        return std::nullopt;
    return std::pair{select.integer(0), select.integer(1)};
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
        const CostSums sums = sumsOf(call);
        QVariantList values{
            database.workspace(), call.id, call.timeMs, Statement::toVariant(call.fingerprint)};
        values.append(names);
        values.append(detailOf(call));
        values.append(sumValues(sums));
        {
            Statement insert = database.prepare(insertCallSql());
            if (insert.runList(values).changes() == 0)
                continue; // recorded before
        }
        ++added;
        QVariantList hour{database.workspace(), hourOf(call.timeMs)};
        hour.append(names);
        hour.append(sumValues(sums));
        database.prepare(addToHourSql()).runList(hour);
        if (sums.hits != 0 && !call.fingerprint.isEmpty())
            database
                .prepare(QStringLiteral("UPDATE entries SET hits = hits + 1, used_ms = MAX(used_ms, ?) "
                                        "WHERE workspace = ? AND fingerprint = ?"))
                .run(call.timeMs, database.workspace(), call.fingerprint);
    }
    transaction.commit();
    return added;
}

CostReport sumCosts(Database& database, const CostQuery& query)
{
    CostAccumulator accumulator(query);
    Summation summation(database, query, accumulator);
    const QString calls = QStringLiteral("calls");
    const QString hours = QStringLiteral("hours");

    Transaction snapshot(database, Transaction::Mode::Read);
    const auto times = extent(database, query.fromMs, query.toMs);
    if (!times)
        return accumulator.report();
    const qint64 fromMs = times->first;
    const qint64 toMs = times->second + 1; // the last call is before query.toMs
    const bool byTime = std::any_of(query.groupBy.begin(), query.groupBy.end(), isTimeDimension);
    if (byTime && !hoursFit(query.timeZone, fromMs, toMs)) {
        // Zones with half and quarter hours; transitions have fallen on whole minutes since 1972.
        constexpr qint64 minuteMs = 60'000;
        summation.add(calls, fromMs, toMs, minuteMs);
        return accumulator.report();
    }
    // Whole hours from the rollups, what sticks out at the ends from the calls. When nothing of an hour is
    // excluded by the question, its rollup is exact even if the calls fill a part of it only.
    const qint64 firstHour = hourOf(fromMs) >= query.fromMs ? hourOf(fromMs) : hourOf(fromMs) + hourMs;
    const bool lastHourWhole = query.toMs >= hourOf(toMs - 1) + hourMs;
    const qint64 endHour = lastHourWhole ? hourOf(toMs - 1) + hourMs : hourOf(toMs - 1);
    const qint64 spanMs = byTime ? hourMs : 0;
    if (firstHour >= endHour) {
        summation.add(calls, fromMs, toMs, spanMs);
        return accumulator.report();
    }
    summation.add(calls, fromMs, firstHour, spanMs);
    summation.add(hours, firstHour, endHour, spanMs);
    summation.add(calls, endHour, toMs, spanMs);
    return accumulator.report();
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

HourKey hourKeyOf(HourKey key)
{
    key[0] = hourOf(key[0]);
    return key;
}

qint64 correctHours(
    Database& database, qint64 fromMs, qint64 toMs, const std::map<HourKey, CostSums>& expected)
{
    std::map<HourKey, CostSums> found;
    {
        Statement select = database.prepare(
            QStringLiteral("SELECT time_ms, model, task, agent, user, outcome, %1 FROM hours "
                           "WHERE workspace = ? AND time_ms >= ? AND time_ms < ?")
                .arg(sumList(QStringLiteral("%1"))));
        select.run(database.workspace(), fromMs, toMs);
        while (select.next()) {
            HourKey key{};
            for (std::size_t i = 0; i < key.size(); ++i)
                key[i] = select.integer(static_cast<int>(i));
            found.emplace(key, sumsFromRow(select, static_cast<int>(key.size())));
        }
    }
    qint64 wrong = 0;
    const auto remove = [&database](const HourKey& key) {
        QVariantList values{database.workspace()};
        std::copy(key.begin(), key.end(), std::back_inserter(values));
        database
            .prepare(QStringLiteral("DELETE FROM hours WHERE workspace = ? AND time_ms = ? AND model = ? "
                                    "AND task = ? AND agent = ? AND user = ? AND outcome = ?"))
            .runList(values);
    };
    for (const auto& [key, sums] : found) {
        const auto right = expected.find(key);
        if (right != expected.end() && right->second == sums)
            continue;
        ++wrong;
        remove(key);
    }
    for (const auto& [key, sums] : expected) {
        const auto there = found.find(key);
        if (there != found.end() && there->second == sums)
            continue;
        wrong += there == found.end() ? 1 : 0;
        QVariantList values{database.workspace()};
        std::copy(key.begin(), key.end(), std::back_inserter(values));
        values.append(sumValues(sums));
        database.prepare(addToHourSql()).runList(values);
    }
    return wrong;
}

} // namespace llmcache::sqlite
