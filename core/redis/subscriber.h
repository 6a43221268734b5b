#pragma once

#include "redis/endpoint.h"

#include <QByteArray>
#include <QObject>

#include <functional>
#include <memory>

namespace llmcache::redis {

class Subscriber;

/// Keeps a channel, or a pattern of channels, subscribed for as long as it lives. May be destroyed from its
/// own handler.
class Subscription {
public:
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    /// Whether the server has confirmed it and messages can't be missed from now on.
    bool isActive() const;

private:
    friend class Subscriber;
    struct Record;
    explicit Subscription(std::shared_ptr<Record> record);
    std::shared_ptr<Record> m_record;
};

/// A connection for published messages: it connects while somebody is subscribed, and again (with backoff)
/// when it breaks. Messages that are published meanwhile are lost, so whoever needs certainty polls as well.
///
/// Thread-affine; needs the event loop of its thread.
class Subscriber final : public QObject {
    Q_OBJECT
public:
    enum class Event {
        Active, ///< confirmed; look at what you are waiting for now
        Message,
        Lost, ///< the connection broke; Active follows when it is back
    };
    using Handler = std::function<void(Event event, const QByteArray& payload)>;

    explicit Subscriber(ConnectionSettings settings, Resolver resolver = {});
    ~Subscriber() override;

    /// The handler is called from the event loop, never from here. Several subscriptions of one channel
    /// share one on the server.
    std::unique_ptr<Subscription> subscribe(QByteArray channel, Handler handler);
    /// The same for all channels whose names match a pattern, as KEYS takes it. What comes with a message is
    /// the name of its channel.
    std::unique_ptr<Subscription> subscribePattern(QByteArray pattern, Handler handler);

private:
    friend class Subscription;
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace llmcache::redis
