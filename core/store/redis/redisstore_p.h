#pragma once

#include "redis/client.h"
#include "store/keptcalls.h"
#include "store/ledgerpacking.h"
#include "store/ledgerupkeep.h"
#include "store/listing.h"
#include "store/pythonstore.h"
#include "store/rawentry.h"
#include "store/redis/rediskeys_p.h"
#include "store/redis/redislisting_p.h"

#include <array>
#include <map>

namespace llmcache {
class Gate;
class LedgerSummary;
class NameTable;
} // namespace llmcache

namespace llmcache::redis {
class Subscriber;
}

namespace llmcache::redisstore {

class RedisNews;
class ReportDesk;
/// Hours of the ledger, by shard.
using HoursByShard = std::array<QList<qint64>, Keys::shardCount>;
/// Hours that a repricing has prices for, by shard.
using PricesWritten = std::array<qint64, Keys::shardCount>;
struct PackedHour;
struct StoredHour;

/// Entries that are asked for before the server gets to work on them.
inline constexpr std::size_t flushAfter = 100;

/// Arguments of the scripts that change entries.
QByteArray kindArgument(EntryChange::Kind kind);
QByteArray expiryArgument(const EntryChange& change);

/// The call in the fields of a stream's entry; throws CacheError for one that is damaged.
Call callFrom(const redis::Reply& fields);

/// A call with its key in the pack of its hour.
struct FoundCall {
    Call call;
    qint64 key = 0;
};

class RedisStore final : public Store,
                         public RawInspector,
                         public PythonStore,
                         public ListingKeeper,
                         public LedgerPacking,
                         public LedgerUpkeep {
    Q_OBJECT
public:
    RedisStore(const redis::RedisUrl& url, QString workspace);
    ~RedisStore() override;

    StoreInfo info() const override;
    QCoro::Task<StoreStatus> status() override;

    QCoro::Task<std::optional<Entry>> lookup(QString fingerprint, EntryParts parts) override;
    QCoro::Task<std::optional<Entry>> lookupFirst(QStringList ids, EntryParts parts) override;
    QCoro::Task<> putForPython(
        QStringList keys, QByteArray pickle, std::optional<std::chrono::seconds> ttl) override;
    QCoro::Task<> rememberOrigin(
        QStringList keys, PythonOrigin origin, std::optional<std::chrono::seconds> ttl) override;
    QCoro::Task<> visitPickles(std::function<bool(const QByteArray&)> wanted) override;
    QCoro::Task<qint64> commit(Commit commit) override;
    QCoro::Task<qint64> removeEntries(QStringList fingerprints) override;
    QCoro::Task<std::vector<EntryImage>> readImages(QStringList fingerprints) override;
    QCoro::Task<std::optional<RawEntry>> rawEntry(QString fingerprint) override;
    QCoro::Task<std::vector<ChangeOutcome>> changeEntries(std::vector<EntryChange> changes) override;
    /// So few that the server has them still at hand when they are changed after they were read.
    qsizetype changesAtOnce() const override { return 500; }
    QCoro::Task<std::vector<EntryImage>> revisions(QString fingerprint) override;
    QCoro::Task<EntryPage> listEntries(QByteArray cursor, int pageSize) override;
    QCoro::Task<ImagePage> listImages(QByteArray cursor, int pageSize) override;
    void endListing(const QByteArray& cursor) override { m_listings.erase(cursor); }
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
        Agent agent, qint64 expectedRevision, QString savedBy, qint64 nowMs) override;
    QCoro::Task<bool> removeAgent(QString name) override;

    QCoro::Task<qint64> recordCalls(std::vector<Call> calls) override;
    QCoro::Task<std::vector<Call>> listCalls(CallQuery query) override;
    QCoro::Task<LedgerReport> report(LedgerQuery query) override;
    QCoro::Task<CallPage> callPage(CallPageQuery query) override;
    void stopPacking() override { m_packs = false; }

