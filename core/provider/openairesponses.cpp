#include "provider/openairesponses.h"

#include "provider/conversation.h"
#include "provider/modelfamily.h"
#include "provider/replyjson.h"

namespace llmcache {

namespace {

Json attachmentPart(const QString& provider, const Attachment& attachment)
{
    const QString& type = attachment.mediaType;
    if (type.startsWith(QLatin1String("image/"))) {
        const QString url = attachment.url.isEmpty() ? dataUrl(attachment) : attachment.url;
        return {{"type", "input_image"}, {"image_url", toUtf8(url)}};
    }
    if (type == QLatin1String("application/pdf")) {
        if (!attachment.url.isEmpty())
            return {{"type", "input_file"}, {"file_url", toUtf8(attachment.url)}};
        const QString name = attachment.name.isEmpty() ? QStringLiteral("file.pdf") : attachment.name;
        return {
            {"type", "input_file"}, {"filename", toUtf8(name)}, {"file_data", toUtf8(dataUrl(attachment))}};
    }
    if (!isTextAttachment(attachment))
        refuseAttachment(provider, attachment);
    return {{"type", "input_text"}, {"text", toUtf8(QString::fromUtf8(attachment.data))}};
}

Json userItem(const QString& provider, const Message& message)
{
    if (message.attachments.empty())
        return {{"role", "user"}, {"content", toUtf8(message.text)}};
    Json parts = Json::array();
    if (!message.text.isEmpty())
        parts.push_back({{"type", "input_text"}, {"text", toUtf8(message.text)}});
    for (const Attachment& attachment : message.attachments)
        parts.push_back(attachmentPart(provider, attachment));
    Json item = {{"role", "user"}};
    item["content"] = std::move(parts);
    return item;
}

void addAssistant(Json& input, const QString& provider, const Message& message)
{
    if (stringMember(message.providerData, "provider") == provider) {
        if (const Json* items = findMember(message.providerData, "reasoning"); items && items->is_array()) {
            for (const Json& item : *items)
                input.push_back(item);
        }
    }
    if (!message.text.isEmpty())
        input.push_back({{"role", "assistant"}, {"content", toUtf8(message.text)}});
    for (const ToolCall& call : message.toolCalls) {
        const QByteArray arguments = call.arguments.is_string()
            ? QByteArray::fromStdString(call.arguments.get_ref<const std::string&>())
            : toJsonText(call.arguments);
        input.push_back({{"type", "function_call"}, {"call_id", toUtf8(call.id)}, {"name", toUtf8(call.name)},
            {"arguments", arguments.toStdString()}});
    }
}

Json inputItems(const QString& provider, const ProviderRequest& request, const QString& instructions)
{
    Json input = Json::array();
    const auto addSystem = [&](const QString& text) {
        input.push_back({{"role", "system"}, {"content", toUtf8(text)}});
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
            input.push_back(userItem(provider, message));
            break;
        case Role::Assistant:
            addAssistant(input, provider, message);
            break;
        case Role::Tool:
            input.push_back({{"type", "function_call_output"}, {"call_id", toUtf8(message.toolCallId)},
                {"output", toUtf8(message.text)}});
            break;
        }
    }
    return input;
}

void addSettings(Json& body, const QString& name, const ModelSettings& settings, QStringList& dropped)
{
    const OpenAiModel model = openAiModel(name);
    const bool sampling = !model.refusesSampling(settings.thinking);
    if (settings.maxTokens)
        body["max_output_tokens"] = *settings.maxTokens;
    if (settings.temperature && sampling)
        body["temperature"] = *settings.temperature;
    else if (settings.temperature)
        dropped.append(QStringLiteral("temperature"));
    if (settings.topP && sampling)
        body["top_p"] = *settings.topP;
    else if (settings.topP)
        dropped.append(QStringLiteral("top_p"));
    if (settings.topK)
        dropped.append(QStringLiteral("top_k"));
    if (settings.seed)
        dropped.append(QStringLiteral("seed"));
    if (!settings.stopSequences.isEmpty())
        dropped.append(QStringLiteral("stop_sequences"));
    if (!settings.thinking.is_null()) {
        if (model.reasons)
            body["reasoning"] = {{"effort", toUtf8(thinkingEffort(settings.thinking))}, {"summary", "auto"}};
        else
            dropped.append(QStringLiteral("thinking"));
    }
    // Reasoning has to come back with its tool calls, and the server may not keep it.
    if (model.reasons)
        body["include"] = Json::array({"reasoning.encrypted_content"});
}

Json functionTool(const QString& name, const QString& description, const Json& parameters, bool strict)
{
    Json tool = {{"type", "function"}, {"name", toUtf8(name)}, {"description", toUtf8(description)}};
    tool["parameters"] = strict ? strictSchema(parameters) : parameters;
    tool["strict"] = strict;
    return tool;
}

FinishReason incompleteReason(const QString& raw)
{
    if (raw == QLatin1String("max_output_tokens") || raw == QLatin1String("max_tokens"))
        return FinishReason::Length;
    return raw == QLatin1String("content_filter") ? FinishReason::ContentFilter : FinishReason::Other;
}

const Json* presentMember(const Json& object, const char* key)
{
    const Json* member = findMember(object, key);
    return member && !member->is_null() ? member : nullptr;
}

} // namespace

