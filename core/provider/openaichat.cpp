#include "provider/openaichat.h"

#include "provider/conversation.h"
#include "provider/modelfamily.h"

#include <QUrlQuery>

namespace llmcache {

namespace {

Json textPart(const QString& text)
{
    return {{"type", "text"}, {"text", toUtf8(text)}};
}

Json attachmentPart(const QString& provider, const Attachment& attachment)
{
    const QString& type = attachment.mediaType;
    const QString url = attachment.url.isEmpty() ? dataUrl(attachment) : attachment.url;
    if (type.startsWith(QLatin1String("image/")))
        return {{"type", "image_url"}, {"image_url", {{"url", toUtf8(url)}}}};
    if (!attachment.url.isEmpty())
        refuseAttachment(provider, attachment);
    if (type == QLatin1String("audio/wav") || type == QLatin1String("audio/x-wav")
        || type == QLatin1String("audio/mpeg") || type == QLatin1String("audio/mp3")) {
        const char* format = type.endsWith(QLatin1String("wav")) ? "wav" : "mp3";
        return {{"type", "input_audio"},
            {"input_audio", {{"data", attachment.data.toBase64().toStdString()}, {"format", format}}}};
    }
    if (type == QLatin1String("application/pdf")) {
        const QString name = attachment.name.isEmpty() ? QStringLiteral("file.pdf") : attachment.name;
        return {{"type", "file"}, {"file", {{"filename", toUtf8(name)}, {"file_data", toUtf8(url)}}}};
    }
    if (isTextAttachment(attachment))
        return textPart(QString::fromUtf8(attachment.data));
    refuseAttachment(provider, attachment);
}

Json userMessage(const QString& provider, const Message& message)
{
    if (message.attachments.empty())
        return {{"role", "user"}, {"content", toUtf8(message.text)}};
    Json parts = Json::array();
    if (!message.text.isEmpty())
        parts.push_back(textPart(message.text));
    for (const Attachment& attachment : message.attachments)
        parts.push_back(attachmentPart(provider, attachment));
    return {{"role", "user"}, {"content", std::move(parts)}};
}

Json assistantMessage(const QString& provider, const ChatDialect& dialect, const Message& message)
{
    Json json = {{"role", "assistant"}};
    if (message.text.isEmpty())
        json["content"] = nullptr;
    else
        json["content"] = toUtf8(message.text);
    if (stringMember(message.providerData, "provider") == provider) {
        if (const Json* details = findMember(message.providerData, "reasoning_details"))
            json["reasoning_details"] = *details;
        if (dialect.returnsReasoning && !message.toolCalls.empty())
            json["reasoning_content"] = toUtf8(stringMember(message.providerData, "reasoning_content"));
    }
    if (message.toolCalls.empty())
        return json;
    Json calls = Json::array();
    for (const ToolCall& call : message.toolCalls) {
        const QByteArray arguments = call.arguments.is_string()
            ? QByteArray::fromStdString(call.arguments.get_ref<const std::string&>())
            : toJsonText(call.arguments);
        calls.push_back(
            {{"id", toUtf8(dialect.shortToolIds ? shortToolCallId(call.id) : call.id)}, {"type", "function"},
                {"function", {{"name", toUtf8(call.name)}, {"arguments", arguments.toStdString()}}}});
    }
    json["tool_calls"] = std::move(calls);
    return json;
}

Json chatMessages(const QString& provider, const ChatDialect& dialect, const ProviderRequest& request,
    const QString& instructions)
{
    Json messages = Json::array();
    const auto addSystem = [&](const QString& text) {
        messages.push_back({{"role", dialect.systemRole}, {"content", toUtf8(text)}});
    };
    History history = repairedHistory(request.messages);
    for (const QString& text : request.systemPrompts)
        addSystem(text);
    for (const QString& text : takeLeadingSystem(history))
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
            messages.push_back(assistantMessage(provider, dialect, message));
            break;
        case Role::Tool:
            messages.push_back({{"role", "tool"},
                {"tool_call_id",
                    toUtf8(dialect.shortToolIds ? shortToolCallId(message.toolCallId) : message.toolCallId)},
                {"content", toUtf8(message.text)}});
            break;
        }
    }
    return messages;
}

