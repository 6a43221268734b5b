#include "store/sqlite/sqlitestore.h"

#include "store/ledgerpacking.h"
#include "store/sqlite/changetable_p.h"
#include "store/sqlite/entrytable_p.h"
#include "store/sqlite/ledgerreport_p.h"
#include "store/sqlite/ledgertable_p.h"
#include "store/sqlite/newstable_p.h"
#include "store/sqlite/packtable_p.h"
#include "store/sqlite/textquery_p.h"
#include "store/sqlite/texttable_p.h"
#include "store/sqlite/workerthread_p.h"
#include "store/textindex.h"

#include <QDateTime>
#include <QDeadlineTimer>
#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QMultiHash>
#include <QThreadPool>
#include <QTimer>
#include <qcorofuture.h>

#include <algorithm>

namespace llmcache {

namespace {

using namespace std::chrono_literals;
using sqlite::Database;
using sqlite::Operation;

/// How often a waiter looks at a lock that another process holds: soon at first, then less often.
constexpr std::chrono::milliseconds firstPoll = 10ms;
constexpr std::chrono::milliseconds slowestPoll = 200ms;
constexpr qsizetype longestWorkspace = 200;
/// More candidates than this are no help, and take as long to list as to read.
constexpr qint64 mostCandidates = 100'000;
/// Texts are indexed for so long at a time, on the thread that answers lookups.
constexpr qint64 indexingMs = 50;

qint64 nowMs()
{
    return QDateTime::currentMSecsSinceEpoch();
}

/// Somebody in awaitUnlock: sleeps on a timer, and can be woken earlier.
class Waiter {
public:
    Waiter()
    {
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        // Not QCoro's awaitable of the signal: it binds a reference to a null private signal.
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
            if (const auto sleeping = std::exchange(m_sleeping, nullptr))
                sleeping.resume();
        });
    }

    /// `co_await waiter.sleep(duration)`.
    auto sleep(std::chrono::milliseconds duration)
    {
        struct Awaiter {
            Waiter* waiter;
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> sleeping) const { waiter->m_sleeping = sleeping; }
            void await_resume() const noexcept { }
        };
        m_timer.start(duration);
        return Awaiter{this};
    }
    void wake() { m_timer.start(0); }

    std::optional<QString> ended; ///< with this failure, as told by this process

private:
    QTimer m_timer;
    std::coroutine_handle<> m_sleeping;
};

