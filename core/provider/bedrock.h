#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// Amazon Bedrock Converse with a bearer token. Its streaming is no event stream of the web, so answers come
/// whole.
class BedrockConverse final : public WireProtocol {
public:
    explicit BedrockConverse(QString prefix);
    WireRequest encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const override;
    std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const override;
    bool streams() const override { return false; }

private:
    QString m_prefix;
};

/// Reads replies of Converse.
class BedrockDecoder final : public ReplyDecoder {
public:
    BedrockDecoder(ErrorContext context, ReplyBuilder builder);
    void readBody(const Json& body) override;
    void readEvent(const SseEvent& event, const Json& data) override;
    bool isFinished() const override { return false; }
    bool isComplete() const override { return false; }
};

/// Usage of Converse in PydanticAI's convention: `inputTokens` there leaves the cache out.
Usage bedrockUsage(const Json& usage);

} // namespace llmcache
