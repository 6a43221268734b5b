#pragma once

#include "agent/agent.h"
#include "store/call.h"
#include "store/entryimage.h"
#include "store/ledgerquery.h"

#include <QObject>

#include <qcorotask.h>

#include <memory>
#include <stop_token>

namespace llmcache {

/// Where a workspace lives, for status lines and results. Holds no secret.
struct StoreInfo {
    QString kind; ///< "redis" or "sqlite"
    QString name; ///< host:port/db or file name, without user info
    QString workspace;
    QString caution{}; ///< what everybody should see all the time, such as a certificate that is not checked
};

/// What a provider asked for after too many requests.
struct Cooldown {
    QString publisher; ///< who told the store of it; empty = there is none
    std::chrono::milliseconds left{0};
};

/// What a store can say about itself now.
struct StoreStatus {
    bool connected = false;
    QString problem; ///< why not, in words for people; empty when connected
    std::chrono::microseconds roundTrip{0};
    qint64 entries = 0; ///< exact for SQLite; for Redis a count kept by the last complete scan, or -1
    QString serverVersion;
};

/// A lookup's answer: the whole entry.
struct Commit {
    Entry entry;
    std::optional<std::chrono::seconds> ttl; ///< nothing = never expires
    QString lockToken; ///< released with the commit when it still holds; empty = no lock
};

/// One page of a listing.
struct EntryPage {
    std::vector<EntryMeta> rows;
    QByteArray cursor; ///< give it to the next call; empty when the listing is complete
    qint64 scanned = 0; ///< keys looked at so far in this listing
    qint64 total = -1; ///< keys that there are to look at, as far as known
};

/// The same with all of the entries, as they are kept.
struct ImagePage {
    std::vector<EntryImage> images;
    QByteArray cursor;
    qint64 scanned = 0;
    qint64 total = -1;
};

struct CallQuery {
    qint64 fromMs = 0;
    qint64 toMs = std::numeric_limits<qint64>::max();
    std::vector<std::pair<Dimension, QStringList>> filters;
    QString fingerprint; ///< only calls of this entry
    int limit = 200; ///< newest first
};
/// The same question for the first page.
CallPageQuery callPageQueryOf(const CallQuery& query);

/// What happened to entries, see Store::entryNews().
struct EntryNews {
    QStringList changed; ///< fingerprints, once each, of what was stored, changed, used or deleted
    bool missed = false; ///< more than that may have changed
    bool isTold = false; ///< false: the store is not told of all changes by others; look now and then
    QByteArray position; ///< give it to the next call
};

/// How much of an entry is read.
enum class EntryParts {
    Meta,
    Answer, ///< the metadata and the response: what a run needs, which has the request itself
    All,
};

/// A workspace in some store: entries, locks, agents, ledger.
///
/// Thread-affine: used from the thread it was created on, whose event loop it needs. Every call is
/// asynchronous and throws ConnectionError when the store can't be reached and CacheError for anything else
/// that the store refuses. The object must outlive the tasks it returned.
class Store : public QObject {
    Q_OBJECT
public:
    ~Store() override;

    virtual StoreInfo info() const = 0;
    /// Whether everything that would change the store is refused, see makeReadOnly().
    virtual bool isReadOnly() const { return false; }
    /// Connects if necessary and measures a round trip. Reports a dead store in the status; does not throw
    /// for it.
    virtual QCoro::Task<StoreStatus> status() = 0;

