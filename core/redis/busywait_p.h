#pragma once

#include <chrono>

namespace llmcache::redis {

/// Watches a socket for a moment before its thread goes to sleep, so that a reply that comes at once is read
/// at once.
///
/// To wake a sleeping thread takes the system tens of microseconds, often more than a server on the same
/// machine takes to answer. Where replies take longer than `limit` nothing is gained: each wait in vain
/// doubles the number of those left out before the next attempt, so that a distant server costs next to no
/// processor time.
class BusyWait {
public:
    enum class Result {
        Readable, ///< there is something to read, or the end of the connection to be seen
        TimedOut,
        LeftOut, ///< it did not wait
    };

    explicit BusyWait(std::chrono::microseconds limit = std::chrono::microseconds(150))
        : m_limit(limit)
    {
    }

    /// Whether there is a second processor on which the server, or the system for it, can work meanwhile.
    static bool isWorthwhile();
    /// Blocks for `limit` at most.
    Result wait(int descriptor);

private:
    static constexpr int longestPause = 1024;

    std::chrono::microseconds m_limit;
    int m_pause = 0; ///< how many waits were left out after the last one in vain
    int m_left = 0; ///< of those
};

} // namespace llmcache::redis
