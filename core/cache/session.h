#pragma once

#include "cache/runner.h"
#include "connection/connectionprofile.h"
#include "connection/openstore.h"
#include "provider/keyring.h"
#include "store/undojournal.h"

#include <QObject>

namespace llmcache {

/// Where a session lives and as whom.
struct SessionConfig {
    QString storeUrl{}; ///< redis://…, sqlite:///…; empty = the embedded file in `dataFolder`
    QString workspace = QStringLiteral("default");
    ConnectionTraits connection{}; ///< what the store is opened as
    QString dataFolder{}; ///< embedded file and spool; made with mode 0700 when missing
    Identity identity = Identity::ofProcess();
    ProviderConfig providers{}; ///< without `secret`, keys come from a KeyRing
    KeyRing* keys = nullptr; ///< shared by several sessions, and outlives them; without, each has its own
    CustomCosts customCosts{}; ///< win over the prices in `dataFolder`, see PriceFiles
    /// What the environment says: LLM_CACHE_REDIS_URL, and the user's data folder.
    static SessionConfig fromEnvironment();
};

/// One open connection with all that hangs on it: store, providers, prices, runner, spool. The composition
/// root makes one and hands it to the views. Thread-affine.
class Session : public QObject {
    Q_OBJECT
public:
    explicit Session(SessionConfig config, QObject* parent = nullptr);
    /// Stops the runs that are under way (they throw Cancelled) and waits in an event loop until they are
    /// over, their locks let go and the ledger records written: await runner().end() first where that must
    /// not happen. Never from a callback of a run.
    ~Session() override;

    Store& store();
    Runner& runner();
    /// Name of the connection, and how careful to be with it: ask before much is deleted from a production
    /// store, offer no change of a read-only one (its store refuses them all).
    const ConnectionTraits& connection() const;
    bool isReadOnly() const;
    /// What the ledger says, with all runs of this session that have ended. Errors as Store.
    QCoro::Task<CostReport> costs(CostQuery query);
    QCoro::Task<std::vector<Call>> calls(CallQuery query);
    QCoro::Task<LedgerReport> report(LedgerQuery query);
    QCoro::Task<CallPage> callPage(CallPageQuery query);
    ProviderRegistry& providers();
    /// What deletions and edits of entries replaced; in the folder "undo" of the data folder.
    UndoJournal& undoJournal();
    /// Where the keys of the providers are, unless the configuration has a `secret` of its own.
    KeyRing& keys();
    /// Prices runs from now on with `prices`, under the custom costs of the configuration.
    void setPrices(PriceTable prices);
    /// What is wrong with the price files in the data folder, for people; empty when nothing is. The built-in
    /// prices are used then.
    const QString& priceProblem() const;
    Clock& clock();
    const SessionConfig& config() const;
    /// Spooled records of this store that are still unwritten.
    qint64 spooled() const;
    /// Writes spooled records into the store, which also happens by itself when the store is reached; returns
    /// how many. Never throws: what fails stays spooled.
    QCoro::Task<int> replaySpool();

Q_SIGNALS:
    void pricesChanged();

private:
    void replayInBackground();

    struct Private;
    std::unique_ptr<Private> d;
};

/// Runs an agent through the cache in the store of `options.redisUrl`, LLM_CACHE_REDIS_URL, or the embedded
/// file. On the main thread the session is kept as a child of the QCoreApplication and reused; on other
/// threads it lives as long as the call. Errors as Runner::run.
QCoro::Task<RunResult> cachedAgentRun(Agent agent, QString prompt, RunOptions options = {});
/// The same through a session of the caller's.
QCoro::Task<RunResult> cachedAgentRun(Session& session, Agent agent, QString prompt, RunOptions options = {});
/// The same for programs that do not use coroutines: blocks the calling thread, not its event loop's
/// sockets, since the run has a thread of its own. Callbacks in `options` are called on that thread. Needs a
/// QCoreApplication object.
RunResult cachedAgentRunSync(Agent agent, QString prompt, RunOptions options = {});

} // namespace llmcache
