#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// Anthropic Messages.
class AnthropicMessages final : public WireProtocol {
public:
    explicit AnthropicMessages(QString prefix);
    WireRequest encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const override;
    std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const override;

private:
    QString m_prefix;
};

/// Reads replies of Anthropic Messages.
class AnthropicDecoder final : public ReplyDecoder {
public:
    AnthropicDecoder(ErrorContext context, ReplyBuilder builder);
    void readBody(const Json& body) override;
    void readEvent(const SseEvent& event, const Json& data) override;
    bool isFinished() const override { return m_done; }
    bool isComplete() const override { return m_done || m_hasStopReason; }

private:
    void readMessage(const Json& message);
    void readStopReason(const Json& object);
    void mergeUsage(const Json& object);
    void startBlock(const Json& data);
    void readDelta(const Json& data);
    void keepThinking();

    Json m_usage = Json::object();
    Json m_thinking = Json::array(); ///< blocks that go back with this turn
    qint64 m_thinkingIndex = -1; ///< of the block under way
    bool m_hasStopReason = false;
    bool m_done = false;
};

/// Usage of Anthropic Messages in PydanticAI's convention: `input_tokens` there leaves the cache out.
Usage anthropicUsage(const Json& usage);

} // namespace llmcache
