#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// OpenAI Responses.
class OpenAiResponses final : public WireProtocol {
public:
    explicit OpenAiResponses(QString prefix);
    WireRequest encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const override;
    std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const override;

private:
    QString m_prefix;
};

/// Reads replies of OpenAI Responses.
class ResponsesDecoder final : public ReplyDecoder {
public:
    ResponsesDecoder(ErrorContext context, ReplyBuilder builder);
    void readBody(const Json& body) override;
    void readEvent(const SseEvent& event, const Json& data) override;
    bool isFinished() const override { return m_done; }
    bool isComplete() const override { return m_done; }

private:
    void readResponse(const Json& response);
    void readItem(const Json& item, bool streamed);
    void readReasoning(const Json& item, bool streamed);

    Json m_reasoning = Json::array(); ///< items that go back with this turn
    bool m_refused = false;
    bool m_thinkingStreamed = false;
    bool m_done = false;
};

/// Usage of OpenAI Responses in PydanticAI's convention.
Usage responsesUsage(const Json& usage);

} // namespace llmcache
