#pragma once

#include "base/error.h"

#include <chrono>
#include <memory>

namespace llmcache::redis {

/// Remembers that a server is down, so that calls fail at once instead of waiting for it each time.
///
/// After a failed attempt to connect, no further one is made for a while: 50 ms, doubled with each failure up
/// to 5 s, with jitter. From the third failure on the breaker is open: the one call that may then try
/// again (half open) waits for no longer than probeGrace.
class Breaker {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::milliseconds firstPause{50};
    static constexpr std::chrono::milliseconds longestPause{5'000};
    static constexpr std::chrono::milliseconds probeGrace{250};
    static constexpr int failuresToOpen = 3;

    /// Whether an attempt to connect is due.
    bool allows(TimePoint now) const { return m_failures == 0 || now >= m_retryAt; }
    TimePoint retryAt() const { return m_retryAt; }
    bool isOpen() const { return m_failures >= failuresToOpen; }
    /// `random` is in [0, 1).
    void failed(TimePoint now, double random, std::shared_ptr<const Error> error);
    void succeeded();
    /// Why the last attempt failed; null when it did not.
    const std::shared_ptr<const Error>& error() const { return m_error; }

private:
    int m_failures = 0;
    TimePoint m_retryAt;
    std::shared_ptr<const Error> m_error;
};

} // namespace llmcache::redis
