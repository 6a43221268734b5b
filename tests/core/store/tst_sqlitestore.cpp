#include "await.h"
#include "base/error.h"
#include "costaccumulator.h"
#include "oldsqlite.h"
#include "sideconnection.h"
#include "store/sqlite/database_p.h"
#include "store/sqlite/entrytable_p.h"
#include "store/sqlite/schema_p.h"
#include "store/sqlite/sqlitestore.h"
#include "store/sqlite/workerthread_p.h"
#include "storesamples.h"
#include "testenvironment.h"

#include <QDir>
#include <QFileInfo>
#include <QLibrary>
#include <QProcess>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTest>
#include <QThread>
#include <QTimer>

#include <cstdio>

using namespace llmcache;
using namespace llmcache::test;
using namespace std::chrono_literals;

namespace {

constexpr int sharedRounds = 40;

/// One of several processes on a file: competes for locks, writes entries and calls. Returns the locks won.
int compete(const QString& file)
{
    const auto store = makeSqliteStore(file, QStringLiteral("default"));
    const QString token = newId();
    int won = 0;
    for (int i = 0; i < sharedRounds; ++i) {
        if (!await(store->tryLock(sampleFingerprint(QString::number(i)), token, 10min)))
            continue;
        ++won;
        Commit commit = sampleCommit(sampleFingerprint(QString::number(i)));
        await(store->commit(commit)); // without the token: the lock stays taken
        Call call = sampleCall();
        call.fingerprint = commit.entry.meta.fingerprint;
        await(store->recordCalls({call}));
    }
    return won;
}

} // namespace

/// What concerns the file: see tst_storecontract for what every store does.
class TestSqliteStore : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void createsAPrivateFile();
    void keepsEverythingOverARestart();
    void aLockFromBeforeTheClockWasMovedBackIsTaken();
    void severalProcessesShareAFile();
    void resumesOnTheCallersThread();
    void theEventLoopHasItsTurnAmongManyReads();
    void readsWhileAnotherWrites();
    void lockedFileIsAnError();
    void migratesAnOlderFile();
    void migratesALedger_data();
    void migratesALedger();
    void failedMigrationLeavesTheFile();
    void refusesANewerFile();
    void refusesFilesThatAreNoStore_data();
    void refusesFilesThatAreNoStore();
    void damagedPagesAreAnError();
    void pathsThatCanNotBe_data();
    void pathsThatCanNotBe();
    void connectsWhenThePathIsRepaired();
    void deletedFileIsMadeAgain();
    void readOnlyFileSaysSo();
    void pagesOfAListingAreGivenBack();
    void sumsBeyondTheRangeSaturate();
    void refusesEmptyNames();

private:
    QString file() const { return m_directory->filePath(QStringLiteral("folder/sub/store.db")); }
    std::unique_ptr<Store> store() const { return makeSqliteStore(file(), QStringLiteral("default")); }
    std::unique_ptr<QTemporaryDir> m_directory;
};

void TestSqliteStore::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
}

void TestSqliteStore::cleanup()
{
    m_directory.reset();
}

void TestSqliteStore::createsAPrivateFile()
{
    const auto opened = store();
    QVERIFY(!QFileInfo::exists(file())); // not before it is used
    await(opened->commit(sampleCommit(sampleFingerprint(QStringLiteral("a")))));
    const auto others = QFileDevice::ReadGroup | QFileDevice::WriteGroup | QFileDevice::ExeGroup
        | QFileDevice::ReadOther | QFileDevice::WriteOther | QFileDevice::ExeOther;
    for (const char* suffix : {"", "-wal", "-shm"}) {
        const QFileInfo info(file() + QLatin1String(suffix));
        QVERIFY2(info.exists(), suffix);
        QVERIFY2(!(info.permissions() & others), suffix);
    }
    for (const char* folder : {"folder", "folder/sub"})
        QVERIFY(!(QFileInfo(m_directory->filePath(QLatin1String(folder))).permissions() & others));
}

