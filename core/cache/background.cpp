#include "cache/background.h"

#include "base/error.h"

#include <qcorosignal.h>

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
        if (self && --self->m_running == 0)
            Q_EMIT self->idle();
    };
    toItsEnd(std::move(task), finished);
}

QCoro::Task<> Background::drain()
{
    while (m_running > 0)
        co_await qCoro(this, &Background::idle);
}

} // namespace llmcache
