#pragma once

#include "cache/request.h"
#include "cache/runinput.h"
#include "provider/provider.h"

namespace llmcache {

/// What a run can be copied as.
enum class CodeKind {
    Curl, ///< the provider's HTTP request, for a shell
    Cpp, ///< a program that links this library
    Python, ///< a script with pyai-caching and PydanticAI
    CommandLine, ///< `llmcache run`, for a shell
};

/// A run as text that does the same elsewhere. No key is ever in it: a shell text names the environment
/// variable instead. `request` is what Runner::buildRequest() made of the input, `providers` what the session
/// is configured with. Throws ConfigurationError where the input can't be sent at all, and for CodeKind::Curl
/// when the provider needs no HTTP (`test:`).
QString codeFor(CodeKind kind, RunInput input, Request request, ProviderConfig providers);

} // namespace llmcache
