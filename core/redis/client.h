#pragma once

#include "redis/pending.h"
#include "redis/redisurl.h"

#include <QObject>

#include <qcorotask.h>

namespace llmcache::redis {

class Subscriber;

/// A Redis, whatever its shape: one server, the master that Sentinel names, or a cluster.
///
/// Thread-affine; needs the event loop of its thread. Commands that are issued in one turn of the event loop
/// are written together. It connects on first use, and again on the next use after it lost the connection,
/// with exponential backoff; while the server is known to be down commands fail at once.
class Client : public QObject {
    Q_OBJECT
public:
    ~Client() override;

    /// Sends a command. Awaiting the result throws ConnectionError (not reached, broken, timed out) or
    /// ConfigurationError (password, certificate). Destroying the client fails what is still pending.
    virtual Pending command(Command command) = 0;
    /// Writes what was issued now, for whoever computes for a while before the event loop comes to it.
    virtual void flush() = 0;
    /// The same, unless earlier replies are still to come: what is issued meanwhile is written together when
    /// they do. For whoever has something to do while the server answers.
    virtual void flushIfIdle() = 0;
    /// Ids for Command::setNode of all servers that hold a part of the keys; one for a single server.
    virtual QCoro::Task<QList<QByteArray>> nodes() = 0;
    /// Name for messages, without user info.
    virtual QString display() const = 0;
    virtual bool isConnected() const = 0;
    /// A connection for messages, to a server of the same Redis: this one of nodes(), or any.
    virtual std::unique_ptr<Subscriber> makeSubscriber(const QByteArray& node = {}) = 0;

Q_SIGNALS:
    /// It became reachable or unreachable; `problem` says why not.
    void stateChanged(bool connected, const QString& problem);
};

/// The client for a URL. Connects on first use.
std::unique_ptr<Client> makeClient(const RedisUrl& url);

} // namespace llmcache::redis