class SqliteStore final : public Store, public TextIndex, public LedgerPacking, public LedgerUpkeep {
public:
    SqliteStore(QString filePath, QString workspace, SqliteOptions options)
        : m_filePath(QFileInfo(filePath).absoluteFilePath())
        , m_workspace(std::move(workspace))
        , m_readsIndex(options.indexesTexts)
        , m_indexes(options.indexesTexts)
        , m_thread(m_filePath, m_workspace,
              [this, wasIndexing = false](Database& database, const std::atomic<bool>& wanted) mutable {
                  const bool packs = m_packs && m_mayPack.exchange(false)
                      && sqlite::packSomeCalls(database, sqlite::packSize);
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

    ~SqliteStore() override
    {
        Q_ASSERT_X(m_thread.pending() == 0 && m_waiters.isEmpty(), "SqliteStore",
            "the store must outlive the tasks that it returned");
    }

    StoreInfo info() const override
    {
        return {QStringLiteral("sqlite"), QDir::toNativeSeparators(m_filePath), m_workspace};
    }

    QCoro::Task<StoreStatus> status() override
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

    QCoro::Task<std::optional<Entry>> lookup(QString fingerprint, EntryParts parts) override
    {
        return run([fingerprint = std::move(fingerprint), parts](Database& database) {
            return sqlite::lookupEntry(database, fingerprint, parts, nowMs());
        });
    }

    QCoro::Task<qint64> commit(Commit commit) override
    {
        const QString fingerprint = commit.entry.meta.fingerprint;
        auto work = [commit = std::move(commit)](
                        Database& database) { return sqlite::commitEntry(database, commit, nowMs()); };
        auto task = run(std::move(work));
        const qint64 revision = co_await task;
        wakeWaiters(fingerprint, QString());
        co_return revision;
    }

    QCoro::Task<qint64> removeEntries(QStringList fingerprints) override
    {
        return run([fingerprints = std::move(fingerprints)](Database& database) {
            return sqlite::removeEntries(database, fingerprints, nowMs());
        });
    }

    QCoro::Task<std::vector<EntryImage>> readImages(QStringList fingerprints) override
    {
        return run([this, fingerprints = std::move(fingerprints)](Database& database) {
            m_hasReadMuch = true;
            return sqlite::readImages(database, fingerprints, nowMs());
        });
    }

    QCoro::Task<std::vector<ChangeOutcome>> changeEntries(std::vector<EntryChange> changes) override
    {
        return run([this, changes = std::move(changes)](Database& database) {
            m_hasReadMuch = true;
            return sqlite::changeEntries(database, changes, nowMs());
        });
    }

    QCoro::Task<std::vector<EntryImage>> revisions(QString fingerprint) override
    {
        return run([fingerprint = std::move(fingerprint)](
                       Database& database) { return sqlite::revisionsOf(database, fingerprint, nowMs()); });
    }

    QCoro::Task<EntryPage> listEntries(QByteArray cursor, int pageSize) override
    {
        return run([this, cursor = std::move(cursor), pageSize](Database& database) {
            m_hasReadMuch = true;
            return sqlite::listEntries(database, cursor, pageSize, nowMs());
        });
    }

    QCoro::Task<ImagePage> listImages(QByteArray cursor, int pageSize) override
    {
        return run([this, cursor = std::move(cursor), pageSize](Database& database) {
            m_hasReadMuch = true;
            return sqlite::listImages(database, cursor, pageSize, nowMs());
        });
    }

    QCoro::Task<EntryNews> entryNews(QByteArray position) override
    {
        return run([position = std::move(position)](
                       Database& database) { return sqlite::entryNews(database, position); });
    }

    QCoro::Task<QStringList> resolveFingerprint(QString prefix, int limit) override
    {
        return run([prefix = std::move(prefix), limit](Database& database) {
            return sqlite::fingerprintsWith(database, prefix, limit, nowMs());
        });
    }

    QCoro::Task<bool> tryLock(QString fingerprint, QString token, std::chrono::milliseconds ttl) override
    {
        return run([fingerprint = std::move(fingerprint), token = std::move(token), ttl](Database& database) {
            return sqlite::takeLock(database, fingerprint, token, nowMs(), ttl);
        });
    }

    QCoro::Task<bool> renewLock(QString fingerprint, QString token, std::chrono::milliseconds ttl) override
    {
        return run([fingerprint = std::move(fingerprint), token = std::move(token), ttl](Database& database) {
            return sqlite::extendLock(database, fingerprint, token, nowMs(), ttl);
        });
    }

    QCoro::Task<> unlock(QString fingerprint, QString token, QString failure) override
    {
        auto work = [fingerprint, token = std::move(token), failure](Database& database) {
            return sqlite::releaseLock(database, fingerprint, token, failure);
        };
        auto task = run(std::move(work));
        if (co_await task)
            wakeWaiters(fingerprint, failure);
    }

    QCoro::Task<QString> awaitUnlock(
        QString fingerprint, std::chrono::milliseconds timeout, std::stop_token stop) override;

    QCoro::Task<> extendCooldown(QString key, QString publisher, std::chrono::milliseconds span) override
    {
        auto work = [key = std::move(key), publisher = std::move(publisher), span](Database& database) {
            sqlite::extendCooldown(database, key, publisher, nowMs(), span);
            return true;
        };
        auto task = run(std::move(work));
        co_await task;
    }

    QCoro::Task<Cooldown> cooldown(QString key) override
    {
        return run([key = std::move(key)](
                       Database& database) { return sqlite::cooldownOf(database, key, nowMs()); });
    }

    QCoro::Task<std::vector<StoredAgent>> listAgents() override
    {
        return run([](Database& database) { return sqlite::listAgents(database); });
    }

    QCoro::Task<std::optional<StoredAgent>> loadAgent(QString name) override
    {
        return run(
            [name = std::move(name)](Database& database) { return sqlite::loadAgent(database, name); });
    }

    QCoro::Task<StoredAgent> saveAgent(
        Agent agent, qint64 expectedRevision, QString savedBy, qint64 savedMs) override
    {
        return run([agent = std::move(agent), expectedRevision, savedBy = std::move(savedBy), savedMs](
                       Database& database) {
            return sqlite::saveAgent(database, agent, expectedRevision, savedBy, savedMs);
        });
    }

    QCoro::Task<bool> removeAgent(QString name) override
    {
        return run(
            [name = std::move(name)](Database& database) { return sqlite::removeAgent(database, name); });
    }

    QCoro::Task<qint64> recordCalls(std::vector<Call> calls) override
    {
        return run([this, calls = std::move(calls)](Database& database) {
            m_mayPack = true;
            return sqlite::recordCalls(database, calls);
        });
    }

    QCoro::Task<std::vector<Call>> listCalls(CallQuery query) override
    {
        return run([query = callPageQueryOf(query)](Database& database) {
            return query.limit > 0 ? sqlite::pageOf(database, query).calls : std::vector<Call>();
        });
    }

    QCoro::Task<LedgerReport> report(LedgerQuery query) override
    {
        // What has no pack yet, such as a ledger of an earlier version, gets one step by step, so that others
        // have their turn.
        bool packing = m_packs;
        while (packing) {
            auto pack = [](Database& database) { return sqlite::packSomeCalls(database, sqlite::packSize); };
            auto task = run(std::move(pack));
            packing = co_await task;
        }
        auto work = [query = std::move(query)](
                        Database& database) { return sqlite::beginReport(database, query); };
        auto task = run(std::move(work));
        sqlite::BegunReport begun = co_await task;
        const auto summing = reportOn(m_summing, std::move(begun.summary), std::move(begun.kept));
        co_return co_await summing;
    }

    QCoro::Task<CallPage> callPage(CallPageQuery query) override
    {
        return run(
            [query = std::move(query)](Database& database) { return sqlite::pageOf(database, query); });
    }

    QCoro::Task<std::optional<TextCandidates>> textCandidates(EntryFilter filter) override;
    QCoro::Task<TextIndexState> indexTexts() override
    {
        if (!m_indexes)
            co_return TextIndexState();
        auto work = [](Database& database) {
            TextIndexState state;
            state.isAvailable = sqlite::openTextIndex(database);
            if (state.isAvailable)
                indexForAWhile(database, false);
            state.unindexed = sqlite::countUnindexed(database);
            return state;
        };
        auto task = run(std::move(work));
        co_return co_await task;
    }

    void stopIndexing() override { m_indexes = false; }

    QCoro::Task<Repricing> previewRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) override
    {
        return reprice(std::move(request), false, std::move(progress), std::move(stop));
    }
    QCoro::Task<Repricing> applyRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) override
    {
        return reprice(std::move(request), true, std::move(progress), std::move(stop));
    }
    QCoro::Task<std::vector<AppliedRepricing>> repricings() override
    {
        return run([](Database& database) { return sqlite::repricingsOf(database); });
    }
    QCoro::Task<std::optional<AppliedRepricing>> undoRepricing() override
    {
        return run([](Database& database) { return sqlite::undoRepricing(database); });
    }
    QCoro::Task<LedgerRebuild> rebuildPacks(LedgerProgress progress, std::stop_token stop) override
    {
        const auto job = std::make_shared<sqlite::RebuildJob>();
        for (bool more = true; more;) {
            if (stop.stop_requested())
                throw Cancelled();
            auto step = [job](Database& database) { return job->step(database); };
            auto task = run(std::move(step));
            more = co_await task;
            if (progress)
                progress(job->result().calls, job->total());
        }
        co_return job->result();
    }
    QCoro::Task<qint64> archiveCalls(qint64 beforeMs, CallSink sink, ArchiveEnd end, LedgerProgress progress,
        std::stop_token stop) override;
    void stopPacking() override { m_packs = false; }

private:
    QCoro::Task<Repricing> reprice(
        RepricingRequest request, bool applies, LedgerProgress progress, std::stop_token stop)
    {
        const auto job = std::make_shared<sqlite::RepricingJob>(std::move(request), applies);
        for (bool more = true; more;) {
            auto step = [job](Database& database) { return job->step(database); };
            auto task = run(std::move(step));
            more = co_await task;
            if (progress)
                progress(job->done(), job->total());
            if (more && stop.stop_requested()) {
                auto abandon = [job](Database& database) {
                    job->abandon(database);
                    return true;
                };
                auto abandoning = run(std::move(abandon));
                co_await abandoning;
                throw Cancelled();
            }
        }
        co_return job->result();
    }

