#pragma once

#include "base/error.h"
#include "store/keptcalls.h"

#include <QHash>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QStringList>
#include <QVariant>

#include <memory>
#include <optional>
#include <utility>

class QSqlError;

namespace llmcache::sqlite {

class Database;

/// A prepared statement in use; reset when it goes out of scope, so that no read snapshot stays open.
class Statement {
public:
    Statement(Database& database, std::shared_ptr<QSqlQuery> query);
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement();

    /// Binds the values in order and executes; throws CacheError.
    template <typename... Values>
    Statement& run(const Values&... values)
    {
        int position = 0;
        (m_query->bindValue(position++, toVariant(values)), ...);
        execute();
        return *this;
    }
    /// The same for a list of values made at run time.
    Statement& runList(const QVariantList& values);
    /// Moves to the next row; false after the last. Throws CacheError when reading fails.
    bool next();
    qint64 integer(int column) const { return m_query->value(column).toLongLong(); }
    QString text(int column) const { return m_query->value(column).toString(); }
    QByteArray bytes(int column) const { return m_query->value(column).toByteArray(); }
    bool isNull(int column) const { return m_query->isNull(column); }
    /// Rows that the last insert, update or delete changed.
    qint64 changes() const { return m_query->numRowsAffected(); }

    /// The id of the row that the last insert made.
    qint64 insertedId() const { return m_query->lastInsertId().toLongLong(); }

    static QVariant toVariant(qint64 value) { return value; }
    /// Qt binds a null string as NULL, which no unique index and no comparison finds again.
    static QVariant toVariant(const QString& value) { return value.isNull() ? QStringLiteral("") : value; }
    static QVariant toVariant(const QByteArray& value) { return value.isNull() ? QByteArray("") : value; }
    static QVariant toVariant(const std::optional<qint64>& value)
    {
        return value ? QVariant(*value) : QVariant(QMetaType(QMetaType::LongLong));
    }
    static QVariant toVariant(const std::optional<QByteArray>& value)
    {
        return value ? toVariant(*value) : QVariant(QMetaType(QMetaType::QByteArray));
    }

private:
    void execute();
    Database& m_database;
    const std::shared_ptr<QSqlQuery> m_query;
};

/// The connection to one file and the workspace in it. Lives on the store's own thread.
class Database {
public:
    Database(QString filePath, QString workspace);
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    /// Opens the file, creating and migrating it as necessary; nothing when it is open. Throws
    /// ConnectionError for a file that can't be opened, CacheError for one that is no store,
    /// ConfigurationError for one that is newer than this program.
    void open();
    void close();
    bool isOpen() const { return m_connection.isValid(); }

    const QString& filePath() const { return m_filePath; }
    qint64 workspace() const { return m_workspaceId; }
    /// A statement, prepared once a connection.
    Statement prepare(const QString& sql);
    /// The number that a question without values is answered with; 0 for none.
    qint64 number(const QString& sql);
    /// Executes SQL that has no values and is not worth keeping.
    void execute(const QString& sql);
    /// Gives back the memory of pages that were read, up to 64 MB.
    void dropPages() { execute(QStringLiteral("PRAGMA shrink_memory")); }

    /// Number of a text in the table of names, made when it is new. Needs a write transaction.
    qint64 nameId(const QString& text);
    QString nameText(qint64 id);
    /// After a rollback: numbers given out in the transaction are not there.
    void forgetNames();

    /// Notes that the open transaction changes an entry; told when it is committed, see newstable_p.h.
    void changed(qint64 workspace, const QString& fingerprint) { m_changes[workspace].append(fingerprint); }
    QHash<qint64, QStringList> takeChanges() { return std::exchange(m_changes, {}); }

    /// The parts of the ledger that reports asked for last, see packtable_p.h.
    CallCache& keptCalls() { return m_keptCalls; }

    /// Turns an SQLite error into words and throws.
    [[noreturn]] void fail(const QSqlError& error);
    /// Whether an error left the connection beyond use: close it, and the next open() begins afresh.
    bool needsReopen() const { return m_needsReopen; }

private:
    void createFile() const;
    void openConnection();
    qint64 findWorkspace();

    QString m_filePath;
    QString m_workspaceName;
    QString m_connectionName;
    QSqlDatabase m_connection;
    qint64 m_workspaceId = 0;
    bool m_needsReopen = false;
    QHash<QString, std::shared_ptr<QSqlQuery>> m_statements;
    QHash<QString, qint64> m_nameIds;
    QHash<qint64, QString> m_nameTexts;
    QHash<qint64, QStringList> m_changes; ///< by workspace
    CallCache m_keptCalls;
};

/// As long as it lives, a write that another process is in the way of fails at once instead of waiting.
class Impatience {
public:
    explicit Impatience(Database& database);
    Impatience(const Impatience&) = delete;
    Impatience& operator=(const Impatience&) = delete;
    ~Impatience();

private:
    Database& m_database;
};

/// A transaction: rolled back unless committed.
class Transaction {
public:
    enum class Mode {
        Read, ///< one snapshot for several reads
        Write, ///< survives a crash of the program
        Durable, ///< survives a power cut too: for what was paid for
    };
    Transaction(Database& database, Mode mode);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

private:
    void restoreSynchronous() noexcept;
    Database& m_database;
    Mode m_mode;
    bool m_open = true;
};

} // namespace llmcache::sqlite