    QCoro::Task<Repricing> previewRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) override;
    QCoro::Task<Repricing> applyRepricing(
        RepricingRequest request, LedgerProgress progress, std::stop_token stop) override;
    QCoro::Task<std::vector<AppliedRepricing>> repricings() override;
    QCoro::Task<std::optional<AppliedRepricing>> undoRepricing() override;
    QCoro::Task<LedgerRebuild> rebuildPacks(LedgerProgress progress, std::stop_token stop) override;
    QCoro::Task<qint64> archiveCalls(qint64 beforeMs, CallSink sink, ArchiveEnd end, LedgerProgress progress,
        std::stop_token stop) override;

private:
    QString server() const { return m_client->display(); }
    redis::Reply checked(redis::Reply reply) const { return redis::checked(std::move(reply), server()); }

    QCoro::Task<std::shared_ptr<Listing>> beginListing();
    QCoro::Task<> scanOnce(std::shared_ptr<Listing> listing);
    QCoro::Task<> scanFor(std::shared_ptr<Listing> listing, std::size_t wanted);
    QCoro::Task<std::shared_ptr<Listing>> listingAt(QByteArray cursor);
    /// Lets the server look for the next page while the last one is read.
    void scanAhead(Listing& listing, std::size_t pageSize);
    template <typename Page>
    void endPage(const std::shared_ptr<Listing>& listing, Page& page);
    redis::Pending askForScan(const Listing& listing) const;
    static QList<QByteArray> takeFound(Listing& listing, std::size_t most);
    static void putBack(Listing& listing, const QList<QByteArray>& fingerprints);
    void forgetOldestListing();
    QCoro::Task<std::vector<ChangeOutcome>> removeTogether(std::vector<EntryChange> changes);
    QCoro::Task<std::vector<ChangeOutcome>> addTogether(std::vector<EntryChange> changes);
    /// Of scripts that reply with a digit for each entry.
    QCoro::Task<std::vector<ChangeOutcome>> outcomesOf(std::vector<QCoro::Task<redis::Reply>> tasks) const;
    QCoro::Task<std::vector<EntryImage>> readImagesByScript(QStringList fingerprints);
    QCoro::Task<std::optional<Entry>> lookupPython(QString key, EntryParts parts);
    /// Shows pickles of one server; how many keys may still be looked at is counted down.
    QCoro::Task<bool> visitPicklesOf(
        QByteArray node, std::shared_ptr<qint64> left, std::function<bool(const QByteArray&)> wanted);
    QCoro::Task<std::vector<EntryImage>> readPythonImages(QStringList keys);
    QCoro::Task<redis::Reply> changePython(EntryChange change);
    QCoro::Task<> releasePythonLock(QString key, QString token);
    RowsOnTheirWay askForRows(QList<QByteArray> fingerprints) const;
    QCoro::Task<std::vector<EntryMeta>> readRows(RowsOnTheirWay rows);

    /// Records calls of one shard and hour by one script. The calls must stay until it is sent, which is at
    /// once.
    QCoro::Task<redis::Reply> recordBatch(
        int shard, qint64 hour, const std::vector<const Call*>& calls) const;
    QCoro::Task<> countHits(std::vector<Call> calls);
    /// Hours with calls that overlap [fromMs, toMs), by shard.
    QCoro::Task<HoursByShard> hoursWithCalls(qint64 fromMs, qint64 toMs);
    /// Gives every call of a stream to `take` with its key, oldest first, but for those before `fromMs`.
    QCoro::Task<> readStream(
        int shard, qint64 hour, qint64 fromMs, std::function<void(Call call, qint64 key)> take);
    /// Packs of hours, with the prices that the newest of `repricings` (newest first) lays over each.
    QCoro::Task<std::vector<StoredHour>> readPacks(
        int shard, QList<qint64> hours, std::vector<qint64> repricings);
    /// Adds the calls that are not in the packs.
    QCoro::Task<std::vector<StoredHour>> readLate(int shard, std::vector<StoredHour> stored);
    /// Both.
    QCoro::Task<std::vector<StoredHour>> readHours(
        int shard, QList<qint64> hours, std::vector<qint64> repricings);
    enum class PackChange {
        SameCalls,
        Repaired, ///< whoever has read the hour must read it again
    };
    /// Replies 0 where the pack that is replaced is another one by now.
    QCoro::Task<redis::Reply> writePack(int shard, qint64 hour, QByteArray replaced, PackedHour packed,
        PackChange change = PackChange::SameCalls) const;
    /// The hour with all its calls in the pack.
    QCoro::Task<StoredHour> packHour(
        int shard, StoredHour stored, std::vector<qint64> repricings, std::shared_ptr<NameTable> names);
    /// Waits for other reports that read, then reads the calls in the range and adds them to a report. Hours
    /// that are kept as of `repricings` are returned, still to be added.
    QCoro::Task<CallBlocks> addCalls(std::shared_ptr<LedgerSummary> summary, std::vector<qint64> repricings);
    /// `version`: what stands for those prices where the calls are kept.
    QCoro::Task<> readAndAdd(std::shared_ptr<LedgerSummary> summary, HoursByShard hours,
        std::vector<qint64> repricings, QByteArray version);
    /// Forgets what is kept of hours that have changed since the last time.
    QCoro::Task<> noticeChanges();
    QCoro::Task<LedgerReport> reportOnEntry(LedgerQuery query);
    /// Adds to `calls` those of an hour that `query` selects: all that belong on the page, and maybe more.
    QCoro::Task<> readHourBackwards(qint64 hour, QList<int> shards, std::shared_ptr<CallSelection> selection,
        std::optional<CallPosition> position, std::size_t wanted,
        std::shared_ptr<std::vector<FoundCall>> calls);
    /// Says of calls what applied repricings make of them.
    QCoro::Task<> layPricesOver(std::shared_ptr<std::vector<FoundCall>> calls);

    /// Throws CacheError when prices of a repricing are gone.
    QCoro::Task<> requirePrices(qint64 repricing, std::shared_ptr<PricesWritten> written);
    /// `number` 0 writes nothing.
    QCoro::Task<Repricing> reprice(RepricingRequest request, qint64 number,
        std::shared_ptr<PricesWritten> written, LedgerProgress progress, std::stop_token stop);
    /// `fields` are hours, each with its prices.
    QCoro::Task<> writePrices(int shard, qint64 number, QList<QByteArray> fields);
    /// Runs a command that takes nothing but a key on all prices of a repricing.
    QCoro::Task<> changePrices(qint64 repricing, QByteArray verb);
    QCoro::Task<LedgerRebuild> rebuildHour(int shard, qint64 hour);
    /// Adds the calls before `beforeMs`, all of them in the hour's pack; returns the last id of that.
    QCoro::Task<QByteArray> collectArchivable(
        int shard, qint64 hour, qint64 beforeMs, std::shared_ptr<std::vector<Call>> calls);
    QCoro::Task<> removeArchived(int shard, qint64 hour, QByteArray upTo, qint64 beforeMs);

    redis::RedisUrl m_url;
    QString m_workspace;
    StoreInfo m_info;
    Keys m_keys;
    std::unique_ptr<RedisNews> m_news; ///< made for whoever asks first; outlives the client
    std::unique_ptr<redis::Client> m_client;
    std::unique_ptr<redis::Subscriber> m_subscriber; ///< made for the first waiter
    std::map<QByteArray, std::shared_ptr<Listing>> m_listings; ///< by their cursor
    quint64 m_listingNumber = 0;
    qint64 m_entryCount = -1; ///< of the last complete listing
    QString m_serverVersion;
    std::unique_ptr<ReportDesk> m_reports;
    std::shared_ptr<Gate> m_reading; ///< of the report that reads, closed until it has
    std::array<QByteArray, Keys::shardCount> m_lastChanges; ///< that reports know of, by shard
    bool m_packs = true; ///< packs of calls are made
    bool m_knowsExpireTime = true; ///< PEXPIRETIME, as Redis 7 does
};

} // namespace llmcache::redisstore
