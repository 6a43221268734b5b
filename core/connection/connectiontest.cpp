#include "connection/connectiontest.h"

#include "base/error.h"
#include "connection/networkprobe_p.h"
#include "connection/openstore.h"
#include "connection/permissionprobe_p.h"
#include "connection/serververdict_p.h"
#include "redis/client.h"
#include "redis/sentinel_p.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QHostAddress>
#include <QPointer>

#include <algorithm>

namespace llmcache {

namespace {

using Kind = TestStep::Kind;
using State = TestStep::State;

/// Owns a client that a requested stop takes away in the middle of a command.
class StoppableClient {
public:
    StoppableClient(std::unique_ptr<redis::Client> client, std::stop_token stop)
        : m_client(client.release())
        , m_callback(std::move(stop), Delete{m_client})
    {
    }
    ~StoppableClient()
    {
        if (m_client)
            m_client->deleteLater();
    }
    StoppableClient(const StoppableClient&) = delete;
    StoppableClient& operator=(const StoppableClient&) = delete;
    redis::Client* get() const { return m_client; }

private:
    struct Delete {
        QPointer<redis::Client> client;
        void operator()() const
        {
            if (client)
                client->deleteLater();
        }
    };
    QPointer<redis::Client> m_client;
    std::stop_callback<Delete> m_callback;
};

QString milliseconds(std::chrono::microseconds time)
{
    return QStringLiteral("%1 ms").arg(static_cast<double>(time.count()) / 1000.0, 0, 'f', 2);
}

class Tester {
public:
    Tester(TestTarget target, TestProgress progress, std::stop_token stop)
        : m_target(std::move(target))
        , m_progress(std::move(progress))
        , m_stop(std::move(stop))
    {
    }

    QCoro::Task<> run();
    const std::vector<TestStep>& steps() const { return m_steps; }

private:
    QCoro::Task<> runFile();
    QCoro::Task<> runRedis(redis::RedisUrl url);
    QCoro::Task<bool> runNetwork(redis::RedisUrl url);
    QCoro::Task<bool> reach(redis::RedisUrl url, redis::Endpoint endpoint);
    QCoro::Task<> runServer(redis::RedisUrl url, redis::Client* client);
    QCoro::Task<bool> login(redis::RedisUrl url, redis::Client* client);
    QCoro::Task<> permissions(redis::RedisUrl url, redis::Client* client);
    QCoro::Task<> latency(redis::Client* client);
    QCoro::Task<redis::Reply> ask(redis::Client* client, QList<QByteArray> words);

    void plan(std::initializer_list<Kind> kinds);
    TestStep& step(Kind kind);
    void begin(Kind kind);
    void end(Kind kind, State state, QString detail, QString remedy = {});
    void end(Kind kind, const ServerVerdict& verdict)
    {
        end(kind, verdict.state, verdict.detail, verdict.remedy);
    }
    bool take(Kind kind, const ProbeResult& result);
    void changed() const
    {
        if (m_progress)
            m_progress(m_steps);
    }
    void throwIfStopped() const
    {
        if (m_stop.stop_requested())
            throw Cancelled();
    }

