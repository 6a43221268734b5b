#include "agent/agentjson.h"

#include "base/error.h"

#include <cmath>
#include <set>

namespace llmcache {

namespace {

constexpr int longestName = 200;

/// Reads the members of one JSON object, remembers which were asked for, and refuses the rest.
class FieldReader {
public:
    FieldReader(const Json& object, QString what, QString path)
        : m_object(object)
        , m_what(std::move(what))
        , m_path(std::move(path))
    {
        if (!object.is_object())
            throw ConfigurationError(
                QStringLiteral("%1: %2 must be a JSON object.")
                    .arg(m_what, m_path.isEmpty() ? QStringLiteral("the agent") : m_path));
    }

    [[noreturn]] void fail(const QString& key, const QString& reason) const
    {
        throw ConfigurationError(
            QStringLiteral("%1: the field \"%2\" %3.").arg(m_what, fullPath(key), reason));
    }

    const Json* find(const char* key)
    {
        m_known.insert(key);
        const Json* member = findMember(m_object, key);
        return member && member->is_null() ? nullptr : member;
    }

    QString text(const char* key)
    {
        const Json* member = find(key);
        if (!member)
            return {};
        if (!member->is_string())
            fail(QLatin1String(key), QStringLiteral("must be text"));
        return toQString(member->get_ref<const std::string&>());
    }

    QString requiredText(const char* key)
    {
        const QString value = text(key);
        if (value.trimmed().isEmpty())
            fail(QLatin1String(key), QStringLiteral("is required and must not be empty"));
        return value;
    }

    QStringList texts(const char* key, bool orOneText)
    {
        const Json* member = find(key);
        if (!member)
            return {};
        if (orOneText && member->is_string())
            return {toQString(member->get_ref<const std::string&>())};
        QStringList list;
        if (!member->is_array())
            fail(QLatin1String(key),
                orOneText ? QStringLiteral("must be text or a list of texts")
                          : QStringLiteral("must be a list of texts"));
        for (const Json& item : *member) {
            if (!item.is_string())
                fail(QLatin1String(key), QStringLiteral("must hold texts only"));
            list.append(toQString(item.get_ref<const std::string&>()));
        }
        return list;
    }

    std::optional<double> number(const char* key, double least, double most)
    {
        const Json* member = find(key);
        if (!member)
            return std::nullopt;
        const double value = member->is_number() ? member->get<double>() : std::nan("");
        if (!(value >= least && value <= most))
            fail(QLatin1String(key),
                QStringLiteral("must be a number from %1 to %2").arg(least).arg(most, 0, 'g', 12));
        return value;
    }

    std::optional<qint64> integer(const char* key, qint64 least, qint64 most)
    {
        const Json* member = find(key);
        if (!member)
            return std::nullopt;
        const bool integral = member->is_number_integer()
            || (member->is_number_float() && std::trunc(member->get<double>()) == member->get<double>());
        const qint64 value = integral ? integerMember(m_object, key, least - 1) : least - 1;
        if (!integral || value < least || value > most)
            fail(QLatin1String(key),
                QStringLiteral("must be a whole number from %1 to %2").arg(least).arg(most));
        return value;
    }

    Json object(const char* key)
    {
        const Json* member = find(key);
        if (!member)
            return nullptr;
        if (!member->is_object())
            fail(QLatin1String(key), QStringLiteral("must be a JSON object"));
        return *member;
    }

    void refuseOthers() const
    {
        for (const auto& item : m_object.items()) {
            if (!m_known.contains(item.key())) {
                QStringList known;
                for (const std::string& name : m_known)
                    known.append(toQString(name));
                throw ConfigurationError(
                    QStringLiteral("%1: unknown field \"%2\".").arg(m_what, fullPath(toQString(item.key()))),
                    QStringLiteral("Known here: %1.").arg(known.join(QStringLiteral(", "))));
            }
        }
    }

