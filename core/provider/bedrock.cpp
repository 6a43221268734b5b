#include "provider/bedrock.h"

#include "provider/conversation.h"
#include "provider/modelfamily.h"
#include "provider/replyjson.h"

#include <algorithm>

namespace llmcache {

namespace {

Json textBlock(const QString& text)
{
    return {{"text", toUtf8(text)}};
}

void addText(Json& blocks, const QString& text)
{
    if (!text.trimmed().isEmpty())
        blocks.push_back(textBlock(text));
}

Json attachmentBlock(const QString& provider, const Attachment& attachment, std::size_t number)
{
    const QString kind = attachment.mediaType.section(QLatin1Char('/'), 1);
    const bool image = attachment.mediaType.startsWith(QLatin1String("image/"));
    static const QMap<QString, QString> documents{{QStringLiteral("pdf"), QStringLiteral("pdf")},
        {QStringLiteral("plain"), QStringLiteral("txt")}, {QStringLiteral("markdown"), QStringLiteral("md")},
        {QStringLiteral("csv"), QStringLiteral("csv")}, {QStringLiteral("html"), QStringLiteral("html")}};
    const QString format = image ? kind : documents.value(kind);
    if (format.isEmpty() || !attachment.url.isEmpty())
        refuseAttachment(provider, attachment);
    Json inner = {{"format", toUtf8(format)}};
    if (!image)
        inner["name"] = "document " + std::to_string(number);
    inner["source"]["bytes"] = attachment.data.toBase64().toStdString();
    Json block;
    block[image ? "image" : "document"] = std::move(inner);
    return block;
}

Json assistantBlocks(const QString& provider, const Message& message)
{
    Json blocks = Json::array();
    if (stringMember(message.providerData, "provider") == provider) {
        if (const Json* reasoning = findMember(message.providerData, "reasoning");
            reasoning && reasoning->is_array()) {
            for (const Json& block : *reasoning)
                blocks.push_back(block);
        }
    }
    addText(blocks, message.text);
    for (const ToolCall& call : message.toolCalls) {
        Json use = {{"toolUseId", toUtf8(plainToolCallId(call.id))}, {"name", toUtf8(call.name)}};
        use["input"] = call.arguments.is_object() ? call.arguments : Json::object();
        Json block;
        block["toolUse"] = std::move(use);
        blocks.push_back(std::move(block));
    }
    return blocks;
}

Json toolResult(const Message& message)
{
    Json result = {{"toolUseId", toUtf8(plainToolCallId(message.toolCallId))}};
    result["content"] = Json::array({textBlock(message.text)});
    result["status"] = message.isError ? "error" : "success";
    Json block;
    block["toolResult"] = std::move(result);
    return block;
}

Json bedrockMessages(const QString& provider, const History& history)
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
    std::size_t documents = 0;
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
                blocks.push_back(attachmentBlock(provider, attachment, ++documents));
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

bool isClaude(const QString& model)
{
    return model.contains(QLatin1String("claude"));
}

/// Only these families can be made to call a tool.
bool takesForcedTools(const QString& model)
{
    return isClaude(model) || model.contains(QLatin1String("mistral"))
        || model.contains(QLatin1String("nova"));
}

bool hasThinkingBudget(const QString& model, const ModelSettings& settings)
{
    return isClaude(model) && !settings.thinking.is_null() && !claudeModel(model).adaptiveThinking;
}

void addSettings(Json& body, const QString& model, const ModelSettings& settings, QStringList& dropped)
{
    Json config = Json::object();
    Json extra = Json::object();
    const bool claude = isClaude(model);
    const bool thinking = claude && !settings.thinking.is_null();
    const bool sampling = !thinking && !(claude && claudeModel(model).refusesSampling);
    if (settings.maxTokens)
        config["maxTokens"] = *settings.maxTokens;
    if (settings.temperature && sampling)
        config["temperature"] = *settings.temperature;
    else if (settings.temperature)
        dropped.append(QStringLiteral("temperature"));
    if (settings.topP && sampling)
        config["topP"] = *settings.topP;
    else if (settings.topP)
        dropped.append(QStringLiteral("top_p"));
    if (settings.topK && sampling && claude)
        extra["top_k"] = *settings.topK;
    else if (settings.topK)
        dropped.append(QStringLiteral("top_k"));
    if (settings.seed)
        dropped.append(QStringLiteral("seed"));
    if (!settings.stopSequences.isEmpty()) {
        Json stop = Json::array();
        for (const QString& text : settings.stopSequences)
            stop.push_back(toUtf8(text));
        config["stopSequences"] = std::move(stop);
    }
    if (thinking && hasThinkingBudget(model, settings)) {
        const qint64 budget = claudeThinkingBudget(settings.thinking);
        extra["thinking"] = {{"type", "enabled"}, {"budget_tokens", budget}};
        if (!settings.maxTokens)
            config["maxTokens"] = budget + 4096;
    } else if (thinking) {
        extra["thinking"]["type"] = "adaptive";
        extra["output_config"]["effort"] = toUtf8(thinkingEffort(settings.thinking));
    } else if (!settings.thinking.is_null()) {
        dropped.append(QStringLiteral("thinking"));
    }
    if (!config.empty())
        body["inferenceConfig"] = std::move(config);
    if (!extra.empty())
        body["additionalModelRequestFields"] = std::move(extra);
}

Json toolSpec(const QString& name, const QString& description, const Json& schema)
{
    Json spec = {{"name", toUtf8(name)}};
    if (!description.isEmpty())
        spec["description"] = toUtf8(description);
    spec["inputSchema"]["json"] = schema;
    Json tool;
    tool["toolSpec"] = std::move(spec);
    return tool;
}

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

BedrockConverse::BedrockConverse(QString prefix)
    : m_prefix(std::move(prefix))
{
}

WireRequest BedrockConverse::encode(const ProviderRequest& request, const Endpoint& endpoint, bool) const
{
    const QString& model = request.model.model;
    const bool budget = hasThinkingBudget(model, request.settings);
    WireRequest wire;
    if (!request.output.isText()) {
        OutputMode mode = request.output.mode;
        if (mode == OutputMode::Native)
            throw ConfigurationError(
                QStringLiteral("%1 has no native structured output, which the agent asks for.").arg(m_prefix),
                QStringLiteral("Set the output mode to auto, tool or prompted."));
        if (mode == OutputMode::Auto)
            mode = budget ? OutputMode::Prompted : OutputMode::Tool;
        wire.output = wireOutput(request.output, mode);
    }
    History history = repairedHistory(request.messages);
    QStringList system = request.systemPrompts + takeLeadingSystem(history);
    if (!request.instructions.isEmpty())
        system.append(request.instructions);
    if (wire.output.mode == OutputMode::Prompted)
        system.append(promptedInstruction(wire.output));

    Json& body = wire.body;
    body["messages"] = bedrockMessages(m_prefix, history);
    Json blocks = Json::array();
    for (const QString& text : system)
        addText(blocks, text);
    if (!blocks.empty())
        body["system"] = std::move(blocks);
    addSettings(body, model, request.settings, wire.dropped);

    Json tools = Json::array();
    for (const ToolDefinition& tool : request.tools)
        tools.push_back(toolSpec(tool.name, tool.description, tool.parameters));
    if (wire.output.mode == OutputMode::Tool) {
        const QString description = wire.output.description.isEmpty()
            ? QStringLiteral("Gives the final answer and ends the conversation.")
            : wire.output.description;
        tools.push_back(toolSpec(outputToolName, description, wire.output.schema));
    }
    if (!tools.empty()) {
        const bool forced = wire.output.mode == OutputMode::Tool && takesForcedTools(model) && !budget;
        body["toolConfig"]["tools"] = std::move(tools);
        if (takesForcedTools(model))
            body["toolConfig"]["toolChoice"][forced ? "any" : "auto"] = Json::object();
    }
    // Ids may be ARNs, whose slashes belong to the id.
    wire.url = joinUrl(endpoint.baseUrl, {});
    wire.url.setPath(wire.url.path(QUrl::FullyEncoded) + QStringLiteral("/model/")
            + QString::fromLatin1(QUrl::toPercentEncoding(model, ":")) + QStringLiteral("/converse"),
        QUrl::TolerantMode);
    if (!endpoint.key.isEmpty())
        wire.headers.emplace_back("Authorization", "Bearer " + endpoint.key.toUtf8());
    return wire;
}

std::unique_ptr<ReplyDecoder> BedrockConverse::decoder(
    const ProviderRequest&, ErrorContext context, ReplyBuilder builder) const
{
    return std::make_unique<BedrockDecoder>(std::move(context), std::move(builder));
}

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
}

void BedrockDecoder::readBody(const Json& body)
{
    const Json* output = findMember(body, "output");
    const Json* message = output ? findMember(*output, "message") : nullptr;
    const Json* content = message ? findMember(*message, "content") : nullptr;
    if (!content || !content->is_array())
        throw badReply(m_context, QStringLiteral("HTTP 200 without an answer"), toJsonText(body));
    Json reasoning = Json::array();
    for (const Json& block : *content) {
        if (const Json* use = findMember(block, "toolUse")) {
            const Json* input = findMember(*use, "input");
            m_builder.addToolCall(
                stringMember(*use, "toolUseId"), stringMember(*use, "name"), input ? *input : Json());
        } else if (const Json* thought = findMember(block, "reasoningContent")) {
            if (const Json* text = findMember(*thought, "reasoningText"))
                m_builder.addThinking(stringMember(*text, "text"));
            reasoning.push_back(block);
        } else {
            m_builder.addText(stringMember(block, "text"));
        }
    }
    ProviderReply& reply = m_builder.reply;
    if (!reasoning.empty())
        reply.message.providerData = {{"provider", toUtf8(m_context.provider)}, {"reasoning", reasoning}};
    reply.model = m_context.model;
    reply.rawFinishReason = stringMember(body, "stopReason");
    reply.finishReason = finishReasonOf(reply.rawFinishReason);
    if (const Json* usage = findMember(body, "usage"))
        reply.usage = bedrockUsage(*usage);
}

void BedrockDecoder::readEvent(const SseEvent&, const Json& data)
{
    throw badReply(m_context, QStringLiteral("an event stream that was not asked for"), toJsonText(data));
}

} // namespace llmcache
