#include "store/redis/redisnews_p.h"

#include "base/error.h"
#include "base/gate.h"
#include "redis/client.h"
#include "store/entryid.h"
#include "store/redis/redisstore_p.h"

#include <algorithm>

namespace llmcache::redisstore {

namespace {

using namespace std::chrono_literals;

/// Servers come and go, and so do their settings.
constexpr std::chrono::milliseconds checkPause = 10s;
/// The first answer waits this long for the subscriptions, so that nothing is missed after it.
constexpr std::chrono::milliseconds longestStart = 1s;

/// Whether all that can happen to a hash is told by its key (https://redis.io/docs/latest/develop/use/
/// keyspace-notifications): commands on keys and on hashes, expired, evicted.
bool tellsAll(const QByteArray& flags)
{
    const std::string_view needed = "ghxe";
    return flags.contains('K')
        && (flags.contains('A') || std::all_of(needed.begin(), needed.end(), [&flags](char flag) {
               return flags.contains(flag);
           }));
}

} // namespace

RedisNews::RedisNews(redis::Client* client, const Keys& keys, int database)
    : m_client(client)
    , m_keys(keys)
    , m_pattern("__keyspace@" + QByteArray::number(database) + "__:" + keys.entryPattern(QByteArray()))
    , m_pythonPattern("__keyspace@" + QByteArray::number(database) + "__:pyai-cache:*")
{
    m_idle.setSingleShot(true);
    m_idle.setInterval(Store::newsTime);
    connect(&m_idle, &QTimer::timeout, this, &RedisNews::stop);
}

RedisNews::~RedisNews() = default;

QCoro::Task<EntryNews> RedisNews::since(QByteArray position)
{
    const QPointer<RedisNews> self(this);
    m_idle.start();
    if (m_checkDue.hasExpired() && !m_checking) {
        auto checking = check(self);
        co_await checking;
    }
    if (position.isEmpty() && self) {
        auto activating = activated(self);
        co_await activating;
    }
    if (!self)
        throw Cancelled();
    EntryNews news;
    news.isTold = isTold();
    news.position = QByteArray::number(m_end);
    const bool beganToTell = news.isTold && !std::exchange(m_wasTold, news.isTold);
    if (position.isEmpty())
        co_return news;
    bool ok = false;
    const qint64 after = position.toLongLong(&ok);
    if (!ok || after < m_begin || after > m_end || beganToTell) {
        news.missed = true;
        co_return news;
    }
    for (auto change = m_changed.cbegin(); change != m_changed.cend(); ++change) {
        if (change.value() > after)
            news.changed.append(QString::fromLatin1(change.key()));
    }
    co_return news;
}

QCoro::Task<> RedisNews::check(QPointer<RedisNews> self)
{
    self->m_checking = true;
    const auto done = qScopeGuard([self] {
        if (self)
            self->m_checking = false;
    });
    auto asking = self->m_client->nodes();
    const QList<QByteArray> ids = co_await asking;
    if (!self)
        co_return;
    self->setNodes(ids);
    std::vector<redis::Pending> pendings;
    for (const QByteArray& id : ids) {
        redis::Command get = redis::Command::idempotent("CONFIG", "GET", "notify-keyspace-events");
        get.setNode(id);
        pendings.push_back(self->m_client->command(std::move(get)));
    }
    for (qsizetype at = 0; at < ids.size(); ++at) {
        redis::Pending& pending = pendings[static_cast<std::size_t>(at)];
        const redis::Reply reply = co_await pending;
        if (!self)
            co_return;
        for (const auto& node : self->m_nodes) {
            // Without the right to ask it is not known.
            if (node->id == ids[at])
                node->sendsAll = reply.items.size() == 2 && tellsAll(reply.items[1].bytes);
        }
    }
    self->m_checkDue = QDeadlineTimer(checkPause);
}

QCoro::Task<> RedisNews::activated(QPointer<RedisNews> self)
{
    if (self->isActive())
        co_return;
    Gate gate;
    QTimer::singleShot(longestStart, &gate, [&gate] { gate.open(); });
    self->m_waiters.emplace_back(&gate);
    auto passing = gate.passed();
    co_await passing;
}

void RedisNews::setNodes(const QList<QByteArray>& ids)
{
    const bool isFirst = m_nodes.empty();
    std::erase_if(m_nodes, [&ids](const auto& node) { return !ids.contains(node->id); });
    for (const QByteArray& id : ids) {
        const bool known =
            std::any_of(m_nodes.begin(), m_nodes.end(), [&id](const auto& node) { return node->id == id; });
        if (known)
            continue;
        auto node = std::make_unique<Node>();
        node->id = id;
        node->wasActive = !isFirst; // one that joins has been there before, unheard
        node->subscriber = m_client->makeSubscriber(id);
        node->subscription = node->subscriber->subscribePattern(
            m_pattern, [this, id](redis::Subscriber::Event event, const QByteArray& channel) {
                heard(id, event, channel);
            });
        node->pythonSubscription = node->subscriber->subscribePattern(
            m_pythonPattern, [this, id](redis::Subscriber::Event event, const QByteArray& channel) {
                if (event == redis::Subscriber::Event::Message) // the rest is told by the other one
                    heard(id, event, channel);
            });
        m_nodes.push_back(std::move(node));
    }
}

void RedisNews::heard(const QByteArray& id, redis::Subscriber::Event event, const QByteArray& channel)
{
    using Event = redis::Subscriber::Event;
    if (event == Event::Message) {
        const QByteArray key = channel.mid(channel.indexOf(':') + 1);
        const QByteArrayView fingerprint = m_keys.fingerprintOf(key);
        if (fingerprint.isEmpty() && !isPythonKey(QByteArrayView(key)))
            return;
        m_changed.insert(fingerprint.isEmpty() ? key : fingerprint.toByteArray(), ++m_end);
        if (m_changed.size() > Store::mostNews)
            forget();
        return;
    }
    m_checkDue = QDeadlineTimer(event == Event::Lost ? 0ms : checkPause); // another one may be master now
    if (event == Event::Lost)
        return;
    for (const auto& node : m_nodes) {
        // While it was not there things may have happened.
        if (node->id == id && std::exchange(node->wasActive, true))
            forget();
    }
    if (!isActive())
        return;
    for (const QPointer<Gate>& waiter : std::exchange(m_waiters, {})) {
        if (waiter)
            QMetaObject::invokeMethod(
                waiter, [waiter] { waiter->open(); }, Qt::QueuedConnection);
    }
}

bool RedisNews::isActive() const
{
    return !m_nodes.empty() && std::all_of(m_nodes.begin(), m_nodes.end(), [](const auto& node) {
        return node->subscription->isActive();
    });
}

bool RedisNews::isTold() const
{
    return isActive()
        && std::all_of(m_nodes.begin(), m_nodes.end(), [](const auto& node) { return node->sendsAll; });
}

void RedisNews::forget()
{
    m_changed.clear();
    m_begin = ++m_end;
}

void RedisNews::stop()
{
    m_nodes.clear();
    m_wasTold = false;
    m_checkDue = QDeadlineTimer(0);
    forget();
}

QCoro::Task<EntryNews> RedisStore::entryNews(QByteArray position)
{
    if (!m_news)
        m_news = std::make_unique<RedisNews>(m_client.get(), m_keys, m_url.database());
    return m_news->since(std::move(position));
}

} // namespace llmcache::redisstore
