#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// Amazon Bedrock Converse with a bearer token.
class BedrockConverse final : public WireProtocol {
public:
    explicit BedrockConverse(QString prefix);
    WireRequest encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const override;
    std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const override;
    EventFraming framing() const override { return EventFraming::Amazon; }

private:
    QString m_prefix;
};

/// Reads replies of Converse.
class BedrockDecoder final : public ReplyDecoder {
public:
    BedrockDecoder(ErrorContext context, ReplyBuilder builder);
    void readBody(const Json& body) override;
    void readEvent(const SseEvent& event, const Json& data) override;
    bool isFinished() const override { return m_done; }
    bool isComplete() const override { return m_done || m_hasStopReason; }

private:
    void readStopReason(const Json& object);
    void readDelta(const Json& data);
    void readReasoning(const Json& delta, qint64 index);
    void keepReasoning();

    Json m_reasoning = Json::array(); ///< blocks that go back with this turn
    qint64 m_reasoningIndex = -1; ///< of the last one
    bool m_hasStopReason = false;
    bool m_done = false;
};

/// Usage of Converse in PydanticAI's convention: `inputTokens` there leaves the cache out.
Usage bedrockUsage(const Json& usage);

} // namespace llmcache