    static bool indexForAWhile(Database& database, const std::atomic<bool>& wanted)
    {
        QElapsedTimer timer;
        timer.start();
        return sqlite::indexSomeTexts(database, [&] { return wanted || timer.hasExpired(indexingMs); });
    }

    /// What the index had for a query at some time.
    struct Indexed {
        QString query;
        qint64 generation = 0;
        qint64 entries = 0;
        QSet<QString> fingerprints;
    };
    QCoro::Task<std::optional<Indexed>> findIndexed(QString query);

    template <typename Work>
    QCoro::Task<std::invoke_result_t<Work&, Database&>> run(Work work)
    {
        Operation<Work> operation(m_thread, std::move(work));
        try {
            auto result = co_await operation;
            setConnected(true, QString());
            co_return result;
        } catch (const ConnectionError& error) {
            setConnected(false, error.text());
            throw;
        }
    }

    void setConnected(bool connected, const QString& problem)
    {
        if (m_connected == connected)
            return;
        m_connected = connected;
        Q_EMIT connectionChanged(connected, problem);
    }

    void wakeWaiters(const QString& fingerprint, const QString& failure)
    {
        const auto waiters = m_waiters.values(fingerprint);
        for (Waiter* waiter : waiters) {
            waiter->ended = failure;
            waiter->wake();
        }
    }