OpenAiResponses::OpenAiResponses(QString prefix)
    : m_prefix(std::move(prefix))
{
}

WireRequest OpenAiResponses::encode(
    const ProviderRequest& request, const Endpoint& endpoint, bool stream) const
{
    WireRequest wire;
    if (!request.output.isText()) {
        const bool chosen = request.output.mode != OutputMode::Auto;
        wire.output = wireOutput(request.output, chosen ? request.output.mode : OutputMode::Tool);
    }
    Json& body = wire.body;
    body["model"] = toUtf8(request.model.model);
    if (wire.output.mode == OutputMode::Prompted) {
        // JSON mode wants the word in the input.
        QString instructions = request.instructions;
        if (!instructions.isEmpty())
            instructions += QStringLiteral("\n\n");
        instructions += promptedInstruction(wire.output);
        body["input"] = inputItems(m_prefix, request, instructions);
    } else {
        body["input"] = inputItems(m_prefix, request, {});
        if (!request.instructions.isEmpty())
            body["instructions"] = toUtf8(request.instructions);
    }
    addSettings(body, request.model.model, request.settings, wire.dropped);

    Json tools = Json::array();
    for (const ToolDefinition& tool : request.tools)
        tools.push_back(functionTool(tool.name, tool.description, tool.parameters, false));
    if (wire.output.mode == OutputMode::Tool) {
        const QString description = wire.output.description.isEmpty()
            ? QStringLiteral("Gives the final answer and ends the conversation.")
            : wire.output.description;
        tools.push_back(functionTool(
            outputToolName, description, wire.output.schema, fitsStrictMode(wire.output.schema)));
    }
    if (!tools.empty()) {
        body["tools"] = std::move(tools);
        body["tool_choice"] = wire.output.mode == OutputMode::Tool ? "required" : "auto";
    }
    if (wire.output.mode == OutputMode::Native) {
        const bool strict = fitsStrictMode(wire.output.schema);
        Json format = {{"type", "json_schema"}, {"name", toUtf8(wire.output.name)}};
        format["schema"] = strict ? strictSchema(wire.output.schema) : wire.output.schema;
        format["strict"] = strict;
        body["text"]["format"] = std::move(format);
    } else if (wire.output.mode == OutputMode::Prompted) {
        body["text"]["format"]["type"] = "json_object";
    }
    body["stream"] = stream;

    const bool azure = m_prefix == QLatin1String("azure-responses");
    const bool versioned = endpoint.baseUrl.path().contains(QLatin1String("/v1"));
    wire.url = joinUrl(endpoint.baseUrl,
        azure && !versioned ? QStringLiteral("/openai/v1/responses") : QStringLiteral("/responses"));
    if (!endpoint.key.isEmpty()) {
        if (azure)
            wire.headers.emplace_back("api-key", endpoint.key.toUtf8());
        else
            wire.headers.emplace_back("Authorization", "Bearer " + endpoint.key.toUtf8());
    }
    return wire;
}

std::unique_ptr<ReplyDecoder> OpenAiResponses::decoder(
    const ProviderRequest&, ErrorContext context, ReplyBuilder builder) const
{
    return std::make_unique<ResponsesDecoder>(std::move(context), std::move(builder));
}

Usage responsesUsage(const Json& usage)
{
    Usage result;
    result.raw = usage;
    result.inputTokens = tokenCount(usage, "input_tokens");
    result.outputTokens = tokenCount(usage, "output_tokens");
    if (const Json* details = findMember(usage, "input_tokens_details")) {
        result.cacheReadTokens = tokenCount(*details, "cached_tokens");
        result.cacheWriteTokens = tokenCount(*details, "cache_write_tokens");
        result.inputAudioTokens = tokenCount(*details, "audio_tokens");
    }
    if (const Json* details = findMember(usage, "output_tokens_details")) {
        result.reasoningTokens = tokenCount(*details, "reasoning_tokens");
        result.outputAudioTokens = tokenCount(*details, "audio_tokens");
    }
    return result;
}

