#pragma once

#include "redis/client.h"

#include <memory>

namespace llmcache::redis {

/// The client of one server at a time: a fixed one, or the one that a resolver names when it connects. With a
/// resolver, a server that refuses writes because it became a replica is left for the one that the resolver
/// then names, and the refused commands are sent there.
class Connection final : public Client {
    Q_OBJECT
public:
    explicit Connection(ConnectionSettings settings, Resolver resolver = {});
    ~Connection() override;

    Pending command(Command command) override;
    /// The same for a state that the caller made and watches.
    void submit(std::shared_ptr<PendingState> state);
    void flush() override;
    void flushIfIdle() override;
    QCoro::Task<QList<QByteArray>> nodes() override;
    QString display() const override;
    bool isConnected() const override;
    std::unique_ptr<Subscriber> makeSubscriber(const QByteArray& node) override;

    bool event(QEvent* event) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace llmcache::redis
