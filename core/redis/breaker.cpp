#include "redis/breaker_p.h"

#include <algorithm>

namespace llmcache::redis {

void Breaker::failed(TimePoint now, double random, std::shared_ptr<const Error> error)
{
    ++m_failures;
    const int doublings = std::min(m_failures - 1, 10);
    const auto pause = std::min(firstPause * (1 << doublings), longestPause);
    // Half of it is jitter, so that many clients do not come back in step.
    const double factor = 0.5 + random / 2.0;
    m_retryAt = now
        + std::chrono::milliseconds(
            static_cast<std::chrono::milliseconds::rep>(static_cast<double>(pause.count()) * factor));
    m_error = std::move(error);
}

void Breaker::succeeded()
{
    m_failures = 0;
    m_error.reset();
}

} // namespace llmcache::redis