ResponsesDecoder::ResponsesDecoder(ErrorContext context, ReplyBuilder builder)
    : ReplyDecoder(std::move(context), std::move(builder))
{
    m_builder.reply.finishReason = FinishReason::Other;
}

void ResponsesDecoder::readBody(const Json& body)
{
    const Json* output = presentMember(body, "output");
    if (presentMember(body, "error"))
        throw errorInBand(m_context, body, false);
    if (!output || !output->is_array())
        throw badReply(m_context, QStringLiteral("HTTP 200 without an answer"), toJsonText(body));
    for (const Json& item : *output)
        readItem(item, false);
    readResponse(body);
}

void ResponsesDecoder::readResponse(const Json& response)
{
    ProviderReply& reply = m_builder.reply;
    if (const QString model = stringMember(response, "model"); !model.isEmpty())
        reply.model = model;
    if (const Json* usage = presentMember(response, "usage"))
        reply.usage = responsesUsage(*usage);
    const QString status = stringMember(response, "status");
    reply.rawFinishReason = status;
    if (status == QLatin1String("completed")) {
        reply.finishReason = FinishReason::Stop;
    } else if (status == QLatin1String("incomplete")) {
        const Json* details = presentMember(response, "incomplete_details");
        const QString reason = details ? stringMember(*details, "reason") : QString();
        reply.rawFinishReason = reason.isEmpty() ? status : reason;
        reply.finishReason = incompleteReason(reason);
    }
    if (m_refused)
        reply.finishReason = FinishReason::Refusal;
    if (!m_reasoning.empty())
        reply.message.providerData = {{"provider", toUtf8(m_context.provider)}, {"reasoning", m_reasoning}};
}

void ResponsesDecoder::readItem(const Json& item, bool streamed)
{
    const QString type = stringMember(item, "type");
    if (type == QLatin1String("reasoning")) {
        readReasoning(item, streamed);
    } else if (type == QLatin1String("function_call")) {
        const Json* arguments = findMember(item, "arguments");
        m_builder.addToolCall(
            stringMember(item, "call_id"), stringMember(item, "name"), arguments ? *arguments : Json());
    } else if (type == QLatin1String("message") && !streamed) {
        const Json* content = findMember(item, "content");
        if (!content || !content->is_array())
            return;
        for (const Json& part : *content) {
            if (stringMember(part, "type") == QLatin1String("refusal")) {
                m_refused = true;
                m_builder.addText(stringMember(part, "refusal"));
            } else {
                m_builder.addText(stringMember(part, "text"));
            }
        }
    }
}

void ResponsesDecoder::readReasoning(const Json& item, bool streamed)
{
    if (!streamed || !m_thinkingStreamed) {
        for (const char* key : {"summary", "content"}) {
            const Json* parts = findMember(item, key);
            if (!parts || !parts->is_array())
                continue;
            for (const Json& part : *parts)
                m_builder.addThinking(stringMember(part, "text"));
        }
    }
    // Without its encrypted content an item is of use only to the server that kept it.
    Json kept = item;
    kept.erase("status");
    m_reasoning.push_back(std::move(kept));
}

void ResponsesDecoder::readEvent(const SseEvent&, const Json& data)
{
    if (!data.is_object())
        throw cutStream(m_context, delivered());
    const QString type = stringMember(data, "type");
    if (type == QLatin1String("response.output_text.delta")) {
        m_builder.addText(stringMember(data, "delta"));
    } else if (type == QLatin1String("response.refusal.delta")) {
        m_refused = true;
        m_builder.addText(stringMember(data, "delta"));
    } else if (type == QLatin1String("response.reasoning_summary_text.delta")
        || type == QLatin1String("response.reasoning_text.delta")) {
        m_thinkingStreamed = true;
        m_builder.addThinking(stringMember(data, "delta"));
    } else if (type == QLatin1String("response.output_item.done")) {
        if (const Json* item = findMember(data, "item"))
            readItem(*item, true);
    } else if (type == QLatin1String("response.completed") || type == QLatin1String("response.incomplete")) {
        if (const Json* response = findMember(data, "response"))
            readResponse(*response);
        m_done = true;
    } else if (type == QLatin1String("response.failed")) {
        const Json* response = findMember(data, "response");
        throw errorInBand(m_context, response ? *response : data, delivered());
    } else if (type == QLatin1String("error") || presentMember(data, "error")) {
        throw errorInBand(m_context, data, delivered());
    }
}

} // namespace llmcache
