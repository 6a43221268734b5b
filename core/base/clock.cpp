#include "base/clock.h"

#include "base/error.h"
#include "base/gate.h"

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
    Gate gate;
    Gate* const gatePointer = &gate;
    const std::stop_callback onStop(
        stop, [gatePointer] { QMetaObject::invokeMethod(gatePointer, &Gate::open, Qt::QueuedConnection); });
    QTimer::singleShot(duration, Qt::PreciseTimer, gatePointer, &Gate::open);
    co_await gate.passed();
    if (stop.stop_requested())
        throw Cancelled();
}

} // namespace llmcache
