#include "provider/bedrock.h"

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
    if (raw == QLatin1String("guardrail_intervened") || raw == QLatin1String("content_filtered"))
        return FinishReason::ContentFilter;
    if (raw == QLatin1String("refusal"))
        return FinishReason::Refusal;
    if (raw.startsWith(QLatin1String("malformed")))
        return FinishReason::Error;
    return FinishReason::Other;
}

} // namespace

Usage bedrockUsage(const Json& usage)
{
    Usage result;
    result.raw = usage;
    result.cacheReadTokens = tokenCount(usage, "cacheReadInputTokens");
    result.cacheWriteTokens = tokenCount(usage, "cacheWriteInputTokens");
    result.inputTokens = tokenCount(usage, "inputTokens") + result.cacheReadTokens + result.cacheWriteTokens;
    result.outputTokens = tokenCount(usage, "outputTokens");
    return result;
}

BedrockDecoder::BedrockDecoder(ErrorContext context, ReplyBuilder builder)
    : ReplyDecoder(std::move(context), std::move(builder))
{
    m_builder.reply.finishReason = FinishReason::Other;
    m_builder.reply.model = m_context.model;
}

void BedrockDecoder::readStopReason(const Json& object)
{
    const QString raw = stringMember(object, "stopReason");
    if (raw.isEmpty())
        return;
    m_hasStopReason = true;
    m_builder.reply.rawFinishReason = raw;
    m_builder.reply.finishReason = finishReasonOf(raw);
}

void BedrockDecoder::keepReasoning()
{
    if (!m_reasoning.empty())
        m_builder.reply.message.providerData = {
            {"provider", toUtf8(m_context.provider)}, {"reasoning", m_reasoning}};
}

void BedrockDecoder::readBody(const Json& body)
{
    const Json* output = findMember(body, "output");
    const Json* message = output ? findMember(*output, "message") : nullptr;
    const Json* content = message ? findMember(*message, "content") : nullptr;
    if (!content || !content->is_array())
        throw badReply(m_context, QStringLiteral("HTTP 200 without an answer"), toJsonText(body));
    for (const Json& block : *content) {
        if (const Json* use = findMember(block, "toolUse")) {
            const Json* input = findMember(*use, "input");
            m_builder.addToolCall(
                stringMember(*use, "toolUseId"), stringMember(*use, "name"), input ? *input : Json());
        } else if (const Json* thought = findMember(block, "reasoningContent")) {
            if (const Json* text = findMember(*thought, "reasoningText"))
                m_builder.addThinking(stringMember(*text, "text"));
            m_reasoning.push_back(block);
        } else {
            m_builder.addText(stringMember(block, "text"));
        }
    }
    keepReasoning();
    readStopReason(body);
    if (const Json* usage = findMember(body, "usage"))
        m_builder.reply.usage = bedrockUsage(*usage);
}

void BedrockDecoder::readEvent(const SseEvent& event, const Json& data)
{
    if (event.name.startsWith("exception:")) {
        Json error;
        error["error"]["code"] = event.name.mid(10).toStdString();
        error["error"]["message"] = toUtf8(stringMember(data, "message"));
        throw errorInBand(m_context, error, delivered());
    }
    if (!data.is_object())
        throw cutStream(m_context, delivered());
    if (event.name == "contentBlockStart") {
        const Json* start = findMember(data, "start");
        const Json* use = start ? findMember(*start, "toolUse") : nullptr;
        if (use)
            m_builder.addToolCallDelta(integerMember(data, "contentBlockIndex"),
                stringMember(*use, "toolUseId"), stringMember(*use, "name"), {});
    } else if (event.name == "contentBlockDelta") {
        readDelta(data);
    } else if (event.name == "messageStop") {
        keepReasoning();
        readStopReason(data);
    } else if (event.name == "metadata") {
        if (const Json* usage = findMember(data, "usage"))
            m_builder.reply.usage = bedrockUsage(*usage);
        m_done = m_hasStopReason;
    }
}

void BedrockDecoder::readDelta(const Json& data)
{
    const Json* delta = findMember(data, "delta");
    if (!delta)
        return;
    const qint64 index = integerMember(data, "contentBlockIndex");
    m_builder.addText(stringMember(*delta, "text"));
    if (const Json* use = findMember(*delta, "toolUse"))
        m_builder.addToolCallDelta(index, {}, {}, stringMember(*use, "input"));
    if (const Json* reasoning = findMember(*delta, "reasoningContent"))
        readReasoning(*reasoning, index);
}

void BedrockDecoder::readReasoning(const Json& delta, qint64 index)
{
    if (index != m_reasoningIndex || m_reasoning.empty()) {
        m_reasoningIndex = index;
        m_reasoning.push_back(Json::object());
    }
    Json& content = m_reasoning.back()["reasoningContent"];
    if (const Json* redacted = findMember(delta, "redactedContent"))
        content["redactedContent"] = *redacted;
    for (const char* key : {"text", "signature"}) {
        const QString part = stringMember(delta, key);
        if (part.isEmpty())
            continue;
        Json& text = content["reasoningText"];
        text[key] = toUtf8(stringMember(text, key) + part);
    }
    m_builder.addThinking(stringMember(delta, "text"));
}

} // namespace llmcache
