#include "agent/agentjson.h"
#include "base/error.h"
#include "cache/pythontwin.h"
#include "cache/request.h"
#include "commands.h"
#include "interop/pythonjson.h"
#include "output.h"
#include "runarguments.h"

namespace llmcache::app {

namespace {

/// An agent and options whose numbers are as they stand in the files, for the key of Python.
struct ExactRequest {
    Agent agent;
    RunOptions options;
    PythonHints hints;
};

/// Takes over from a file what parseAgent() may have rounded: the schema, and what goes to Python as it is.
void restoreNumbers(Agent& agent, const QString& path)
{
    const Json file = parsePythonJson(
        readFile(path, QStringLiteral("The agent file")), QStringLiteral("Agent file ") + path);
    const auto restore = [&file](Json& part, const char* outer, const char* inner) {
        const Json* const object = findMember(file, outer);
        const Json* const exact = object ? findMember(*object, inner) : nullptr;
        if (exact && !exact->is_null())
            part = *exact;
    };
    restore(agent.output.schema, "output", "schema");
    restore(agent.settings.extraBody, "settings", "extra_body");
}

/// How the spellings of a call differ from each other.
QString spellingText(const PythonCall::Spelling& call)
{
    const QString name = call.agentName ? QStringLiteral("agent \"%1\"").arg(*call.agentName)
                                        : QStringLiteral("agent without a name");
    return call.runArguments.empty()
        ? name
        : name + QStringLiteral(", ") + QString::fromUtf8(toPythonJson(call.runArguments));
}

Json pythonJson(const PythonTwin& twin, bool explains)
{
    Json json = Json::array();
    if (!twin.problem.isEmpty())
        return json;
    for (std::size_t i = 0; i < twin.spellings.size(); ++i) {
        const QByteArray payload = twin.payload(i);
        Json item = Json::object();
        item["key"] = pythonKey(payload).toStdString();
        item["agent_name"] =
            twin.spellings[i].agentName ? Json(toUtf8(*twin.spellings[i].agentName)) : Json(nullptr);
        item["written"] = i < twin.written;
        if (explains)
            item["payload"] = payload.toStdString();
        json.push_back(std::move(item));
    }
    return json;
}

void printKeys(const QString& fingerprint, const Json& canonical, const PythonTwin& twin, bool explains)
{
    const QStringList keys = twin.allKeys();
    printLine(QStringLiteral("fingerprint  ") + fingerprint);
    printLine(QStringLiteral("python       ")
        + (keys.isEmpty() ? QStringLiteral("can't be computed: %1").arg(twin.problem) : keys.front()));
    if (!twin.leftOut.isEmpty() && !keys.isEmpty())
        printError(
            QStringLiteral("llmcache: warning: The key of pyai-caching does not hold: %1. Such an entry may "
                           "answer another request, so it is not read here.")
                .arg(twin.leftOut.join(QStringLiteral(", "))));
    if (!explains)
        return;
    printLine();
    printLine(QStringLiteral("Canonical request, whose SHA-256 is the fingerprint:"));
    printLine(QString::fromUtf8(toCanonicalJson(canonical)));
    for (std::size_t i = 0; i < static_cast<std::size_t>(keys.size()); ++i) {
        printLine();
        printLine(QStringLiteral("%1, %2:").arg(
            keys.at(static_cast<qsizetype>(i)), spellingText(twin.spellings[i])));
        printLine(QString::fromUtf8(twin.payload(i)));
    }
}

QCoro::Task<int> key(CommandContext context, Arguments arguments)
{
    const QString agentName = arguments.required(QStringLiteral("agent"));
    const Agent agent = co_await resolveAgent(context.session, arguments, context.agentsFolder);
    const QString prompt = promptOf(arguments);
    const RunOptions options = runOptions(arguments);
    const Json canonical = toJson(context.session->runner().buildRequest(agent, prompt, options));
    const QString digest = fingerprint(canonical);

    ExactRequest exact{agent, options, {}};
    exact.hints.hasExactNumbers = isAgentFile(agentName);
    if (exact.hints.hasExactNumbers)
        restoreNumbers(exact.agent, agentName);
    if (arguments.has(QStringLiteral("history"))) {
        const QString path = arguments.value(QStringLiteral("history"));
        exact.options.rawHistory = parsePythonJson(
            readFile(path, QStringLiteral("The history file")), QStringLiteral("History file ") + path);
    }
    if (arguments.has(QStringLiteral("python-name")))
        exact.hints.agentNames = {arguments.value(QStringLiteral("python-name"))};
    if (arguments.has(QStringLiteral("unnamed")))
        exact.hints.agentNames = {std::nullopt, QStringLiteral("agent")};
    if (arguments.has(QStringLiteral("run-kwargs"))) {
        const QByteArray text = arguments.value(QStringLiteral("run-kwargs")).toUtf8();
        exact.hints.runArguments = parsePythonJson(text, QStringLiteral("--run-kwargs"));
        if (!exact.hints.runArguments.is_object())
            throw UsageError(QStringLiteral("--run-kwargs is no JSON object."));
    }
    const PythonTwin twin = pythonTwin(exact.agent, prompt, exact.options, exact.hints);
    const bool explains = arguments.has(QStringLiteral("explain"));
    if (!arguments.has(QStringLiteral("json"))) {
        printKeys(digest, canonical, twin, explains);
        co_return 0;
    }
    Json json = Json::object();
    json["fingerprint"] = toUtf8(digest);
    json["python"] = pythonJson(twin, explains);
    json["python_key"] = json["python"].empty() ? Json(nullptr) : json["python"].front()["key"];
    json["python_problem"] = twin.problem.isEmpty() ? Json(nullptr) : Json(toUtf8(twin.problem));
    json["python_leaves_out"] = Json::array();
    for (const QString& part : twin.leftOut)
        json["python_leaves_out"].push_back(toUtf8(part));
    if (explains)
        json["request"] = toCanonicalJson(canonical).toStdString();
    printJson(json);
    co_return 0;
}

} // namespace

std::vector<Command> requestCommands()
{
    Command keys;
    keys.name = QStringLiteral("key");
    keys.synopsis = QStringLiteral("--agent NAME|FILE --prompt TEXT|- [--history FILE] [--explain] [--json]");
    keys.summary = QStringLiteral("print under which keys a run would be stored");
    keys.options = requestOptions();
    const std::vector<OptionSpec> own{
        {QStringLiteral("run-kwargs"), QStringLiteral("JSON"),
            QStringLiteral("what the Python program gives to cached_agent_run() besides")},
        {QStringLiteral("python-name"), QStringLiteral("NAME"),
            QStringLiteral("the agent's name in the Python program")},
        {QStringLiteral("unnamed"), {}, QStringLiteral("the agent has no name in the Python program")},
        {QStringLiteral("explain"), {}, QStringLiteral("print the texts that are hashed, too")},
        {QStringLiteral("json"), {}, QStringLiteral("print JSON")},
    };
    keys.options.insert(keys.options.end(), own.begin(), own.end());
    keys.run = key;
    return {keys};
}

} // namespace llmcache::app
