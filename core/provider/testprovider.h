#pragma once

#include "provider/provider.h"

namespace llmcache {

/// Answers by itself, without a network, the same request always the same way. Text answers sum up the
/// request; for a schema it builds the smallest valid value. A token is four bytes. Any model name works.
class TestProvider final : public Provider {
public:
    QCoro::Task<ProviderReply> complete(ProviderRequest request, ProviderContext context) override;
};

} // namespace llmcache