    // --- entries
    /// The live entry under a fingerprint, with the parts that are asked for. One round trip.
    virtual QCoro::Task<std::optional<Entry>> lookup(
        QString fingerprint, EntryParts parts = EntryParts::All) = 0;
    /// Writes an entry (revision + 1 when one was there), releases the lock, and notifies waiters,
    /// atomically. Returns the revision written.
    virtual QCoro::Task<qint64> commit(Commit commit) = 0;
    /// Deletes entries; returns how many of them existed.
    virtual QCoro::Task<qint64> removeEntries(QStringList fingerprints) = 0;
    /// The entries that are there, as they are kept, in no particular order.
    virtual QCoro::Task<std::vector<EntryImage>> readImages(QStringList fingerprints) = 0;
    /// Makes changes, each of them whole or not at all and only of the revision that it expects; one outcome
    /// for each. Where an error is thrown some of them may have been made.
    virtual QCoro::Task<std::vector<ChangeOutcome>> changeEntries(std::vector<EntryChange> changes) = 0;
    /// How many changes are best given to it together, when there are many: so that each costs little, and a
    /// cancel is felt at once. For any thread.
    virtual qsizetype changesAtOnce() const = 0;
    /// What changes of an entry kept (EntryChange::kept), the newest first: at most `mostRevisions`, each for
    /// 30 days after the last change, also when the entry is gone.
    virtual QCoro::Task<std::vector<EntryImage>> revisions(QString fingerprint) = 0;
    static constexpr int mostRevisions = 20;
    static constexpr std::chrono::days revisionTime{30};
    /// The next page of metadata rows, in no particular order, `cursor` empty to begin. Every entry that
    /// exists throughout the listing is in some page, at most once. Does not disturb the store's eviction
    /// more than it must.
    virtual QCoro::Task<EntryPage> listEntries(QByteArray cursor, int pageSize) = 0;
    /// The same listing for whoever reads the entries themselves anyway: nothing is asked for twice. A
    /// cursor may be given to either of them.
    virtual QCoro::Task<ImagePage> listImages(QByteArray cursor, int pageSize) = 0;
    /// What happened to entries since the call that returned `position`, whoever did it; with an empty one,
    /// nothing yet. Meant to be called every second or so, before the first listing begins: a store that
    /// nobody has asked for `newsTime` forgets, and so does one with too much news (EntryNews::missed).
    /// Redis tells of it by keyspace notifications, where its configuration sends them (that is never
    /// changed); SQLite keeps a log, in which uses are not, and expired entries only once they are deleted.
    virtual QCoro::Task<EntryNews> entryNews(QByteArray position) = 0;
    static constexpr std::chrono::seconds newsTime{60};
    static constexpr int mostNews = 10'000;
    /// Fingerprints that start with `prefix` (4 hex digits or more), at most `limit`.
    virtual QCoro::Task<QStringList> resolveFingerprint(QString prefix, int limit) = 0;

    // --- locks: one payment per request across processes
    /// Takes the lock if nobody holds it.
    virtual QCoro::Task<bool> tryLock(QString fingerprint, QString token, std::chrono::milliseconds ttl) = 0;
    /// Extends a lock that `token` holds; false when it was lost.
    virtual QCoro::Task<bool> renewLock(
        QString fingerprint, QString token, std::chrono::milliseconds ttl) = 0;
    /// Compare-and-delete, then notifies waiters with `failure` (empty: no permanent failure).
    virtual QCoro::Task<> unlock(QString fingerprint, QString token, QString failure) = 0;
    /// Waits until the holder commits or unlocks (its failure text is returned), the lock is gone (empty
    /// text), or `timeout`. Never longer than `timeout`.
    virtual QCoro::Task<QString> awaitUnlock(
        QString fingerprint, std::chrono::milliseconds timeout, std::stop_token stop) = 0;

    // --- cooldowns: what one process was told after too many requests, for all of them
    /// Holds off for `span` from now, unless a longer cooldown is there.
    virtual QCoro::Task<> extendCooldown(QString key, QString publisher, std::chrono::milliseconds span) = 0;
    virtual QCoro::Task<Cooldown> cooldown(QString key) = 0;

    // --- agents
    virtual QCoro::Task<std::vector<StoredAgent>> listAgents() = 0;
    virtual QCoro::Task<std::optional<StoredAgent>> loadAgent(QString name) = 0;
    /// Saves an agent under its name. `expectedRevision` 0 = must not exist yet, -1 = whatever is there;
    /// another value must be the stored revision, or CacheError is thrown and nothing is written. Returns
    /// what was stored.
    virtual QCoro::Task<StoredAgent> saveAgent(
        Agent agent, qint64 expectedRevision, QString savedBy, qint64 nowMs) = 0;
    virtual QCoro::Task<bool> removeAgent(QString name) = 0;

    // --- ledger
    /// Appends calls, each id once, and counts hits on their entries. Returns how many
    /// were new.
    virtual QCoro::Task<qint64> recordCalls(std::vector<Call> calls) = 0;
    /// The same as report(), in fewer words.
    QCoro::Task<CostReport> costs(CostQuery query);
    virtual QCoro::Task<std::vector<Call>> listCalls(CallQuery query) = 0;
    /// Sums and distributions of any selection of calls, grouped in any way; see LedgerQuery.
    virtual QCoro::Task<LedgerReport> report(LedgerQuery query) = 0;
    /// The calls behind a selection, page by page.
    virtual QCoro::Task<CallPage> callPage(CallPageQuery query) = 0;

Q_SIGNALS:
    /// The store became reachable or unreachable; `problem` as in StoreStatus.
    void connectionChanged(bool connected, const QString& problem);
};

} // namespace llmcache
