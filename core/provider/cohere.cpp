#include "provider/cohere.h"

#include "provider/conversation.h"
#include "provider/replyjson.h"

namespace llmcache {

namespace {

Json userMessage(const QString& provider, const Message& message)
{
    if (message.attachments.empty())
        return {{"role", "user"}, {"content", toUtf8(message.text)}};
    Json parts = Json::array();
    if (!message.text.isEmpty())
        parts.push_back({{"type", "text"}, {"text", toUtf8(message.text)}});
    for (const Attachment& attachment : message.attachments) {
        if (isTextAttachment(attachment)) {
            parts.push_back({{"type", "text"}, {"text", toUtf8(QString::fromUtf8(attachment.data))}});
            continue;
        }
        if (!attachment.mediaType.startsWith(QLatin1String("image/")))
            refuseAttachment(provider, attachment);
        const QString url = attachment.url.isEmpty() ? dataUrl(attachment) : attachment.url;
        Json part = {{"type", "image_url"}};
        part["image_url"]["url"] = toUtf8(url);
        parts.push_back(std::move(part));
    }
    Json json = {{"role", "user"}};
    json["content"] = std::move(parts);
    return json;
}

Json assistantMessage(const Message& message)
{
    Json json = {{"role", "assistant"}};
    if (!message.text.isEmpty())
        json["content"] = toUtf8(message.text);
    if (message.toolCalls.empty())
        return json;
    Json calls = Json::array();
    for (const ToolCall& call : message.toolCalls) {
        const QByteArray arguments = call.arguments.is_string()
            ? QByteArray::fromStdString(call.arguments.get_ref<const std::string&>())
            : toJsonText(call.arguments);
        Json entry = {{"id", toUtf8(call.id)}, {"type", "function"}};
        entry["function"] = {{"name", toUtf8(call.name)}, {"arguments", arguments.toStdString()}};
        calls.push_back(std::move(entry));
    }
    json["tool_calls"] = std::move(calls);
    return json;
}

Json cohereMessages(const QString& provider, const ProviderRequest& request, const QString& instructions)
{
    Json messages = Json::array();
    const auto addSystem = [&](const QString& text) {
        messages.push_back({{"role", "system"}, {"content", toUtf8(text)}});
    };
    History history = repairedHistory(request.messages);
    for (const QString& text : request.systemPrompts + takeLeadingSystem(history))
        addSystem(text);
    if (!instructions.isEmpty())
        addSystem(instructions);
    for (const Message& message : history) {
        switch (message.role) {
        case Role::System:
            addSystem(message.text);
            break;
        case Role::User:
            messages.push_back(userMessage(provider, message));
            break;
        case Role::Assistant:
            messages.push_back(assistantMessage(message));
            break;
        case Role::Tool:
            messages.push_back({{"role", "tool"}, {"tool_call_id", toUtf8(message.toolCallId)},
                {"content", toUtf8(message.text)}});
            break;
        }
    }
    return messages;
}

void addSettings(Json& body, const QString& model, const ModelSettings& settings, QStringList& dropped)
{
    if (settings.maxTokens)
        body["max_tokens"] = *settings.maxTokens;
    if (settings.temperature)
        body["temperature"] = *settings.temperature;
    if (settings.topP)
        body["p"] = *settings.topP;
    if (settings.topK)
        body["k"] = *settings.topK;
    if (settings.seed)
        body["seed"] = *settings.seed;
    if (!settings.stopSequences.isEmpty()) {
        Json stop = Json::array();
        for (const QString& text : settings.stopSequences)
            stop.push_back(toUtf8(text));
        body["stop_sequences"] = std::move(stop);
    }
    if (settings.thinking.is_null())
        return;
    if (!model.contains(QLatin1String("reasoning"))) {
        dropped.append(QStringLiteral("thinking"));
        return;
    }
    body["thinking"]["type"] = "enabled";
    if (settings.thinking.is_number())
        body["thinking"]["token_budget"] = settings.thinking;
}

Json functionTool(const QString& name, const QString& description, const Json& parameters)
{
    Json tool = {{"type", "function"}};
    tool["function"] = {{"name", toUtf8(name)}, {"description", toUtf8(description)}};
    tool["function"]["parameters"] = parameters;
    return tool;
}

FinishReason finishReasonOf(const QString& raw)
{
    if (raw == QLatin1String("COMPLETE") || raw == QLatin1String("STOP_SEQUENCE"))
        return FinishReason::Stop;
    if (raw == QLatin1String("MAX_TOKENS"))
        return FinishReason::Length;
    if (raw == QLatin1String("TOOL_CALL"))
        return FinishReason::ToolCall;
    if (raw == QLatin1String("ERROR_TOXIC"))
        return FinishReason::ContentFilter;
    if (raw == QLatin1String("ERROR") || raw == QLatin1String("ERROR_LIMIT")
        || raw == QLatin1String("TIMEOUT"))
        return FinishReason::Error;
    return FinishReason::Other;
}

/// `object[a][b]…`, or null.
const Json& memberAt(const Json& object, std::initializer_list<const char*> path)
{
    static const Json none;
    const Json* at = &object;
    for (const char* key : path) {
        at = findMember(*at, key);
        if (!at)
            return none;
    }
    return *at;
}

} // namespace

CohereChat::CohereChat(QString prefix)
    : m_prefix(std::move(prefix))
{
}

WireRequest CohereChat::encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const
{
    WireRequest wire;
    if (request.output.mode == OutputMode::Native && !request.output.isText())
        throw ConfigurationError(
            QStringLiteral("%1 has no native structured output, which the agent asks for.").arg(m_prefix),
            QStringLiteral("Set the output mode to auto, tool or prompted."));
    if (!request.output.isText()) {
        const bool chosen = request.output.mode != OutputMode::Auto;
        wire.output = wireOutput(request.output, chosen ? request.output.mode : OutputMode::Tool);
    }
    QString instructions = request.instructions;
    if (wire.output.mode == OutputMode::Prompted) {
        if (!instructions.isEmpty())
            instructions += QStringLiteral("\n\n");
        instructions += promptedInstruction(wire.output);
    }
    Json& body = wire.body;
    body["model"] = toUtf8(request.model.model);
    body["messages"] = cohereMessages(m_prefix, request, instructions);
    addSettings(body, request.model.model, request.settings, wire.dropped);
    Json tools = Json::array();
    for (const ToolDefinition& tool : request.tools)
        tools.push_back(functionTool(tool.name, tool.description, tool.parameters));
    if (wire.output.mode == OutputMode::Tool) {
        const QString description = wire.output.description.isEmpty()
            ? QStringLiteral("Gives the final answer and ends the conversation.")
            : wire.output.description;
        tools.push_back(functionTool(outputToolName, description, wire.output.schema));
        body["tool_choice"] = "REQUIRED";
    } else if (wire.output.mode == OutputMode::Prompted && tools.empty()) {
        body["response_format"]["type"] = "json_object";
    }
    if (!tools.empty())
        body["tools"] = std::move(tools);
    body["stream"] = stream;

    const bool versioned = endpoint.baseUrl.path().contains(QLatin1String("/v2"));
    wire.url = joinUrl(endpoint.baseUrl, versioned ? QStringLiteral("/chat") : QStringLiteral("/v2/chat"));
    if (!endpoint.key.isEmpty())
        wire.headers.emplace_back("Authorization", "Bearer " + endpoint.key.toUtf8());
    return wire;
}

std::unique_ptr<ReplyDecoder> CohereChat::decoder(
    const ProviderRequest&, ErrorContext context, ReplyBuilder builder) const
{
    return std::make_unique<CohereDecoder>(std::move(context), std::move(builder));
}

Usage cohereUsage(const Json& usage)
{
    Usage result;
    result.raw = usage;
    const Json& tokens = memberAt(usage, {"tokens"});
    result.inputTokens = tokenCount(tokens, "input_tokens");
    result.outputTokens = tokenCount(tokens, "output_tokens");
    result.cacheReadTokens = tokenCount(usage, "cached_tokens");
    return result;
}

CohereDecoder::CohereDecoder(ErrorContext context, ReplyBuilder builder)
    : ReplyDecoder(std::move(context), std::move(builder))
{
    m_builder.reply.finishReason = FinishReason::Other;
}

void CohereDecoder::readEnd(const Json& object)
{
    const QString raw = stringMember(object, "finish_reason");
    m_builder.reply.rawFinishReason = raw;
    m_builder.reply.finishReason = finishReasonOf(raw);
    if (const Json* usage = findMember(object, "usage"); usage && usage->is_object())
        m_builder.reply.usage = cohereUsage(*usage);
}

void CohereDecoder::readContentPart(const Json& part)
{
    m_builder.addText(stringMember(part, "text"));
    m_builder.addThinking(stringMember(part, "thinking"));
}

void CohereDecoder::readBody(const Json& body)
{
    const Json* message = findMember(body, "message");
    if (!message || !message->is_object())
        throw badReply(m_context, QStringLiteral("HTTP 200 without an answer"), toJsonText(body));
    m_builder.addThinking(stringMember(*message, "tool_plan"));
    if (const Json* content = findMember(*message, "content"); content && content->is_array()) {
        for (const Json& part : *content)
            readContentPart(part);
    }
    if (const Json* calls = findMember(*message, "tool_calls"); calls && calls->is_array()) {
        for (const Json& call : *calls)
            m_builder.addToolCall(stringMember(call, "id"),
                stringMember(memberAt(call, {"function"}), "name"),
                memberAt(call, {"function", "arguments"}));
    }
    m_builder.reply.requestId = stringMember(body, "id");
    readEnd(body);
}

void CohereDecoder::readEvent(const SseEvent&, const Json& data)
{
    if (!data.is_object())
        throw cutStream(m_context, delivered());
    const QString type = stringMember(data, "type");
    const Json& message = memberAt(data, {"delta", "message"});
    if (type == QLatin1String("message-start")) {
        m_builder.reply.requestId = stringMember(data, "id");
    } else if (type == QLatin1String("content-start") || type == QLatin1String("content-delta")) {
        readContentPart(memberAt(message, {"content"}));
    } else if (type == QLatin1String("tool-plan-delta")) {
        m_builder.addThinking(stringMember(message, "tool_plan"));
    } else if (type == QLatin1String("tool-call-start") || type == QLatin1String("tool-call-delta")) {
        const Json& call = memberAt(message, {"tool_calls"});
        const Json& function = memberAt(call, {"function"});
        m_builder.addToolCallDelta(integerMember(data, "index"), stringMember(call, "id"),
            stringMember(function, "name"), stringMember(function, "arguments"));
    } else if (type == QLatin1String("message-end")) {
        const Json& delta = memberAt(data, {"delta"});
        if (!stringMember(delta, "error").isEmpty())
            throw errorInBand(m_context, delta, delivered());
        readEnd(delta);
        m_done = true;
    }
}

} // namespace llmcache
