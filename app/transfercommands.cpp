#include "commands.h"

#include "base/error.h"
#include "cache/entryexport.h"
#include "cache/entryimport.h"
#include "entryselection.h"
#include "interrupt.h"
#include "output.h"

namespace llmcache::app {

namespace {

QString fileOperand(const Arguments& arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which file?"), QStringLiteral("Name one, or - for the standard streams."));
    return arguments.operands().front();
}

QCoro::Task<int> exportAll(CommandContext context, Arguments arguments)
{
    const QString path = fileOperand(arguments);
    const bool toStandardOutput = path == QLatin1String("-");
    const Interrupt interrupt;
    ProgressLine line;
    ExportOptions options;
    options.nowMs = context.session->clock().nowMs();
    options.filter = filterFrom(arguments.value(QStringLiteral("filter")), options.nowMs);
    options.resume = arguments.has(QStringLiteral("resume"));
    if (options.resume && toStandardOutput)
        throw UsageError(QStringLiteral("An export to the standard output can't be resumed."),
            QStringLiteral("Name a file."));
    options.stop = interrupt.token();
    options.progress = [&line](const ExportReport& report) { line.show(report.scanned, report.total); };
    ExportReport report;
    bool interrupted = false;
    try {
        auto exporting = exportEntries(&context.session->store(), path, std::move(options));
        report = co_await exporting;
    } catch (const Cancelled&) {
        interrupted = true;
    }
    line.end();
    if (interrupted)
        throw Cancelled(QStringLiteral("Interrupted."),
            toStandardOutput ? QString() : QStringLiteral("Run it again with --resume for the rest."));
    QString text = QStringLiteral("Exported %1.").arg(entriesText(report.written));
    if (report.kept > 0)
        text += QStringLiteral(" %1 were in the file already.").arg(report.kept);
    if (report.damaged > 0)
        text += QStringLiteral(" %1 are damaged and were left out.").arg(report.damaged);
    if (toStandardOutput)
        printError(text);
    else
        printLine(text);
    co_return 0;
}

OnConflict onConflictFrom(const QString& text)
{
    if (text == QLatin1String("skip"))
        return OnConflict::Skip;
    if (text == QLatin1String("replace"))
        return OnConflict::Replace;
    if (text == QLatin1String("newer"))
        return OnConflict::Newer;
    throw UsageError(QStringLiteral("--on-conflict \"%1\" is unknown.").arg(text),
        QStringLiteral("Use skip, replace or newer."));
}

void printReport(const ImportReport& report, bool dryRun, bool json)
{
    if (json) {
        Json object = Json::object();
        object["imported"] = report.imported;
        object["replaced"] = report.replaced;
        object["kept"] = report.kept;
        object["expired"] = report.expired;
        object["malformed"] = report.malformed;
        object["problem"] = report.problem.isEmpty() ? Json(nullptr) : Json(toUtf8(report.problem));
        object["undo_forgotten"] = dryRun ? report.room.forgotten : report.forgotten;
        if (dryRun)
            object["undo_fits"] = report.room.fits;
        object["undo"] = report.undoId.isEmpty() ? Json(nullptr) : Json(toUtf8(report.undoId));
        printJson(object);
        return;
    }
    const QString text =
        QStringLiteral("%1 %2, %3 of them in place of others; already there: %4, expired: %5, "
                       "malformed lines: %6.")
            .arg(dryRun ? QStringLiteral("Would import") : QStringLiteral("Imported"))
            .arg(report.imported)
            .arg(report.replaced)
            .arg(report.kept)
            .arg(report.expired)
            .arg(report.malformed);
    printLine(sentences({text, dryRun ? roomText(report.room) : forgottenText(report.forgotten)}));
    if (!report.undoId.isEmpty())
        printLine(QStringLiteral("\"llmcache entries undo\" brings back what was replaced."));
}

QCoro::Task<int> importAll(CommandContext context, Arguments arguments)
{
    Session* const session = context.session;
    const QString path = fileOperand(arguments);
    const Interrupt interrupt;
    ProgressLine line;
    ImportOptions options;
    options.onConflict =
        onConflictFrom(arguments.value(QStringLiteral("on-conflict"), QStringLiteral("skip")));
    options.strict = arguments.has(QStringLiteral("strict"));
    options.dryRun = arguments.has(QStringLiteral("dry-run"));
    options.nowMs = session->clock().nowMs();
    options.by = session->config().identity.user;
    if (!arguments.has(QStringLiteral("no-undo")))
        options.journal = &session->undoJournal();
    options.stop = interrupt.token();
    options.malformed = [](qint64 number, const QString& problem) {
        printError(QStringLiteral("llmcache: warning: line %1: %2").arg(number).arg(problem));
    };
    options.progress = [&line](const ImportReport& report) {
        if (report.lines > 0)
            line.show(report.imported + report.kept + report.expired + report.malformed, report.lines);
    };
    const bool dryRun = options.dryRun;
    ImportReport report;
    bool interrupted = false;
    try {
        auto importing = importEntries(&session->store(), path, std::move(options));
        report = co_await importing;
    } catch (const Cancelled&) {
        interrupted = true;
    }
    line.end();
    if (interrupted)
        throw Cancelled(QStringLiteral("Interrupted."),
            QStringLiteral("Run it again for the rest; nothing is stored twice."));
    if (!report.problem.isEmpty())
        printError(QStringLiteral("llmcache: warning: \"%1\" %2.").arg(path, report.problem));
    printReport(report, dryRun, arguments.has(QStringLiteral("json")));
    co_return 0;
}

} // namespace

std::vector<Command> transferCommands()
{
    Command exporting;
    exporting.name = QStringLiteral("entries export");
    exporting.synopsis = QStringLiteral("FILE|- [--filter FILTER] [--resume]");
    exporting.summary =
        QStringLiteral("write entries to a file, one JSON object a line; .gz and .zst compress it");
    exporting.options = {{QStringLiteral("filter"), QStringLiteral("FILTER"),
                             QStringLiteral("only entries that pass it, as in the Cache view")},
        {QStringLiteral("resume"), {}, QStringLiteral("complete what an interrupted export left")}};
    exporting.mostOperands = 1;
    exporting.run = exportAll;
    Command importing;
    importing.name = QStringLiteral("entries import");
    importing.synopsis = QStringLiteral(
        "FILE|- [--on-conflict skip|replace|newer] [--strict] [--dry-run] [--no-undo] [--json]");
    importing.summary = QStringLiteral("store exported entries; they keep their expiry");
    importing.options = {{QStringLiteral("on-conflict"), QStringLiteral("POLICY"),
                             QStringLiteral("for entries that are there: skip (default), replace, newer")},
        {QStringLiteral("strict"), {}, QStringLiteral("import nothing when a line is malformed")},
        {QStringLiteral("dry-run"), {}, QStringLiteral("say what would be imported, and import nothing")},
        {QStringLiteral("no-undo"), {}, QStringLiteral("do not keep what is replaced")},
        {QStringLiteral("json"), {}, QStringLiteral("print the numbers as JSON")}};
    importing.mostOperands = 1;
    importing.run = importAll;
    return {exporting, importing};
}

} // namespace llmcache::app
