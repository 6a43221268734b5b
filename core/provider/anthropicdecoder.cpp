#include "provider/anthropic.h"

#include "provider/replyjson.h"

namespace llmcache {

namespace {

FinishReason finishReasonOf(const QString& raw)
{
    if (raw == QLatin1String("end_turn") || raw == QLatin1String("stop_sequence"))
        return FinishReason::Stop;
    if (raw == QLatin1String("max_tokens") || raw == QLatin1String("model_context_window_exceeded"))
        return FinishReason::Length;
    if (raw == QLatin1String("tool_use"))
        return FinishReason::ToolCall;
    if (raw == QLatin1String("refusal"))
        return FinishReason::Refusal;
    return FinishReason::Other;
}

bool isThinking(const QString& type)
{
    return type == QLatin1String("thinking") || type == QLatin1String("redacted_thinking");
}

} // namespace

Usage anthropicUsage(const Json& usage)
{
    Usage result;
    result.raw = usage;
    result.cacheReadTokens = tokenCount(usage, "cache_read_input_tokens");
    result.cacheWriteTokens = tokenCount(usage, "cache_creation_input_tokens");
    if (const Json* creation = findMember(usage, "cache_creation"))
        result.cacheWrite1hTokens = tokenCount(*creation, "ephemeral_1h_input_tokens");
    result.inputTokens = tokenCount(usage, "input_tokens") + result.cacheReadTokens + result.cacheWriteTokens;
    result.outputTokens = tokenCount(usage, "output_tokens");
    if (const Json* details = findMember(usage, "output_tokens_details"))
        result.reasoningTokens = tokenCount(*details, "thinking_tokens");
    if (const Json* tools = findMember(usage, "server_tool_use"))
        result.webSearches = tokenCount(*tools, "web_search_requests");
    return result;
}

AnthropicDecoder::AnthropicDecoder(ErrorContext context, ReplyBuilder builder)
    : ReplyDecoder(std::move(context), std::move(builder))
{
    m_builder.reply.finishReason = FinishReason::Other;
}

void AnthropicDecoder::mergeUsage(const Json& object)
{
    const Json* usage = findMember(object, "usage");
    if (!usage || !usage->is_object())
        return;
    // Counts in later events are cumulative and replace earlier ones; what they leave out stays.
    for (const auto& [key, value] : usage->items()) {
        if (!value.is_null())
            m_usage[key] = value;
    }
    m_builder.reply.usage = anthropicUsage(m_usage);
}

void AnthropicDecoder::readMessage(const Json& message)
{
    if (const QString model = stringMember(message, "model"); !model.isEmpty())
        m_builder.reply.model = model;
    mergeUsage(message);
}

void AnthropicDecoder::readStopReason(const Json& object)
{
    const QString raw = stringMember(object, "stop_reason");
    if (raw.isEmpty())
        return;
    m_hasStopReason = true;
    m_builder.reply.rawFinishReason = raw;
    m_builder.reply.finishReason = finishReasonOf(raw);
}

void AnthropicDecoder::keepThinking()
{
    if (!m_thinking.empty())
        m_builder.reply.message.providerData = {
            {"provider", toUtf8(m_context.provider)}, {"thinking", m_thinking}};
}

void AnthropicDecoder::readBody(const Json& body)
{
    if (stringMember(body, "type") == QLatin1String("error") || findMember(body, "error"))
        throw errorInBand(m_context, body, false);
    const Json* content = findMember(body, "content");
    if (!content || !content->is_array())
        throw badReply(m_context, QStringLiteral("HTTP 200 without an answer"), toJsonText(body));
    readMessage(body);
    readStopReason(body);
    for (const Json& block : *content) {
        const QString type = stringMember(block, "type");
        if (type == QLatin1String("text")) {
            m_builder.addText(stringMember(block, "text"));
        } else if (type == QLatin1String("tool_use")) {
            const Json* input = findMember(block, "input");
            m_builder.addToolCall(
                stringMember(block, "id"), stringMember(block, "name"), input ? *input : Json());
        } else if (isThinking(type)) {
            m_builder.addThinking(stringMember(block, "thinking"));
            m_thinking.push_back(block);
        }
    }
    keepThinking();
}

void AnthropicDecoder::readEvent(const SseEvent&, const Json& data)
{
    if (!data.is_object())
        throw cutStream(m_context, delivered());
    const QString type = stringMember(data, "type");
    if (type == QLatin1String("message_start")) {
        if (const Json* message = findMember(data, "message"))
            readMessage(*message);
    } else if (type == QLatin1String("content_block_start")) {
        startBlock(data);
    } else if (type == QLatin1String("content_block_delta")) {
        readDelta(data);
    } else if (type == QLatin1String("message_delta")) {
        if (const Json* delta = findMember(data, "delta"))
            readStopReason(*delta);
        mergeUsage(data);
    } else if (type == QLatin1String("message_stop")) {
        m_done = true;
        keepThinking();
    } else if (type == QLatin1String("error") || findMember(data, "error")) {
        throw errorInBand(m_context, data, delivered());
    }
}

void AnthropicDecoder::startBlock(const Json& data)
{
    const Json* block = findMember(data, "content_block");
    if (!block)
        return;
    const QString type = stringMember(*block, "type");
    const qint64 index = integerMember(data, "index");
    if (type == QLatin1String("text")) {
        m_builder.addText(stringMember(*block, "text"));
    } else if (type == QLatin1String("tool_use")) {
        // The input of the start is an empty object that the deltas then spell out.
        const Json* input = findMember(*block, "input");
        const QString text = input && input->is_object() && !input->empty()
            ? QString::fromUtf8(toJsonText(*input))
            : QString();
        m_builder.addToolCallDelta(index, stringMember(*block, "id"), stringMember(*block, "name"), text);
    } else if (isThinking(type)) {
        m_thinkingIndex = index;
        m_thinking.push_back(*block);
        m_builder.addThinking(stringMember(*block, "thinking"));
    }
}

void AnthropicDecoder::readDelta(const Json& data)
{
    const Json* delta = findMember(data, "delta");
    if (!delta)
        return;
    const QString type = stringMember(*delta, "type");
    const qint64 index = integerMember(data, "index");
    if (type == QLatin1String("text_delta")) {
        m_builder.addText(stringMember(*delta, "text"));
    } else if (type == QLatin1String("input_json_delta")) {
        m_builder.addToolCallDelta(index, {}, {}, stringMember(*delta, "partial_json"));
    } else if (type == QLatin1String("thinking_delta")) {
        const QString text = stringMember(*delta, "thinking");
        m_builder.addThinking(text);
        if (index == m_thinkingIndex)
            m_thinking.back()["thinking"] = toUtf8(stringMember(m_thinking.back(), "thinking") + text);
    } else if (type == QLatin1String("signature_delta") && index == m_thinkingIndex) {
        m_thinking.back()["signature"] =
            toUtf8(stringMember(m_thinking.back(), "signature") + stringMember(*delta, "signature"));
    }
}

} // namespace llmcache
