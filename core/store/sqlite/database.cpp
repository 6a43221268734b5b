#include "store/sqlite/database_p.h"

#include "base/privatefolder.h"
#include "store/sqlite/newstable_p.h"
#include "store/sqlite/schema_p.h"

#include <QDir>
#include <QFileInfo>
#include <QSqlError>
#include <QUuid>

namespace llmcache::sqlite {

namespace {

// Result codes of SQLite, https://www.sqlite.org/rescode.html; the header is not needed for anything else.
enum ResultCode {
    Busy = 5,
    Locked = 6,
    NoMemory = 7,
    ReadOnly = 8,
    InputOutput = 10,
    Corrupt = 11,
    Full = 13,
    CannotOpen = 14,
    TooBig = 18,
    NotADatabase = 26,
};

constexpr int busyTimeoutMs = 5000;
constexpr qsizetype statementLimit = 200;

QString native(const QString& path)
{
    return QDir::toNativeSeparators(path);
}

} // namespace

// --- Statement

Statement::Statement(Database& database, std::shared_ptr<QSqlQuery> query)
    : m_database(database)
    , m_query(std::move(query))
{
}

Statement::~Statement()
{
    m_query->finish();
}

Statement& Statement::runList(const QVariantList& values)
{
    for (int position = 0; position < values.size(); ++position)
        m_query->bindValue(position, values.at(position));
    execute();
    return *this;
}

void Statement::execute()
{
    if (!m_query->exec())
        m_database.fail(m_query->lastError());
}

bool Statement::next()
{
    if (m_query->next())
        return true;
    if (m_query->lastError().isValid())
        m_database.fail(m_query->lastError());
    return false;
}

// --- Database

Database::Database(QString filePath, QString workspace)
    : m_filePath(std::move(filePath))
    , m_workspaceName(std::move(workspace))
    , m_connectionName(QStringLiteral("llmcache-") + QUuid::createUuid().toString(QUuid::WithoutBraces))
{
}

Database::~Database()
{
    close();
}

void Database::open()
{
    if (m_connection.isValid()) {
        if (QFileInfo::exists(m_filePath))
            return;
        close(); // somebody deleted the file: what is written now would go with it
    }
    createFile();
    try {
        openConnection();
        migrate(*this, migrations());
        m_workspaceId = findWorkspace();
    } catch (...) {
        close();
        throw;
    }
}

void Database::close()
{
    m_statements.clear();
    forgetNames();
    m_keptCalls.forgetAll();
    m_needsReopen = false;
    if (!m_connection.isValid())
        return;
    m_connection.close();
    m_connection = QSqlDatabase();
    QSqlDatabase::removeDatabase(m_connectionName);
}

void Database::createFile() const
{
    const QFileInfo info(m_filePath);
    if (info.isDir())
        throw ConnectionError(QStringLiteral("The store %1 is a folder.").arg(native(m_filePath)),
            QStringLiteral("Name a file in it instead."));
    if (info.exists())
        return;
    if (!createPrivateFolder(info.absolutePath()))
        throw ConnectionError(
            QStringLiteral("The folder %1 of the store can't be created.").arg(native(info.absolutePath())),
            QStringLiteral("Check its permissions, or choose another file for the store."));
    // Entries hold prompts and answers: nobody else on this machine reads them. SQLite gives its -wal and
    // -shm files the permissions of this one.
    QFile file(m_filePath);
    if (!file.open(
            QIODevice::WriteOnly | QIODevice::NewOnly, QFileDevice::ReadOwner | QFileDevice::WriteOwner)
        && !QFileInfo::exists(m_filePath))
        throw ConnectionError(
            QStringLiteral("The store %1 can't be created: %2.").arg(native(m_filePath), file.errorString()),
            QStringLiteral("Check the permissions of its folder, or choose another file."));
}

void Database::openConnection()
{
    m_connection = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_connectionName);
    if (!m_connection.isValid())
        throw ConfigurationError(QStringLiteral("Qt's SQLite driver is missing."),
            QStringLiteral("Install it: on Debian the package is libqt6sql6-sqlite."));
    m_connection.setDatabaseName(m_filePath);
    m_connection.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=%1").arg(busyTimeoutMs));
    if (!m_connection.open())
        fail(m_connection.lastError());
    refuseForeignFile(*this);
    // Where WAL is impossible (some network file systems) the default journal works too, only slower. Two
    // processes that switch at the same time may see "busy"; one of them succeeds for both.
    QSqlQuery(m_connection).exec(QStringLiteral("PRAGMA journal_mode=WAL"));
    execute(QStringLiteral("PRAGMA synchronous=NORMAL"));
    execute(QStringLiteral("PRAGMA temp_store=MEMORY"));
    execute(QStringLiteral("PRAGMA cache_size=-65536"));
    // 32 MB of log instead of SQLite's 4: changes of many entries touch the same pages of the index of
    // fingerprints again and again, which are then brought into the file a fraction as often.
    execute(QStringLiteral("PRAGMA wal_autocheckpoint=8192"));
    // What is deleted is overwritten where that costs no writing of its own, and not twice over as Debian's
    // default has it.
    execute(QStringLiteral("PRAGMA secure_delete=FAST"));
}

qint64 Database::findWorkspace()
{
    const auto find = [this]() -> std::optional<qint64> {
        Statement select = prepare(QStringLiteral("SELECT id FROM workspaces WHERE name = ?"));
        if (!select.run(m_workspaceName).next())
            return std::nullopt;
        return select.integer(0);
    };
    if (const auto id = find())
        return *id;
    prepare(QStringLiteral("INSERT OR IGNORE INTO workspaces (name) VALUES (?)")).run(m_workspaceName);
    return find().value();
}