void TestSqliteStore::keepsEverythingOverARestart()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    {
        const auto before = store();
        await(before->commit(commit));
        await(before->recordCalls({sampleCall()}));
        QVERIFY(await(before->tryLock(sampleFingerprint(QStringLiteral("b")), newId(), 1h)));
    }
    const auto after = store();
    QCOMPARE(describe(*await(after->lookup(commit.entry.meta.fingerprint))), describe(commit.entry));
    QCOMPARE(await(after->costs({})).total.calls, 1);
    QVERIFY(!await(after->tryLock(sampleFingerprint(QStringLiteral("b")), newId(), 1h)));
    QCOMPARE(await(after->status()).entries, 1);
}

void TestSqliteStore::aLockFromBeforeTheClockWasMovedBackIsTaken()
{
    const QString fingerprint = sampleFingerprint(QStringLiteral("a"));
    {
        const auto dead = store();
        QVERIFY(await(dead->tryLock(fingerprint, QStringLiteral("dead"), 15s)));
    }
    {
        // As if it had been written a day ahead of now.
        QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("clock"));
        database.setDatabaseName(file());
        QVERIFY(database.open());
        QSqlQuery query(database);
        QVERIFY(query.exec(QStringLiteral("UPDATE locks SET expires_ms = expires_ms + 86400000")));
        QCOMPARE(query.numRowsAffected(), 1);
    }
    QSqlDatabase::removeDatabase(QStringLiteral("clock"));
    const auto later = store();
    // Nobody waits for a day, and the lock can be had.
    QCOMPARE(await(later->awaitUnlock(fingerprint, 60s, {})), QString());
    QVERIFY(await(later->tryLock(fingerprint, QStringLiteral("new"), 15s)));
    QVERIFY(!await(later->tryLock(fingerprint, QStringLiteral("third"), 15s)));
}

