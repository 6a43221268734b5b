#include "store/sqlite/sqlitestore_p.h"

#include "store/sqlite/changetable_p.h"
#include "store/sqlite/entrytable_p.h"
#include "store/sqlite/newstable_p.h"
#include "store/sqlite/packtable_p.h"

#include <QDateTime>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>

namespace llmcache {

namespace sqlite {

SqliteStore::SqliteStore(QString filePath, QString workspace, SqliteOptions options)
    : m_filePath(QFileInfo(filePath).absoluteFilePath())
    , m_workspace(std::move(workspace))
    , m_readsIndex(options.indexesTexts)
    , m_indexes(options.indexesTexts)
    , m_thread(m_filePath, m_workspace,
          [this, wasIndexing = false](Database& database, const std::atomic<bool>& wanted) mutable {
              const bool packs =
                  m_packs && m_mayPack.exchange(false) && sqlite::packSomeCalls(database, sqlite::packSize);
              if (packs)
                  m_mayPack = true;
              const bool indexes = m_indexes && indexForAWhile(database, wanted);
              if (m_hasReadMuch.exchange(false) || (wasIndexing && !indexes))
                  database.dropPages();
              wasIndexing = indexes;
              return indexes || packs;
          })
{
}

SqliteStore::~SqliteStore()
{
    Q_ASSERT_X(m_thread.pending() == 0 && m_waiters.isEmpty(), "SqliteStore",
        "the store must outlive the tasks that it returned");
}

qint64 SqliteStore::nowMs()
{
    return QDateTime::currentMSecsSinceEpoch();
}

StoreInfo SqliteStore::info() const
{
    return {QStringLiteral("sqlite"), QDir::toNativeSeparators(m_filePath), m_workspace};
}

QCoro::Task<StoreStatus> SqliteStore::status()
{
    StoreStatus status;
    const auto count = [](Database& database) { return sqlite::countEntries(database, nowMs()); };
    const auto version = [](Database& database) {
        sqlite::Statement select = database.prepare(QStringLiteral("SELECT sqlite_version()"));
        return select.run().next() ? select.text(0) : QString();
    };
    Operation countOperation(m_thread, count);
    Operation versionOperation(m_thread, version);
    try {
        status.entries = co_await countOperation; // opens the file: not part of the round trip
        QElapsedTimer timer;
        timer.start();
        const QString number = co_await versionOperation;
        status.roundTrip = std::chrono::microseconds(timer.nsecsElapsed() / 1000);
        status.serverVersion = QStringLiteral("SQLite ") + number;
        status.connected = true;
    } catch (const Error& error) {
        status.problem = error.text();
    }
    setConnected(status.connected, status.problem);
    co_return status;
}

QCoro::Task<std::optional<Entry>> SqliteStore::lookup(QString fingerprint, EntryParts parts)
{
    return run([fingerprint = std::move(fingerprint), parts](Database& database) {
        return sqlite::lookupEntry(database, fingerprint, parts, nowMs());
    });
}

QCoro::Task<qint64> SqliteStore::commit(Commit commit)
{
    const QString fingerprint = commit.entry.meta.fingerprint;
    auto work = [commit = std::move(commit)](
                    Database& database) { return sqlite::commitEntry(database, commit, nowMs()); };
    auto task = run(std::move(work));
    const qint64 revision = co_await task;
    wakeWaiters(fingerprint, QString());
    co_return revision;
}

QCoro::Task<qint64> SqliteStore::removeEntries(QStringList fingerprints)
{
    return run([fingerprints = std::move(fingerprints)](
                   Database& database) { return sqlite::removeEntries(database, fingerprints, nowMs()); });
}

QCoro::Task<std::vector<EntryImage>> SqliteStore::readImages(QStringList fingerprints)
{
    return run([this, fingerprints = std::move(fingerprints)](Database& database) {
        m_hasReadMuch = true;
        return sqlite::readImages(database, fingerprints, nowMs());
    });
}

QCoro::Task<std::vector<ChangeOutcome>> SqliteStore::changeEntries(std::vector<EntryChange> changes)
{
    return run([this, changes = std::move(changes)](Database& database) {
        m_hasReadMuch = true;
        return sqlite::changeEntries(database, changes, nowMs());
    });
}

QCoro::Task<std::vector<EntryImage>> SqliteStore::revisions(QString fingerprint)
{
    return run([fingerprint = std::move(fingerprint)](
                   Database& database) { return sqlite::revisionsOf(database, fingerprint, nowMs()); });
}

QCoro::Task<EntryPage> SqliteStore::listEntries(QByteArray cursor, int pageSize)
{
    return run([this, cursor = std::move(cursor), pageSize](Database& database) {
        m_hasReadMuch = true;
        return sqlite::listEntries(database, cursor, pageSize, nowMs());
    });
}

QCoro::Task<ImagePage> SqliteStore::listImages(QByteArray cursor, int pageSize)
{
    return run([this, cursor = std::move(cursor), pageSize](Database& database) {
        m_hasReadMuch = true;
        return sqlite::listImages(database, cursor, pageSize, nowMs());
    });
}

QCoro::Task<EntryNews> SqliteStore::entryNews(QByteArray position)
{
    return run([position = std::move(position)](
                   Database& database) { return sqlite::entryNews(database, position); });
}

QCoro::Task<QStringList> SqliteStore::resolveFingerprint(QString prefix, int limit)
{
    return run([prefix = std::move(prefix), limit](Database& database) {
        return sqlite::fingerprintsWith(database, prefix, limit, nowMs());
    });
}

QCoro::Task<std::vector<StoredAgent>> SqliteStore::listAgents()
{
    return run([](Database& database) { return sqlite::listAgents(database); });
}

QCoro::Task<std::optional<StoredAgent>> SqliteStore::loadAgent(QString name)
{
    return run([name = std::move(name)](Database& database) { return sqlite::loadAgent(database, name); });
}

QCoro::Task<StoredAgent> SqliteStore::saveAgent(
    Agent agent, qint64 expectedRevision, QString savedBy, qint64 savedMs)
{
    return run([agent = std::move(agent), expectedRevision, savedBy = std::move(savedBy), savedMs](
                   Database& database) {
        return sqlite::saveAgent(database, agent, expectedRevision, savedBy, savedMs);
    });
}

QCoro::Task<bool> SqliteStore::removeAgent(QString name)
{
    return run([name = std::move(name)](Database& database) { return sqlite::removeAgent(database, name); });
}

void SqliteStore::setConnected(bool connected, const QString& problem)
{
    if (m_connected == connected)
        return;
    m_connected = connected;
    Q_EMIT connectionChanged(connected, problem);
}

} // namespace sqlite

namespace {

constexpr qsizetype longestWorkspace = 200;

} // namespace

std::unique_ptr<Store> makeSqliteStore(QString filePath, QString workspace, SqliteOptions options)
{
    if (filePath.isEmpty())
        throw ConfigurationError(QStringLiteral("The store has no file name."),
            QStringLiteral("Write it as sqlite:///path/to/file."));
    if (workspace.isEmpty() || workspace.size() > longestWorkspace)
        throw ConfigurationError(QStringLiteral("The name of the workspace is empty or too long."),
            QStringLiteral("Use 1 to %1 characters, or leave it out for \"default\".").arg(longestWorkspace));
    return std::make_unique<sqlite::SqliteStore>(std::move(filePath), std::move(workspace), options);
}

} // namespace llmcache
