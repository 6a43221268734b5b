#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// Cohere Chat, version 2.
class CohereChat final : public WireProtocol {
public:
    explicit CohereChat(QString prefix);
    WireRequest encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const override;
    std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const override;

private:
    QString m_prefix;
};

/// Reads replies of Cohere Chat.
class CohereDecoder final : public ReplyDecoder {
public:
    CohereDecoder(ErrorContext context, ReplyBuilder builder);
    void readBody(const Json& body) override;
    void readEvent(const SseEvent& event, const Json& data) override;
    bool isFinished() const override { return m_done; }
    bool isComplete() const override { return m_done; }

private:
    void readEnd(const Json& object);
    void readContentPart(const Json& part);

    bool m_done = false;
};

/// Usage of Cohere Chat in PydanticAI's convention: tokens, not billed units.
Usage cohereUsage(const Json& usage);

} // namespace llmcache