Json functionTool(
    const QString& name, const QString& description, Json parameters, std::optional<bool> strict)
{
    Json function = {{"name", toUtf8(name)}, {"description", toUtf8(description)}};
    function["parameters"] = std::move(parameters);
    if (strict)
        function["strict"] = *strict;
    return {{"type", "function"}, {"function", std::move(function)}};
}

Json outputTool(const ChatDialect& dialect, const WireOutput& output)
{
    const QString description = output.description.isEmpty()
        ? QStringLiteral("Gives the final answer and ends the conversation.")
        : output.description;
    if (dialect.strict && fitsStrictMode(output.schema))
        return functionTool(outputToolName, description, strictSchema(output.schema), true);
    return functionTool(outputToolName, description, output.schema, std::nullopt);
}

Json nativeFormat(const ChatDialect& dialect, const WireOutput& output)
{
    const bool strict = fitsStrictMode(output.schema);
    Json schema = {{"name", toUtf8(output.name)}};
    if (!output.description.isEmpty())
        schema["description"] = toUtf8(output.description);
    schema["schema"] = strict ? strictSchema(output.schema) : output.schema;
    if (dialect.strict || strict)
        schema["strict"] = strict;
    return {{"type", "json_schema"}, {"json_schema", std::move(schema)}};
}

void addReasoning(
    Json& body, const ChatDialect& dialect, const QString& model, const Json& thinking, QStringList& dropped)
{
    if (thinking.is_null())
        return;
    const std::string effort = toUtf8(thinkingEffort(thinking));
    bool taken = true;
    switch (dialect.reasoning) {
    case ChatDialect::Reasoning::None:
        taken = false;
        break;
    case ChatDialect::Reasoning::Effort:
        body["reasoning_effort"] = effort;
        break;
    case ChatDialect::Reasoning::OpenAi:
        taken = openAiModel(model).reasons;
        if (taken)
            body["reasoning_effort"] = effort;
        break;
    case ChatDialect::Reasoning::Groq:
        body["reasoning_format"] = "parsed";
        if (model.contains(QLatin1String("gpt-oss"))) {
            body.erase("reasoning_format");
            body["reasoning_effort"] = effort;
        }
        break;
    case ChatDialect::Reasoning::Mistral:
        body["reasoning_effort"] = "high";
        break;
    case ChatDialect::Reasoning::OpenRouter:
        if (thinking.is_number())
            body["reasoning"] = {{"max_tokens", thinking}};
        else
            body["reasoning"] = {{"effort", effort}};
        break;
    }
    if (!taken)
        dropped.append(QStringLiteral("thinking"));
}

void addSettings(Json& body, const ChatDialect& dialect, const QString& model, const ModelSettings& settings,
    QStringList& dropped)
{
    if (settings.maxTokens)
        body[dialect.maxTokens] = *settings.maxTokens;
    const bool sampling = dialect.reasoning != ChatDialect::Reasoning::OpenAi
        || !openAiModel(model).refusesSampling(settings.thinking);
    if (settings.temperature) {
        if (sampling)
            body["temperature"] = *settings.temperature;
        else
            dropped.append(QStringLiteral("temperature"));
    }
    if (settings.topP) {
        if (sampling)
            body["top_p"] = *settings.topP;
        else
            dropped.append(QStringLiteral("top_p"));
    }
    if (settings.topK)
        dropped.append(QStringLiteral("top_k"));
    if (settings.seed) {
        if (dialect.seed)
            body[dialect.seed] = *settings.seed;
        else
            dropped.append(QStringLiteral("seed"));
    }
    if (!settings.stopSequences.isEmpty()) {
        Json stop = Json::array();
        for (const QString& text : settings.stopSequences)
            stop.push_back(toUtf8(text));
        body["stop"] = std::move(stop);
    }
    addReasoning(body, dialect, model, settings.thinking, dropped);
}

