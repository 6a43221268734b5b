#include "store/sqlite/sqlitestore_p.h"

#include "store/sqlite/entrytable_p.h"

#include <QDeadlineTimer>
#include <QTimer>

#include <algorithm>

namespace llmcache::sqlite {

namespace {

using namespace std::chrono_literals;

/// How often a waiter looks at a lock that another process holds: soon at first, then less often.
constexpr std::chrono::milliseconds firstPoll = 10ms;
constexpr std::chrono::milliseconds slowestPoll = 200ms;

} // namespace

/// Somebody in awaitUnlock: sleeps on a timer, and can be woken earlier.
class Waiter {
public:
    Waiter()
    {
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        // Not QCoro's awaitable of the signal: it binds a reference to a null private signal.
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
            if (const auto sleeping = std::exchange(m_sleeping, nullptr))
                sleeping.resume();
        });
    }

    /// `co_await waiter.sleep(duration)`.
    auto sleep(std::chrono::milliseconds duration)
    {
        struct Awaiter {
            Waiter* waiter;
            bool await_ready() const noexcept { return false; }
            void await_suspend(std::coroutine_handle<> sleeping) const { waiter->m_sleeping = sleeping; }
            void await_resume() const noexcept { }
        };
        m_timer.start(duration);
        return Awaiter{this};
    }
    void wake() { m_timer.start(0); }

    std::optional<QString> ended; ///< with this failure, as told by this process

private:
    QTimer m_timer;
    std::coroutine_handle<> m_sleeping;
};

QCoro::Task<bool> SqliteStore::tryLock(QString fingerprint, QString token, std::chrono::milliseconds ttl)
{
    return run([fingerprint = std::move(fingerprint), token = std::move(token), ttl](Database& database) {
        return sqlite::takeLock(database, fingerprint, token, nowMs(), ttl);
    });
}

QCoro::Task<bool> SqliteStore::renewLock(QString fingerprint, QString token, std::chrono::milliseconds ttl)
{
    return run([fingerprint = std::move(fingerprint), token = std::move(token), ttl](Database& database) {
        return sqlite::extendLock(database, fingerprint, token, nowMs(), ttl);
    });
}

QCoro::Task<> SqliteStore::unlock(QString fingerprint, QString token, QString failure)
{
    auto work = [fingerprint, token = std::move(token), failure](Database& database) {
        return sqlite::releaseLock(database, fingerprint, token, failure);
    };
    auto task = run(std::move(work));
    if (co_await task)
        wakeWaiters(fingerprint, failure);
}

QCoro::Task<> SqliteStore::extendCooldown(QString key, QString publisher, std::chrono::milliseconds span)
{
    auto work = [key = std::move(key), publisher = std::move(publisher), span](Database& database) {
        sqlite::extendCooldown(database, key, publisher, nowMs(), span);
        return true;
    };
    auto task = run(std::move(work));
    co_await task;
}

QCoro::Task<Cooldown> SqliteStore::cooldown(QString key)
{
    return run(
        [key = std::move(key)](Database& database) { return sqlite::cooldownOf(database, key, nowMs()); });
}

void SqliteStore::wakeWaiters(const QString& fingerprint, const QString& failure)
{
    const auto waiters = m_waiters.values(fingerprint);
    for (Waiter* waiter : waiters) {
        waiter->ended = failure;
        waiter->wake();
    }
}

QCoro::Task<QString> SqliteStore::awaitUnlock(
    QString fingerprint, std::chrono::milliseconds timeout, std::stop_token stop)
{
    const QDeadlineTimer deadline(timeout, Qt::PreciseTimer);
    Waiter waiter;
    Waiter* const sleeper = &waiter;
    m_waiters.insert(fingerprint, &waiter);
    const auto forget =
        qScopeGuard([this, &fingerprint, &waiter] { m_waiters.remove(fingerprint, &waiter); });
    const std::stop_callback onStop(stop, [sleeper] { sleeper->wake(); });

    QString holder;
    std::chrono::milliseconds poll = firstPoll;
    for (;;) {
        if (stop.stop_requested())
            throw Cancelled();
        auto work = [fingerprint](
                        Database& database) { return sqlite::lockState(database, fingerprint, nowMs()); };
        auto task = run(std::move(work));
        const sqlite::LockState state = co_await task;
        if (stop.stop_requested())
            throw Cancelled();
        if (waiter.ended)
            co_return *waiter.ended;
        if (holder.isEmpty())
            holder = state.token;
        else if (state.releasedToken == holder)
            co_return state.failure;
        if (state.token.isEmpty() || state.token != holder)
            co_return QString();
        const auto left = deadline.remainingTimeAsDuration();
        if (left <= 0ms)
            co_return QString();
        const std::chrono::milliseconds pause =
            std::min(poll, std::chrono::ceil<std::chrono::milliseconds>(left));
        poll = std::min(poll * 2, slowestPoll);
        auto sleep = waiter.sleep(pause);
        co_await sleep;
        if (waiter.ended)
            co_return *waiter.ended;
    }
}

} // namespace llmcache::sqlite
