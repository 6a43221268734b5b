#pragma once

#include "base/usage.h"

namespace llmcache {

/// The protocols whose replies extractUsage() reads: "anthropic-messages", "openai-chat",
/// "openai-responses", "gemini", "cohere".
QStringList usageProtocols();

/// Reads the token counts of a provider's reply, or of its usage object alone, in the convention of Usage.
/// `requests` is 1 and `raw` the usage object. `provider` is the prefix of the model reference; xAI counts
/// reasoning beside its completion tokens. Throws ConfigurationError for an unknown protocol and CacheError,
/// which names the field, for a reply without usage or with a count that is none.
Usage extractUsage(const QString& protocol, const Json& response, const QString& provider = {});

} // namespace llmcache
