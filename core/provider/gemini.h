#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// Gemini generateContent, at Google AI Studio (API key) or Vertex AI (bearer token).
class Gemini final : public WireProtocol {
public:
    /// `vertexPath` gives the path up to the publisher's models for Vertex AI; empty for AI Studio. Throws
    /// ConfigurationError when the project is not known.
    Gemini(QString prefix, std::function<QString(const QUrl&)> vertexPath);
    WireRequest encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const override;
    std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const override;

private:
    QString m_prefix;
    std::function<QString(const QUrl&)> m_vertexPath;
};

/// Reads replies of generateContent.
class GeminiDecoder final : public ReplyDecoder {
public:
    GeminiDecoder(ErrorContext context, ReplyBuilder builder);
    void readBody(const Json& body) override;
    void readEvent(const SseEvent& event, const Json& data) override;
    /// There is no last event; the connection's end is the end.
    bool isFinished() const override { return false; }
    bool isComplete() const override { return m_hasFinishReason; }

private:
    void readChunk(const Json& chunk);
    void readPart(const Json& part);
    void readFinishReason(const QString& raw, bool blocked);
    void mergeUsage(const Json& chunk);

    Json m_usage = Json::object();
    Json m_signatures = Json::array(); ///< {"call": index or -1 for text, "signature": …}
    qint64 m_calls = 0;
    bool m_hasFinishReason = false;
};

/// Usage of generateContent in PydanticAI's convention.
Usage geminiUsage(const Json& usage);

} // namespace llmcache
