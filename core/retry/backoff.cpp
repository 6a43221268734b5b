#include "retry/backoff.h"

#include <algorithm>
#include <cmath>

namespace llmcache {

namespace {

using std::chrono::milliseconds;

/// initialWait · 2ⁿ, at most longestWait, at least a millisecond: a policy of zeros must not hammer.
milliseconds ceilingOf(const BackoffPolicy& policy, int failures)
{
    auto wait = std::max(policy.initialWait, milliseconds(1));
    const auto longest = std::max(policy.longestWait, milliseconds(1));
    for (int i = 1; i < failures && wait < longest; ++i)
        wait *= 2;
    return std::min(wait, longest);
}

milliseconds scaled(milliseconds span, double factor)
{
    return milliseconds(std::llround(std::floor(static_cast<double>(span.count()) * factor)));
}

QString seconds(milliseconds span)
{
    const double value = static_cast<double>(span.count()) / 1000.0;
    return QStringLiteral("%1 s").arg(value, 0, 'g', value < 100 ? 3 : 6);
}

[[noreturn]] void throwRateLimit(
    const ProviderError& error, const BackoffPolicy& policy, milliseconds waited, int attempts)
{
    const auto& details = error.details();
    // The provider's own words first: they often say which limit it was.
    QString message =
        QStringLiteral("%1 Sent %2, with %3 of waiting in between.")
            .arg(error.message(),
                attempts == 1 ? QStringLiteral("1 request") : QStringLiteral("%1 requests").arg(attempts),
                seconds(waited));
    const QString limit = seconds(policy.maxWait);
    QString remedy;
    if (details.retryHint) {
        message += QStringLiteral(" It asks for a wait of %1.").arg(seconds(*details.retryHint));
        remedy = QStringLiteral("Try again after that, or allow more than the present %1 of waiting.");
    } else {
        remedy = QStringLiteral(
            "Try again later, allow more than the present %1 of waiting, or run fewer requests at a time.");
    }
    throw RateLimitError(message, remedy.arg(limit), waited, attempts, details.retryHint);
}

} // namespace

Backoff::Backoff(BackoffPolicy policy, std::function<double()> random)
    : m_policy(policy)
    , m_random(std::move(random))
{
}

Backoff::Backoff(BackoffPolicy policy)
    : Backoff(policy,
        [generator = std::optional<std::mt19937_64>(),
            distribution = std::uniform_real_distribution<double>(0.0, 1.0)]() mutable {
            // Most runs never wait, and asking the system for randomness takes as long as a hit.
            if (!generator)
                generator.emplace(std::random_device{}());
            return distribution(*generator);
        })
{
}

std::chrono::milliseconds Backoff::next(const ProviderError& error)
{
    ++m_attempts;
    if (!error.isTransient())
        error.raise();

    const milliseconds left = m_policy.maxWait - m_waited;
    const auto hint = error.details().retryHint;
    const bool spent = left <= milliseconds(0);
    if (spent || (hint && *hint > left)) {
        if (error.details().failure == ProviderFailure::RateLimited)
            throwRateLimit(error, m_policy, m_waited, m_attempts);
        error.raise();
    }
    milliseconds wait = std::max(scaled(ceilingOf(m_policy, m_attempts), m_random()), milliseconds(1));
    if (hint)
        wait = std::max(wait, *hint + scaled(*hint, 0.1 * m_random()));
    // Jitter alone never ends a run: what is left of the budget is used for one more attempt.
    wait = std::min(wait, left);
    m_waited += wait;
    return wait;
}

std::chrono::milliseconds Backoff::hold(std::chrono::milliseconds cooldown, const QString& provider)
{
    const milliseconds left = m_policy.maxWait - m_waited;
    if (cooldown > left)
        throw RateLimitError(
            QStringLiteral(
                "%1 has asked for a wait of another %2 after too many requests, from this or another "
                "program.")
                .arg(provider, seconds(cooldown)),
            QStringLiteral("Try again after that, or allow more than the present %1 of waiting.")
                .arg(seconds(m_policy.maxWait)),
            m_waited, m_attempts, cooldown);
    const milliseconds wait = std::min(cooldown + scaled(cooldown, 0.1 * m_random()), left);
    m_waited += wait;
    return wait;
}

} // namespace llmcache