    QString m_filePath;
    QString m_workspace;
    bool m_readsIndex;
    std::atomic<bool> m_indexes; ///< also looked at by the thread
    std::optional<bool> m_connected; // nothing before the first call
    Indexed m_lastIndexed; ///< a search in shares asks again and again
    QMultiHash<QString, Waiter*> m_waiters;
    std::atomic<bool> m_packs = true;
    std::atomic<bool> m_mayPack = true; ///< calls were recorded, or there may be some of earlier times
    /// Pages of the file that are of no use once a listing or the like is over. Those of lookups and reports,
    /// which are asked for again, are left.
    std::atomic<bool> m_hasReadMuch = false;
    QThreadPool m_summing; ///< reports
    sqlite::WorkerThread m_thread;
};

QCoro::Task<qint64> SqliteStore::archiveCalls(
    qint64 beforeMs, CallSink sink, ArchiveEnd end, LedgerProgress progress, std::stop_token stop)
{
    // Reports of what is archived are made of packs alone.
    for (bool packing = true; packing;) {
        auto pack = [](Database& database) { return sqlite::packSomeCalls(database, 1); };
        auto task = run(std::move(pack));
        packing = co_await task;
    }
    auto count = [beforeMs](Database& database) { return sqlite::countCallsBefore(database, beforeMs); };
    auto counting = run(std::move(count));
    const qint64 total = co_await counting;
    const auto place = std::make_shared<sqlite::ArchivePlace>();
    qint64 given = 0;
    for (;;) {
        if (stop.stop_requested())
            throw Cancelled();
        auto read = [beforeMs, place](
                        Database& database) { return sqlite::callsToArchive(database, beforeMs, *place); };
        auto reading = run(std::move(read));
        const std::vector<Call> calls = co_await reading;
        if (calls.empty())
            break;
        std::for_each(calls.begin(), calls.end(), sink);
        given += static_cast<qint64>(calls.size());
        if (progress)
            progress(given, total);
    }
    end();
    for (qint64 removed = 1; removed > 0;) {
        auto remove = [beforeMs, place](
                          Database& database) { return sqlite::removeArchived(database, beforeMs, *place); };
        auto removing = run(std::move(remove));
        removed = co_await removing;
    }
    co_return given;
}