Statement Database::prepare(const QString& sql)
{
    // The questions to the ledger are made of parts; their number has no limit of its own.
    if (m_statements.size() > statementLimit && !m_statements.contains(sql))
        m_statements.clear();
    auto& query = m_statements[sql];
    if (!query) {
        auto prepared = std::make_shared<QSqlQuery>(m_connection);
        prepared->setForwardOnly(true);
        if (!prepared->prepare(sql)) {
            m_statements.remove(sql);
            fail(prepared->lastError());
        }
        query = std::move(prepared);
    }
    return Statement(*this, query);
}

qint64 Database::number(const QString& sql)
{
    Statement select = prepare(sql);
    return select.run().next() ? select.integer(0) : 0;
}

void Database::execute(const QString& sql)
{
    QSqlQuery query(m_connection);
    if (!query.exec(sql))
        fail(query.lastError());
}

qint64 Database::nameId(const QString& text)
{
    if (const auto known = m_nameIds.constFind(text); known != m_nameIds.cend())
        return *known;
    prepare(QStringLiteral("INSERT OR IGNORE INTO names (text) VALUES (?)")).run(text);
    Statement select = prepare(QStringLiteral("SELECT id FROM names WHERE text = ?"));
    select.run(text).next();
    const qint64 id = select.integer(0);
    m_nameIds.insert(text, id);
    m_nameTexts.insert(id, text);
    return id;
}

QString Database::nameText(qint64 id)
{
    if (const auto known = m_nameTexts.constFind(id); known != m_nameTexts.cend())
        return *known;
    Statement select = prepare(QStringLiteral("SELECT text FROM names WHERE id = ?"));
    const QString text = select.run(id).next() ? select.text(0) : QString();
    m_nameTexts.insert(id, text);
    return text;
}

void Database::forgetNames()
{
    m_nameIds.clear();
    m_nameTexts.clear();
}

void Database::fail(const QSqlError& error)
{
    const QString file = native(m_filePath);
    const int code = error.nativeErrorCode().toInt() & 0xff;
    switch (code) {
    case Busy:
    case Locked:
        throw CacheError(QStringLiteral("The store %1 is locked by another program.").arg(file),
            QStringLiteral("Close what keeps it open for writing, then try again."));
    case Full:
        throw CacheError(QStringLiteral("The disk of the store %1 is full.").arg(file),
            QStringLiteral("Free some space, or choose a file on another disk."));
    case ReadOnly:
        throw CacheError(QStringLiteral("The store %1 can't be written.").arg(file),
            QStringLiteral("Check the permissions of the file and of its folder."));
    case TooBig:
        throw CacheError(
            QStringLiteral("A value is larger than the gigabyte that the store %1 can hold.").arg(file));
    case NoMemory:
        throw CacheError(QStringLiteral("There is not enough memory for the store %1.").arg(file));
    case Corrupt:
    case NotADatabase:
        m_needsReopen = true;
        throw CacheError(QStringLiteral("The file %1 is no store, or it is damaged.").arg(file),
            QStringLiteral("Restore it from a backup, move it away to begin with an empty store, or choose "
                           "another file."));
    case InputOutput:
    case CannotOpen:
        m_needsReopen = true;
        throw ConnectionError(
            QStringLiteral("The store %1 can't be read or written: %2.").arg(file, error.databaseText()),
            QStringLiteral("Check that its disk is there and that you may write the file and its folder."));
    default:
        throw CacheError(QStringLiteral("The store %1 failed: %2.").arg(file, error.databaseText()));
    }
}

// --- Impatience

Impatience::Impatience(Database& database)
    : m_database(database)
{
    m_database.execute(QStringLiteral("PRAGMA busy_timeout=0"));
}

Impatience::~Impatience()
{
    try {
        m_database.execute(QStringLiteral("PRAGMA busy_timeout=%1").arg(busyTimeoutMs));
    } catch (const Error&) {
        // The connection is about to be closed.
    }
}

// --- Transaction

Transaction::Transaction(Database& database, Mode mode)
    : m_database(database)
    , m_mode(mode)
{
    if (m_mode == Mode::Durable)
        m_database.execute(QStringLiteral("PRAGMA synchronous=FULL"));
    try {
        m_database.prepare(m_mode == Mode::Read ? QStringLiteral("BEGIN") : QStringLiteral("BEGIN IMMEDIATE"))
            .run();
    } catch (...) {
        restoreSynchronous();
        throw;
    }
}

Transaction::~Transaction()
{
    if (!m_open)
        return;
    try {
        m_database.prepare(QStringLiteral("ROLLBACK")).run();
    } catch (const Error&) {
        // SQLite has rolled back by itself, as it does for a full disk.
    }
    if (m_mode != Mode::Read) {
        m_database.forgetNames();
        m_database.takeChanges();
    }
    restoreSynchronous();
}

void Transaction::commit()
{
    if (m_mode != Mode::Read)
        writeNews(m_database);
    m_database.prepare(QStringLiteral("COMMIT")).run();
    m_open = false;
    restoreSynchronous();
}

void Transaction::restoreSynchronous() noexcept
{
    if (m_mode != Mode::Durable)
        return;
    try {
        m_database.execute(QStringLiteral("PRAGMA synchronous=NORMAL"));
    } catch (const Error&) {
        // Slower is all it is.
    }
}

} // namespace llmcache::sqlite
