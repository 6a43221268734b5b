#include "store/readonlystore.h"

#include "base/error.h"
#include "store/ledgerpacking.h"
#include "store/listing.h"
#include "store/pythonstore.h"
#include "store/rawentry.h"
#include "store/textindex.h"

namespace llmcache {

namespace {

class ReadOnlyStore : public Store, public RawInspector, public TextIndex, public ListingKeeper {
public:
    ReadOnlyStore(std::unique_ptr<Store> store, QString remedy)
        : m_store(std::move(store))
        , m_index(dynamic_cast<TextIndex*>(m_store.get()))
        , m_remedy(std::move(remedy))
    {
        if (m_index)
            m_index->stopIndexing();
        if (auto* const packing = dynamic_cast<LedgerPacking*>(m_store.get()))
            packing->stopPacking();
        connect(m_store.get(), &Store::connectionChanged, this, &Store::connectionChanged);
    }

    bool isReadOnly() const override { return true; }
    StoreInfo info() const override { return m_store->info(); }
    QCoro::Task<StoreStatus> status() override { return m_store->status(); }

    QCoro::Task<std::optional<Entry>> lookup(QString fingerprint, EntryParts parts) override
    {
        return m_store->lookup(std::move(fingerprint), parts);
    }
    QCoro::Task<std::vector<EntryImage>> readImages(QStringList fingerprints) override
    {
        return m_store->readImages(std::move(fingerprints));
    }
    QCoro::Task<std::optional<RawEntry>> rawEntry(QString fingerprint) override
    {
        return readRaw(m_store.get(), std::move(fingerprint));
    }
    QCoro::Task<std::vector<EntryImage>> revisions(QString fingerprint) override
    {
        return m_store->revisions(std::move(fingerprint));
    }
    QCoro::Task<EntryPage> listEntries(QByteArray cursor, int pageSize) override
    {
        return m_store->listEntries(std::move(cursor), pageSize);
    }
    QCoro::Task<ImagePage> listImages(QByteArray cursor, int pageSize) override
    {
        return m_store->listImages(std::move(cursor), pageSize);
    }
    void endListing(const QByteArray& cursor) override { llmcache::endListing(m_store.get(), cursor); }
    QCoro::Task<EntryNews> entryNews(QByteArray position) override
    {
        return m_store->entryNews(std::move(position));
    }
    QCoro::Task<QStringList> resolveFingerprint(QString prefix, int limit) override
    {
        return m_store->resolveFingerprint(std::move(prefix), limit);
    }
    QCoro::Task<QString> awaitUnlock(
        QString fingerprint, std::chrono::milliseconds timeout, std::stop_token stop) override
    {
        return m_store->awaitUnlock(std::move(fingerprint), timeout, std::move(stop));
    }
    QCoro::Task<Cooldown> cooldown(QString key) override { return m_store->cooldown(std::move(key)); }
    QCoro::Task<std::vector<StoredAgent>> listAgents() override { return m_store->listAgents(); }
    QCoro::Task<std::optional<StoredAgent>> loadAgent(QString name) override
    {
        return m_store->loadAgent(std::move(name));
    }
    QCoro::Task<std::vector<Call>> listCalls(CallQuery query) override
    {
        return m_store->listCalls(std::move(query));
    }
    QCoro::Task<LedgerReport> report(LedgerQuery query) override { return m_store->report(std::move(query)); }
    QCoro::Task<CallPage> callPage(CallPageQuery query) override
    {
        return m_store->callPage(std::move(query));
    }

    QCoro::Task<std::optional<TextCandidates>> textCandidates(EntryFilter filter) override
    {
        if (!m_index)
            co_return std::nullopt;
        auto asking = m_index->textCandidates(std::move(filter));
        co_return co_await asking;
    }
    QCoro::Task<TextIndexState> indexTexts() override
    {
        return refuse<TextIndexState>(QStringLiteral("index texts"));
    }
    void stopIndexing() override { }

    QCoro::Task<qint64> commit(Commit) override { return refuse<qint64>(QStringLiteral("store an entry")); }
    QCoro::Task<qint64> removeEntries(QStringList) override
    {
        return refuse<qint64>(QStringLiteral("delete entries"));
    }
    qsizetype changesAtOnce() const override { return m_store->changesAtOnce(); }
    QCoro::Task<std::vector<ChangeOutcome>> changeEntries(std::vector<EntryChange>) override
    {
        return refuse<std::vector<ChangeOutcome>>(QStringLiteral("change entries"));
    }
    QCoro::Task<bool> tryLock(QString, QString, std::chrono::milliseconds) override
    {
        return refuse<bool>(QStringLiteral("lock a request"));
    }
    QCoro::Task<bool> renewLock(QString, QString, std::chrono::milliseconds) override
    {
        return refuse<bool>(QStringLiteral("lock a request"));
    }
    QCoro::Task<> unlock(QString, QString, QString) override
    {
        return refuse<void>(QStringLiteral("unlock a request"));
    }
    QCoro::Task<> extendCooldown(QString, QString, std::chrono::milliseconds) override
    {
        return refuse<void>(QStringLiteral("share a cooldown"));
    }
    QCoro::Task<StoredAgent> saveAgent(Agent, qint64, QString, qint64) override
    {
        return refuse<StoredAgent>(QStringLiteral("save an agent"));
    }
    QCoro::Task<bool> removeAgent(QString) override
    {
        return refuse<bool>(QStringLiteral("delete an agent"));
    }
    QCoro::Task<qint64> recordCalls(std::vector<Call>) override
    {
        return refuse<qint64>(QStringLiteral("write to the ledger"));
    }

protected:
    Store* store() const { return m_store.get(); }
    template <typename Result>
    QCoro::Task<Result> refuse(QString what) const
    {
        throw CacheError(
            QStringLiteral("The connection to %1 is read-only: it can't %2.").arg(info().name, what),
            m_remedy);
        // NOLINTNEXTLINE(clang-diagnostic-unreachable-code): makes this a coroutine, which throws when
        // awaited
        co_return co_await QCoro::Task<Result>();
    }

private:
    std::unique_ptr<Store> m_store;
    TextIndex* m_index; ///< of m_store; null when it has none
    QString m_remedy;
};

/// One that Python programs use as well.
class ReadOnlyPythonStore final : public ReadOnlyStore, public PythonStore {
public:
    using ReadOnlyStore::ReadOnlyStore;

    QCoro::Task<std::optional<Entry>> lookupFirst(QStringList ids, EntryParts parts) override
    {
        return pythonStoreOf(store())->lookupFirst(std::move(ids), parts);
    }
    QCoro::Task<> putForPython(
        QStringList /*keys*/, QByteArray /*pickle*/, std::optional<std::chrono::seconds> /*ttl*/) override
    {
        return refuse<void>(QStringLiteral("store an entry"));
    }
    QCoro::Task<> rememberOrigin(
        QStringList /*keys*/, PythonOrigin /*origin*/, std::optional<std::chrono::seconds> /*ttl*/) override
    {
        return refuse<void>(QStringLiteral("keep a request"));
    }
    QCoro::Task<> visitPickles(std::function<bool(const QByteArray&)> wanted) override
    {
        return pythonStoreOf(store())->visitPickles(std::move(wanted));
    }
};

} // namespace

std::unique_ptr<Store> makeReadOnly(std::unique_ptr<Store> store, QString remedy)
{
    if (pythonStoreOf(store.get()))
        return std::make_unique<ReadOnlyPythonStore>(std::move(store), std::move(remedy));
    return std::make_unique<ReadOnlyStore>(std::move(store), std::move(remedy));
}

} // namespace llmcache
