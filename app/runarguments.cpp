#include "runarguments.h"

#include "agent/agentjson.h"
#include "agent/attachments.h"
#include "base/error.h"

#include <QFile>
#include <QFileInfo>

#include <cstdio>

namespace llmcache::app {

namespace {

constexpr qint64 largestInput = 64 * 1024 * 1024;

} // namespace

QByteArray readFile(const QString& path, const QString& what)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        throw ConfigurationError(
            QStringLiteral("%1 \"%2\" can't be read: %3.").arg(what, path, file.errorString()));
    if (file.size() > largestInput)
        throw ConfigurationError(QStringLiteral("%1 \"%2\" is larger than 64 MB.").arg(what, path));
    return file.readAll();
}

bool isAgentFile(const QString& nameOrFile)
{
    return nameOrFile.endsWith(QLatin1String(".json")) || nameOrFile.contains(QLatin1Char('/'))
        || QFileInfo(nameOrFile).isFile();
}

namespace {

QString readStandardInput()
{
    QFile input;
    if (!input.open(stdin, QIODevice::ReadOnly))
        throw UsageError(QStringLiteral("Standard input can't be read."));
    const QByteArray bytes = input.read(largestInput + 1);
    if (bytes.size() > largestInput)
        throw UsageError(QStringLiteral("The prompt on standard input is larger than 64 MB."));
    QString text = QString::fromUtf8(bytes);
    // `echo hi | llmcache run --prompt -` means "hi".
    if (text.endsWith(QLatin1Char('\n')))
        text.chop(1);
    return text;
}

/// A name of the workspace, or a file when it looks like one.
QCoro::Task<Agent> loadAgent(Session* session, QString nameOrFile)
{
    if (isAgentFile(nameOrFile))
        co_return parseAgent(readFile(nameOrFile, QStringLiteral("The agent file")),
            QStringLiteral("Agent file ") + nameOrFile);
    const auto stored = co_await session->store().loadAgent(nameOrFile);
    if (!stored)
        throw ConfigurationError(QStringLiteral("There is no agent \"%1\" in the workspace %2.")
                                     .arg(nameOrFile, session->config().workspace),
            QStringLiteral("\"llmcache agents list\" shows them; a file name ends in .json."));
    co_return stored->agent;
}

Variables variablesOf(const Arguments& arguments)
{
    Variables variables;
    const QStringList pairs = arguments.values(QStringLiteral("var"));
    for (const QString& pair : pairs) {
        const auto equals = pair.indexOf(QLatin1Char('='));
        if (equals <= 0)
            throw UsageError(QStringLiteral("--var \"%1\" is not NAME=VALUE.").arg(pair));
        variables.insert(pair.left(equals), pair.mid(equals + 1));
    }
    return variables;
}

} // namespace

std::vector<OptionSpec> requestOptions()
{
    return {
        {QStringLiteral("agent"), QStringLiteral("NAME|FILE"),
            QStringLiteral("an agent of the workspace, or an .agent.json file")},
        {QStringLiteral("prompt"), QStringLiteral("TEXT|-"),
            QStringLiteral("the prompt; - reads standard input")},
        {QStringLiteral("model"), QStringLiteral("PROVIDER:MODEL"),
            QStringLiteral("instead of the agent's model")},
        {QStringLiteral("task"), QStringLiteral("NAME"), QStringLiteral("what the call is billed to")},
        {QStringLiteral("var"), QStringLiteral("NAME=VALUE"),
            QStringLiteral("value of {{NAME}}; may be repeated"), true},
        {QStringLiteral("history"), QStringLiteral("FILE"),
            QStringLiteral("message history, a JSON list as OpenAI, Anthropic or PydanticAI have it")},
        {QStringLiteral("attach"), QStringLiteral("FILE|URL"),
            QStringLiteral("a picture or file that goes with the prompt; may be repeated"), true},
        {QStringLiteral("cache"), QStringLiteral("POLICY"),
            QStringLiteral("use (default), refresh, bypass, only, read-only")},
        {QStringLiteral("ttl"), QStringLiteral("SECONDS"),
            QStringLiteral("lifetime of the entry; 0 = never expires")},
        {QStringLiteral("sample"), QStringLiteral("N"),
            QStringLiteral("number of the repeat, each with an entry of its own")},
    };
}

QCoro::Task<Agent> resolveAgent(Session* session, Arguments arguments, QString agentsFolder)
{
    QString name = arguments.required(QStringLiteral("agent"));
    const QString ofProject = QStringLiteral("%1/%2.agent.json").arg(agentsFolder, name);
    if (!agentsFolder.isEmpty() && !name.contains(QLatin1Char('/')) && QFileInfo(ofProject).isFile())
        name = ofProject;
    Agent agent = co_await loadAgent(session, std::move(name));
    if (arguments.has(QStringLiteral("model")))
        agent.model = arguments.value(QStringLiteral("model"));
    co_return agent;
}

QString promptOf(const Arguments& arguments)
{
    const QString prompt = arguments.required(QStringLiteral("prompt"));
    return prompt == QLatin1String("-") ? readStandardInput() : prompt;
}

RunOptions runOptions(const Arguments& arguments)
{
    RunOptions options;
    options.taskName = arguments.value(QStringLiteral("task"));
    options.variables = variablesOf(arguments);
    if (arguments.has(QStringLiteral("history"))) {
        const QString path = arguments.value(QStringLiteral("history"));
        options.rawHistory = parseJson(
            readFile(path, QStringLiteral("The history file")), QStringLiteral("History file ") + path);
    }
    const QStringList attached = arguments.values(QStringLiteral("attach"));
    for (const QString& given : attached)
        options.attachments.push_back(attachmentFrom(given));
    const QString policyName = arguments.value(QStringLiteral("cache"), QStringLiteral("use"));
    const auto policy = cachePolicyFromName(policyName);
    if (!policy)
        throw UsageError(QStringLiteral("--cache \"%1\" is no cache policy.").arg(policyName),
            QStringLiteral("Use use, refresh, bypass, only or read-only."));
    options.cachePolicy = *policy;
    constexpr qint64 tenYears = 10LL * 366 * 86'400;
    if (const auto seconds = arguments.integer(QStringLiteral("ttl"), 0, tenYears))
        options.ttl = std::chrono::seconds(*seconds);
    if (const auto seconds = arguments.integer(QStringLiteral("stale"), 0, tenYears))
        options.staleWhileRevalidate = std::chrono::seconds(*seconds);
    if (const auto seconds = arguments.integer(QStringLiteral("max-wait"), 0, 86'400))
        options.maxWait = std::chrono::seconds(*seconds);
    if (const auto sample = arguments.integer(QStringLiteral("sample"), 0, 1'000'000))
        options.sample = static_cast<int>(*sample);
    options.tags = arguments.values(QStringLiteral("tag"));
    options.stream = arguments.has(QStringLiteral("stream"));
    return options;
}

} // namespace llmcache::app
