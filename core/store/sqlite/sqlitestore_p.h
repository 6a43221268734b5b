#pragma once

#include "store/ledgerpacking.h"
#include "store/ledgerupkeep.h"
#include "store/sqlite/sqlitestore.h"
#include "store/sqlite/workerthread_p.h"
#include "store/textindex.h"

#include <QMultiHash>
#include <QSet>
#include <QThreadPool>

namespace llmcache::sqlite {

class Waiter;

/// See makeSqliteStore(). What it does is in sqlitestore.cpp (entries and agents), sqlitelocks.cpp,
/// sqliteledger.cpp and sqlitesearch.cpp; the SQL is in the files of the tables, which are used on the thread
/// of the database.
class SqliteStore final : public Store, public TextIndex, public LedgerPacking, public LedgerUpkeep {
public:
    SqliteStore(QString filePath, QString workspace, SqliteOptions options);
    ~SqliteStore() override;
    StoreInfo info() const override;
    QCoro::Task<StoreStatus> status() override;
    QCoro::Task<std::optional<Entry>> lookup(QString fingerprint, EntryParts parts) override;
    QCoro::Task<qint64> commit(Commit commit) override;
    QCoro::Task<qint64> removeEntries(QStringList fingerprints) override;
    QCoro::Task<std::vector<EntryImage>> readImages(QStringList fingerprints) override;
    QCoro::Task<std::vector<ChangeOutcome>> changeEntries(std::vector<EntryChange> changes) override;
    /// Pages of an index are written once for all of them, and brought to the disk.
    qsizetype changesAtOnce() const override { return 2000; }
    QCoro::Task<std::vector<EntryImage>> revisions(QString fingerprint) override;
    QCoro::Task<EntryPage> listEntries(QByteArray cursor, int pageSize) override;
    QCoro::Task<ImagePage> listImages(QByteArray cursor, int pageSize) override;
    QCoro::Task<EntryNews> entryNews(QByteArray position) override;
    QCoro::Task<QStringList> resolveFingerprint(QString prefix, int limit) override;
    QCoro::Task<bool> tryLock(QString fingerprint, QString token, std::chrono::milliseconds ttl) override;
    QCoro::Task<bool> renewLock(QString fingerprint, QString token, std::chrono::milliseconds ttl) override;
    QCoro::Task<> unlock(QString fingerprint, QString token, QString failure) override;
    QCoro::Task<QString> awaitUnlock(
        QString fingerprint, std::chrono::milliseconds timeout, std::stop_token stop) override;
    QCoro::Task<> extendCooldown(QString key, QString publisher, std::chrono::milliseconds span) override;
    QCoro::Task<Cooldown> cooldown(QString key) override;
    QCoro::Task<std::vector<StoredAgent>> listAgents() override;
    QCoro::Task<std::optional<StoredAgent>> loadAgent(QString name) override;
    QCoro::Task<StoredAgent> saveAgent(
        Agent agent, qint64 expectedRevision, QString savedBy, qint64 savedMs) override;
    QCoro::Task<bool> removeAgent(QString name) override;
    QCoro::Task<qint64> recordCalls(std::vector<Call> calls) override;
    QCoro::Task<std::vector<Call>> listCalls(CallQuery query) override;
    QCoro::Task<LedgerReport> report(LedgerQuery query) override;
    QCoro::Task<CallPage> callPage(CallPageQuery query) override;
    QCoro::Task<std::optional<TextCandidates>> textCandidates(EntryFilter filter) override;
    QCoro::Task<TextIndexState> indexTexts() override;
    void stopIndexing() override { m_indexes = false; }
    QCoro::Task<Repricing> previewRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) override;
    QCoro::Task<Repricing> applyRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) override;
    QCoro::Task<std::vector<AppliedRepricing>> repricings() override;
    QCoro::Task<std::optional<AppliedRepricing>> undoRepricing() override;
    QCoro::Task<LedgerRebuild> rebuildPacks(LedgerProgress progress, std::stop_token stop) override;
    QCoro::Task<qint64> archiveCalls(qint64 beforeMs, CallSink sink, ArchiveEnd end, LedgerProgress progress,
        std::stop_token stop) override;
    void stopPacking() override { m_packs = false; }

private:
    static qint64 nowMs();
    QCoro::Task<Repricing> reprice(
        RepricingRequest request, bool applies, LedgerProgress progress, std::stop_token stop);
    static bool indexForAWhile(Database& database, const std::atomic<bool>& wanted);

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

    void setConnected(bool connected, const QString& problem);
    void wakeWaiters(const QString& fingerprint, const QString& failure);

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
    WorkerThread m_thread;
};

} // namespace llmcache::sqlite
