#include "commands.h"

#include "base/error.h"
#include "interrupt.h"
#include "output.h"
#include "runarguments.h"
#include "store/pythonstore.h"

namespace llmcache::app {

namespace {

void reportProgress(const RunEvent& event)
{
    switch (event.kind) {
    case RunEvent::Kind::LookingUp:
        printError(QStringLiteral("looking up"));
        break;
    case RunEvent::Kind::WaitingForOther:
        printError(QStringLiteral("waiting for another run of the same request"));
        break;
    case RunEvent::Kind::Requesting:
        printError(QStringLiteral("asking the provider, attempt %1").arg(event.attempt + 1));
        break;
    case RunEvent::Kind::Retrying:
        printError(QStringLiteral("waiting %1 s: %2")
                       .arg(static_cast<double>(event.wait.count()) / 1000.0, 0, 'f', 1)
                       .arg(event.text));
        break;
    case RunEvent::Kind::Validating:
        printError(QStringLiteral("the answer does not fit, asking again: %1").arg(event.text));
        break;
    case RunEvent::Kind::Storing:
        printError(QStringLiteral("storing"));
        break;
    case RunEvent::Kind::Text:
        break;
    }
}

void printSummary(const RunResult& result)
{
    const RunData& data = result.data();
    QString line = outcomeName(data.outcome).toUpper() + QStringLiteral("  ") + data.model;
    if (data.entry && data.entry->python)
        line += QStringLiteral("  from pyai-caching");
    line += QStringLiteral("  %1+%2 tokens").arg(data.usage.inputTokens).arg(data.usage.outputTokens);
    line += QStringLiteral("  cost ") + (data.cost ? data.cost->toDisplay() : QStringLiteral("unpriced"));
    if (data.avoidedCost)
        line += QStringLiteral("  saved ") + data.avoidedCost->toDisplay();
    line += QStringLiteral("  %1 ms  %2")
                .arg(static_cast<double>(data.latency.count()) / 1000.0, 0, 'f', 1)
                .arg(data.fingerprint.left(8));
    printError(line);
}

/// Set by the signal handler; a timer of the run looks at it.
QCoro::Task<int> runAgent(CommandContext context, Arguments arguments)
{
    RunOptions options = runOptions(arguments);
    arguments.required(QStringLiteral("prompt")); // a missing one is told before the agent is looked for
    Agent agent = co_await resolveAgent(context.session, arguments, context.agentsFolder);
    QString prompt = promptOf(arguments);
    const bool json = arguments.has(QStringLiteral("json"));
    const bool verbose = context.verbose;
    const bool stream = options.stream;
    bool streamed = false;
    options.progress = [&streamed, json, verbose, stream](const RunEvent& event) {
        if (verbose)
            reportProgress(event);
        if (event.kind == RunEvent::Kind::Text && stream && !json) {
            streamed = true;
            print(event.text);
        }
    };
    if (arguments.has(QStringLiteral("write-python"))) {
        PythonStore* const shared = pythonStoreOf(&context.session->store());
        if (!shared)
            throw UsageError(QStringLiteral("--write-python needs a Redis store."),
                QStringLiteral("Name the one that the Python programs use with --store."));
        shared->setWrittenForPython(true);
    }
    const Interrupt interrupt;
    options.stop = interrupt.token();
    co_await context.session->replaySpool();
    const RunResult result =
        co_await context.session->runner().run(std::move(agent), std::move(prompt), std::move(options));
    for (const QString& warning : result.warnings())
        printError(QStringLiteral("llmcache: warning: %1").arg(warning));
    if (json) {
        printJson(toJson(result));
    } else {
        if (streamed)
            printLine();
        else
            printLine(result.output().is_string() ? result.text()
                                                  : QString::fromUtf8(toPrettyJsonText(result.output())));
        if (verbose)
            printSummary(result);
    }
    co_return 0;
}

} // namespace

std::vector<Command> runCommands()
{
    Command run;
    run.name = QStringLiteral("run");
    run.synopsis = QStringLiteral("--agent NAME|FILE --prompt TEXT|- [options]");
    run.summary = QStringLiteral("run a prompt through the cache");
    run.options = requestOptions();
    const std::vector<OptionSpec> more{
        {QStringLiteral("stale"), QStringLiteral("SECONDS"),
            QStringLiteral(
                "serve an entry for so long beyond its lifetime, and fetch a new answer meanwhile")},
        {QStringLiteral("max-wait"), QStringLiteral("SECONDS"),
            QStringLiteral("longest wait for rate limits in all (default 60)")},
        {QStringLiteral("tag"), QStringLiteral("TAG"),
            QStringLiteral("for entry and ledger; may be repeated"), true},
        {QStringLiteral("write-python"), {},
            QStringLiteral("also store the answer as pyai-caching does, for Python programs")},
        {QStringLiteral("stream"), {}, QStringLiteral("print the answer as it comes")},
        {QStringLiteral("json"), {}, QStringLiteral("print the full result as JSON")},
    };
    run.options.insert(run.options.end(), more.begin(), more.end());
    run.run = runAgent;
    return {run};
}

} // namespace llmcache::app
