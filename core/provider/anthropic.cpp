#include "provider/anthropic.h"

#include "provider/conversation.h"
#include "provider/modelfamily.h"

namespace llmcache {

namespace {

constexpr qint64 defaultMaxTokens = 4096;

Json textBlock(const QString& text)
{
    return {{"type", "text"}, {"text", toUtf8(text)}};
}

/// Blank text blocks are refused.
void addText(Json& blocks, const QString& text)
{
    if (!text.trimmed().isEmpty())
        blocks.push_back(textBlock(text));
}

Json attachmentBlock(const QString& provider, const Attachment& attachment)
{
    const bool image = attachment.mediaType.startsWith(QLatin1String("image/"));
    const bool document = attachment.mediaType == QLatin1String("application/pdf");
    if (image || document) {
        Json source;
        if (!attachment.url.isEmpty())
            source = {{"type", "url"}, {"url", toUtf8(attachment.url)}};
        else
            source = {{"type", "base64"}, {"media_type", toUtf8(attachment.mediaType)},
                {"data", attachment.data.toBase64().toStdString()}};
        Json block = {{"type", image ? "image" : "document"}};
        block["source"] = std::move(source);
        return block;
    }
    if (!isTextAttachment(attachment))
        refuseAttachment(provider, attachment);
    Json block = {{"type", "document"}};
    block["source"] = {
        {"type", "text"}, {"media_type", "text/plain"}, {"data", toUtf8(QString::fromUtf8(attachment.data))}};
    return block;
}

Json assistantBlocks(const QString& provider, const Message& message)
{
    Json blocks = Json::array();
    if (stringMember(message.providerData, "provider") == provider) {
        if (const Json* thinking = findMember(message.providerData, "thinking");
            thinking && thinking->is_array()) {
            for (const Json& block : *thinking)
                blocks.push_back(block);
        }
    }
    addText(blocks, message.text);
    for (const ToolCall& call : message.toolCalls) {
        Json block = {
            {"type", "tool_use"}, {"id", toUtf8(plainToolCallId(call.id))}, {"name", toUtf8(call.name)}};
        block["input"] = call.arguments.is_object() ? call.arguments : Json::object();
        blocks.push_back(std::move(block));
    }
    return blocks;
}

Json toolResult(const Message& message)
{
    Json block = {{"type", "tool_result"}, {"tool_use_id", toUtf8(plainToolCallId(message.toolCallId))},
        {"content", toUtf8(message.text)}};
    if (message.isError)
        block["is_error"] = true;
    return block;
}

/// Turns alternate: neighbours of the same role become one message. Results stand before text because
/// repairedHistory() puts them right after their calls.
Json anthropicMessages(const QString& provider, const History& history)
{
    Json messages = Json::array();
    const auto add = [&](const char* role, Json blocks) {
        if (blocks.empty())
            return;
        if (!messages.empty() && messages.back()["role"] == role) {
            for (Json& block : blocks)
                messages.back()["content"].push_back(std::move(block));
            return;
        }
        Json message = {{"role", role}};
        message["content"] = std::move(blocks);
        messages.push_back(std::move(message));
    };
    for (const Message& message : history) {
        Json blocks = Json::array();
        switch (message.role) {
        case Role::System:
            addText(blocks, QStringLiteral("<system>%1</system>").arg(message.text));
            add("user", std::move(blocks));
            break;
        case Role::User:
            addText(blocks, message.text);
            for (const Attachment& attachment : message.attachments)
                blocks.push_back(attachmentBlock(provider, attachment));
            add("user", std::move(blocks));
            break;
        case Role::Assistant:
            add("assistant", assistantBlocks(provider, message));
            break;
        case Role::Tool:
            blocks.push_back(toolResult(message));
            add("user", std::move(blocks));
            break;
        }
    }
    return messages;
}

enum class Thinking { Off, Enabled, Adaptive };

Thinking thinkingKind(const ModelSettings& settings, const ClaudeModel& model)
{
    if (settings.thinking.is_null())
        return Thinking::Off;
    return model.adaptiveThinking ? Thinking::Adaptive : Thinking::Enabled;
}

void addSettings(Json& body, const ModelSettings& settings, const ClaudeModel& model, QStringList& dropped)
{
    const Thinking thinking = thinkingKind(settings, model);
    qint64 maxTokens = settings.maxTokens.value_or(defaultMaxTokens);
    if (thinking == Thinking::Enabled) {
        const qint64 budget = claudeThinkingBudget(settings.thinking);
        // The budget counts against max_tokens, which has to be larger.
        if (!settings.maxTokens)
            maxTokens += budget;
        body["thinking"] = {{"type", "enabled"}, {"budget_tokens", budget}};
    } else if (thinking == Thinking::Adaptive) {
        body["thinking"] = {{"type", "adaptive"}};
        body["output_config"]["effort"] = toUtf8(thinkingEffort(settings.thinking));
    }
    body["max_tokens"] = maxTokens;

    const bool sampling = !model.refusesSampling && thinking == Thinking::Off;
    const auto add = [&](bool isSet, const char* name, const Json& value) {
        if (!isSet)
            return;
        if (sampling)
            body[name] = value;
        else
            dropped.append(QString::fromLatin1(name));
    };
    add(settings.temperature.has_value(), "temperature", Json(settings.temperature.value_or(0)));
    add(settings.topP.has_value(), "top_p", Json(settings.topP.value_or(0)));
    add(settings.topK.has_value(), "top_k", Json(settings.topK.value_or(0)));
    if (settings.seed)
        dropped.append(QStringLiteral("seed"));
    if (!settings.stopSequences.isEmpty()) {
        Json stop = Json::array();
        for (const QString& text : settings.stopSequences)
            stop.push_back(toUtf8(text));
        body["stop_sequences"] = std::move(stop);
    }
}

/// Thinking with a fixed budget and a forced tool exclude each other.
OutputMode chosenMode(const OutputType& output, Thinking thinking, const ClaudeModel& model)
{
    if (output.mode != OutputMode::Auto)
        return output.mode;
    if (thinking != Thinking::Enabled)
        return OutputMode::Tool;
    return model.nativeSchemas ? OutputMode::Native : OutputMode::Prompted;
}

Json nativeSchema(const Json& schema)
{
    static const QStringList unsupported{QStringLiteral("minimum"), QStringLiteral("maximum"),
        QStringLiteral("exclusiveMinimum"), QStringLiteral("exclusiveMaximum"), QStringLiteral("multipleOf"),
        QStringLiteral("minLength"), QStringLiteral("maxLength"), QStringLiteral("maxItems"),
        QStringLiteral("uniqueItems"), QStringLiteral("minProperties"), QStringLiteral("maxProperties")};
    return closedSchema(withoutKeywords(schema, unsupported));
}

void addSystem(Json& body, const QStringList& prompts, const QString& instructions)
{
    const QString joined = prompts.join(QStringLiteral("\n\n"));
    if (instructions.trimmed().isEmpty()) {
        if (!joined.trimmed().isEmpty())
            body["system"] = toUtf8(joined);
        return;
    }
    Json blocks = Json::array();
    addText(blocks, joined);
    addText(blocks, instructions);
    body["system"] = std::move(blocks);
}

Json tool(const QString& name, const QString& description, const Json& schema)
{
    Json json = {{"name", toUtf8(name)}};
    if (!description.isEmpty())
        json["description"] = toUtf8(description);
    json["input_schema"] = schema;
    if (!json["input_schema"].contains("type"))
        json["input_schema"]["type"] = "object";
    return json;
}

} // namespace

AnthropicMessages::AnthropicMessages(QString prefix)
    : m_prefix(std::move(prefix))
{
}

WireRequest AnthropicMessages::encode(
    const ProviderRequest& request, const Endpoint& endpoint, bool stream) const
{
    const ClaudeModel model = claudeModel(request.model.model);
    const Thinking thinking = thinkingKind(request.settings, model);
    WireRequest wire;
    if (!request.output.isText()) {
        const OutputMode mode = chosenMode(request.output, thinking, model);
        if (mode == OutputMode::Native && !model.nativeSchemas)
            throw ConfigurationError(
                QStringLiteral("%1 has no native structured output, which the agent asks for.")
                    .arg(request.model.toString()),
                QStringLiteral("Set the output mode to auto, tool or prompted."));
        wire.output = wireOutput(request.output, mode);
    }
    History history = repairedHistory(request.messages);
    const QStringList prompts = request.systemPrompts + takeLeadingSystem(history);
    QString instructions = request.instructions;
    if (wire.output.mode == OutputMode::Prompted) {
        if (!instructions.isEmpty())
            instructions += QStringLiteral("\n\n");
        instructions += promptedInstruction(wire.output);
    }
    Json& body = wire.body;
    body["model"] = toUtf8(request.model.model);
    addSettings(body, request.settings, model, wire.dropped);
    addSystem(body, prompts, instructions);
    body["messages"] = anthropicMessages(m_prefix, history);

    Json tools = Json::array();
    for (const ToolDefinition& definition : request.tools)
        tools.push_back(tool(definition.name, definition.description, definition.parameters));
    if (wire.output.mode == OutputMode::Tool) {
        const QString description = wire.output.description.isEmpty()
            ? QStringLiteral("Gives the final answer and ends the conversation.")
            : wire.output.description;
        tools.push_back(tool(outputToolName, description, wire.output.schema));
    }
    if (!tools.empty()) {
        const bool forced = wire.output.mode == OutputMode::Tool && thinking != Thinking::Enabled;
        body["tools"] = std::move(tools);
        body["tool_choice"] = {{"type", forced ? "any" : "auto"}};
    }
    if (wire.output.mode == OutputMode::Native)
        body["output_config"]["format"] = {
            {"type", "json_schema"}, {"schema", nativeSchema(wire.output.schema)}};
    body["stream"] = stream;

    // Both forms of base URL are in use, with and without the version.
    const bool versioned = endpoint.baseUrl.path().contains(QLatin1String("/v1"));
    wire.url =
        joinUrl(endpoint.baseUrl, versioned ? QStringLiteral("/messages") : QStringLiteral("/v1/messages"));
    wire.headers.emplace_back("anthropic-version", "2023-06-01");
    if (!endpoint.key.isEmpty())
        wire.headers.emplace_back("x-api-key", endpoint.key.toUtf8());
    return wire;
}

std::unique_ptr<ReplyDecoder> AnthropicMessages::decoder(
    const ProviderRequest&, ErrorContext context, ReplyBuilder builder) const
{
    return std::make_unique<AnthropicDecoder>(std::move(context), std::move(builder));
}

} // namespace llmcache