QCoro::Task<QString> SqliteStore::awaitUnlock(
    QString fingerprint, std::chrono::milliseconds timeout, std::stop_token stop)
{
    const QDeadlineTimer deadline(timeout, Qt::PreciseTimer);
    Waiter waiter;
    Waiter* const sleeper = &waiter;
    m_waiters.insert(fingerprint, &waiter);
    const auto forget =
        qScopeGuard([this, &fingerprint, &waiter] { m_waiters.remove(fingerprint, &waiter); });
    const std::stop_callback onStop(stop, [sleeper] { sleeper->wake(); });

    QString holder;
    std::chrono::milliseconds poll = firstPoll;
    for (;;) {
        if (stop.stop_requested())
            throw Cancelled();
        auto work = [fingerprint](
                        Database& database) { return sqlite::lockState(database, fingerprint, nowMs()); };
        auto task = run(std::move(work));
        const sqlite::LockState state = co_await task;
        if (stop.stop_requested())
            throw Cancelled();
        if (waiter.ended)
            co_return *waiter.ended;
        if (holder.isEmpty())
            holder = state.token;
        else if (state.releasedToken == holder)
            co_return state.failure;
        if (state.token.isEmpty() || state.token != holder)
            co_return QString();
        const auto left = deadline.remainingTimeAsDuration();
        if (left <= 0ms)
            co_return QString();
        const std::chrono::milliseconds pause =
            std::min(poll, std::chrono::ceil<std::chrono::milliseconds>(left));
        poll = std::min(poll * 2, slowestPoll);
        auto sleep = waiter.sleep(pause);
        co_await sleep;
        if (waiter.ended)
            co_return *waiter.ended;
    }
}

/// Window by window, so that lookups in between are not kept waiting.
QCoro::Task<std::optional<SqliteStore::Indexed>> SqliteStore::findIndexed(QString query)
{
    Indexed indexed;
    indexed.query = query;
    auto asking = run([](Database& database) {
        return std::pair(sqlite::textGeneration(database), sqlite::countEntries(database, nowMs()));
    });
    std::tie(indexed.generation, indexed.entries) = co_await asking;
    qint64 from = 1;
    while (from > 0) {
        auto work = [this, query, from](Database& database) {
            m_hasReadMuch = true;
            return sqlite::textCandidatesBetween(database, query, from, nowMs());
        };
        auto searching = run(std::move(work));
        const sqlite::TextWindow window = co_await searching;
        for (const QString& fingerprint : window.fingerprints)
            indexed.fingerprints.insert(fingerprint);
        if (indexed.fingerprints.size() > mostCandidates)
            co_return std::nullopt;
        from = window.next;
    }
    co_return indexed;
}

QCoro::Task<std::optional<TextCandidates>> SqliteStore::textCandidates(EntryFilter filter)
{
    struct Rest {
        qint64 generation = 0;
        std::optional<QStringList> unindexed; ///< nothing when reading all is quicker
    };
    const std::optional<QString> query = m_readsIndex ? sqlite::textQuery(filter) : std::nullopt;
    if (!query)
        co_return std::nullopt;
    // Again when entries were indexed meanwhile: they may be in neither list.
    constexpr int mostAttempts = 3;
    for (int attempt = 0; attempt < mostAttempts; ++attempt) {
        auto asking = run([](Database& database) {
            Rest rest;
            const sqlite::Transaction snapshot(database, sqlite::Transaction::Mode::Read);
            rest.generation = sqlite::textGeneration(database);
            const qint64 indexed = sqlite::countIndexed(database);
            if (indexed > 0)
                rest.unindexed = sqlite::unindexedTexts(database, std::min(indexed, mostCandidates), nowMs());
            return rest;
        });
        const Rest rest = co_await asking;
        if (!rest.unindexed)
            co_return std::nullopt;
        if (m_lastIndexed.query == *query && m_lastIndexed.generation == rest.generation) {
            TextCandidates candidates;
            candidates.indexed = m_lastIndexed.fingerprints;
            candidates.unindexed = QSet<QString>(rest.unindexed->begin(), rest.unindexed->end());
            candidates.entries = m_lastIndexed.entries;
            co_return candidates;
        }
        auto finding = findIndexed(*query);
        auto indexed = co_await finding;
        if (!indexed)
            co_return std::nullopt;
        m_lastIndexed = *std::move(indexed);
    }
    co_return std::nullopt;
}

} // namespace

std::unique_ptr<Store> makeSqliteStore(QString filePath, QString workspace, SqliteOptions options)
{
    if (filePath.isEmpty())
        throw ConfigurationError(QStringLiteral("The store has no file name."),
            QStringLiteral("Write it as sqlite:///path/to/file."));
    if (workspace.isEmpty() || workspace.size() > longestWorkspace)
        throw ConfigurationError(QStringLiteral("The name of the workspace is empty or too long."),
            QStringLiteral("Use 1 to %1 characters, or leave it out for \"default\".").arg(longestWorkspace));
    return std::make_unique<SqliteStore>(std::move(filePath), std::move(workspace), options);
}

} // namespace llmcache
