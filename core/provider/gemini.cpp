#include "provider/gemini.h"

#include "provider/conversation.h"
#include "provider/modelfamily.h"

#include <QUrlQuery>

namespace llmcache {

namespace {

// Signatures are Google's, whichever of its endpoints they came from.
constexpr const char* family = "google";

Json textPart(const QString& text)
{
    return {{"text", toUtf8(text)}};
}

Json attachmentPart(const Attachment& attachment)
{
    if (!attachment.url.isEmpty())
        return {
            {"fileData", {{"mimeType", toUtf8(attachment.mediaType)}, {"fileUri", toUtf8(attachment.url)}}}};
    return {{"inlineData",
        {{"mimeType", toUtf8(attachment.mediaType)}, {"data", attachment.data.toBase64().toStdString()}}}};
}

/// The signature that belongs to a call of this turn, or to its text (-1).
QString signatureOf(const Message& message, qint64 call)
{
    if (stringMember(message.providerData, "provider") != QLatin1String(family))
        return {};
    const Json* signatures = findMember(message.providerData, "signatures");
    if (!signatures || !signatures->is_array())
        return {};
    for (const Json& entry : *signatures) {
        if (integerMember(entry, "call", -2) == call)
            return stringMember(entry, "signature");
    }
    return {};
}

Json modelParts(const Message& message, const GeminiModel& model)
{
    Json parts = Json::array();
    if (!message.text.isEmpty()) {
        Json part = textPart(message.text);
        if (const QString signature = signatureOf(message, -1); !signature.isEmpty())
            part["thoughtSignature"] = toUtf8(signature);
        parts.push_back(std::move(part));
    }
    for (std::size_t i = 0; i < message.toolCalls.size(); ++i) {
        const ToolCall& call = message.toolCalls[i];
        Json part;
        part["functionCall"] = {{"id", toUtf8(call.id)}, {"name", toUtf8(call.name)}};
        part["functionCall"]["args"] = call.arguments.is_object() ? call.arguments : Json::object();
        QString signature = signatureOf(message, static_cast<qint64>(i));
        // Gemini 3 refuses calls without a signature; this is its word for calls that others made.
        if (signature.isEmpty() && i == 0 && model.thinkingLevels)
            signature = QStringLiteral("skip_thought_signature_validator");
        if (!signature.isEmpty())
            part["thoughtSignature"] = toUtf8(signature);
        parts.push_back(std::move(part));
    }
    return parts;
}

Json functionResponse(const Message& message)
{
    Json response = {{"id", toUtf8(message.toolCallId)}, {"name", toUtf8(message.toolName)}};
    response["response"][message.isError ? "error" : "return_value"] = toUtf8(message.text);
    Json part;
    part["functionResponse"] = std::move(response);
    return part;
}

/// Neighbours of the same role become one content, but function responses do not mix with text.
Json geminiContents(const History& history, const GeminiModel& model)
{
    Json contents = Json::array();
    bool lastWasTool = false;
    const auto add = [&](const char* role, Json parts, bool isTool) {
        if (parts.empty())
            return;
        if (!contents.empty() && contents.back()["role"] == role && lastWasTool == isTool) {
            for (Json& part : parts)
                contents.back()["parts"].push_back(std::move(part));
            return;
        }
        Json content = {{"role", role}};
        content["parts"] = std::move(parts);
        contents.push_back(std::move(content));
        lastWasTool = isTool;
    };
    for (const Message& message : history) {
        Json parts = Json::array();
        switch (message.role) {
        case Role::System:
            parts.push_back(textPart(QStringLiteral("<system>%1</system>").arg(message.text)));
            add("user", std::move(parts), false);
            break;
        case Role::User:
            if (!message.text.isEmpty())
                parts.push_back(textPart(message.text));
            for (const Attachment& attachment : message.attachments)
                parts.push_back(attachmentPart(attachment));
            add("user", std::move(parts), false);
            break;
        case Role::Assistant:
            add("model", modelParts(message, model), false);
            break;
        case Role::Tool:
            parts.push_back(functionResponse(message));
            add("user", std::move(parts), true);
            break;
        }
    }
    return contents;
}

/// Gemini's JSON Schema knows no `const`, and trips over a few annotations.
Json geminiSchema(const Json& schema)
{
    static const QStringList unsupported{QStringLiteral("title"), QStringLiteral("format"),
        QStringLiteral("exclusiveMinimum"), QStringLiteral("exclusiveMaximum"), QStringLiteral("$schema")};
    return constAsEnum(withoutKeywords(schema, unsupported));
}

void addThinking(Json& config, const Json& thinking, const GeminiModel& model, QStringList& dropped)
{
    if (thinking.is_null())
        return;
    if (!model.thinkingBudgets && !model.thinkingLevels) {
        dropped.append(QStringLiteral("thinking"));
        return;
    }
    const QString effort = thinkingEffort(thinking);
    Json& target = config["thinkingConfig"];
    target["includeThoughts"] = true;
    if (model.thinkingLevels) {
        target["thinkingLevel"] = toUtf8(effort);
    } else if (thinking.is_number()) {
        target["thinkingBudget"] = thinking;
    } else {
        target["thinkingBudget"] = effort == QLatin1String("low") ? 2048
            : effort == QLatin1String("medium")                   ? 8192
                                                                  : 24'576;
    }
}

Json generationConfig(const ModelSettings& settings, const GeminiModel& model, QStringList& dropped)
{
    Json config = Json::object();
    if (settings.maxTokens)
        config["maxOutputTokens"] = *settings.maxTokens;
    if (settings.temperature)
        config["temperature"] = *settings.temperature;
    if (settings.topP)
        config["topP"] = *settings.topP;
    if (settings.topK)
        config["topK"] = *settings.topK;
    if (settings.seed)
        config["seed"] = *settings.seed;
    if (!settings.stopSequences.isEmpty()) {
        Json stop = Json::array();
        for (const QString& text : settings.stopSequences)
            stop.push_back(toUtf8(text));
        config["stopSequences"] = std::move(stop);
    }
    addThinking(config, settings.thinking, model, dropped);
    return config;
}

Json declaration(const QString& name, const QString& description, const Json& schema)
{
    Json json = {{"name", toUtf8(name)}, {"description", toUtf8(description)}};
    json["parametersJsonSchema"] = geminiSchema(schema);
    return json;
}

} // namespace

Gemini::Gemini(QString prefix, std::function<QString(const QUrl&)> vertexPath)
    : m_prefix(std::move(prefix))
    , m_vertexPath(std::move(vertexPath))
{
}

WireRequest Gemini::encode(const ProviderRequest& request, const Endpoint& endpoint, bool stream) const
{
    const GeminiModel model = geminiModel(request.model.model);
    WireRequest wire;
    if (!request.output.isText()) {
        const bool chosen = request.output.mode != OutputMode::Auto;
        wire.output = wireOutput(request.output, chosen ? request.output.mode : OutputMode::Tool);
    }
    History history = repairedHistory(request.messages);
    QStringList system = request.systemPrompts + takeLeadingSystem(history);
    if (!request.instructions.isEmpty())
        system.append(request.instructions);
    if (wire.output.mode == OutputMode::Prompted)
        system.append(promptedInstruction(wire.output));

    Json& body = wire.body;
    body["contents"] = geminiContents(history, model);
    if (!system.isEmpty()) {
        Json parts = Json::array();
        for (const QString& text : system)
            parts.push_back(textPart(text));
        body["systemInstruction"]["parts"] = std::move(parts);
    }
    Json config = generationConfig(request.settings, model, wire.dropped);
    Json declarations = Json::array();
    for (const ToolDefinition& tool : request.tools)
        declarations.push_back(declaration(tool.name, tool.description, tool.parameters));
    if (wire.output.mode == OutputMode::Tool) {
        const QString description = wire.output.description.isEmpty()
            ? QStringLiteral("Gives the final answer and ends the conversation.")
            : wire.output.description;
        declarations.push_back(declaration(outputToolName, description, wire.output.schema));
        body["toolConfig"]["functionCallingConfig"]["mode"] = "ANY";
    } else if (wire.output.mode == OutputMode::Native) {
        config["responseMimeType"] = "application/json";
        config["responseJsonSchema"] = geminiSchema(wire.output.schema);
    } else if (wire.output.mode == OutputMode::Prompted && declarations.empty()) {
        // JSON mode and tools exclude each other.
        config["responseMimeType"] = "application/json";
    }
    if (!declarations.empty()) {
        Json tool;
        tool["functionDeclarations"] = std::move(declarations);
        body["tools"] = Json::array({std::move(tool)});
    }
    body["generationConfig"] = std::move(config);

    const bool vertex = static_cast<bool>(m_vertexPath);
    const QString& name = request.model.model;
    const bool whole = name.contains(QLatin1Char('/'));
    const QString path = (vertex ? m_vertexPath(endpoint.baseUrl) : QString())
        + (whole ? QStringLiteral("/") + name : QStringLiteral("/models/") + name)
        + (stream ? QStringLiteral(":streamGenerateContent") : QStringLiteral(":generateContent"));
    wire.url = joinUrl(endpoint.baseUrl, path);
    if (stream) {
        QUrlQuery query(wire.url);
        query.addQueryItem(QStringLiteral("alt"), QStringLiteral("sse"));
        wire.url.setQuery(query);
    }
    if (!endpoint.key.isEmpty()) {
        if (vertex)
            wire.headers.emplace_back("Authorization", "Bearer " + endpoint.key.toUtf8());
        else
            wire.headers.emplace_back("x-goog-api-key", endpoint.key.toUtf8());
    }
    return wire;
}

std::unique_ptr<ReplyDecoder> Gemini::decoder(
    const ProviderRequest&, ErrorContext context, ReplyBuilder builder) const
{
    return std::make_unique<GeminiDecoder>(std::move(context), std::move(builder));
}

} // namespace llmcache
