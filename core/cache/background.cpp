#include "cache/background.h"

#include "base/error.h"
#include "cache/singleflight.h"

#include <QPointer>

namespace llmcache {

namespace {

QCoro::Task<> toItsEnd(QCoro::Task<> task, std::function<void()> finished)
{
    try {
        co_await task;
    } catch (const Error& error) {
        qWarning("%s", error.what());
    }
    finished();
}

} // namespace

void Background::start(QCoro::Task<> task)
{
    if (task.isReady())
        return;
    ++m_running;
    const QPointer<Background> self(this);
    const std::function<void()> finished = [self] {
        if (self)
            self->finished();
    };
    toItsEnd(std::move(task), finished);
}

void Background::finished()
{
    if (--m_running > 0)
        return;
    // A flight lands once. A signal that may come twice before the waiter is resumed would not do.
    if (const auto idle = std::exchange(m_idle, nullptr)) {
        idle->over = true;
        Q_EMIT idle->finished();
    }
}

QCoro::Task<> Background::drain()
{
    while (m_running > 0) {
        if (!m_idle)
            m_idle = std::make_shared<Flight>();
        auto idle = m_idle;
        const std::stop_token never;
        co_await awaitFlight(std::move(idle), never);
    }
}

} // namespace llmcache
