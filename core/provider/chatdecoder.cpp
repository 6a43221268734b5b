#include "provider/openaichat.h"

#include "provider/replyjson.h"

namespace llmcache {

namespace {

/// A member that holds something.
const Json* presentMember(const Json& object, const char* key)
{
    const Json* member = findMember(object, key);
    return member && !member->is_null() ? member : nullptr;
}

qint64 nestedCount(const Json& object, const char* group, const char* key)
{
    const Json* details = findMember(object, group);
    return details ? tokenCount(*details, key) : 0;
}

std::optional<Money> dollars(const Json& amount)
{
    if (!amount.is_number())
        return std::nullopt;
    // The shortest text of the number is what the provider wrote; binary noise below a picodollar is cut.
    if (const auto exact = Money::fromDecimal(toQString(amount.dump())))
        return exact;
    return Money::fromDecimal(QString::number(amount.get<double>(), 'f', 12));
}

FinishReason finishReasonOf(const QString& raw)
{
    if (raw == QLatin1String("stop") || raw == QLatin1String("eos") || raw == QLatin1String("eos_token")
        || raw == QLatin1String("stop_sequence"))
        return FinishReason::Stop;
    if (raw == QLatin1String("length") || raw == QLatin1String("model_length")
        || raw == QLatin1String("max_tokens"))
        return FinishReason::Length;
    if (raw == QLatin1String("tool_calls") || raw == QLatin1String("function_call"))
        return FinishReason::ToolCall;
    if (raw == QLatin1String("content_filter"))
        return FinishReason::ContentFilter;
    if (raw == QLatin1String("error"))
        return FinishReason::Error;
    return FinishReason::Other;
}

} // namespace

Usage chatUsage(const Json& usage, bool outputExcludesReasoning)
{
    Usage result;
    result.raw = usage;
    result.inputTokens = tokenCount(usage, "prompt_tokens");
    result.outputTokens = tokenCount(usage, "completion_tokens");
    result.cacheReadTokens = nestedCount(usage, "prompt_tokens_details", "cached_tokens");
    if (result.cacheReadTokens == 0)
        result.cacheReadTokens = tokenCount(usage, "prompt_cache_hit_tokens");
    result.cacheWriteTokens = nestedCount(usage, "prompt_tokens_details", "cache_write_tokens");
    result.inputAudioTokens = nestedCount(usage, "prompt_tokens_details", "audio_tokens");
    result.outputAudioTokens = nestedCount(usage, "completion_tokens_details", "audio_tokens");
    result.reasoningTokens = nestedCount(usage, "completion_tokens_details", "reasoning_tokens");
    // The total says which of the two ways of counting this reply uses.
    const qint64 total = tokenCount(usage, "total_tokens");
    if (outputExcludesReasoning && total >= result.inputTokens + result.outputTokens + result.reasoningTokens)
        result.outputTokens += result.reasoningTokens;
    return result;
}

ChatDecoder::ChatDecoder(ChatDialect dialect, ErrorContext context, ReplyBuilder builder)
    : ReplyDecoder(std::move(context), std::move(builder))
    , m_dialect(dialect)
{
    m_builder.reply.finishReason = FinishReason::Other;
}

void ChatDecoder::readCommon(const Json& object)
{
    ProviderReply& reply = m_builder.reply;
    if (const QString model = stringMember(object, "model"); !model.isEmpty())
        reply.model = model;
    if (const Json* usage = presentMember(object, "usage"))
        readUsage(*usage);
    if (const Json* groq = presentMember(object, "x_groq")) {
        if (const QString id = stringMember(*groq, "id"); !id.isEmpty())
            reply.requestId = id;
        if (const Json* usage = presentMember(*groq, "usage"))
            readUsage(*usage);
    }
}

void ChatDecoder::readUsage(const Json& usage)
{
    if (!usage.is_object())
        return;
    m_builder.reply.usage = chatUsage(usage, m_dialect.outputExcludesReasoning);
    if (m_dialect.reportsCost) {
        if (const Json* cost = findMember(usage, "cost"))
            m_builder.reply.reportedCost = dollars(*cost);
    }
}

void ChatDecoder::readContent(const Json& content)
{
    if (content.is_string()) {
        m_builder.addText(toQString(content.get_ref<const std::string&>()));
        return;
    }
    if (!content.is_array())
        return;
    for (const Json& part : content) {
        const QString type = stringMember(part, "type");
        if (type == QLatin1String("text")) {
            m_builder.addText(stringMember(part, "text"));
        } else if (type == QLatin1String("refusal")) {
            m_builder.addText(stringMember(part, "refusal"));
            m_builder.reply.finishReason = FinishReason::Refusal;
        } else if (type == QLatin1String("thinking")) {
            const Json* thinking = findMember(part, "thinking");
            if (thinking && thinking->is_string())
                m_builder.addThinking(stringMember(part, "thinking"));
            if (thinking && thinking->is_array()) {
                for (const Json& inner : *thinking)
                    m_builder.addThinking(stringMember(inner, "text"));
            }
        }
    }
}

void ChatDecoder::readReasoning(const Json& message)
{
    // Servers that send both names send the same text twice.
    QString text = stringMember(message, "reasoning_content");
    m_reasoningContent += text;
    if (text.isEmpty())
        text = stringMember(message, "reasoning");
    m_builder.addThinking(text);
}

void ChatDecoder::readFinishReason(const Json& choice)
{
    const QString raw = stringMember(choice, "finish_reason");
    if (raw.isEmpty())
        return;
    m_hasFinishReason = true;
    keepReasoning();
    m_builder.reply.rawFinishReason = raw;
    if (m_builder.reply.finishReason != FinishReason::Refusal)
        m_builder.reply.finishReason = finishReasonOf(raw);
}

void ChatDecoder::keepReasoning()
{
    if (m_dialect.returnsReasoning && !m_reasoningContent.isEmpty())
        m_builder.reply.message.providerData = {
            {"provider", toUtf8(m_context.provider)}, {"reasoning_content", toUtf8(m_reasoningContent)}};
}

void ChatDecoder::readBody(const Json& body)
{
    if (presentMember(body, "error"))
        throw errorInBand(m_context, body, false);
    const Json* choices = presentMember(body, "choices");
    if (!choices || !choices->is_array() || choices->empty())
        throw badReply(m_context, QStringLiteral("HTTP 200 without an answer"), toJsonText(body));
    const Json& choice = choices->front();
    if (presentMember(choice, "error"))
        throw errorInBand(m_context, choice, false);
    const Json* message = presentMember(choice, "message");
    if (!message)
        throw badReply(m_context, QStringLiteral("HTTP 200 without a message"), toJsonText(body));

    readCommon(body);
    readFinishReason(choice);
    readReasoning(*message);
    if (const Json* content = presentMember(*message, "content"))
        readContent(*content);
    if (const QString refusal = stringMember(*message, "refusal"); !refusal.isEmpty()) {
        m_builder.addText(refusal);
        m_builder.reply.finishReason = FinishReason::Refusal;
    }
    if (const Json* calls = presentMember(*message, "tool_calls"); calls && calls->is_array()) {
        for (const Json& call : *calls) {
            const Json* function = findMember(call, "function");
            if (!function)
                continue;
            const Json* arguments = findMember(*function, "arguments");
            m_builder.addToolCall(
                stringMember(call, "id"), stringMember(*function, "name"), arguments ? *arguments : Json());
        }
    }
    if (const Json* details = presentMember(*message, "reasoning_details"); details && !details->empty())
        m_builder.reply.message.providerData = {
            {"provider", toUtf8(m_context.provider)}, {"reasoning_details", *details}};
    if (!m_hasFinishReason)
        m_builder.reply.finishReason = m_builder.hasToolCalls() ? FinishReason::ToolCall : FinishReason::Stop;
    keepReasoning();
}

void ChatDecoder::readEvent(const SseEvent& event, const Json& data)
{
    if (event.data.trimmed() == "[DONE]") {
        m_done = true;
        keepReasoning();
        return;
    }
    if (!data.is_object())
        throw cutStream(m_context, delivered());
    if (presentMember(data, "error")) {
        if (readFailedGeneration(data)) {
            m_done = true;
            return;
        }
        throw errorInBand(m_context, data, delivered());
    }
    readCommon(data);
    const Json* choices = presentMember(data, "choices");
    if (!choices || !choices->is_array() || choices->empty())
        return;
    const Json& choice = choices->front();
    if (presentMember(choice, "error"))
        throw errorInBand(m_context, choice, delivered());
    readFinishReason(choice);
    const Json* delta = presentMember(choice, "delta");
    if (!delta)
        return;
    readReasoning(*delta);
    if (const Json* content = presentMember(*delta, "content"))
        readContent(*content);
    if (const QString refusal = stringMember(*delta, "refusal"); !refusal.isEmpty()) {
        m_builder.addText(refusal);
        m_builder.reply.finishReason = FinishReason::Refusal;
    }
    const Json* calls = presentMember(*delta, "tool_calls");
    if (!calls || !calls->is_array())
        return;
    for (const Json& call : *calls) {
        const Json* function = findMember(call, "function");
        const Json none = Json::object();
        const Json& named = function ? *function : none;
        const Json* arguments = findMember(named, "arguments");
        const QString text = arguments && arguments->is_object() ? QString::fromUtf8(toJsonText(*arguments))
                                                                 : stringMember(named, "arguments");
        m_builder.addToolCallDelta(
            integerMember(call, "index"), stringMember(call, "id"), stringMember(named, "name"), text);
    }
}

bool ChatDecoder::readFailedGeneration(const Json& body)
{
    // Groq checks a tool call itself; one that does not fit is the model's mistake, and goes back to it.
    const Json* error = findMember(body, "error");
    if (!error || stringMember(*error, "code") != QLatin1String("tool_use_failed"))
        return false;
    const QString generation = stringMember(*error, "failed_generation");
    const Json call = argumentsFromText(generation);
    if (call.is_object() && !stringMember(call, "name").isEmpty()) {
        const Json* arguments = findMember(call, "arguments");
        m_builder.addToolCall({}, stringMember(call, "name"), arguments ? *arguments : Json());
    } else if (!generation.isEmpty()) {
        m_builder.addText(generation);
    } else {
        return false;
    }
    m_builder.reply.finishReason = FinishReason::Error;
    return true;
}

bool ChatDecoder::readFailure(const HttpReply& reply, const ProviderError& error)
{
    if (error.details().code != QLatin1String("tool_use_failed"))
        return false;
    const auto body = readJson(reply.body);
    return body && readFailedGeneration(*body);
}

} // namespace llmcache
