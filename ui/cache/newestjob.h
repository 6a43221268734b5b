#pragma once

#include <QMetaObject>
#include <QObject>
#include <QThreadPool>

#include <memory>
#include <mutex>
#include <stop_token>

namespace llmcache::ui {

/// Runs one computation at a time on a pool thread and reports the newest result to the GUI thread; a new
/// start stops and forgets the one before. The job must own what it reads. Made, used and destroyed on the
/// GUI thread.
class NewestJob {
public:
    explicit NewestJob(QObject* receiver)
        : m_channel(std::make_shared<Channel>())
    {
        m_channel->receiver = receiver;
    }
    ~NewestJob()
    {
        cancel();
        const std::lock_guard lock(m_channel->mutex);
        m_channel->receiver = nullptr;
    }
    NewestJob(const NewestJob&) = delete;
    NewestJob& operator=(const NewestJob&) = delete;

    /// `job(std::stop_token)` on a pool thread, then `done(result)` on the receiver's. Neither may throw.
    template <typename Job, typename Done>
    void start(Job job, Done done)
    {
        cancel();
        m_stop = std::stop_source();
        const quint64 ticket = m_channel->newest;
        m_running = true;
        auto deliver = [this, ticket, done = std::move(done)](auto&& result) mutable {
            if (ticket != m_channel->newest)
                return;
            m_running = false;
            done(std::forward<decltype(result)>(result));
        };
        QThreadPool::globalInstance()->start(
            [channel = m_channel, token = m_stop.get_token(), job = std::move(job),
                deliver = std::move(deliver)]() mutable {
                auto result = std::make_shared<decltype(job(token))>(job(token));
                // The receiver can't die while the lock is held, and its pending events die with it.
                const std::lock_guard lock(channel->mutex);
                if (channel->receiver)
                    QMetaObject::invokeMethod(
                        channel->receiver,
                        [result, deliver = std::move(deliver)]() mutable { deliver(std::move(*result)); },
                        Qt::QueuedConnection);
            });
    }
    /// Stops the running job; its result is not reported.
    void cancel()
    {
        m_stop.request_stop();
        ++m_channel->newest;
        m_running = false;
    }
    bool isRunning() const { return m_running; }

private:
    struct Channel {
        std::mutex mutex; ///< guards receiver
        QObject* receiver = nullptr;
        quint64 newest = 0; ///< GUI thread only
    };
    std::shared_ptr<Channel> m_channel;
    std::stop_source m_stop;
    bool m_running = false;
};

} // namespace llmcache::ui
