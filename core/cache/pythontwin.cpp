#include "cache/pythontwin.h"

#include "agent/agentjson.h"
#include "interop/pythonjson.h"

#include <algorithm>
#include <cmath>

namespace llmcache {

namespace {

/// What agent.run() takes that is no plain value: its text in the key holds addresses, or differs by version.
constexpr const char* objectArguments[] = {"usage_limits", "usage", "toolsets", "builtin_tools",
    "capabilities", "event_stream_handler", "output_type", "conversation"};

/// The settings as a ModelSettings of PydanticAI. The timeout is left out: it does not change the answer.
Json pythonSettings(ModelSettings settings)
{
    settings.timeout.reset();
    return toJson(settings);
}

/// Whole numbers where Python takes a float, as `temperature=0`; nothing when there are none.
std::optional<Json> withWholeNumbers(Json settings)
{
    bool isOther = false;
    for (const char* name : {"temperature", "top_p"}) {
        const auto member = settings.find(name);
        if (member == settings.end() || !member->is_number_float())
            continue;
        const double value = member->get<double>();
        if (std::trunc(value) != value)
            continue;
        *member = static_cast<std::int64_t>(value);
        isOther = true;
    }
    return isOther ? std::optional(std::move(settings)) : std::nullopt;
}

/// pyai-caching asks the output type for a schema that only Pydantic's classes have, which name it: `dict`,
/// `list[X]` and unions have none in the key.
bool isSchemaOfClass(const Json& schema)
{
    return schema.contains("title") || schema.contains("$ref");
}

class TwinBuilder {
public:
    TwinBuilder(const Agent& agent, const RunOptions& options, const PythonHints& hints)
        : m_agent(agent)
        , m_options(options)
        , m_hints(hints)
    {
    }

    PythonTwin build(const QString& prompt)
    {
        m_call.modelName = ModelRef::parse(m_agent.model).model;
        for (const QString& text : m_agent.systemPrompt)
            m_call.systemPrompts.append(rendered(text));
        m_call.prompt = rendered(prompt);
        addOutput();
        addHistory();
        if (!m_options.attachments.empty())
            problem(QStringLiteral("pyai-caching takes no attachments"));
        if (m_options.sample != 0)
            problem(QStringLiteral("pyai-caching knows no samples but the first"));
        if (!m_agent.instructions.isEmpty())
            m_twin.leftOut.append(QStringLiteral("instructions"));
        if (!m_agent.tools.empty())
            m_twin.leftOut.append(QStringLiteral("tools"));
        addSpellings();
        checkNumbers();
        return std::move(m_twin);
    }

private:
    QString rendered(const QString& text) const
    {
        return m_options.variables ? renderTemplate(text, *m_options.variables) : text;
    }

    void problem(const QString& text)
    {
        if (m_twin.problem.isEmpty())
            m_twin.problem = text;
    }

    void addOutput()
    {
        if (m_agent.output.isText())
            return;
        if (isSchemaOfClass(m_agent.output.schema))
            m_call.outputSchema = m_agent.output.schema;
        // Without one in the key an entry may be of another type: whoever reads it looks at the answer.
    }

    void addHistory()
    {
        if (!m_options.messageHistory.empty() && !m_options.rawHistory.is_null()) {
            problem(QStringLiteral("the history is put together of two"));
            return;
        }
        m_call.history =
            m_options.messageHistory.empty() ? m_options.rawHistory : toJson(m_options.messageHistory);
        if (m_call.history.is_null())
            return;
        if (!m_call.history.is_array()) {
            problem(QStringLiteral("the history is no list"));
            return;
        }
        const bool holdsObjects =
            std::any_of(m_call.history.begin(), m_call.history.end(), [](const Json& message) {
                return message.is_object() && message.contains("kind") && message.contains("parts");
            });
        if (holdsObjects)
            problem(
                QStringLiteral("the history holds PydanticAI's message objects, which have times and ids in "
                               "the key; plain {\"role\", \"content\"} messages can be reproduced"));
        if (m_call.history.empty())
            m_call.history = nullptr;
    }

    std::vector<Json> runArguments()
    {
        const Json settings = pythonSettings(m_agent.settings);
        const Json& given = m_hints.runArguments;
        if (given.is_object()) {
            for (const char* name : objectArguments) {
                if (const Json* argument = findMember(given, name); argument && !argument->is_null())
                    problem(
                        QStringLiteral("the argument %1 is an object of Python's").arg(QLatin1String(name)));
            }
            const Json* givenSettings = findMember(given, "model_settings");
            if (!settings.empty()
                && (!givenSettings || toCanonicalJson(*givenSettings) != toCanonicalJson(settings)))
                m_twin.leftOut.append(QStringLiteral("settings"));
            return {given};
        }
        if (settings.empty())
            return {Json::object()};
        const auto with = [](Json value) {
            Json arguments = Json::object();
            arguments["model_settings"] = std::move(value);
            return arguments;
        };
        std::vector<Json> spellings;
        if (auto whole = withWholeNumbers(settings))
            spellings.push_back(with(std::move(*whole)));
        spellings.push_back(with(settings));
        return spellings;
    }

    void addSpellings()
    {
        // The variable that holds the agent in cached_agent_run(): what PydanticAI infers for one without
        // name.
        const QString inferred = QStringLiteral("agent");
        const bool isSaid = !m_hints.agentNames.empty();
        std::vector<std::optional<QString>> names = m_hints.agentNames;
        if (!isSaid) {
            names = {m_agent.name, std::nullopt};
            if (m_agent.name != inferred)
                names.emplace_back(inferred);
        }
        const std::vector<Json> arguments = runArguments();
        for (const auto& agentName : names) {
            for (const Json& one : arguments)
                m_twin.spellings.push_back({agentName, one});
        }
        m_twin.written = isSaid ? m_twin.spellings.size() : arguments.size();
    }

    void checkNumbers()
    {
        bool isCertain = true;
        if (m_call.history.is_array())
            pythonRepr(m_call.history, isCertain);
        if (!isCertain)
            problem(QStringLiteral("the history has a character that versions of Python write differently"));
        if (!m_hints.hasExactNumbers
            && (hasDoubtfulNumber(m_call.outputSchema) || hasDoubtfulNumber(m_call.history)
                || hasDoubtfulNumber(m_twin.spellings.front().runArguments)))
            problem(QStringLiteral("a number is too large to tell whether it is an integer in Python"));
    }

    const Agent& m_agent;
    const RunOptions& m_options;
    const PythonHints& m_hints;
    PythonTwin m_twin;
    PythonCall& m_call = m_twin.call;
};

} // namespace

QByteArray PythonTwin::payload(std::size_t spelling) const
{
    bool isCertain = true;
    return pythonPayload(call, spellings[spelling], isCertain);
}

QStringList PythonTwin::keys(std::size_t most) const
{
    QStringList keys;
    if (!problem.isEmpty())
        return keys;
    for (std::size_t i = 0; i < std::min(most, spellings.size()); ++i)
        keys.append(QString::fromLatin1(pythonKey(payload(i))));
    return keys;
}

PythonTwin pythonTwin(
    const Agent& agent, const QString& prompt, const RunOptions& options, const PythonHints& hints)
{
    return TwinBuilder(agent, options, hints).build(prompt);
}

} // namespace llmcache
