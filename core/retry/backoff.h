#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <functional>
#include <random>

namespace llmcache {

/// How long to wait between attempts.
struct BackoffPolicy {
    std::chrono::milliseconds initialWait{500};
    std::chrono::milliseconds longestWait{30'000}; ///< of one computed wait; hints may be longer
    std::chrono::milliseconds maxWait{60'000}; ///< all waits of a run together
};

/// A wait that is about to happen, for progress displays.
struct BackoffWait {
    int attempt = 1; ///< requests sent so far
    std::chrono::milliseconds wait{0};
    QString reason; ///< one line for people
};

/// The waits of one run: exponential with full jitter, hints honoured, one budget over all of them.
/// wait = max(hint + 0…10 %, uniform(0, min(longestWait, initialWait · 2ⁿ)))
class Backoff {
public:
    /// `random` gives values in [0, 1).
    Backoff(BackoffPolicy policy, std::function<double()> random);
    /// Uses a generator seeded from the system.
    explicit Backoff(BackoffPolicy policy);

    /// Counts a failed attempt and decides: the wait before the next one. Throws the error itself when it is
    /// permanent; RateLimitError when a rate limit outlasts the budget or its hint does not fit into what is
    /// left; the error itself when another transient failure outlasts the budget.
    std::chrono::milliseconds next(const ProviderError& error);

    /// A wait that everybody owes the provider before the next request: at least `cooldown`, up to a tenth
    /// more, within the same budget. Throws RateLimitError when it does not fit into what is left.
    std::chrono::milliseconds hold(std::chrono::milliseconds cooldown, const QString& provider);

    /// Counts waits that the run has made already, for other requests of its conversation.
    void spend(std::chrono::milliseconds waited) { m_waited += waited; }

    int attempts() const { return m_attempts; }
    std::chrono::milliseconds waited() const { return m_waited; }

private:
    BackoffPolicy m_policy;
    std::function<double()> m_random;
    int m_attempts = 0;
    std::chrono::milliseconds m_waited{0};
};

} // namespace llmcache
