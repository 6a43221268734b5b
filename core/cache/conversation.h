#pragma once

#include "base/clock.h"
#include "cache/cooldowns.h"
#include "cache/request.h"
#include "cache/run.h"
#include "provider/provider.h"
#include "retry/backoff.h"
#include "retry/retrybudget.h"

namespace llmcache {

/// What a run has spent so far; kept outside the conversation so that it survives a failure.
struct Bill {
    Usage usage; ///< summed over all requests
    std::vector<Usage> requests; ///< one by one: price tiers and fees go by request
    int attempts = 0; ///< requests sent, failed ones included
    int rateLimits = 0; ///< requests that were answered with 429
    std::chrono::milliseconds waited{0};
    bool mayHaveUnknownCost = false; ///< a request was sent and its usage never came
};

/// The answer of a model to one request, retries and tool rounds included.
struct Answer {
    Json output;
    History messages; ///< the prompt, then everything up to the answer
    FinishReason finishReason = FinishReason::Stop;
    QString rawFinishReason;
    QString providerModel;
    std::optional<std::chrono::milliseconds> timeToFirstToken;
    std::optional<Money> reportedCost;
    bool complete = true; ///< false: truncated or refused; must not be stored
    QStringList warnings;
};

/// What a conversation needs besides the request.
struct ConversationContext {
    Provider* provider = nullptr; ///< must outlive the task
    Clock* clock = nullptr; ///< likewise
    BackoffPolicy backoff;
    Cooldowns* cooldowns = nullptr; ///< must outlive the task
    QString cooldownKey;
    std::shared_ptr<RetryBudget> retryBudget; ///< of all runs against this provider
    int outputRetries = 1;
    QUrl baseUrl; ///< the agent's own endpoint; empty = the provider's
    std::function<void(const RunEvent&)> progress;
    bool stream = false;
    std::stop_token stop;
    std::shared_ptr<Bill> bill;
};

/// Asks the model until it gives an answer that fits: backoff around each request, canned answers to tool
/// calls, violations of the schema fed back up to `outputRetries` times. Throws ProviderError,
/// RateLimitError, OutputError, ConfigurationError, Cancelled; `bill` is up to date in every case.
QCoro::Task<Answer> converse(Request request, ConversationContext context);

} // namespace llmcache