    const QString& what() const { return m_what; }
    QString fullPath(const QString& key) const
    {
        return m_path.isEmpty() ? key : m_path + QLatin1Char('.') + key;
    }

private:
    const Json& m_object;
    QString m_what;
    QString m_path;
    std::set<std::string> m_known;
};

OutputMode readMode(FieldReader& reader)
{
    const QString name = reader.text("mode");
    if (name.isEmpty())
        return OutputMode::Auto;
    for (const OutputMode mode :
        {OutputMode::Auto, OutputMode::Tool, OutputMode::Native, OutputMode::Prompted}) {
        if (outputModeName(mode) == name)
            return mode;
    }
    reader.fail(QStringLiteral("mode"), QStringLiteral("must be auto, tool, native or prompted"));
}

} // namespace

OutputType outputTypeFromJson(const Json& json, const QString& what)
{
    if (json.is_string()) {
        if (json != "text")
            throw ConfigurationError(
                QStringLiteral("%1: the field \"output\" must be \"text\" or an object with name and schema.")
                    .arg(what));
        return OutputType::text();
    }
    FieldReader reader(json, what, QStringLiteral("output"));
    OutputType output;
    output.name = reader.requiredText("name");
    output.description = reader.text("description");
    output.schema = reader.object("schema");
    if (output.schema.is_null())
        reader.fail(QStringLiteral("schema"), QStringLiteral("is required: a JSON Schema object"));
    output.mode = readMode(reader);
    output.pythonType = reader.text("python_type");
    reader.refuseOthers();
    return output;
}

ModelSettings modelSettingsFromJson(const Json& json, const QString& what)
{
    FieldReader reader(json, what, QStringLiteral("settings"));
    constexpr qint64 million = 1'000'000;
    ModelSettings settings;
    settings.temperature = reader.number("temperature", 0, 2);
    settings.maxTokens = reader.integer("max_tokens", 1, 10 * million);
    settings.topP = reader.number("top_p", 0, 1);
    settings.topK = reader.integer("top_k", 1, million);
    settings.seed =
        reader.integer("seed", std::numeric_limits<qint64>::min() + 1, std::numeric_limits<qint64>::max());
    settings.stopSequences = reader.texts("stop_sequences", false);
    if (const Json* thinking = reader.find("thinking")) {
        const bool level = *thinking == "low" || *thinking == "medium" || *thinking == "high";
        const bool budget = thinking->is_number_integer() && integerMember(json, "thinking") > 0;
        if (!level && !budget)
            reader.fail(QStringLiteral("thinking"),
                QStringLiteral("must be low, medium, high or a number of tokens"));
        settings.thinking = *thinking;
    }
    if (const auto seconds = reader.number("timeout_s", 0.001, 86'400))
        settings.timeout = std::chrono::milliseconds(std::llround(*seconds * 1000));
    settings.extraHeaders = reader.object("extra_headers");
    if (settings.extraHeaders.is_object()) {
        for (const auto& header : settings.extraHeaders.items()) {
            if (!header.value().is_string())
                reader.fail(QStringLiteral("extra_headers"), QStringLiteral("must hold texts only"));
        }
    }
    settings.extraBody = reader.object("extra_body");
    reader.refuseOthers();
    return settings;
}

namespace {

ToolDefinition readTool(const Json& json, const QString& what, std::size_t index)
{
    FieldReader reader(json, what, QStringLiteral("tools[%1]").arg(index));
    ToolDefinition tool;
    tool.name = reader.requiredText("name");
    tool.description = reader.text("description");
    if (Json parameters = reader.object("parameters"); !parameters.is_null())
        tool.parameters = std::move(parameters);
    if (const Json* answers = reader.find("answers")) {
        if (!answers->is_array())
            reader.fail(QStringLiteral("answers"), QStringLiteral("must be a list"));
        for (std::size_t at = 0; at < answers->size(); ++at) {
            FieldReader answer((*answers)[at], what, reader.fullPath(QStringLiteral("answers[%1]").arg(at)));
            ToolDefinition::Answer canned;
            canned.when = answer.object("when");
            const Json* value = answer.find("return");
            canned.value = value ? *value : Json();
            answer.refuseOthers();
            tool.answers.push_back(std::move(canned));
        }
    }
    if (const Json* fallback = reader.find("default"))
        tool.fallback = *fallback;
    reader.refuseOthers();
    return tool;
}

void putText(Json& json, const char* key, const QString& text)
{
    if (!text.isEmpty())
        json[key] = toUtf8(text);
}

void putTexts(Json& json, const char* key, const QStringList& texts)
{
    for (const QString& text : texts)
        json[key].push_back(toUtf8(text));
}

} // namespace

std::vector<ToolDefinition> toolsFromJson(const Json& json, const QString& what)
{
    if (!json.is_array())
        throw ConfigurationError(QStringLiteral("%1: the field \"tools\" must be a list.").arg(what));
    std::vector<ToolDefinition> tools;
    for (std::size_t index = 0; index < json.size(); ++index)
        tools.push_back(readTool(json[index], what, index));
    return tools;
}

Agent agentFromJson(const Json& json, const QString& what)
{
    FieldReader reader(json, what, {});
    Agent agent;
    agent.name = reader.requiredText("name");
    if (agent.name.size() > longestName)
        reader.fail(QStringLiteral("name"), QStringLiteral("is longer than %1 characters").arg(longestName));
    agent.model = reader.requiredText("model");
    try {
        ModelRef::parse(agent.model);
    } catch (const ConfigurationError& error) {
        throw ConfigurationError(
            QStringLiteral("%1: the field \"model\": %2").arg(what, error.message()), error.remedy());
    }
    agent.systemPrompt = SystemPrompt(reader.texts("system_prompt", true));
    agent.instructions = reader.text("instructions");
    if (const Json* output = reader.find("output"))
        agent.output = outputTypeFromJson(*output, what);
    if (const Json* settings = reader.find("settings"))
        agent.settings = modelSettingsFromJson(*settings, what);
    if (const Json* tools = reader.find("tools"))
        agent.tools = toolsFromJson(*tools, what);
    agent.outputRetries = static_cast<int>(reader.integer("output_retries", 0, 20).value_or(1));
    if (const auto seconds = reader.integer("ttl_s", 0, 10LL * 366 * 86'400))
        agent.ttl = std::chrono::seconds(*seconds);
    agent.task = reader.text("task");
    if (agent.task.size() > longestName)
        reader.fail(QStringLiteral("task"), QStringLiteral("is longer than %1 characters").arg(longestName));
    agent.tags = reader.texts("tags", false);
    agent.baseUrl = reader.text("base_url");
    reader.refuseOthers();
    return agent;
}

Agent parseAgent(const QByteArray& text, const QString& what)
{
    return agentFromJson(parseJson(text, what), what);
}

Json toJson(const OutputType& output)
{
    if (output.isText())
        return "text";
    Json json = Json::object();
    json["name"] = toUtf8(output.name);
    putText(json, "description", output.description);
    json["schema"] = output.schema;
    if (output.mode != OutputMode::Auto)
        json["mode"] = toUtf8(outputModeName(output.mode));
    putText(json, "python_type", output.pythonType);
    return json;
}

Json toJson(const ModelSettings& settings)
{
    Json json = Json::object();
    if (settings.temperature)
        json["temperature"] = *settings.temperature;
    if (settings.maxTokens)
        json["max_tokens"] = *settings.maxTokens;
    if (settings.topP)
        json["top_p"] = *settings.topP;
    if (settings.topK)
        json["top_k"] = *settings.topK;
    if (settings.seed)
        json["seed"] = *settings.seed;
    putTexts(json, "stop_sequences", settings.stopSequences);
    if (!settings.thinking.is_null())
        json["thinking"] = settings.thinking;
    if (settings.timeout)
        json["timeout_s"] = static_cast<double>(settings.timeout->count()) / 1000.0;
    if (!settings.extraHeaders.is_null())
        json["extra_headers"] = settings.extraHeaders;
    if (!settings.extraBody.is_null())
        json["extra_body"] = settings.extraBody;
    return json;
}

Json toJson(const ToolDefinition& tool)
{
    Json json = Json::object();
    json["name"] = toUtf8(tool.name);
    putText(json, "description", tool.description);
    if (!tool.parameters.empty())
        json["parameters"] = tool.parameters;
    for (const ToolDefinition::Answer& answer : tool.answers) {
        Json item = Json::object();
        if (!answer.when.is_null())
            item["when"] = answer.when;
        item["return"] = answer.value;
        json["answers"].push_back(std::move(item));
    }
    if (tool.fallback)
        json["default"] = *tool.fallback;
    return json;
}

Json toJson(const Agent& agent)
{
    Json json = Json::object();
    json["name"] = toUtf8(agent.name);
    json["model"] = toUtf8(agent.model);
    if (agent.systemPrompt.size() == 1)
        json["system_prompt"] = toUtf8(agent.systemPrompt.front());
    else
        putTexts(json, "system_prompt", agent.systemPrompt);
    putText(json, "instructions", agent.instructions);
    if (!agent.output.isText())
        json["output"] = toJson(agent.output);
    if (Json settings = toJson(agent.settings); !settings.empty())
        json["settings"] = std::move(settings);
    for (const ToolDefinition& tool : agent.tools)
        json["tools"].push_back(toJson(tool));
    if (agent.outputRetries != Agent().outputRetries)
        json["output_retries"] = agent.outputRetries;
    if (agent.ttl)
        json["ttl_s"] = agent.ttl->count();
    putText(json, "task", agent.task);
    putTexts(json, "tags", agent.tags);
    putText(json, "base_url", agent.baseUrl);
    return json;
}

} // namespace llmcache
