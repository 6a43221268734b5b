#pragma once

#include "provider/provider.h"

#include <chrono>

namespace llmcache {

/// What a provider says of the key in force.
struct KeyTest {
    enum class Verdict {
        Valid,
        Refused, ///< 401, 403, or what the provider has in their place
        RateLimited, ///< known to the provider, which answers nothing for now
        NoNetwork, ///< nobody answered
        Unclear, ///< something answered that says nothing about the key
    };
    Verdict verdict = Verdict::Unclear;
    QString text; ///< a sentence for people; never holds the key
    QString remedy; ///< may be empty
    std::chrono::milliseconds roundTrip{0};
};

/// Tries the key that runs of this prefix would use: one request that costs nothing (the list of models, or
/// what the provider has that needs a key), to the endpoint in force. `registry` must outlive the task.
/// Throws ConfigurationError without a key or endpoint, Cancelled as soon as `stop` is requested.
QCoro::Task<KeyTest> testKey(ProviderRegistry* registry, QString prefix, std::stop_token stop);

} // namespace llmcache
