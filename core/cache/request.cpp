#include "cache/request.h"

#include "agent/agentjson.h"
#include "base/error.h"

#include <QCryptographicHash>

namespace llmcache {

namespace {

void putText(Json& json, const char* key, const QString& text)
{
    if (!text.isEmpty())
        json[key] = toUtf8(text);
}

} // namespace

Json toJson(const Request& request)
{
    Json json = Json::object();
    json["provider"] = toUtf8(request.model.provider);
    json["model"] = toUtf8(request.model.model);
    putText(json, "endpoint", request.endpoint);
    for (const QString& text : request.systemPrompts)
        json["system"].push_back(toUtf8(text));
    putText(json, "instructions", request.instructions);
    if (!request.history.empty())
        json["history"] = toJson(request.history);
    json["prompt"] = toUtf8(request.prompt);
    if (!request.attachments.empty()) {
        Message carrier;
        carrier.attachments = request.attachments;
        json["attachments"] = toJson(carrier)["attachments"];
    }
    if (!request.output.isText()) {
        OutputType output = request.output;
        output.pythonType.clear();
        json["output"] = toJson(output);
    }
    ModelSettings settings = request.settings;
    settings.timeout.reset();
    if (Json values = toJson(settings); !values.empty())
        json["settings"] = std::move(values);
    for (const ToolDefinition& tool : request.tools)
        json["tools"].push_back(toJson(tool));
    if (request.sample != 0)
        json["sample"] = request.sample;
    return json;
}

Request requestFromJson(const Json& json)
{
    const QString what = QStringLiteral("The stored request");
    try {
        Request request;
        request.model = {stringMember(json, "provider"), stringMember(json, "model")};
        if (request.model.provider.isEmpty() || request.model.model.isEmpty())
            throw ConfigurationError(what + QStringLiteral(" names no model."));
        request.endpoint = stringMember(json, "endpoint");
        if (const Json* system = findMember(json, "system")) {
            for (const Json& text : *system)
                request.systemPrompts.append(
                    text.is_string() ? toQString(text.get_ref<const std::string&>()) : QString());
        }
        request.instructions = stringMember(json, "instructions");
        if (const Json* history = findMember(json, "history"))
            request.history = messagesFromJson(*history);
        request.prompt = stringMember(json, "prompt");
        if (const Json* attachments = findMember(json, "attachments")) {
            Json carrier = Json::object();
            carrier["role"] = "user";
            carrier["content"] = "";
            carrier["attachments"] = *attachments;
            Json list = Json::array();
            list.push_back(std::move(carrier));
            request.attachments = messagesFromJson(list).front().attachments;
        }
        if (const Json* output = findMember(json, "output"))
            request.output = outputTypeFromJson(*output, what);
        if (const Json* settings = findMember(json, "settings"))
            request.settings = modelSettingsFromJson(*settings, what);
        if (const Json* tools = findMember(json, "tools"))
            request.tools = toolsFromJson(*tools, what);
        request.sample = static_cast<int>(integerMember(json, "sample"));
        return request;
    } catch (const ConfigurationError& error) {
        throw CacheError(error.message(),
            QStringLiteral("The entry was written by something else; delete or refresh it."));
    }
}

QString fingerprint(const Request& request)
{
    return fingerprint(toJson(request));
}

QString fingerprint(const Json& request)
{
    const QByteArray text = toCanonicalJson(request);
    return QString::fromLatin1(QCryptographicHash::hash(text, QCryptographicHash::Sha256).toHex());
}

} // namespace llmcache