    TestTarget m_target;
    TestProgress m_progress;
    std::stop_token m_stop;
    std::vector<TestStep> m_steps;
    QString m_user;
};

void Tester::plan(std::initializer_list<Kind> kinds)
{
    for (const Kind kind : kinds)
        m_steps.push_back({kind});
}

TestStep& Tester::step(Kind kind)
{
    return *std::find_if(
        m_steps.begin(), m_steps.end(), [kind](const TestStep& one) { return one.kind == kind; });
}

void Tester::begin(Kind kind)
{
    throwIfStopped();
    step(kind).state = State::Running;
    changed();
}

void Tester::end(Kind kind, State state, QString detail, QString remedy)
{
    TestStep& ended = step(kind);
    ended.state = state;
    ended.detail = std::move(detail);
    ended.remedy = std::move(remedy);
    changed();
}

bool Tester::take(Kind kind, const ProbeResult& result)
{
    if (result.took.count() > 0)
        step(kind).took = result.took;
    if (!result.problem.isEmpty())
        end(kind, State::Failed, result.problem, result.remedy);
    else
        end(kind, result.caution.isEmpty() ? State::Passed : State::Advice, result.detail, result.caution);
    return result.problem.isEmpty();
}

QCoro::Task<> Tester::run()
{
    StoreAddress address;
    std::optional<redis::RedisUrl> url;
    try {
        address = StoreAddress::fromUrl(m_target.storeUrl);
        checkWorkspaceName(m_target.workspace);
        if (address.isRedis())
            url = redis::RedisUrl::parse(m_target.storeUrl);
    } catch (const ConfigurationError& error) {
        plan({Kind::Address});
        end(Kind::Address, State::Failed, error.message(), error.remedy());
        co_return;
    }
    if (url) {
        redis::RedisUrl copy = *url;
        co_await runRedis(std::move(copy));
    } else {
        co_await runFile();
    }
    for (TestStep& one : m_steps) {
        if (one.state == State::Waiting)
            one.state = State::Skipped;
    }
    changed();
}

QCoro::Task<> Tester::runFile()
{
    plan({Kind::File, Kind::Server, Kind::Latency});
    begin(Kind::File);
    std::unique_ptr<Store> store;
    try {
        store = openStore(m_target.storeUrl, m_target.workspace, m_target.dataFolder);
    } catch (const ConfigurationError& error) {
        end(Kind::File, State::Failed, error.message(), error.remedy());
        co_return;
    }
    const QString path = store->info().name;
    if (!QFileInfo::exists(path)) {
        end(Kind::File, State::Passed, QStringLiteral("%1 is made with the first use").arg(path));
        co_return;
    }
    const StoreStatus status = co_await store->status();
    throwIfStopped();
    if (!status.connected) {
        end(Kind::File, State::Failed, status.problem);
        co_return;
    }
    if (!m_target.readOnly && !QFileInfo(path).isWritable())
        end(Kind::File, State::Failed, QStringLiteral("%1 can't be written.").arg(path),
            QStringLiteral("See to the rights of the file, or open it read-only."));
    else
        end(Kind::File, State::Passed, QStringLiteral("%1, %2 entries").arg(path).arg(status.entries));
    end(Kind::Server, State::Passed, status.serverVersion);
    step(Kind::Latency).took = status.roundTrip;
    end(Kind::Latency, State::Passed, milliseconds(status.roundTrip));
}

QCoro::Task<> Tester::runRedis(redis::RedisUrl url)
{
    const bool isSocket = !url.endpoints().front().socketPath.isEmpty();
    plan({Kind::Address});
    if (url.kind() == redis::RedisUrl::Kind::Sentinel)
        plan({Kind::Sentinel});
    if (!isSocket)
        plan({Kind::Name});
    plan({Kind::Reach});
    if (url.tls().enabled)
        plan({Kind::Encryption});
    plan({Kind::Login, Kind::Permissions, Kind::Server, Kind::Latency, Kind::Eviction, Kind::Persistence});
    end(Kind::Address, State::Passed, url.display());

    redis::RedisUrl copy = url;
    if (!co_await runNetwork(std::move(copy)))
        co_return;
    const StoppableClient client(redis::makeClient(url), m_stop);
    co_await runServer(url, client.get());
}

/// Whether the server is there to talk to.
QCoro::Task<bool> Tester::runNetwork(redis::RedisUrl url)
{
    redis::Endpoint endpoint = url.endpoints().front();
    if (url.kind() == redis::RedisUrl::Kind::Sentinel) {
        begin(Kind::Sentinel);
        ProbeResult result;
        try {
            const redis::SentinelResolver resolver(url);
            endpoint = co_await resolver.resolve();
            result.detail =
                QStringLiteral("the master of \"%1\" is %2").arg(url.masterName(), endpoint.display());
        } catch (const Error& error) {
            result.problem = error.message();
            result.remedy = error.remedy();
        }
        throwIfStopped();
        if (!take(Kind::Sentinel, result))
            co_return false;
    }
    if (url.kind() != redis::RedisUrl::Kind::Cluster) {
        redis::RedisUrl copy = url;
        co_return co_await reach(std::move(copy), std::move(endpoint));
    }
    // One node that answers is enough; the others are told.
    QStringList unreached;
    for (const redis::Endpoint& node : url.endpoints()) {
        const std::vector<TestStep> before = m_steps;
        redis::RedisUrl copy = url;
        redis::Endpoint one = node;
        const bool reached = co_await reach(std::move(copy), std::move(one));
        if (reached && !unreached.isEmpty()) {
            TestStep& step = this->step(Kind::Reach);
            step.state = State::Advice;
            step.remedy = QStringLiteral("Not every node that is named answers. %1")
                              .arg(unreached.join(QLatin1Char(' ')));
            changed();
        }
        if (reached)
            co_return true;
        const auto failed = std::find_if(
            m_steps.begin(), m_steps.end(), [](const TestStep& step) { return step.state == State::Failed; });
        unreached.append(QStringLiteral("%1: %2").arg(node.display(), failed->detail));
        if (unreached.size() < static_cast<qsizetype>(url.endpoints().size()))
            m_steps = before;
    }
    co_return false;
}

/// Name, connection and encryption of one server.
QCoro::Task<bool> Tester::reach(redis::RedisUrl url, redis::Endpoint endpoint)
{
    if (endpoint.socketPath.isEmpty()) {
        begin(Kind::Name);
        const QString host = endpoint.host;
        const ProbeResult name = co_await probeName(host, m_stop);
        if (!take(Kind::Name, name))
            co_return false;
    }
    const redis::ConnectionSettings settings = url.settingsFor(endpoint);
    begin(Kind::Reach);
    const ProbeResult reached = co_await probeReach(settings, m_stop);
    if (!take(Kind::Reach, reached))
        co_return false;
    if (!url.tls().enabled)
        co_return true;
    begin(Kind::Encryption);
    const ProbeResult encryption = co_await probeEncryption(settings, m_stop);
    co_return take(Kind::Encryption, encryption);
}

QCoro::Task<redis::Reply> Tester::ask(redis::Client* client, QList<QByteArray> words)
{
    redis::Command command(std::move(words), redis::Command::Resend::Once);
    command.setKeyIndex(-1);
    auto pending = client->command(std::move(command));
    try {
        redis::Reply reply = co_await pending;
        throwIfStopped();
        co_return reply;
    } catch (const ConnectionError&) {
        // The stop takes the client away.
        throwIfStopped();
        throw;
    }
}

QCoro::Task<> Tester::runServer(redis::RedisUrl url, redis::Client* client)
{
    Kind current = Kind::Login;
    try {
        redis::RedisUrl copy = url;
        if (!co_await login(std::move(copy), client))
            co_return;
        current = Kind::Permissions;
        redis::RedisUrl another = url;
        co_await permissions(std::move(another), client);
        current = Kind::Server;
        begin(current);
        QList<QByteArray> info{"INFO"};
        const redis::Reply reply = co_await ask(client, std::move(info));
        const ServerFacts facts = factsOf(reply);
        end(current, serverVerdict(facts));
        current = Kind::Latency;
        co_await latency(client);
        current = Kind::Eviction;
        end(current, evictionVerdict(facts));
        current = Kind::Persistence;
        begin(current);
        QList<QByteArray> getSave{"CONFIG", "GET", "save"};
        const redis::Reply save = co_await ask(client, std::move(getSave));
        end(current, persistenceVerdict(facts, save));
    } catch (const Cancelled&) {
        throw;
    } catch (const Error& error) {
        throwIfStopped();
        end(current, State::Failed, error.message(), error.remedy());
    }
}

QCoro::Task<bool> Tester::login(redis::RedisUrl url, redis::Client* client)
{
    begin(Kind::Login);
    QElapsedTimer timer;
    timer.start();
    QList<QByteArray> words{"PING"};
    const redis::Reply pong = co_await ask(client, std::move(words));
    step(Kind::Login).took = std::chrono::microseconds(timer.nsecsElapsed() / 1000);
    if (pong.isError("NOAUTH")) {
        end(Kind::Login, State::Failed, QStringLiteral("The server wants a password, and none is given."),
            QStringLiteral("Give the user's password; without a user it is that of \"default\"."));
        co_return false;
    }
    if (pong.isError() && !pong.isError("NOPERM")) {
        const auto error = redis::errorOf(pong, url.display());
        end(Kind::Login, State::Failed, error->message(), error->remedy());
        co_return false;
    }
    m_user = url.user().isEmpty() ? QStringLiteral("default") : url.user();
    const redis::Endpoint& endpoint = url.endpoints().front();
    const bool isLocal = !endpoint.socketPath.isEmpty() || endpoint.host == QLatin1String("localhost")
        || QHostAddress(endpoint.host).isLoopback();
    if (!url.password().isEmpty())
        end(Kind::Login, State::Passed, QStringLiteral("logged in as \"%1\"").arg(m_user));
    else if (isLocal)
        end(Kind::Login, State::Passed, QStringLiteral("no password needed"));
    else
        end(Kind::Login, State::Advice, QStringLiteral("no password needed"),
            QStringLiteral("Whoever reaches this server can read and change everything: set a password "
                           "(requirepass), better users with an ACL."));
    co_return true;
}

QCoro::Task<> Tester::permissions(redis::RedisUrl url, redis::Client* client)
{
    begin(Kind::Permissions);
    WantedRights wanted;
    wanted.workspace = m_target.workspace;
    wanted.database = url.database();
    wanted.readOnly = m_target.readOnly;
    wanted.forPython = m_target.writeForPython;
    WantedRights asked = wanted;
    const MissingRights missing = co_await probePermissions(client, std::move(asked));
    throwIfStopped();
    end(Kind::Permissions, permissionVerdict(wanted, missing, m_user));
}

QCoro::Task<> Tester::latency(redis::Client* client)
{
    begin(Kind::Latency);
    constexpr int pings = 15;
    std::vector<std::chrono::microseconds> times;
    for (int i = 0; i < pings; ++i) {
        QElapsedTimer timer;
        timer.start();
        QList<QByteArray> words{"PING"};
        co_await ask(client, std::move(words));
        times.emplace_back(timer.nsecsElapsed() / 1000);
    }
    std::sort(times.begin(), times.end());
    const auto median = times[times.size() / 2];
    step(Kind::Latency).took = median;
    const QString detail = QStringLiteral("median %1, slowest %2 of %3")
                               .arg(milliseconds(median), milliseconds(times.back()))
                               .arg(pings);
    constexpr std::chrono::milliseconds slow{50};
    if (median > slow)
        end(Kind::Latency, State::Advice, detail,
            QStringLiteral("Each hit takes that long. A server nearer to its users answers faster."));
    else
        end(Kind::Latency, State::Passed, detail);
}

} // namespace

QCoro::Task<std::vector<TestStep>> testConnection(
    TestTarget target, TestProgress progress, std::stop_token stop)
{
    Tester tester(std::move(target), std::move(progress), std::move(stop));
    co_await tester.run();
    co_return tester.steps();
}

} // namespace llmcache
