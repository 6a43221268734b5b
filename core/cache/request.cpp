#include "cache/request.h"

#include "agent/agentjson.h"
#include "base/canonicaljson_p.h"
#include "base/error.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

namespace llmcache {

namespace {

Json textsJson(const QStringList& texts)
{
    Json json = Json::array();
    for (const QString& text : texts)
        json.push_back(toUtf8(text));
    return json;
}

Json attachmentsJson(const Request& request)
{
    Message carrier;
    carrier.attachments = request.attachments;
    return toJson(carrier)["attachments"];
}

Json toolsJson(const Request& request)
{
    Json json = Json::array();
    for (const ToolDefinition& tool : request.tools)
        json.push_back(toJson(tool));
    return json;
}

/// Calls `put` with name and value (Json or QString) of each member that a request has.
template <typename Put>
void eachMember(const Request& request, const Put& put)
{
    put("provider", request.model.provider);
    put("model", request.model.model);
    if (!request.endpoint.isEmpty())
        put("endpoint", request.endpoint);
    if (!request.systemPrompts.isEmpty())
        put("system", textsJson(request.systemPrompts));
    if (!request.instructions.isEmpty())
        put("instructions", request.instructions);
    if (!request.history.empty())
        put("history", toJson(request.history));
    put("prompt", request.prompt);
    if (!request.attachments.empty())
        put("attachments", attachmentsJson(request));
    if (!request.output.isText()) {
        OutputType output = request.output;
        output.pythonType.clear();
        put("output", toJson(output));
    }
    ModelSettings settings = request.settings;
    settings.timeout.reset();
    if (Json values = toJson(settings); !values.empty())
        put("settings", std::move(values));
    if (!request.tools.empty())
        put("tools", toolsJson(request));
    if (request.sample != 0)
        put("sample", Json(request.sample));
}

/// Puts the canonical text of an object together from members in any order.
class CanonicalObject {
public:
    void add(std::string_view name, const QString& text)
    {
        begin(name);
        appendCanonicalText(m_text, text);
    }
    void add(std::string_view name, const Json& value)
    {
        begin(name);
        appendCanonicalJson(m_text, value);
    }
    std::string text()
    {
        m_members.push_back({{}, m_text.size()}); // where the last one ends
        std::vector<std::size_t> order(m_members.size() - 1);
        std::iota(order.begin(), order.end(), std::size_t(0));
        std::sort(order.begin(), order.end(), [this](std::size_t left, std::size_t right) {
            return m_members[left].name < m_members[right].name;
        });
        std::string sorted;
        sorted.reserve(m_text.size() + order.size() + 1);
        for (const std::size_t member : order) {
            sorted += sorted.empty() ? '{' : ',';
            const std::size_t start = m_members[member].start;
            sorted.append(m_text, start, m_members[member + 1].start - start);
        }
        sorted += '}';
        return sorted;
    }

private:
    struct Member {
        std::string_view name;
        std::size_t start;
    };
    void begin(std::string_view name)
    {
        m_members.push_back({name, m_text.size()});
        m_text += '"';
        m_text += name;
        m_text += "\":";
    }

    std::string m_text;
    std::vector<Member> m_members;
};

} // namespace

Json toJson(const Request& request)
{
    Json json = Json::object();
    const auto put = [&json](const char* name, const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, QString>)
            json[name] = toUtf8(value);
        else
            json[name] = value;
    };
    eachMember(request, put);
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
    // Every run needs it before it can look anything up: the tree of toJson() would take most of that time.
    CanonicalObject object;
    eachMember(request, [&object](const char* name, const auto& value) { object.add(name, value); });
    return canonicalDigest(object.text());
}

QString fingerprint(const Json& request)
{
    return canonicalDigest(toCanonicalJson(request));
}

} // namespace llmcache
