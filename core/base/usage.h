#pragma once

#include "base/json.h"

#include <string_view>

namespace llmcache {

/// Token counts of one or more provider requests, in the convention of PydanticAI: `inputTokens` includes
/// cache reads and writes and input audio, `outputTokens` includes reasoning and output audio.
struct Usage {
    qint64 inputTokens = 0;
    qint64 outputTokens = 0;
    qint64 cacheReadTokens = 0;
    qint64 cacheWriteTokens = 0; ///< all lifetimes
    qint64 cacheWrite1hTokens = 0; ///< part of cacheWriteTokens
    qint64 reasoningTokens = 0; ///< part of outputTokens
    qint64 inputAudioTokens = 0; ///< part of inputTokens
    qint64 cacheReadAudioTokens = 0; ///< part of both cacheReadTokens and inputAudioTokens
    qint64 outputAudioTokens = 0; ///< part of outputTokens
    qint64 webSearches = 0;
    qint64 requests = 0; ///< provider requests that this usage sums up
    Json raw; ///< the provider's usage object, verbatim; an array of them when there were several requests

    qint64 totalTokens() const { return inputTokens + outputTokens; }
    /// Adds the counts of another request; raw objects are collected in an array.
    Usage& operator+=(const Usage& other);
    friend bool operator==(const Usage&, const Usage&) = default;
};

/// Sets the count of this name, cut to 10^15; false for a name that is none.
bool setCount(Usage& usage, std::string_view name, qint64 count);

/// `{"input_tokens": …, "output_tokens": …, "cache_read_tokens": …, "cache_write_tokens": …,
/// "reasoning_tokens": …}` always, the other counts when they are not zero; without `raw`.
Json toJson(const Usage& usage);
/// Reads what toJson wrote; absent counts are zero, negative ones are an error (CacheError), impossibly large
/// ones are cut to 10^15.
Usage usageFromJson(const Json& json);

} // namespace llmcache
