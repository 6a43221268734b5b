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

namespace {

/// What is subscribed: one channel, or all that match a pattern.
struct Topic {
    QByteArray name;
    bool isPattern = false;

    friend bool operator==(const Topic&, const Topic&) = default;
    friend std::size_t qHash(const Topic& topic, std::size_t seed = 0)
    {
        return qHashMulti(seed, topic.name, topic.isPattern);
    }
};

} // namespace

struct Subscription::Record {
    QPointer<Subscriber> subscriber;
    Topic topic;
    Subscriber::Handler handler;
    bool alive = true;
    bool active = false;
};

struct Subscriber::Private final : public LinkListener {
    using RecordPointer = std::shared_ptr<Subscription::Record>;
    using Records = std::vector<RecordPointer>;

    void linkReady() override;
    void linkReplied(Reply&& reply) override;
    void linkDrained() override { }
    void linkFailed(std::shared_ptr<const Error> error) override;

    void connectNow();
    void connectLater();
    std::unique_ptr<Subscription> subscribe(Topic topic, Handler handler);
    void send(bool on, const Topic& topic);
    void tell(const Records& records, Event event, const QByteArray& payload);
    void confirm(const Topic& topic);
    void remove(const RecordPointer& record);

    Subscriber* q = nullptr;
    ConnectionSettings settings;
    Resolver resolver;
    Link* link = nullptr; ///< deletes itself once closed
    Breaker breaker;
    QTimer retryTimer;
    QHash<Topic, Records> topics;
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
    for (const Private::Records& records : std::as_const(d->topics)) {
        for (const auto& record : records)
            record->subscriber.clear();
    }
}

std::unique_ptr<Subscription> Subscriber::subscribe(QByteArray channel, Handler handler)
{
    return d->subscribe({std::move(channel), false}, std::move(handler));
}

std::unique_ptr<Subscription> Subscriber::subscribePattern(QByteArray pattern, Handler handler)
{
    return d->subscribe({std::move(pattern), true}, std::move(handler));
}

std::unique_ptr<Subscription> Subscriber::Private::subscribe(Topic topic, Handler handler)
{
    auto record = std::make_shared<Subscription::Record>();
    record->subscriber = q;
    record->topic = topic;
    record->handler = std::move(handler);
    topics[topic].push_back(record);
    if (!link) {
        if (!retryTimer.isActive())
            connectNow();
    } else if (link->isReady()) {
        // Also for one that is subscribed already: the confirmation then reaches the newcomer.
        send(true, topic);
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
    for (auto topic = topics.cbegin(); topic != topics.cend(); ++topic)
        send(true, topic.key());
}

void Subscriber::Private::send(bool on, const Topic& topic)
{
    const char* const verb =
        topic.isPattern ? (on ? "PSUBSCRIBE" : "PUNSUBSCRIBE") : (on ? "SUBSCRIBE" : "UNSUBSCRIBE");
    appendCommand(link->outgoing(), {QByteArray(verb), topic.name});
    link->flush();
}

void Subscriber::Private::linkReplied(Reply&& reply)
{
    // Errors (a user without rights on the channel) leave the channel unconfirmed; its waiters poll.
    if (!reply.isArray() || reply.items.size() < 3)
        return;
    const QByteArray& kind = reply.items[0].bytes;
    const bool isPattern = kind.startsWith('p');
    const Topic topic{reply.items[1].bytes, isPattern};
    if (kind == "message" || kind == "pmessage") {
        const auto found = topics.constFind(topic);
        if (found != topics.cend())
            tell(*found, Event::Message, reply.items[2].bytes);
    } else if (kind == "subscribe" || kind == "psubscribe") {
        confirm(topic);
    }
}

void Subscriber::Private::confirm(const Topic& topic)
{
    const auto found = topics.constFind(topic);
    if (found == topics.cend())
        return;
    Records fresh;
    for (const RecordPointer& record : *found) {
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
    Records lost;
    for (const Records& records : std::as_const(topics)) {
        for (const RecordPointer& record : records) {
            if (std::exchange(record->active, false))
                lost.push_back(record);
        }
    }
    connectLater();
    tell(lost, Event::Lost, QByteArray());
}

void Subscriber::Private::connectLater()
{
    if (topics.isEmpty())
        return;
    const auto left = breaker.retryAt() - std::chrono::steady_clock::now();
    retryTimer.start(
        std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(1)));
}

void Subscriber::Private::tell(const Records& records, Event event, const QByteArray& payload)
{
    // Copies: a handler may end any subscription, or this subscriber.
    const Records kept = records;
    const QByteArray text = payload;
    for (const RecordPointer& record : kept) {
        if (record->alive)
            record->handler(event, text);
    }
}

void Subscriber::Private::remove(const RecordPointer& record)
{
    const auto found = topics.find(record->topic);
    if (found == topics.end())
        return;
    std::erase(*found, record);
    if (!found->empty())
        return;
    topics.remove(record->topic);
    if (link && link->isReady())
        send(false, record->topic);
    if (topics.isEmpty())
        retryTimer.stop();
}

} // namespace llmcache::redis
