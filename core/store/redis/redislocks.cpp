#include "base/error.h"
#include "redis/script.h"
#include "redis/subscriber.h"
#include "store/entryid.h"
#include "store/redis/redisstore_p.h"

#include <QDeadlineTimer>
#include <QTimer>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

using namespace std::chrono_literals;

/// How often a waiter looks at the lock itself: rarely while it is told of everything but the death of the
/// holder, often while it is not.
constexpr std::chrono::milliseconds subscribedPoll = 1000ms;
constexpr std::chrono::milliseconds firstPoll = 20ms;
constexpr std::chrono::milliseconds slowestPoll = 200ms;

/// KEYS: lock. ARGV: token, TTL in ms.
const redis::Script& renewScript()
{
    static const redis::Script script(R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
)lua",
        redis::Command::Resend::Once);
    return script;
}

/// KEYS: lock, failure. ARGV: token, channel, failure or "". The failure is kept for a minute, so that
/// waiters who poll learn of it too; it belongs to the holder with this token.
const redis::Script& unlockScript()
{
    static const redis::Script script(R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[1] .. ' ' .. ARGV[3], 'PX', 60000) end
redis.call('DEL', KEYS[1])
redis.pcall('PUBLISH', ARGV[2], ARGV[3])
return 1
)lua",
        redis::Command::Resend::Once);
    return script;
}

/// KEYS: cooldown. ARGV: publisher, ms. What is left is the key's own lifetime: no two clocks to compare.
const redis::Script& cooldownScript()
{
    static const redis::Script script(R"lua(
if redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
)lua",
        redis::Command::Resend::Once);
    return script;
}

void requireToken(const QString& fingerprint, const QString& token)
{
    if (token.isEmpty() || token.contains(QLatin1Char(' ')))
        throw CacheError(
            QStringLiteral("The lock of entry %1 needs a token without spaces.").arg(fingerprint));
}

/// Something that a coroutine sleeps on until anybody rings it, or time is up.
class Bell {
public:
    Bell()
    {
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { answer(); });
    }
    /// From the event loop, never from here: the sleeper may destroy whoever rings.
    void ring()
    {
        m_rung = true;
        m_timer.start(0ms);
    }
    redis::Pending sleep(std::chrono::milliseconds time)
    {
        m_state = std::make_shared<redis::PendingState>();
        m_timer.start(m_rung ? 0ms : time);
        return redis::Pending(m_state);
    }

private:
    void answer()
    {
        m_rung = false;
        // The sleeper may destroy this bell, so nothing comes after.
        if (const auto state = std::exchange(m_state, nullptr))
            state->complete(redis::Reply());
    }

    QTimer m_timer;
    std::shared_ptr<redis::PendingState> m_state;
    bool m_rung = false;
};

} // namespace

QCoro::Task<bool> RedisStore::tryLock(QString fingerprint, QString token, std::chrono::milliseconds ttl)
{
    requireToken(fingerprint, token);
    redis::Command set = redis::Command::once(
        "SET", m_keys.lock(fingerprint), token.toUtf8(), "NX", "PX", std::max<qint64>(1, ttl.count()));
    const redis::Reply reply = checked(co_await m_client->command(std::move(set)));
    co_return !reply.isNil();
}

QCoro::Task<bool> RedisStore::renewLock(QString fingerprint, QString token, std::chrono::milliseconds ttl)
{
    requireToken(fingerprint, token);
    QList<QByteArray> keys{m_keys.lock(fingerprint)};
    QList<QByteArray> arguments{token.toUtf8(), QByteArray::number(std::max<qint64>(1, ttl.count()))};
    auto task = renewScript().run(m_client.get(), std::move(keys), std::move(arguments));
    const redis::Reply reply = checked(co_await task);
    co_return reply.toInteger() == 1;
}

