#include "cache/explain.h"

#include "interrupt.h"
#include "output.h"
#include "runarguments.h"

namespace llmcache::app {

namespace {

/// A text in one line of the list of differences.
QString lineOf(const QString& text)
{
    constexpr qsizetype longest = 200;
    QString line = text.simplified();
    if (line.size() > longest)
        line = line.left(longest - 1) + QChar(0x2026);
    return line;
}

Json toJson(const Explanation& explanation)
{
    Json json = Json::object();
    json["reason"] = toUtf8(reasonName(explanation.reason));
    json["verdict"] = toUtf8(explanation.verdict);
    json["fingerprint"] = toUtf8(explanation.fingerprint);
    json["nearest"] = explanation.nearest ? Json(toUtf8(explanation.nearest->fingerprint)) : Json();
    json["differences"] = Json::array();
    for (const RequestDifference& difference : explanation.differences) {
        Json item = Json::object();
        item["field"] = toUtf8(difference.field);
        item["verdict"] = toUtf8(difference.verdict);
        item["before"] = toUtf8(difference.before);
        item["after"] = toUtf8(difference.after);
        json["differences"].push_back(std::move(item));
    }
    return json;
}

void printText(const Explanation& explanation)
{
    printLine(explanation.verdict);
    if (explanation.reason != Explanation::Reason::Changed)
        return;
    printLine(QStringLiteral("nearest entry: %1  %2  %3")
                  .arg(explanation.nearest->fingerprint.left(8), explanation.nearest->model,
                      lineOf(explanation.nearest->promptExcerpt)));
    for (const RequestDifference& difference : explanation.differences) {
        printLine();
        printLine(difference.field);
        if (!difference.before.isEmpty())
            printLine(QStringLiteral("  - ") + lineOf(difference.before));
        if (!difference.after.isEmpty())
            printLine(QStringLiteral("  + ") + lineOf(difference.after));
    }
}

QCoro::Task<int> explain(CommandContext context, Arguments arguments)
{
    Session* const session = context.session;
    const RunOptions run = runOptions(arguments);
    const Agent agent = co_await resolveAgent(session, arguments, context.agentsFolder);
    const QString prompt = promptOf(arguments);
    Request request = session->runner().buildRequest(agent, prompt, run);
    const Interrupt interrupt;
    ProgressLine progress;
    ExplainOptions options;
    options.policy = run.cachePolicy;
    options.agent = agent.name;
    options.task = run.taskName.isEmpty() ? agent.task : run.taskName;
    options.ttl = run.ttl ? run.ttl : agent.ttl;
    options.nowMs = session->clock().nowMs();
    options.journal = &session->undoJournal();
    options.progress = [&progress](const Explanation& soFar) { progress.show(soFar.scanned, soFar.total); };
    options.stop = interrupt.token();
    const Explanation explanation =
        co_await explainMiss(&session->store(), std::move(request), std::move(options));
    progress.end();
    if (arguments.has(QStringLiteral("json")))
        printJson(toJson(explanation));
    else
        printText(explanation);
    co_return 0;
}

} // namespace

std::vector<Command> explainCommands()
{
    Command command;
    command.name = QStringLiteral("explain");
    command.synopsis = QStringLiteral("--agent NAME|FILE --prompt TEXT|- [options]");
    command.summary = QStringLiteral("say why a run would miss the cache");
    command.options = requestOptions();
    command.options.push_back({QStringLiteral("json"), {}, QStringLiteral("print the explanation as JSON")});
    command.run = explain;
    return {command};
}

} // namespace llmcache::app
