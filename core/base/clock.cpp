#include "base/clock.h"

#include "base/error.h"

#include <qcorosignal.h>

#include <QDateTime>
#include <QTimer>

namespace llmcache {

qint64 SystemClock::nowMs() const
{
    return QDateTime::currentMSecsSinceEpoch();
}

std::chrono::steady_clock::time_point SystemClock::steadyNow() const
{
    return std::chrono::steady_clock::now();
}

QCoro::Task<> SystemClock::sleep(std::chrono::milliseconds duration, std::stop_token stop)
{
    if (stop.stop_requested())
        throw Cancelled();
    QTimer timer;
    timer.setSingleShot(true);
    timer.setTimerType(Qt::PreciseTimer);
    QTimer* const timerPointer = &timer;
    // A stop fires the timer at once; which of the two it was is asked afterwards.
    const std::stop_callback onStop(stop, [timerPointer] { timerPointer->start(0); });
    if (!stop.stop_requested())
        timer.start(duration);
    co_await qCoro(timerPointer, &QTimer::timeout);
    if (stop.stop_requested())
        throw Cancelled();
}

} // namespace llmcache