void TestSqliteStore::severalProcessesShareAFile()
{
    // All of them begin with a file that is not there: creation and migration compete too.
    std::vector<std::unique_ptr<QProcess>> processes;
    for (int i = 0; i < 3; ++i) {
        processes.push_back(std::make_unique<QProcess>());
        processes.back()->start(
            QCoreApplication::applicationFilePath(), {QStringLiteral("--compete"), file()});
    }
    int won = compete(file());
    for (const auto& process : processes) {
        QVERIFY(process->state() == QProcess::NotRunning || process->waitForFinished(120'000));
        QCOMPARE(process->exitStatus(), QProcess::NormalExit);
        const QByteArray output = process->readAllStandardOutput();
        QVERIFY2(process->exitCode() == 0, process->readAllStandardError().constData());
        won += output.trimmed().toInt();
    }
    QCOMPARE(won, sharedRounds);
    const auto opened = store();
    QCOMPARE(await(opened->costs({})).total.calls, sharedRounds);
    QCOMPARE(await(opened->status()).entries, sharedRounds);
}

void TestSqliteStore::resumesOnTheCallersThread()
{
    const auto opened = store();
    QThread* resumedOn = nullptr;
    auto task = opened->status();
    QVERIFY(!task.isReady()); // nothing happens on this thread
    auto then = task.then([&resumedOn](const StoreStatus&) { resumedOn = QThread::currentThread(); });
    await(then);
    QCOMPARE(resumedOn, QThread::currentThread());
}

void TestSqliteStore::theEventLoopHasItsTurnAmongManyReads()
{
    sqlite::WorkerThread thread(file(), QStringLiteral("default"));
    const auto readMany = [](sqlite::WorkerThread* from, int count) -> QCoro::Task<int> {
        int sum = 0;
        for (int i = 0; i < count; ++i) {
            const auto work = [](sqlite::Database&) { return 1; };
            sqlite::Operation operation(*from, work);
            sum += co_await operation;
        }
        co_return sum;
    };
    int turns = 0;
    QTimer timer;
    connect(&timer, &QTimer::timeout, this, [&turns] { ++turns; });
    timer.start(0);
    QCOMPARE(await(readMany(&thread, 1)), 1); // opens the file
    turns = 0;
    QCOMPARE(await(readMany(&thread, 1000)), 1000);
    QVERIFY2(turns >= 10, qPrintable(QString::number(turns)));
}

void TestSqliteStore::readsWhileAnotherWrites()
{
    const auto opened = store();
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    await(opened->commit(commit));
    SideConnection writer(file());
    writer.run(QStringLiteral("BEGIN IMMEDIATE"));
    writer.run(QStringLiteral("DELETE FROM entries"));
    QVERIFY(await(opened->lookup(commit.entry.meta.fingerprint)));
    QCOMPARE(await(opened->listEntries({}, 10)).rows.size(), 1U);
    writer.run(QStringLiteral("COMMIT"));
    QVERIFY(!await(opened->lookup(commit.entry.meta.fingerprint)));
}

void TestSqliteStore::lockedFileIsAnError()
{
    const auto opened = store();
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    await(opened->status());
    SideConnection writer(file());
    writer.run(QStringLiteral("BEGIN IMMEDIATE"));
    try {
        await(opened->commit(commit));
        QFAIL("the file was locked");
    } catch (const CacheError& error) {
        QVERIFY(error.message().contains(QStringLiteral("locked")));
        QVERIFY(error.message().contains(QStringLiteral("store.db")));
    }
    writer.run(QStringLiteral("ROLLBACK"));
    QCOMPARE(await(opened->commit(commit)), 1);
}

void TestSqliteStore::migratesAnOlderFile()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    {
        // Version 1, as the first step of the migrations made it: no ledger, no revisions, no news, no index.
        sqlite::Database database(file(), QStringLiteral("default"));
        database.open();
        sqlite::commitEntry(database, commit, QDateTime::currentMSecsSinceEpoch());
        makeEntriesOfVersion7(database);
        for (const char* table : {"names", "calls", "revisions", "news", "text_pending", "text_state",
                 "packs", "packed", "repricings", "overlays"})
            database.execute(QStringLiteral("DROP TABLE %1").arg(QLatin1String(table)));
        for (const char* trigger :
            {"entries_added", "entries_changed", "entries_removed", "entry_bodies_added"})
            database.execute(QStringLiteral("DROP TRIGGER %1").arg(QLatin1String(trigger)));
        database.execute(QStringLiteral("PRAGMA user_version=1"));
    }
    const auto opened = store();
    QCOMPARE(describe(*await(opened->lookup(commit.entry.meta.fingerprint))), describe(commit.entry));
    QCOMPARE(await(opened->recordCalls({sampleCall()})), 1);
    SideConnection side(file());
    QCOMPARE(side.run(QStringLiteral("PRAGMA user_version")).toInt(),
        static_cast<int>(sqlite::migrations().size()));
}

void TestSqliteStore::migratesALedger_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("2, the first with a ledger") << 2;
    QTest::newRow("5, without packs") << 5;
    QTest::newRow("6, with packs and sums by hour") << 6;
}

