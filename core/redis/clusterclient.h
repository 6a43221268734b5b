#pragma once

#include "redis/client.h"

#include <memory>

namespace llmcache::redis {

/// The client of a cluster: one connection a master, each command to the one that holds its key's slot, all
/// commands of a turn of the event loop pipelined for each master. It follows MOVED and ASK, waits a little
/// for keys that are being moved (TRYAGAIN), and asks the cluster for its slots again when a node is lost.
/// A command that was on its way when a node was lost is sent again only if it may be (Command::Resend).
class ClusterClient final : public Client {
    Q_OBJECT
public:
    explicit ClusterClient(const RedisUrl& url);
    ~ClusterClient() override;

    Pending command(Command command) override;
    void flush() override;
    void flushIfIdle() override;
    QCoro::Task<QList<QByteArray>> nodes() override;
    QString display() const override;
    bool isConnected() const override;
    std::unique_ptr<Subscriber> makeSubscriber(const QByteArray& node) override;

private:
    struct Core;
    std::shared_ptr<Core> m_core; ///< outlives this for the commands that are on their way
};

} // namespace llmcache::redis
