#pragma once

#include "redis/client.h"

#include <memory>

namespace llmcache::redis {

/// The client of one server at a time: a fixed one, or the one that a resolver names when it connects.
class Connection final : public Client {
    Q_OBJECT
public:
    explicit Connection(ConnectionSettings settings, Resolver resolver = {});
    ~Connection() override;

    Pending command(Command command) override;
    QCoro::Task<QList<QByteArray>> nodes() override;
    QString display() const override;
    bool isConnected() const override;
    std::unique_ptr<Subscriber> makeSubscriber() override;

    /// Gives the connection up; what is pending fails with `error`. The next command connects again (and
    /// asks the resolver again).
    void drop(std::shared_ptr<const Error> error);

    bool event(QEvent* event) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace llmcache::redis