QCoro::Task<> RedisStore::unlock(QString fingerprint, QString token, QString failure)
{
    requireToken(fingerprint, token);
    if (isPythonKey(fingerprint)) {
        auto releasing = releasePythonLock(fingerprint, token);
        co_await releasing;
        co_return;
    }
    const QByteArray done = m_keys.done(fingerprint);
    QList<QByteArray> keys{m_keys.lock(fingerprint), done};
    QList<QByteArray> arguments{token.toUtf8(), done, failure.toUtf8()};
    auto task = unlockScript().run(m_client.get(), std::move(keys), std::move(arguments));
    checked(co_await task);
}

QCoro::Task<> RedisStore::extendCooldown(QString key, QString publisher, std::chrono::milliseconds span)
{
    QList<QByteArray> keys{m_keys.cooldown(key)};
    QList<QByteArray> arguments{publisher.toUtf8(), QByteArray::number(std::max<qint64>(1, span.count()))};
    auto task = cooldownScript().run(m_client.get(), std::move(keys), std::move(arguments));
    checked(co_await task);
}

QCoro::Task<Cooldown> RedisStore::cooldown(QString key)
{
    const QByteArray name = m_keys.cooldown(key);
    redis::Command readPublisher = redis::Command::idempotent("GET", name);
    redis::Command readLeft = redis::Command::idempotent("PTTL", name);
    redis::Pending pendingPublisher = m_client->command(std::move(readPublisher));
    redis::Pending pendingLeft = m_client->command(std::move(readLeft));
    const redis::Reply publisher = checked(co_await pendingPublisher);
    const redis::Reply left = checked(co_await pendingLeft);
    Cooldown cooldown;
    if (!publisher.isNil() && left.toInteger() > 0) {
        cooldown.publisher = QString::fromUtf8(publisher.bytes);
        cooldown.left = std::chrono::milliseconds(left.toInteger());
    }
    co_return cooldown;
}

QCoro::Task<QString> RedisStore::awaitUnlock(
    QString fingerprint, std::chrono::milliseconds timeout, std::stop_token stop)
{
    const QDeadlineTimer deadline(timeout, Qt::PreciseTimer);
    if (!m_subscriber)
        m_subscriber = m_client->makeSubscriber();
    Bell bell;
    Bell* const ringer = &bell;
    // Confirmation and messages alike only say that it is time to look.
    // Python programs tell nobody: without a subscription the lock is looked at often.
    std::unique_ptr<redis::Subscription> subscription;
    if (!isPythonKey(fingerprint))
        subscription = m_subscriber->subscribe(m_keys.done(fingerprint),
            [ringer](redis::Subscriber::Event, const QByteArray&) { ringer->ring(); });
    const std::stop_callback onStop(stop, [ringer] { ringer->ring(); });

    QByteArray holder;
    std::chrono::milliseconds poll = firstPoll;
    for (;;) {
        if (stop.stop_requested())
            throw Cancelled();
        redis::Command readLock = redis::Command::idempotent("GET", m_keys.lock(fingerprint));
        redis::Command readFailure = redis::Command::idempotent("GET", m_keys.done(fingerprint));
        redis::Pending pendingLock = m_client->command(std::move(readLock));
        redis::Pending pendingFailure = m_client->command(std::move(readFailure));
        const redis::Reply lock = checked(co_await pendingLock);
        const redis::Reply failure = checked(co_await pendingFailure);
        if (stop.stop_requested())
            throw Cancelled();
        if (holder.isEmpty())
            holder = lock.bytes;
        if (!holder.isEmpty() && failure.bytes.startsWith(holder + ' ')) {
            const QByteArray text = failure.bytes.mid(holder.size() + 1);
            co_return QString::fromUtf8(text);
        }
        if (lock.isNil() || lock.bytes != holder)
            co_return QString();
        const auto left = deadline.remainingTimeAsDuration();
        if (left <= 0ms)
            co_return QString();
        const auto wanted = subscription && subscription->isActive() ? subscribedPoll : poll;
        poll = std::min(poll * 2, slowestPoll);
        const auto pause = std::min(wanted, std::chrono::ceil<std::chrono::milliseconds>(left));
        redis::Pending nap = bell.sleep(pause);
        co_await nap;
    }
}

} // namespace llmcache::redisstore
