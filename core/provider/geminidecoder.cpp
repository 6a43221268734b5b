#include "provider/gemini.h"

#include "provider/replyjson.h"

namespace llmcache {

namespace {

FinishReason finishReasonOf(const QString& raw)
{
    // Google says STOP after a function call too; some that speak its protocol do not.
    if (raw == QLatin1String("STOP") || raw == QLatin1String("FUNCTION_CALL"))
        return FinishReason::Stop;
    if (raw == QLatin1String("MAX_TOKENS"))
        return FinishReason::Length;
    for (const char* filter :
        {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR"}) {
        if (raw == QLatin1String(filter))
            return FinishReason::ContentFilter;
    }
    if (raw == QLatin1String("LANGUAGE") || raw == QLatin1String("MALFORMED_FUNCTION_CALL")
        || raw == QLatin1String("UNEXPECTED_TOOL_CALL"))
        return FinishReason::Error;
    return FinishReason::Other;
}

qint64 audioTokens(const Json& usage, const char* key)
{
    const Json* details = findMember(usage, key);
    qint64 tokens = 0;
    if (details && details->is_array()) {
        for (const Json& entry : *details) {
            if (stringMember(entry, "modality") == QLatin1String("AUDIO"))
                tokens += tokenCount(entry, "tokenCount");
        }
    }
    return tokens;
}

} // namespace

Usage geminiUsage(const Json& usage)
{
    Usage result;
    result.raw = usage;
    result.inputTokens = tokenCount(usage, "promptTokenCount") + tokenCount(usage, "toolUsePromptTokenCount");
    result.cacheReadTokens = tokenCount(usage, "cachedContentTokenCount");
    result.reasoningTokens = tokenCount(usage, "thoughtsTokenCount");
    result.outputTokens = tokenCount(usage, "candidatesTokenCount") + result.reasoningTokens;
    result.inputAudioTokens =
        audioTokens(usage, "promptTokensDetails") + audioTokens(usage, "toolUsePromptTokensDetails");
    result.cacheReadAudioTokens = audioTokens(usage, "cacheTokensDetails");
    result.outputAudioTokens = audioTokens(usage, "candidatesTokensDetails");
    return result;
}

GeminiDecoder::GeminiDecoder(ErrorContext context, ReplyBuilder builder)
    : ReplyDecoder(std::move(context), std::move(builder))
{
    m_builder.reply.finishReason = FinishReason::Other;
}

void GeminiDecoder::mergeUsage(const Json& chunk)
{
    const Json* usage = findMember(chunk, "usageMetadata");
    if (!usage || !usage->is_object())
        return;
    // Every chunk brings totals so far, but a later one may leave a count out.
    for (const auto& [key, value] : usage->items()) {
        if (!value.is_null() && value != Json(0))
            m_usage[key] = value;
    }
    m_builder.reply.usage = geminiUsage(m_usage);
}

void GeminiDecoder::readFinishReason(const QString& raw, bool blocked)
{
    if (raw.isEmpty())
        return;
    m_hasFinishReason = true;
    m_builder.reply.rawFinishReason = raw;
    m_builder.reply.finishReason = blocked ? FinishReason::ContentFilter : finishReasonOf(raw);
}

void GeminiDecoder::readPart(const Json& part)
{
    const bool thought = findMember(part, "thought") && part["thought"] == Json(true);
    const QString text = stringMember(part, "text");
    const Json* call = findMember(part, "functionCall");
    if (const QString signature = stringMember(part, "thoughtSignature"); !signature.isEmpty() && !thought)
        m_signatures.push_back({{"call", call ? m_calls : qint64{-1}}, {"signature", toUtf8(signature)}});
    if (call) {
        ++m_calls;
        const Json* arguments = findMember(*call, "args");
        m_builder.addToolCall(
            stringMember(*call, "id"), stringMember(*call, "name"), arguments ? *arguments : Json());
    } else if (thought) {
        m_builder.addThinking(text);
    } else {
        m_builder.addText(text);
    }
}

void GeminiDecoder::readChunk(const Json& chunk)
{
    if (const Json* error = findMember(chunk, "error"); error && !error->is_null())
        throw errorInBand(m_context, chunk, delivered());
    ProviderReply& reply = m_builder.reply;
    if (const QString model = stringMember(chunk, "modelVersion"); !model.isEmpty())
        reply.model = model;
    if (const QString id = stringMember(chunk, "responseId"); !id.isEmpty())
        reply.requestId = id;
    mergeUsage(chunk);
    if (const Json* feedback = findMember(chunk, "promptFeedback"))
        readFinishReason(stringMember(*feedback, "blockReason"), true);
    const Json* candidates = findMember(chunk, "candidates");
    if (!candidates || !candidates->is_array() || candidates->empty())
        return;
    const Json& candidate = candidates->front();
    if (const Json* content = findMember(candidate, "content")) {
        if (const Json* parts = findMember(*content, "parts"); parts && parts->is_array()) {
            for (const Json& part : *parts)
                readPart(part);
        }
    }
    readFinishReason(stringMember(candidate, "finishReason"), false);
    if (!m_signatures.empty())
        reply.message.providerData = {{"provider", "google"}, {"signatures", m_signatures}};
}

void GeminiDecoder::readBody(const Json& body)
{
    if (body.is_array()) {
        for (const Json& chunk : body)
            readChunk(chunk);
    } else {
        readChunk(body);
    }
    if (!m_hasFinishReason && !findMember(body, "candidates"))
        throw badReply(m_context, QStringLiteral("HTTP 200 without an answer"), toJsonText(body));
}

void GeminiDecoder::readEvent(const SseEvent&, const Json& data)
{
    if (!data.is_object())
        throw cutStream(m_context, delivered());
    readChunk(data);
}

} // namespace llmcache
