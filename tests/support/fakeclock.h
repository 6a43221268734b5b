#pragma once

#include "base/clock.h"

#include <vector>

namespace llmcache::test {

/// Time that moves only when somebody sleeps: sleep() returns at once and adds its duration.
class FakeClock final : public Clock {
public:
    qint64 nowMs() const override { return m_nowMs; }
    std::chrono::steady_clock::time_point steadyNow() const override
    {
        return std::chrono::steady_clock::time_point(std::chrono::milliseconds(m_steadyMs));
    }
    QCoro::Task<> sleep(std::chrono::milliseconds duration, std::stop_token stop) override;

    void advance(std::chrono::milliseconds duration)
    {
        m_nowMs += duration.count();
        m_steadyMs += duration.count();
    }
    /// Somebody sets the clock on the wall, forward or back.
    void moveWall(std::chrono::milliseconds distance) { m_nowMs += distance.count(); }
    /// Every sleep so far.
    const std::vector<std::chrono::milliseconds>& sleeps() const { return m_sleeps; }

private:
    qint64 m_nowMs = 1'795'392'000'000; // 2026-11-23 00:00 UTC
    qint64 m_steadyMs = 1'000'000;
    std::vector<std::chrono::milliseconds> m_sleeps;
};

} // namespace llmcache::test
