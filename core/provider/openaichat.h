#pragma once

#include "provider/httpprovider.h"

namespace llmcache {

/// What servers that speak OpenAI's Chat Completions do differently.
struct ChatDialect {
    enum class Reasoning {
        None, ///< takes no setting for it
        Effort, ///< reasoning_effort low, medium, high
        OpenAi, ///< likewise, for reasoning models only
        Groq, ///< likewise for gpt-oss, and reasoning_format
        Mistral, ///< reasoning_effort none or high
        OpenRouter, ///< reasoning {effort} or {max_tokens}
    };
    const char* maxTokens = "max_completion_tokens";
    const char* systemRole = "system";
    const char* seed = "seed";
    const char* forcedTool = "required"; ///< value of tool_choice; null = forcing does not work
    bool streamUsage = true; ///< stream_options.include_usage
    bool jsonSchema = true; ///< native structured output
    bool jsonObject = true; ///< JSON mode for prompted output
    bool strict = false; ///< strict schemas
    bool sampling = true; ///< temperature, top_p
    bool thinkTags = true; ///< text may begin with <think>
    bool returnsReasoning = false; ///< wants reasoning_content back with tool calls
    bool reportsCost = false; ///< usage.cost in dollars, when asked
    bool outputExcludesReasoning = false;
    bool shortToolIds = false; ///< ids of tool calls are nine letters and digits
    bool azure = false; ///< deployment in the path, api-key header
    Reasoning reasoning = Reasoning::Effort;
};

/// The dialect of a prefix for one of its models.
ChatDialect chatDialect(const QString& prefix, const QString& model);

/// OpenAI Chat Completions and its dialects.
class OpenAiChat final : public WireProtocol {
public:
    /// `azureVersion` gives Azure's api-version.
    OpenAiChat(QString prefix, std::function<QString()> azureVersion);
    WireRequest encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const override;
    std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const override;
    bool hasThinkTags() const override;

private:
    QString m_prefix;
    std::function<QString()> m_azureVersion;
};

/// Reads replies of Chat Completions.
class ChatDecoder final : public ReplyDecoder {
public:
    ChatDecoder(ChatDialect dialect, ErrorContext context, ReplyBuilder builder);
    void readBody(const Json& body) override;
    void readEvent(const SseEvent& event, const Json& data) override;
    bool isFinished() const override { return m_done; }
    bool isComplete() const override { return m_done || m_hasFinishReason; }
    bool readFailure(const HttpReply& reply, const ProviderError& error) override;

private:
    void readCommon(const Json& object);
    void readContent(const Json& content);
    void readReasoning(const Json& message);
    void readFinishReason(const Json& choice);
    void readUsage(const Json& usage);
    bool readFailedGeneration(const Json& body);
    void keepReasoning();

    ChatDialect m_dialect;
    QString m_reasoningContent;
    bool m_hasFinishReason = false;
    bool m_done = false;
};

/// Usage of Chat Completions in PydanticAI's convention.
Usage chatUsage(const Json& usage, bool outputExcludesReasoning);

} // namespace llmcache
