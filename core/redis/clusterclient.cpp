#include "redis/clusterclient.h"

#include "base/clock.h"
#include "redis/clusterslots_p.h"
#include "redis/connection.h"
#include "redis/linkerrors_p.h"
#include "redis/subscriber.h"

#include <QPointer>

#include <algorithm>
#include <map>
#include <vector>

namespace llmcache::redis {

namespace {

using namespace std::chrono_literals;
using StatePointer = std::shared_ptr<PendingState>;
using ErrorPointer = std::shared_ptr<const Error>;

/// Redirections of one command before it is given up: slots do not move that often.
constexpr int mostRedirections = 8;
/// Waits for keys that are being moved, 20 ms and then twice as long each.
constexpr int mostWaits = 6;
constexpr std::chrono::milliseconds firstWait = 20ms;
/// A lost node is reason to ask for the slots again, but not more often than this.
constexpr std::chrono::milliseconds refreshPause = 100ms;

QByteArray nodeId(const Endpoint& endpoint)
{
    return endpoint.display().toUtf8();
}

} // namespace

struct ClusterClient::Core {
    explicit Core(ClusterClient* client, RedisUrl clusterUrl)
        : q(client)
        , url(std::move(clusterUrl))
    {
    }

    Connection& connectionTo(const Endpoint& endpoint);
    void nodeStateChanged(const Endpoint& endpoint, bool connected, const QString& problem);
    void say(bool connected, const QString& problem);
    /// Where a command goes by the slots that are known; nothing when nobody holds its slot.
    std::optional<Endpoint> targetOf(const Command& command) const;

    static QCoro::Task<> execute(std::shared_ptr<Core> core, StatePointer outer, Command command);
    static QCoro::Task<> reload(std::shared_ptr<Core> core);
    /// Returns when the slots are known or asking for them failed (then in `loadError`).
    /// `again`: also when they are known, unless that was just now.
    static QCoro::Task<> ensureSlots(std::shared_ptr<Core> core, bool again);