OutputMode chosenMode(const QString& provider, const ChatDialect& dialect, const OutputType& output)
{
    if (output.mode == OutputMode::Auto)
        return OutputMode::Tool;
    if (output.mode == OutputMode::Native && !dialect.jsonSchema)
        throw ConfigurationError(
            QStringLiteral("%1 has no native structured output, which the agent asks for.").arg(provider),
            QStringLiteral("Set the output mode to auto, tool or prompted."));
    return output.mode;
}

} // namespace

OpenAiChat::OpenAiChat(QString prefix, std::function<QString()> azureVersion)
    : m_prefix(std::move(prefix))
    , m_azureVersion(std::move(azureVersion))
{
}

bool OpenAiChat::hasThinkTags() const
{
    return chatDialect(m_prefix, {}).thinkTags;
}

WireRequest OpenAiChat::encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const
{
    const QString& model = request.model.model;
    const ChatDialect dialect = chatDialect(m_prefix, model);
    WireRequest wire;
    if (!request.output.isText())
        wire.output = wireOutput(request.output, chosenMode(m_prefix, dialect, request.output));

    QString instructions = request.instructions;
    if (wire.output.mode == OutputMode::Prompted) {
        if (!instructions.isEmpty())
            instructions += QStringLiteral("\n\n");
        instructions += promptedInstruction(wire.output);
    }
    Json& body = wire.body;
    body["model"] = toUtf8(model);
    body["messages"] = chatMessages(m_prefix, dialect, request, instructions);
    addSettings(body, dialect, model, request.settings, wire.dropped);

    Json tools = Json::array();
    for (const ToolDefinition& tool : request.tools)
        tools.push_back(functionTool(tool.name, tool.description, tool.parameters, std::nullopt));
    if (wire.output.mode == OutputMode::Tool)
        tools.push_back(outputTool(dialect, wire.output));
    if (!tools.empty()) {
        body["tools"] = std::move(tools);
        const bool forced = wire.output.mode == OutputMode::Tool && dialect.forcedTool;
        body["tool_choice"] = forced ? dialect.forcedTool : "auto";
    }
    if (wire.output.mode == OutputMode::Native)
        body["response_format"] = nativeFormat(dialect, wire.output);
    else if (wire.output.mode == OutputMode::Prompted && dialect.jsonObject)
        body["response_format"] = {{"type", "json_object"}};

    body["stream"] = stream;
    if (stream && dialect.streamUsage)
        body["stream_options"] = {{"include_usage", true}};
    if (dialect.reportsCost)
        body["usage"] = {{"include", true}};

    wire.url = joinUrl(endpoint.baseUrl, QStringLiteral("/chat/completions"));
    const bool deployments = dialect.azure && !endpoint.baseUrl.path().contains(QLatin1String("/v1"));
    if (deployments) {
        wire.url =
            joinUrl(endpoint.baseUrl, QStringLiteral("/openai/deployments/%1/chat/completions").arg(model));
        QUrlQuery query(wire.url);
        if (!query.hasQueryItem(QStringLiteral("api-version")))
            query.addQueryItem(QStringLiteral("api-version"), m_azureVersion());
        wire.url.setQuery(query);
    }
    if (!endpoint.key.isEmpty()) {
        if (dialect.azure)
            wire.headers.emplace_back("api-key", endpoint.key.toUtf8());
        else
            wire.headers.emplace_back("Authorization", "Bearer " + endpoint.key.toUtf8());
    }
    return wire;
}

std::unique_ptr<ReplyDecoder> OpenAiChat::decoder(
    const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const
{
    return std::make_unique<ChatDecoder>(
        chatDialect(m_prefix, request.model.model), std::move(context), std::move(builder));
}

} // namespace llmcache
