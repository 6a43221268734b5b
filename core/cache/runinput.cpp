#include "cache/runinput.h"

#include "agent/agentjson.h"
#include "base/error.h"

namespace llmcache {

namespace {

const QString what = QStringLiteral("The kept run");

} // namespace

Json toJson(const RunInput& input)
{
    const RunOptions& options = input.options;
    Json json = Json::object();
    json["agent"] = toJson(input.agent);
    json["agent_revision"] = input.agentRevision;
    json["prompt"] = toUtf8(input.prompt);
    if (options.variables) {
        json["variables"] = Json::object();
        for (auto it = options.variables->cbegin(); it != options.variables->cend(); ++it)
            json["variables"][toUtf8(it.key())] = toUtf8(it.value());
    }
    if (!options.messageHistory.empty())
        json["history"] = toJson(options.messageHistory);
    if (!options.attachments.empty()) {
        Message carrier = Message::user({});
        carrier.attachments = options.attachments;
        json["attachments"] = toJson(carrier)["attachments"];
    }
    if (!options.taskName.isEmpty())
        json["task"] = toUtf8(options.taskName);
    json["policy"] = toUtf8(cachePolicyName(options.cachePolicy));
    json["sample"] = options.sample;
    return json;
}

RunInput runInputFromJson(const Json& json)
{
    const Json* const agent = findMember(json, "agent");
    if (!agent)
        throw ConfigurationError(what + QStringLiteral(" has no agent."));
    RunInput input;
    input.agent = agentFromJson(*agent, what);
    input.agentRevision = integerMember(json, "agent_revision");
    input.prompt = stringMember(json, "prompt");
    if (const Json* const variables = findMember(json, "variables"); variables && variables->is_object()) {
        input.options.variables.emplace();
        for (const auto& [name, value] : variables->items()) {
            if (value.is_string())
                input.options.variables->insert(
                    toQString(name), toQString(value.get_ref<const std::string&>()));
        }
    }
    if (const Json* const history = findMember(json, "history"))
        input.options.messageHistory = messagesFromJson(*history);
    if (const Json* const attachments = findMember(json, "attachments")) {
        Json carrier = {{"role", "user"}, {"content", ""}};
        carrier["attachments"] = *attachments;
        Json list = Json::array();
        list.push_back(std::move(carrier));
        input.options.attachments = messagesFromJson(list).front().attachments;
    }
    input.options.taskName = stringMember(json, "task");
    input.options.cachePolicy = cachePolicyFromName(stringMember(json, "policy")).value_or(CachePolicy::Use);
    input.options.sample = static_cast<int>(std::clamp<qint64>(integerMember(json, "sample"), 0, 1'000'000));
    return input;
}

} // namespace llmcache
