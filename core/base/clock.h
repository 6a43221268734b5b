#pragma once

#include <qcorotask.h>

#include <QtGlobal>

#include <chrono>
#include <stop_token>

namespace llmcache {

/// Where time comes from, so that tests can own it. Implementations are used on one thread.
class Clock {
public:
    virtual ~Clock() = default;
    /// UTC milliseconds since 1970.
    virtual qint64 nowMs() const = 0;
    /// Time for measuring spans; never goes back.
    virtual std::chrono::steady_clock::time_point steadyNow() const = 0;
    /// Waits without blocking the event loop. Throws Cancelled as soon as `stop` is requested (from this
    /// thread).
    virtual QCoro::Task<> sleep(std::chrono::milliseconds duration, std::stop_token stop) = 0;
};

/// The machine's clocks and Qt timers. Needs an event loop on the calling thread for sleep().
class SystemClock final : public Clock {
public:
    qint64 nowMs() const override;
    std::chrono::steady_clock::time_point steadyNow() const override;
    QCoro::Task<> sleep(std::chrono::milliseconds duration, std::stop_token stop) override;
};

} // namespace llmcache