void TestSqliteStore::migratesALedger()
{
    QFETCH(int, version);
    constexpr qint64 fromMs = 1'795'392'000'000;
    const std::vector<Call> calls = labelledLedger(17, 2'200, fromMs, 86'400'000);
    QHash<QString, const Call*> byId;
    for (const Call& call : calls)
        byId.insert(call.id, &call);
    await(store()->recordCalls(calls));
    {
        // As that version left it: each call with the sums of a report, and the same by hour.
        sqlite::Database database(file(), QStringLiteral("default"));
        database.open();
        makeEntriesOfVersion7(database);
        const QString sums = QStringLiteral(
            "n INTEGER NOT NULL, hits INTEGER NOT NULL, misses INTEGER NOT NULL, failures INTEGER NOT NULL, "
            "unpriced INTEGER NOT NULL, cost INTEGER NOT NULL, avoided INTEGER NOT NULL, input_tokens "
            "INTEGER "
            "NOT NULL, output_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL, "
            "cache_write_tokens "
            "INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL");
        const QString keys =
            QStringLiteral("model INTEGER NOT NULL, task INTEGER NOT NULL, agent INTEGER NOT "
                           "NULL, user INTEGER NOT NULL, outcome INTEGER NOT NULL");
        database.execute(QStringLiteral("ALTER TABLE calls RENAME TO calls_now"));
        for (const char* index : {"calls_time", "calls_fingerprint"})
            database.execute(QStringLiteral("DROP INDEX %1").arg(QLatin1String(index)));
        database.execute(QStringLiteral(
            "CREATE TABLE calls (seq INTEGER PRIMARY KEY, workspace INTEGER NOT NULL, id TEXT NOT "
            "NULL, time_ms INTEGER NOT NULL, %1, fingerprint TEXT NOT NULL, %2, detail BLOB NOT "
            "NULL, UNIQUE (workspace, id))")
                             .arg(keys, sums));
        database.execute(
            QStringLiteral("INSERT INTO calls SELECT seq, workspace, id, time_ms, model, task, agent, "
                           "user, outcome, fingerprint, 1, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, detail "
                           "FROM calls_now"));
        database.execute(QStringLiteral("DROP TABLE calls_now"));
        database.execute(QStringLiteral("CREATE INDEX calls_time ON calls (workspace, time_ms)"));
        database.execute(
            QStringLiteral("CREATE INDEX calls_fingerprint ON calls (workspace, fingerprint, time_ms)"));
        database.execute(QStringLiteral(
            "CREATE TABLE hours (workspace INTEGER NOT NULL, time_ms INTEGER NOT NULL, %1, %2, "
            "PRIMARY KEY (workspace, time_ms, model, task, agent, user, outcome)) WITHOUT ROWID")
                             .arg(keys, sums));
        if (version < 6) {
            for (const char* table : {"packs", "packed", "repricings", "overlays"})
                database.execute(QStringLiteral("DROP TABLE %1").arg(QLatin1String(table)));
        }
        if (version < 5) {
            for (const char* trigger :
                {"entries_added", "entries_changed", "entries_removed", "entry_bodies_added"})
                database.execute(QStringLiteral("DROP TRIGGER %1").arg(QLatin1String(trigger)));
            for (const char* table : {"revisions", "news", "text_pending", "text_state"})
                database.execute(QStringLiteral("DROP TABLE %1").arg(QLatin1String(table)));
        }
        database.execute(QStringLiteral("PRAGMA user_version=%1").arg(version));
    }
    const auto opened = store();
    LedgerQuery query;
    query.groupBy = {Dimension::Model, Dimension::Task, Dimension::Hour};
    query.distributions = true;
    QCOMPARE(describe(await(opened->report(query))), describe(reportOfCalls(calls, query)));
    CallPageQuery page;
    page.limit = CallPageQuery::mostCalls;
    std::vector<Call> listed = await(opened->callPage(page)).calls;
    QCOMPARE(listed.size(), calls.size());
    for (const Call& call : listed) {
        const Call* const same = byId.value(call.id);
        QVERIFY(same);
        QCOMPARE(toJsonText(toJson(call)), toJsonText(toJson(*same)));
    }
    // And it goes on.
    QCOMPARE(await(opened->recordCalls({sampleCall()})), 1);
    QCOMPARE(await(opened->report({})).total.sums.calls(), 2'201);
}

void TestSqliteStore::failedMigrationLeavesTheFile()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    sqlite::Database database(file(), QStringLiteral("default"));
    database.open();
    sqlite::commitEntry(database, commit, now);
    const auto version = [&database] {
        sqlite::Statement statement = database.prepare(QStringLiteral("PRAGMA user_version"));
        return statement.run().next() ? statement.integer(0) : -1;
    };
    const qint64 before = version();
    std::vector<sqlite::Migration> steps = sqlite::migrations();
    steps.push_back({QStringLiteral("CREATE TABLE extra (x)"), QStringLiteral("DELETE FROM entries")});
    steps.push_back({QStringLiteral("CREATE TABLE more (x)"), QStringLiteral("DELETE FROM no_such_table")});
    QVERIFY_EXCEPTION_THROWN(sqlite::migrate(database, steps), CacheError);
    QCOMPARE(version(), before);
    QVERIFY(sqlite::lookupEntry(database, commit.entry.meta.fingerprint, EntryParts::All, now));
    QVERIFY_EXCEPTION_THROWN(database.execute(QStringLiteral("SELECT * FROM extra")), CacheError);
    steps.pop_back();
    sqlite::migrate(database, steps);
    QCOMPARE(version(), before + 1);
}

void TestSqliteStore::refusesANewerFile()
{
    await(store()->status());
    {
        SideConnection side(file());
        side.run(QStringLiteral("PRAGMA user_version=99"));
    }
    const auto opened = store();
    try {
        await(opened->lookup(QStringLiteral("abcd")));
        QFAIL("the file is newer");
    } catch (const ConfigurationError& error) {
        QVERIFY(error.message().contains(QStringLiteral("store.db")));
        QVERIFY(error.message().contains(QStringLiteral("99")));
        QVERIFY(error.remedy().contains(QStringLiteral("Update")));
    }
    const StoreStatus status = await(opened->status());
    QVERIFY(!status.connected);
    QVERIFY(status.problem.contains(QStringLiteral("newer")));
    SideConnection side(file());
    QCOMPARE(side.run(QStringLiteral("PRAGMA user_version")).toInt(), 99);
}

void TestSqliteStore::refusesFilesThatAreNoStore_data()
{
    QTest::addColumn<QString>("what");
    QTest::newRow("text") << QStringLiteral("text");
    QTest::newRow("SQLite header, then garbage") << QStringLiteral("header");
    QTest::newRow("database of another program") << QStringLiteral("foreign");
    QTest::newRow("database with another application id") << QStringLiteral("id");
}

void TestSqliteStore::refusesFilesThatAreNoStore()
{
    QFETCH(QString, what);
    QVERIFY(QDir().mkpath(QFileInfo(file()).path()));
    if (what == QLatin1String("foreign") || what == QLatin1String("id")) {
        SideConnection side(file());
        if (what == QLatin1String("id"))
            side.run(QStringLiteral("PRAGMA application_id=252006674"));
        else
            side.run(QStringLiteral("CREATE TABLE bookmarks (url TEXT)"));
    } else {
        QFile target(file());
        QVERIFY(target.open(QIODevice::WriteOnly));
        target.write(what == QLatin1String("text")
                ? QByteArray("Dear diary, ").repeated(1000)
                : QByteArray("SQLite format 3\0", 16) + QByteArray(9000, '\x7f'));
    }
    const auto content = [this] {
        QFile target(file());
        return target.open(QIODevice::ReadOnly) ? target.readAll() : QByteArray();
    };
    const QByteArray before = content();
    const auto opened = store();
    try {
        await(opened->commit(sampleCommit(sampleFingerprint(QStringLiteral("a")))));
        QFAIL("that is no store");
    } catch (const CacheError& error) {
        QVERIFY(error.message().contains(QStringLiteral("store.db")));
        QVERIFY(!error.remedy().isEmpty());
    }
    QVERIFY(!await(opened->status()).connected);
    QCOMPARE(content(), before);
}

void TestSqliteStore::damagedPagesAreAnError()
{
    {
        const auto opened = store();
        for (int i = 0; i < 50; ++i)
            await(opened->commit(
                sampleCommit(sampleFingerprint(QString::number(i)), QString(2000, QChar('a' + i % 26)))));
    }
    QFile target(file());
    QVERIFY(target.open(QIODevice::ReadWrite));
    QVERIFY(target.size() > 3 * 4096);
    target.seek(4096); // all but the page with the schema
    target.write(QByteArray(static_cast<qsizetype>(target.size()) - 4096, '\xa5'));
    target.close();
    const auto opened = store();
    try {
        await(opened->lookup(sampleFingerprint(QStringLiteral("1"))));
        QFAIL("the file is damaged");
    } catch (const CacheError& error) {
        QVERIFY(error.message().contains(QStringLiteral("damaged")));
        QVERIFY(error.remedy().contains(QStringLiteral("backup")));
    }
}

void TestSqliteStore::pathsThatCanNotBe_data()
{
    QTest::addColumn<QString>("path");
    QTest::newRow("a file where a folder should be") << QStringLiteral("obstacle/store.db");
    QTest::newRow("further down") << QStringLiteral("obstacle/a/b/store.db");
    QTest::newRow("a folder") << QStringLiteral("directory");
#ifdef Q_OS_LINUX
    QTest::newRow("where nobody can write") << QStringLiteral("/proc/llmcache/store.db");
#endif
}

void TestSqliteStore::pathsThatCanNotBe()
{
    QFETCH(QString, path);
    QFile obstacle(m_directory->filePath(QStringLiteral("obstacle")));
    QVERIFY(obstacle.open(QIODevice::WriteOnly));
    QVERIFY(QDir().mkdir(m_directory->filePath(QStringLiteral("directory"))));
    const QString absolute = QDir(m_directory->path()).absoluteFilePath(path);
    const auto opened = makeSqliteStore(absolute, QStringLiteral("default"));
    try {
        await(opened->lookup(QStringLiteral("abcd")));
        QFAIL("there can be no store");
    } catch (const ConnectionError& error) {
        QVERIFY2(error.message().contains(path.section(QLatin1Char('/'), 0, -2)), error.what());
        QVERIFY(!error.remedy().isEmpty());
    }
    const StoreStatus status = await(opened->status());
    QVERIFY(!status.connected);
    QVERIFY(!status.problem.isEmpty());
}

void TestSqliteStore::connectsWhenThePathIsRepaired()
{
    QFile obstacle(m_directory->filePath(QStringLiteral("folder")));
    QVERIFY(obstacle.open(QIODevice::WriteOnly));
    const auto opened = store();
    QSignalSpy spy(opened.get(), &Store::connectionChanged);
    QVERIFY_EXCEPTION_THROWN(await(opened->lookup(QStringLiteral("abcd"))), ConnectionError);
    QVERIFY_EXCEPTION_THROWN(await(opened->lookup(QStringLiteral("abcd"))), ConnectionError);
    QCOMPARE(spy.size(), 1);
    QCOMPARE(spy.at(0).at(0).toBool(), false);
    QVERIFY(!spy.at(0).at(1).toString().isEmpty());
    QVERIFY(obstacle.remove());
    QVERIFY(!await(opened->lookup(QStringLiteral("abcd"))));
    QCOMPARE(spy.size(), 2);
    QCOMPARE(spy.at(1).at(0).toBool(), true);
}

void TestSqliteStore::deletedFileIsMadeAgain()
{
    const Commit commit = sampleCommit(sampleFingerprint(QStringLiteral("a")));
    const auto opened = store();
    await(opened->commit(commit));
    for (const char* suffix : {"", "-wal", "-shm"})
        QVERIFY(QFile::remove(file() + QLatin1String(suffix)));
    QVERIFY(!await(opened->lookup(commit.entry.meta.fingerprint)));
    QCOMPARE(await(opened->commit(commit)), 1);
    QVERIFY(await(store()->lookup(commit.entry.meta.fingerprint))); // it is in the file, not in limbo
}

void TestSqliteStore::readOnlyFileSaysSo()
{
    await(store()->commit(sampleCommit(sampleFingerprint(QStringLiteral("a")))));
    const QString folder = QFileInfo(file()).path();
    QFile::setPermissions(file(), QFileDevice::ReadOwner);
    QFile::setPermissions(folder, QFileDevice::ReadOwner | QFileDevice::ExeOwner);
    const auto restore = qScopeGuard([&] {
        QFile::setPermissions(
            folder, QFileDevice::ReadOwner | QFileDevice::WriteOwner | QFileDevice::ExeOwner);
    });
    if (QFileInfo(file()).isWritable())
        QSKIP("this user (root?) may write everything");
    const auto opened = store();
    try {
        await(opened->commit(sampleCommit(sampleFingerprint(QStringLiteral("b")))));
        QFAIL("the file is read-only");
    } catch (const CacheError& error) {
        QVERIFY(error.message().contains(QStringLiteral("store.db")));
        QVERIFY(error.remedy().contains(QStringLiteral("ermissions"))
            || error.remedy().contains(QStringLiteral("write")));
    }
}

void TestSqliteStore::pagesOfAListingAreGivenBack()
{
    std::vector<EntryChange> puts;
    for (int i = 0; i < 3000; ++i) {
        Entry entry = sampleCommit(sampleFingerprint(QString::number(i))).entry;
        entry.meta.promptExcerpt = QStringLiteral("A prompt of many words. ").repeated(8);
        EntryChange put;
        put.kind = EntryChange::Kind::Put;
        put.fingerprint = entry.meta.fingerprint;
        put.fields = toFields(entry, 1);
        puts.push_back(std::move(put));
    }
    await(store()->changeEntries(std::move(puts)));
    const auto opened = store();
    QVERIFY(await(opened->status()).connected);
    // Of the library that Qt's driver has loaded.
    QLibrary library(QStringLiteral("sqlite3"), 0);
    const auto memoryUsed = reinterpret_cast<qint64 (*)()>(library.resolve("sqlite3_memory_used"));
    if (!memoryUsed || memoryUsed() == 0)
        QSKIP("SQLite does not tell here how much memory it uses.");
    const qint64 before = memoryUsed();
    QCOMPARE(await(opened->listEntries({}, 10'000)).rows.size(), 3000U);
    const qint64 taken = memoryUsed() - before;
    QVERIFY2(taken > 500'000, qPrintable(QString::number(taken)));
    QTRY_VERIFY2_WITH_TIMEOUT(memoryUsed() - before < taken / 4,
        qPrintable(QStringLiteral("%1 of %2").arg(memoryUsed() - before).arg(taken)), 30'000);
}

void TestSqliteStore::sumsBeyondTheRangeSaturate()
{
    const auto opened = store();
    std::vector<Call> calls;
    for (int i = 0; i < 4; ++i) {
        Call call = sampleCall();
        call.cost = Money::fromPicodollars(std::numeric_limits<qint64>::max() / 2);
        call.timeMs += (i / 2) * 3'600'000 + i;
        calls.push_back(call);
    }
    await(opened->recordCalls(calls));
    for (const qint64 fromMs : {qint64{0}, calls[0].timeMs + 1}) {
        for (const char* zone : {"UTC", "Asia/Kolkata"}) {
            CostQuery query;
            query.fromMs = fromMs;
            query.timeZone = zone;
            query.groupBy = {Dimension::Hour, Dimension::Model};
            CostAccumulator accumulator(query);
            for (const Call& call : calls)
                accumulator.add(call);
            QCOMPARE(describe(await(opened->costs(query))), describe(accumulator.report()));
        }
    }
    CostQuery query;
    QCOMPARE(
        await(opened->costs(query)).total.cost, Money::fromPicodollars(std::numeric_limits<qint64>::max()));
}

void TestSqliteStore::refusesEmptyNames()
{
    QVERIFY_EXCEPTION_THROWN(makeSqliteStore(QString(), QStringLiteral("default")), ConfigurationError);
    QVERIFY_EXCEPTION_THROWN(makeSqliteStore(file(), QString()), ConfigurationError);
}

int main(int argc, char** argv)
{
    const TestEnvironment environment;
    const QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() == 3 && arguments.at(1) == QLatin1String("--compete")) {
        try {
            std::printf("%d\n", compete(arguments.at(2)));
            return 0;
        } catch (const Error& error) {
            std::fprintf(stderr, "%s\n", error.what());
            return error.exitCode();
        }
    }
    TestSqliteStore test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_sqlitestore.moc"
