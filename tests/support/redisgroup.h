#pragma once

#include "redisserver.h"

#include <memory>
#include <vector>

namespace llmcache::test {

/// A real cluster of redis-server processes on the loopback interface.
class RedisCluster {
public:
    /// Each master has one replica when `withReplicas`. start() runs them and waits until all agree.
    RedisCluster(int masters, bool withReplicas, QStringList arguments = {});
    /// False when it does not come up; problem() says why.
    bool start();
    QString problem() const { return m_problem; }

    /// redis+cluster:// with the first two nodes.
    QString url(const QString& userInfo = {}) const;
    RedisServer& node(int index) { return *m_nodes[static_cast<std::size_t>(index)]; }
    int size() const { return static_cast<int>(m_nodes.size()); }
    /// Runs redis-cli against a node and gives what it printed.
    QString command(int index, const QStringList& arguments) const;

private:
    int m_masters;
    QString m_password;
    std::vector<std::unique_ptr<RedisServer>> m_nodes;
    QString m_problem;
};

/// A master, a replica, and three sentinels that watch them.
class RedisSentinels {
public:
    static constexpr int count = 3;
    /// With passwords: "data" for the servers, "watch" for the sentinels.
    explicit RedisSentinels(bool withPasswords);
    bool start();
    QString problem() const { return m_problem; }

    /// redis+sentinel:// with all sentinels.
    QString url() const;
    RedisServer& server(int index) { return *m_servers[static_cast<std::size_t>(index)]; }
    RedisServer& sentinel(int index) { return *m_sentinels[static_cast<std::size_t>(index)]; }
    /// What redis-cli prints for a command to a sentinel.
    QString command(int sentinel, const QStringList& arguments) const;

private:
    bool m_withPasswords;
    std::vector<std::unique_ptr<RedisServer>> m_servers;
    std::vector<std::unique_ptr<RedisServer>> m_sentinels;
    QString m_problem;
};

} // namespace llmcache::test
