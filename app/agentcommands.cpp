#include "commands.h"

#include "agent/agentjson.h"
#include "agent/outputvalidation.h"
#include "base/error.h"
#include "output.h"

#include <QDateTime>
#include <QFile>

namespace llmcache::app {

namespace {

Json storedJson(const StoredAgent& stored)
{
    Json json = toJson(stored.agent);
    json["revision"] = stored.revision;
    json["saved_ms"] = stored.savedMs;
    json["saved_by"] = toUtf8(stored.savedBy);
    return json;
}

QCoro::Task<int> list(CommandContext context, Arguments arguments)
{
    const std::vector<StoredAgent> agents = co_await context.session->store().listAgents();
    if (arguments.has(QStringLiteral("json"))) {
        for (const StoredAgent& stored : agents)
            printJsonLine(storedJson(stored));
        co_return 0;
    }
    if (agents.empty()) {
        printLine(QStringLiteral("No agents in the workspace %1 yet. \"llmcache agents save FILE\" adds one.")
                      .arg(context.session->config().workspace));
        co_return 0;
    }
    TextTable table({QStringLiteral("NAME"), QStringLiteral("MODEL"), QStringLiteral("OUTPUT"),
                        QStringLiteral("REVISION"), QStringLiteral("SAVED")},
        {false, false, false, true, false});
    for (const StoredAgent& stored : agents)
        table.add({stored.agent.name, stored.agent.model,
            stored.agent.output.isText() ? QStringLiteral("text") : stored.agent.output.name,
            QString::number(stored.revision),
            QDateTime::fromMSecsSinceEpoch(stored.savedMs).toString(QStringLiteral("yyyy-MM-dd HH:mm"))
                + QStringLiteral(" by ") + stored.savedBy});
    print(table.toText());
    co_return 0;
}

QString oneName(const Arguments& arguments, const QString& what)
{
    if (arguments.operands().isEmpty())
        throw UsageError(QStringLiteral("Which %1?").arg(what), QStringLiteral("Try --help."));
    return arguments.operands().front();
}

QCoro::Task<int> show(CommandContext context, Arguments arguments)
{
    const QString name = oneName(arguments, QStringLiteral("agent"));
    const auto stored = co_await context.session->store().loadAgent(name);
    if (!stored)
        throw ConfigurationError(QStringLiteral("There is no agent \"%1\" in the workspace %2.")
                                     .arg(name, context.session->config().workspace),
            QStringLiteral("\"llmcache agents list\" shows them."));
    // The file format itself, so that the output can be edited and saved again.
    if (arguments.has(QStringLiteral("json")))
        printJson(toJson(stored->agent));
    else
        printLine(QString::fromUtf8(toPrettyJsonText(toJson(stored->agent))));
    co_return 0;
}

QCoro::Task<int> save(CommandContext context, Arguments arguments)
{
    const QString path = oneName(arguments, QStringLiteral("agent file"));
    QFile file;
    bool open = false;
    if (path == QLatin1String("-")) {
        open = file.open(stdin, QIODevice::ReadOnly);
    } else {
        file.setFileName(path);
        open = file.open(QIODevice::ReadOnly);
    }
    if (!open)
        throw ConfigurationError(
            QStringLiteral("The agent file \"%1\" can't be read: %2.").arg(path, file.errorString()));
    Agent agent = parseAgent(file.readAll(), QStringLiteral("Agent file ") + path);
    if (!agent.output.isText())
        checkSchema(
            agent.output.schema, QStringLiteral("Agent file %1: the field \"output.schema\"").arg(path));
    Session* const session = context.session;
    const qint64 expected =
        arguments.integer(QStringLiteral("if-revision"), 0, std::numeric_limits<qint64>::max()).value_or(-1);
    const QString user = session->config().identity.user;
    const StoredAgent stored =
        co_await session->store().saveAgent(std::move(agent), expected, user, session->clock().nowMs());
    if (arguments.has(QStringLiteral("json")))
        printJson(storedJson(stored));
    else
        printLine(QStringLiteral("Saved %1, revision %2.").arg(stored.agent.name).arg(stored.revision));
    co_return 0;
}

QCoro::Task<int> remove(CommandContext context, Arguments arguments)
{
    const QString name = oneName(arguments, QStringLiteral("agent"));
    if (!arguments.has(QStringLiteral("yes")) && !confirm(QStringLiteral("Delete the agent %1?").arg(name)))
        throw Cancelled(QStringLiteral("Nothing was deleted."), QStringLiteral("Confirm, or give --yes."));
    const bool removed = co_await context.session->store().removeAgent(name);
    if (!removed)
        throw ConfigurationError(QStringLiteral("There is no agent \"%1\".").arg(name),
            QStringLiteral("\"llmcache agents list\" shows them."));
    printLine(QStringLiteral("Deleted %1.").arg(name));
    co_return 0;
}

} // namespace

std::vector<Command> agentCommands()
{
    const OptionSpec json{QStringLiteral("json"), {}, QStringLiteral("print JSON")};
    Command listing;
    listing.name = QStringLiteral("agents list");
    listing.synopsis = QStringLiteral("[--json]");
    listing.summary = QStringLiteral("list the workspace's agents");
    listing.options = {json};
    listing.run = list;
    Command showing;
    showing.name = QStringLiteral("agents show");
    showing.synopsis = QStringLiteral("NAME [--json]");
    showing.summary = QStringLiteral("print an agent in the file format");
    showing.options = {json};
    showing.mostOperands = 1;
    showing.run = show;
    Command saving;
    saving.name = QStringLiteral("agents save");
    saving.synopsis = QStringLiteral("FILE|- [--if-revision N] [--json]");
    saving.summary = QStringLiteral("save an agent file in the workspace");
    saving.options = {{QStringLiteral("if-revision"), QStringLiteral("N"),
                          QStringLiteral("only when the stored one has this revision; 0 = not there yet")},
        json};
    saving.mostOperands = 1;
    saving.run = save;
    Command deleting;
    deleting.name = QStringLiteral("agents delete");
    deleting.synopsis = QStringLiteral("NAME [--yes]");
    deleting.summary = QStringLiteral("delete an agent");
    deleting.options = {{QStringLiteral("yes"), {}, QStringLiteral("do not ask")}};
    deleting.mostOperands = 1;
    deleting.run = remove;
    return {listing, showing, saving, deleting};
}

} // namespace llmcache::app
