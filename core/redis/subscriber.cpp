#include "redis/subscriber.h"

#include "redis/breaker_p.h"
#include "redis/link_p.h"
#include "redis/linkerrors_p.h"

#include <QHash>
#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>
#include <vector>

namespace llmcache::redis {

struct Subscription::Record {
    QPointer<Subscriber> subscriber;
    QByteArray channel;
    Subscriber::Handler handler;
    bool alive = true;
    bool active = false;
};

struct Subscriber::Private final : public LinkListener {
    using RecordPointer = std::shared_ptr<Subscription::Record>;
    struct Channel {
        std::vector<RecordPointer> records;
    };

    void linkReady() override;
    void linkReplied(Reply&& reply) override;
    void linkDrained() override { }
    void linkFailed(std::shared_ptr<const Error> error) override;

    void connectNow();
    void connectLater();
    void send(const char* verb, const QByteArray& channel);
    void tell(const std::vector<RecordPointer>& records, Event event, const QByteArray& payload);
    void confirm(const QByteArray& channel);
    void remove(const RecordPointer& record);

    Subscriber* q = nullptr;
    ConnectionSettings settings;
    Resolver resolver;
    Link* link = nullptr; ///< deletes itself once closed
    Breaker breaker;
    QTimer retryTimer;
    QHash<QByteArray, Channel> channels;
};

Subscription::Subscription(std::shared_ptr<Record> record)
    : m_record(std::move(record))
{
}

Subscription::~Subscription()
{
    m_record->alive = false;
    if (m_record->subscriber)
        m_record->subscriber->d->remove(m_record);
}

bool Subscription::isActive() const
{
    return m_record->active;
}

Subscriber::Subscriber(ConnectionSettings settings, Resolver resolver)
    : d(std::make_unique<Private>())
{
    d->q = this;
    d->settings = std::move(settings);
    d->resolver = std::move(resolver);
    d->retryTimer.setSingleShot(true);
    connect(&d->retryTimer, &QTimer::timeout, this, [this] { d->connectNow(); });
}

Subscriber::~Subscriber()
{
    if (d->link)
        d->link->close();
    for (const Private::Channel& channel : std::as_const(d->channels)) {
        for (const auto& record : channel.records)
            record->subscriber.clear();
    }
}

std::unique_ptr<Subscription> Subscriber::subscribe(QByteArray channel, Handler handler)
{
    auto record = std::make_shared<Subscription::Record>();
    record->subscriber = this;
    record->channel = channel;
    record->handler = std::move(handler);
    Private::Channel& state = d->channels[channel];
    state.records.push_back(record);
    if (!d->link) {
        if (!d->retryTimer.isActive())
            d->connectNow();
    } else if (d->link->isReady()) {
        // Also for a channel that is subscribed already: the confirmation then reaches the newcomer.
        d->send("SUBSCRIBE", channel);
    }
    return std::unique_ptr<Subscription>(new Subscription(std::move(record)));
}

void Subscriber::Private::connectNow()
{
    link = new Link(settings, resolver, this);
    QMetaObject::invokeMethod(
        link, [opened = link] { opened->open(); }, Qt::QueuedConnection);
}

void Subscriber::Private::linkReady()
{
    breaker.succeeded();
    for (auto channel = channels.cbegin(); channel != channels.cend(); ++channel)
        send("SUBSCRIBE", channel.key());
}

void Subscriber::Private::send(const char* verb, const QByteArray& channel)
{
    appendCommand(link->outgoing(), {QByteArray(verb), channel});
    link->flush();
}

void Subscriber::Private::linkReplied(Reply&& reply)
{
    // Errors (a user without rights on the channel) leave the channel unconfirmed; its waiters poll.
    if (!reply.isArray() || reply.items.size() < 3)
        return;
    const QByteArray& kind = reply.items[0].bytes;
    const QByteArray& channel = reply.items[1].bytes;
    if (kind == "message") {
        const auto found = channels.constFind(channel);
        if (found != channels.cend())
            tell(std::vector(found->records), Event::Message, reply.items[2].bytes);
    } else if (kind == "subscribe") {
        confirm(channel);
    }
}

void Subscriber::Private::confirm(const QByteArray& channel)
{
    const auto found = channels.find(channel);
    if (found == channels.end())
        return;
    std::vector<RecordPointer> fresh;
    for (const RecordPointer& record : found->records) {
        if (!std::exchange(record->active, true))
            fresh.push_back(record);
    }
    tell(fresh, Event::Active, QByteArray());
}

void Subscriber::Private::linkFailed(std::shared_ptr<const Error> error)
{
    link = nullptr;
    breaker.failed(
        std::chrono::steady_clock::now(), QRandomGenerator::global()->generateDouble(), std::move(error));
    std::vector<RecordPointer> lost;
    for (Channel& channel : channels) {
        for (const RecordPointer& record : channel.records) {
            if (std::exchange(record->active, false))
                lost.push_back(record);
        }
    }
    connectLater();
    tell(lost, Event::Lost, QByteArray());
}

void Subscriber::Private::connectLater()
{
    if (channels.isEmpty())
        return;
    const auto left = breaker.retryAt() - std::chrono::steady_clock::now();
    retryTimer.start(
        std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(1)));
}

void Subscriber::Private::tell(
    const std::vector<RecordPointer>& records, Event event, const QByteArray& payload)
{
    // Copies: a handler may end any subscription, or this subscriber.
    const std::vector<RecordPointer> kept = records;
    const QByteArray text = payload;
    for (const RecordPointer& record : kept) {
        if (record->alive)
            record->handler(event, text);
    }
}

void Subscriber::Private::remove(const RecordPointer& record)
{
    const auto found = channels.find(record->channel);
    if (found == channels.end())
        return;
    std::erase(found->records, record);
    if (!found->records.empty())
        return;
    channels.erase(found);
    if (link && link->isReady())
        send("UNSUBSCRIBE", record->channel);
    if (channels.isEmpty())
        retryTimer.stop();
}

} // namespace llmcache::redis
