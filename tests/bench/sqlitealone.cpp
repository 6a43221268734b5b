#include "sqlitealone.h"

#include <QElapsedTimer>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlQuery>
#include <QVariant>

#include <stdexcept>

namespace llmcache::bench {

namespace {

constexpr int batchSize = 2000; // of a transaction, as many as a store changes at once

using Row = std::vector<QVariant>;

/// With the settings of `store/sqlite/database.cpp`.
QSqlDatabase openAlone(const QString& path)
{
    QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("alone"));
    database.setDatabaseName(path);
    if (!database.open())
        throw std::runtime_error(database.lastError().text().toStdString());
    QSqlQuery query(database);
    for (const char* setting :
        {"synchronous=NORMAL", "cache_size=-65536", "wal_autocheckpoint=8192", "secure_delete=FAST"})
        query.exec(QLatin1String("PRAGMA ") + QLatin1String(setting));
    return database;
}

std::vector<Row> read(const QSqlDatabase& database, const QString& statement, int columns)
{
    QSqlQuery query(database);
    query.setForwardOnly(true);
    query.exec(statement);
    std::vector<Row> rows;
    while (query.next()) {
        Row& row = rows.emplace_back();
        for (int column = 0; column < columns; ++column)
            row.push_back(query.value(column));
    }
    return rows;
}

class Statement {
public:
    Statement(const QSqlDatabase& database, const char* text)
        : m_query(database)
    {
        m_query.prepare(QLatin1String(text));
    }
    void run(const Row& values, std::initializer_list<std::size_t> columns)
    {
        int place = 0;
        for (const std::size_t column : columns)
            m_query.bindValue(place++, values[column]);
        if (!m_query.exec())
            throw std::runtime_error(m_query.lastError().text().toStdString());
    }

private:
    QSqlQuery m_query;
};

template <typename Change>
Figure timed(const char* name, QSqlDatabase& database, const std::vector<Row>& rows, Change change)
{
    QElapsedTimer timer;
    timer.start();
    for (std::size_t at = 0; at < rows.size(); ++at) {
        if (at % batchSize == 0)
            database.transaction();
        change(rows[at]);
        if (at % batchSize == batchSize - 1 || at + 1 == rows.size())
            database.commit();
    }
    Figure figure;
    figure.name = QLatin1String(name);
    figure.value = static_cast<double>(rows.size()) / (static_cast<double>(timer.nsecsElapsed()) / 1e9);
    figure.unit = QStringLiteral("/s");
    return figure;
}

} // namespace

std::vector<Figure> sqliteAloneFigures(const QString& path, int rows)
{
    std::vector<Figure> figures;
    {
        QSqlDatabase database = openAlone(path);
        const std::vector<Row> entries =
            read(database, QStringLiteral("SELECT * FROM entries ORDER BY id LIMIT %1").arg(rows), 12);
        Statement remove(
            database, "DELETE FROM entries WHERE workspace = ? AND head = ? AND fingerprint = ?");
        figures.push_back(timed("delete, SQLite alone", database, entries, [&remove](const Row& row) {
            remove.run(row, {1, 2, 3});
        }));
        Statement add(database, "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        figures.push_back(timed("import, SQLite alone", database, entries, [&add](const Row& row) {
            add.run(row, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
        }));
        database.close();
    }
    QSqlDatabase::removeDatabase(QStringLiteral("alone"));
    return figures;
}

} // namespace llmcache::bench
