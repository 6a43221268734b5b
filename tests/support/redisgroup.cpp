#include "redisgroup.h"

#include <QCoreApplication>
#include <QDeadlineTimer>

namespace llmcache::test {

namespace {

constexpr int patience = 40'000; // milliseconds, for a machine that is busy with other tests

QString runCli(quint16 port, const QString& password, const QStringList& arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    QStringList all{QStringLiteral("-p"), QString::number(port)};
    if (!password.isEmpty())
        all << QStringLiteral("--no-auth-warning") << QStringLiteral("-a") << password;
    process.start(QStringLiteral("redis-cli"), all + arguments);
    process.waitForFinished(patience);
    return QString::fromUtf8(process.readAll());
}

/// Asks again until `check` is content: the servers agree among themselves in their own time.
template <typename Check>
bool waitUntil(Check check)
{
    const QDeadlineTimer deadline(patience);
    while (!check()) {
        if (deadline.hasExpired())
            return false;
    }
    return true;
}

} // namespace

RedisCluster::RedisCluster(int masters, bool withReplicas, QStringList arguments)
    : m_masters(masters)
{
    const auto password = arguments.indexOf(QStringLiteral("--requirepass"));
    if (password >= 0)
        m_password = arguments.value(password + 1);
    const int nodes = withReplicas ? masters * 2 : masters;
    for (int i = 0; i < nodes; ++i) {
        auto server = std::make_unique<RedisServer>(arguments);
        server->addArguments({QStringLiteral("--cluster-enabled"), QStringLiteral("yes"),
            QStringLiteral("--cluster-config-file"), QStringLiteral("nodes.conf"),
            QStringLiteral("--cluster-node-timeout"), QStringLiteral("1000"),
            QStringLiteral("--repl-diskless-sync-delay"), QStringLiteral("0")});
        m_nodes.push_back(std::move(server));
    }
}

bool RedisCluster::start()
{
    for (const auto& node : m_nodes) {
        if (!node->start()) {
            m_problem = node->log();
            return false;
        }
    }
    QStringList arguments{QStringLiteral("--cluster"), QStringLiteral("create")};
    for (const auto& node : m_nodes)
        arguments << QStringLiteral("127.0.0.1:%1").arg(node->port());
    arguments << QStringLiteral("--cluster-replicas")
              << QString::number(static_cast<int>(m_nodes.size()) > m_masters ? 1 : 0)
              << QStringLiteral("--cluster-yes");
    const QString created = runCli(node(0).port(), m_password, arguments);
    const auto agreed = [this] {
        for (int i = 0; i < size(); ++i) {
            const QString info = command(i, {QStringLiteral("CLUSTER"), QStringLiteral("INFO")});
            if (!info.contains(QLatin1String("cluster_state:ok"))
                || !info.contains(QStringLiteral("cluster_known_nodes:%1").arg(size()))
                || !info.contains(QStringLiteral("cluster_size:%1").arg(m_masters)))
                return false;
            // A replica that has never had its master's data does not take over.
            const QString role = command(i, {QStringLiteral("INFO"), QStringLiteral("replication")});
            if (role.contains(QLatin1String("role:slave"))
                && !role.contains(QLatin1String("master_link_status:up")))
                return false;
        }
        return true;
    };
    if (waitUntil(agreed))
        return true;
    m_problem = created.right(400);
    return false;
}

QString RedisCluster::url(const QString& userInfo) const
{
    return QStringLiteral("redis+cluster://%1@127.0.0.1:%2,127.0.0.1:%3")
        .arg(userInfo.isEmpty() ? QStringLiteral(":") : userInfo)
        .arg(m_nodes[0]->port())
        .arg(m_nodes[1]->port());
}

QString RedisCluster::command(int index, const QStringList& arguments) const
{
    return runCli(m_nodes[static_cast<std::size_t>(index)]->port(), m_password, arguments);
}

RedisSentinels::RedisSentinels(bool withPasswords)
    : m_withPasswords(withPasswords)
{
    QStringList password;
    if (withPasswords)
        password << QStringLiteral("--requirepass") << QStringLiteral("data")
                 << QStringLiteral("--masterauth") << QStringLiteral("data");
    m_servers.push_back(std::make_unique<RedisServer>(password));
    m_servers.push_back(std::make_unique<RedisServer>(password
        + QStringList{QStringLiteral("--replicaof"), QStringLiteral("127.0.0.1"),
            QString::number(m_servers[0]->port()), QStringLiteral("--repl-diskless-sync-delay"),
            QStringLiteral("0")}));
    for (int i = 0; i < count; ++i) {
        QByteArray text = "sentinel monitor team 127.0.0.1 " + QByteArray::number(m_servers[0]->port())
            + " 2\nsentinel down-after-milliseconds team 500\nsentinel failover-timeout team 2000\n";
        QStringList arguments{QStringLiteral("--sentinel")};
        if (withPasswords) {
            text += "sentinel auth-pass team data\n";
            arguments << QStringLiteral("--requirepass") << QStringLiteral("watch");
        }
        auto sentinel = std::make_unique<RedisServer>(arguments);
        sentinel->setConfiguration(text, "+monitor master team");
        m_sentinels.push_back(std::move(sentinel));
    }
}

bool RedisSentinels::start()
{
    const auto startAll = [this](const auto& group) {
        for (const auto& server : group) {
            if (!server->start()) {
                m_problem = server->log();
                return false;
            }
        }
        return true;
    };
    if (!startAll(m_servers))
        return false;
    const auto isReplicated = [this] {
        return runCli(m_servers[1]->port(), m_withPasswords ? QStringLiteral("data") : QString(),
            {QStringLiteral("ROLE")})
            .contains(QLatin1String("connected"));
    };
    // Sentinels that see the replica at their first look need not wait ten seconds for the next.
    if (!waitUntil(isReplicated) || !startAll(m_sentinels)) {
        m_problem += QStringLiteral(" The replica does not connect.");
        return false;
    }
    for (int i = 0; i < count; ++i) {
        // A machine that is busy with other tests makes them doubt their clocks, for half a minute each time.
        command(i,
            {QStringLiteral("SENTINEL"), QStringLiteral("DEBUG"), QStringLiteral("tilt-period"),
                QStringLiteral("500"), QStringLiteral("election-timeout"), QStringLiteral("2000"),
                QStringLiteral("info-period"), QStringLiteral("1000")});
    }
    const auto agreed = [this] {
        for (int i = 0; i < count; ++i) {
            const QString state =
                command(i, {QStringLiteral("SENTINEL"), QStringLiteral("MASTER"), QStringLiteral("team")});
            if (!state.contains(QLatin1String("num-slaves\n1"))
                || !state.contains(QLatin1String("num-other-sentinels\n2")))
                return false;
        }
        return true;
    };
    if (waitUntil(agreed))
        return true;
    m_problem = QStringLiteral("The sentinels do not find each other.");
    return false;
}

QString RedisSentinels::url() const
{
    QStringList hosts;
    for (const auto& sentinel : m_sentinels)
        hosts << QStringLiteral("127.0.0.1:%1").arg(sentinel->port());
    const QString list = hosts.join(QLatin1Char(','));
    return m_withPasswords
        ? QStringLiteral("redis+sentinel://:data@%1/team/0?sentinel_password=watch").arg(list)
        : QStringLiteral("redis+sentinel://%1/team/0").arg(list);
}

QString RedisSentinels::command(int sentinel, const QStringList& arguments) const
{
    return runCli(m_sentinels[static_cast<std::size_t>(sentinel)]->port(),
        m_withPasswords ? QStringLiteral("watch") : QString(), arguments);
}

} // namespace llmcache::test
