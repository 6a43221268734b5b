#pragma once

#include "provider/provider.h"

namespace llmcache::test {

/// Streams an answer of so many tokens, one every five milliseconds, twelve on a line.
class StreamingProvider final : public Provider {
public:
    explicit StreamingProvider(int tokens)
        : m_tokens(tokens)
    {
    }
    QCoro::Task<ProviderReply> complete(ProviderRequest request, ProviderContext context) override;

private:
    int m_tokens;
};

} // namespace llmcache::test