    QPointer<ClusterClient> q;
    RedisUrl url;
    SlotMap slots;
    std::map<QByteArray, std::unique_ptr<Connection>> connections;
    QHash<QByteArray, QString> problems; ///< of nodes that were lost
    ErrorPointer loadError;
    std::vector<StatePointer> loadWaiters;
    std::chrono::steady_clock::time_point loadedAt;
    SystemClock clock;
    std::stop_source closing;
    std::size_t nextNode = 0; ///< for commands without a key
    bool loading = false;
    bool probing = false; ///< the next loading tries nodes that are known to be down
    bool saidConnected = false;
    QString lastProblem;
};

ClusterClient::ClusterClient(const RedisUrl& url)
    : m_core(std::make_shared<Core>(this, url))
{
}

ClusterClient::~ClusterClient()
{
    const std::shared_ptr<Core> core = m_core;
    core->q.clear();
    core->closing.request_stop();
    // Destroying the connections fails what is pending there; who is resumed finds the core closing.
    const auto connections = std::exchange(core->connections, {});
}

Pending ClusterClient::command(Command command)
{
    auto outer = std::make_shared<PendingState>();
    Pending pending(outer);
    Core::execute(m_core, std::move(outer), std::move(command));
    return pending;
}

void ClusterClient::flush()
{
    for (const auto& [node, connection] : m_core->connections)
        connection->flush();
}

void ClusterClient::flushIfIdle()
{
    for (const auto& [node, connection] : m_core->connections)
        connection->flushIfIdle();
}

QCoro::Task<QList<QByteArray>> ClusterClient::nodes()
{
    const std::shared_ptr<Core> core = m_core;
    // Fresh, so that a listing asks those who are masters now.
    co_await Core::ensureSlots(core, true);
    if (core->slots.isEmpty() && core->loadError)
        core->loadError->raise();
    QList<QByteArray> ids;
    for (const Endpoint& master : core->slots.masters())
        ids += nodeId(master);
    co_return ids;
}

QString ClusterClient::display() const
{
    return m_core->url.display();
}

bool ClusterClient::isConnected() const
{
    return m_core->saidConnected;
}

std::unique_ptr<Subscriber> ClusterClient::makeSubscriber(const QByteArray& node)
{
    const std::weak_ptr<Core> weak = m_core;
    struct Resolve {
        static QCoro::Task<Endpoint> among(std::shared_ptr<Core> core, QByteArray node)
        {
            co_await Core::ensureSlots(core, false);
            if (core->slots.isEmpty() && core->loadError)
                core->loadError->raise();
            const QList<Endpoint>& masters = core->slots.masters();
            const auto wanted = std::find_if(masters.begin(), masters.end(),
                [&node](const Endpoint& master) { return nodeId(master) == node; });
            if (wanted != masters.end())
                co_return *wanted;
            // What is published reaches the subscribers of all nodes, so any node will do for that; another
            // one at each attempt.
            Endpoint chosen = masters.at(
                static_cast<qsizetype>(core->nextNode++ % static_cast<std::size_t>(masters.size())));
            co_return chosen;
        }
        static QCoro::Task<Endpoint> closed(QString server)
        {
            closedError(server)->raise();
            co_return Endpoint();
        }
    };
    const QString server = display();
    Resolver resolver = [weak, server, node]() {
        auto core = weak.lock();
        return core ? Resolve::among(std::move(core), node) : Resolve::closed(server);
    };
    return std::make_unique<Subscriber>(
        m_core->url.settingsFor(m_core->url.endpoints().first()), std::move(resolver));
}

Connection& ClusterClient::Core::connectionTo(const Endpoint& endpoint)
{
    auto& connection = connections[nodeId(endpoint)];
    if (!connection) {
        connection = std::make_unique<Connection>(url.settingsFor(endpoint));
        QObject::connect(connection.get(), &Client::stateChanged, q,
            [this, endpoint](
                bool connected, const QString& problem) { nodeStateChanged(endpoint, connected, problem); });
    }
    return *connection;
}

void ClusterClient::Core::nodeStateChanged(const Endpoint& endpoint, bool connected, const QString& problem)
{
    if (connected)
        problems.remove(nodeId(endpoint));
    else if (slots.masters().contains(endpoint))
        problems.insert(nodeId(endpoint), problem);
    if (!problems.isEmpty())
        say(false, problems.cbegin().value());
    else if (connected)
        say(true, QString());
}

void ClusterClient::Core::say(bool connected, const QString& problem)
{
    if (!q || (saidConnected == connected && lastProblem == problem))
        return;
    saidConnected = connected;
    lastProblem = problem;
    Q_EMIT q->stateChanged(connected, problem);
}

std::optional<Endpoint> ClusterClient::Core::targetOf(const Command& command) const
{
    if (!command.node().isEmpty()) {
        for (const Endpoint& master : slots.masters()) {
            if (nodeId(master) == command.node())
                return master;
        }
        // It holds no slots any more, but may still answer.
        const auto colon = command.node().lastIndexOf(':');
        Endpoint former;
        former.host =
            QString::fromUtf8(command.node().left(colon)).remove(QLatin1Char('[')).remove(QLatin1Char(']'));
        former.port = command.node().mid(colon + 1).toUShort();
        return former;
    }
    if (command.keyIndex() >= 0)
        return slots.masterOf(slotOf(command.key()));
    const QList<Endpoint>& masters = slots.masters();
    if (masters.isEmpty())
        return std::nullopt;
    for (const Endpoint& master : masters) {
        const auto known = connections.find(nodeId(master));
        if (known != connections.end() && known->second->isConnected())
            return master;
    }
    return masters.at(static_cast<qsizetype>(nextNode % static_cast<std::size_t>(masters.size())));
}

QCoro::Task<> ClusterClient::Core::ensureSlots(std::shared_ptr<Core> core, bool again)
{
    const bool recent = core->clock.steadyNow() - core->loadedAt < refreshPause;
    if (!core->slots.isEmpty() && (!again || recent))
        co_return;
    auto waiter = std::make_shared<PendingState>();
    Pending loaded(waiter);
    core->loadWaiters.push_back(std::move(waiter));
    if (!core->loading) {
        core->loading = true;
        reload(core); // its end is told by loadWaiters
    }
    co_await loaded;
}

QCoro::Task<> ClusterClient::Core::reload(std::shared_ptr<Core> core)
{
    QList<Endpoint> candidates;
    for (const Endpoint& master : core->slots.masters()) {
        const auto known = core->connections.find(nodeId(master));
        if (known != core->connections.end() && known->second->isConnected())
            candidates.prepend(master);
        else
            candidates.append(master);
    }
    const QList<Endpoint> seeds = core->url.endpoints();
    for (const Endpoint& seed : seeds) {
        if (!candidates.contains(seed))
            candidates.append(seed);
    }
    ErrorPointer error;
    bool found = false;
    for (const Endpoint& candidate : std::as_const(candidates)) {
        if (core->closing.stop_requested())
            break;
        Command question = Command::idempotent("CLUSTER", "SLOTS");
        question.setKeyIndex(-1);
        if (core->probing)
            question.setProbe();
        try {
            const Reply reply = co_await core->connectionTo(candidate).command(std::move(question));
            if (core->slots.read(reply, candidate)) {
                found = true;
                break;
            }
            if (reply.isError() && reply.bytes.contains("cluster support disabled"))
                error = std::make_shared<ConfigurationError>(
                    QStringLiteral("The Redis server at %1 is no part of a cluster.")
                        .arg(candidate.display()),
                    QStringLiteral("Write the store's URL as redis://."));
            else if (reply.isError())
                error = errorOf(reply, candidate.display());
            else if (!error)
                error = std::make_shared<ConnectionError>(
                    QStringLiteral("The Redis cluster at %1 has no slots yet.").arg(core->url.display()),
                    QStringLiteral("Finish setting it up with redis-cli --cluster create."));
        } catch (const ConfigurationError& caught) {
            error = std::make_shared<ConfigurationError>(caught);
        } catch (const Error& caught) {
            if (!error)
                error = std::make_shared<ConnectionError>(caught.message(), caught.remedy());
        }
    }
    if (core->closing.stop_requested())
        error = closedError(core->url.display());
    core->loading = false;
    core->probing = false;
    core->loadedAt = core->clock.steadyNow();
    core->loadError = found ? nullptr : error;
    if (found) {
        const QList<QByteArray> troubled = core->problems.keys();
        for (const QByteArray& node : troubled) {
            // A lost node that is no master any more is nobody's problem.
            const auto isNode = [&node](const Endpoint& master) { return nodeId(master) == node; };
            if (std::none_of(core->slots.masters().begin(), core->slots.masters().end(), isNode))
                core->problems.remove(node);
        }
        if (core->problems.isEmpty())
            core->say(true, QString());
    } else if (error) {
        core->say(false, error->text());
    }
    const auto waiters = std::exchange(core->loadWaiters, {});
    for (const StatePointer& waiter : waiters)
        waiter->complete(Reply());
}

QCoro::Task<> ClusterClient::Core::execute(std::shared_ptr<Core> core, StatePointer outer, Command command)
{
    ErrorPointer error;
    std::optional<Redirection> redirection;
    std::chrono::milliseconds wait = firstWait;
    int redirections = 0;
    int waits = 0;
    bool triedAgain = false;
    for (;;) {
        if (core->closing.stop_requested()) {
            error = closedError(core->url.display());
            break;
        }
        if (core->slots.isEmpty()) {
            core->probing = core->probing || command.isProbe();
            co_await ensureSlots(core, false);
        }
        std::optional<Endpoint> target = redirection ? redirection->target : core->targetOf(command);
        if (!target) {
            error = core->loadError;
            if (!error)
                error = std::make_shared<ConnectionError>(
                    QStringLiteral("No server of the Redis cluster at %1 holds the slot of this key.")
                        .arg(core->url.display()),
                    QStringLiteral("Try again in a moment; a failover may be under way."));
            break;
        }
        if (core->closing.stop_requested())
            continue;
        Connection& connection = core->connectionTo(*target);
        if (redirection && redirection->ask) {
            // Both are written together, and must not be torn apart by a resend.
            const Pending asking = connection.command(Command::once("ASKING"));
            Q_UNUSED(asking)
        }
        const bool resendable = command.isIdempotent() && !(redirection && redirection->ask);
        Command sent(command.arguments(), resendable ? Command::Resend::Once : Command::Resend::Never);
        if (command.isProbe())
            sent.setProbe();
        auto inner = std::make_shared<PendingState>(std::move(sent));
        Pending pending(inner);
        connection.submit(inner);
        bool lost = false;
        try {
            Reply reply = co_await pending;
            redirection = redirectionOf(reply, *target);
            if (redirection && ++redirections <= mostRedirections) {
                if (!redirection->ask) {
                    core->slots.move(redirection->slot, redirection->target);
                    ensureSlots(core, true); // more may have moved; this command need not wait for that
                }
                continue;
            }
            redirection.reset();
            if (reply.isError("CLUSTERDOWN"))
                ensureSlots(core, true); // for the calls to come; waiting out a failover takes too long
            if (reply.isError("TRYAGAIN") && ++waits <= mostWaits) {
                co_await core->clock.sleep(wait, core->closing.get_token());
                wait *= 2;
                co_await ensureSlots(core, true);
                continue;
            }
            outer->complete(std::move(reply));
            co_return;
        } catch (const ConfigurationError& caught) {
            error = std::make_shared<ConfigurationError>(caught);
        } catch (const Cancelled&) {
            error = closedError(core->url.display());
        } catch (const Error& caught) {
            error = std::make_shared<ConnectionError>(caught.message(), caught.remedy());
            lost = true;
        }
        redirection.reset();
        if (!lost || core->closing.stop_requested())
            break;
        // The node is lost. Who follows it may hold the slot already.
        co_await ensureSlots(core, true);
        const bool maySend = command.isIdempotent() || !inner->wasSent;
        if (triedAgain || !maySend || core->targetOf(command) == target)
            break;
        triedAgain = true;
    }
    outer->fail(std::move(error));
}

} // namespace llmcache::redis
