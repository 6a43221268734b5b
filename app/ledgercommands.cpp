#include "commands.h"

#include "base/error.h"
#include "cache/callarchive.h"
#include "cache/repricing.h"
#include "interrupt.h"
#include "output.h"

#include <QDateTime>
#include <QDir>
#include <QTimeZone>

namespace llmcache::app {

namespace {

qint64 timeOption(
    const CommandContext& context, const Arguments& arguments, const QString& name, const QString& fallback)
{
    QByteArray zone = QTimeZone::systemTimeZoneId();
    if (!QTimeZone(zone).isValid())
        zone = "UTC";
    return parseTime(arguments.value(name, fallback), name, context.session->clock().nowMs(), zone);
}

Json repricedJson(const RepricedSums& sums)
{
    Json json = Json::object();
    json["calls"] = sums.calls;
    json["changed"] = sums.changed;
    json["kept"] = sums.kept;
    json["unpriced_before"] = sums.unpricedBefore;
    json["unpriced_after"] = sums.unpricedAfter;
    json["cost_before_usd"] = toUtf8(sums.before.toDecimal());
    json["cost_after_usd"] = toUtf8(sums.after.toDecimal());
    json["avoided_before_usd"] = toUtf8(sums.avoidedBefore.toDecimal());
    json["avoided_after_usd"] = toUtf8(sums.avoidedAfter.toDecimal());
    return json;
}

void printTable(const Repricing& repricing)
{
    TextTable table({QStringLiteral("MODEL"), QStringLiteral("CALLS"), QStringLiteral("CHANGED"),
                        QStringLiteral("UNPRICED"), QStringLiteral("CHARGED"), QStringLiteral("REPRICED"),
                        QStringLiteral("SAVED"), QStringLiteral("REPRICED")},
        {false, true, true, true, true, true, true, true});
    const auto add = [&table](const QString& name, const RepricedSums& sums) {
        table.add({name, QString::number(sums.calls), QString::number(sums.changed),
            QStringLiteral("%1 -> %2").arg(sums.unpricedBefore).arg(sums.unpricedAfter),
            sums.before.toDisplay(), sums.after.toDisplay(), sums.avoidedBefore.toDisplay(),
            sums.avoidedAfter.toDisplay()});
    };
    for (const auto& [model, sums] : repricing.models)
        add(model, sums);
    add(QStringLiteral("total"), repricing.total);
    print(table.toText());
}

QCoro::Task<int> undo(LedgerUpkeep* upkeep)
{
    auto undoing = upkeep->undoRepricing();
    const std::optional<AppliedRepricing> undone = co_await undoing;
    if (undone)
        printLine(QStringLiteral("The repricing by the prices of %1 is undone.").arg(undone->prices));
    else
        printLine(QStringLiteral("No repricing is applied."));
    co_return 0;
}

QCoro::Task<int> reprice(CommandContext context, Arguments arguments)
{
    LedgerUpkeep* const upkeep = &upkeepOf(*context.session);
    const bool applies = arguments.has(QStringLiteral("apply"));
    if (int(applies) + int(arguments.has(QStringLiteral("undo")))
            + int(arguments.has(QStringLiteral("dry-run")))
        > 1)
        throw UsageError(QStringLiteral("--dry-run, --apply and --undo exclude each other."));
    if (arguments.has(QStringLiteral("undo"))) {
        auto undoing = undo(upkeep);
        co_return co_await undoing;
    }
    const qint64 fromMs = timeOption(context, arguments, QStringLiteral("since"), QStringLiteral("all"));
    const qint64 toMs = arguments.has(QStringLiteral("until"))
        ? timeOption(context, arguments, QStringLiteral("until"), {})
        : std::numeric_limits<qint64>::max();
    const Interrupt interrupt;
    ProgressLine line;
    LedgerProgress progress = [&line](qint64 done, qint64 total) { line.show(done, total); };
    auto task = repriceCalls(context.session, fromMs, toMs, applies, std::move(progress), interrupt.token());
    const Repricing repricing = co_await task;
    line.end();
    if (arguments.has(QStringLiteral("json"))) {
        for (const auto& [model, sums] : repricing.models) {
            Json json = Json::object();
            json["model"] = toUtf8(model);
            json.update(repricedJson(sums));
            printJsonLine(json);
        }
        co_return 0;
    }
    printTable(repricing);
    if (repricing.total.kept > 0)
        printLine(QStringLiteral("%1 calls stay as they were charged: the prices do not cover them.")
                      .arg(repricing.total.kept));
    printLine(applies
            ? QStringLiteral("Applied, by the prices of %1. \"costs reprice --undo\" takes it back.")
                  .arg(repricing.prices)
            : QStringLiteral("Nothing is changed yet: --apply does it, by the prices of %1.")
                  .arg(repricing.prices));
    co_return 0;
}

QCoro::Task<int> rebuild(CommandContext context, Arguments)
{
    LedgerUpkeep* const upkeep = &upkeepOf(*context.session);
    const Interrupt interrupt;
    ProgressLine line;
    LedgerProgress progress = [&line](qint64 done, qint64 total) { line.show(done, total); };
    auto task = upkeep->rebuildPacks(std::move(progress), interrupt.token());
    const LedgerRebuild rebuilt = co_await task;
    line.end();
    printLine(QStringLiteral("%1 calls looked at, in %2 packs, of which %3 were wrong and are right now.")
                  .arg(rebuilt.calls)
                  .arg(rebuilt.packs)
                  .arg(rebuilt.repaired));
    co_return 0;
}

QCoro::Task<int> archive(CommandContext context, Arguments arguments)
{
    LedgerUpkeep* const upkeep = &upkeepOf(*context.session);
    arguments.required(QStringLiteral("before"));
    const qint64 beforeMs = timeOption(context, arguments, QStringLiteral("before"), {});
    const QString path = arguments.operands().isEmpty()
        ? archivePath(context.session->config(), context.session->clock().nowMs())
        : arguments.operands().front();
    const Interrupt interrupt;
    ProgressLine line;
    LedgerProgress progress = [&line](qint64 done, qint64 total) { line.show(done, total); };
    auto task = archiveToFile(upkeep, beforeMs, path, std::move(progress), interrupt.token());
    const qint64 archived = co_await task;
    line.end();
    printLine(archived == 0
            ? QStringLiteral("There are no calls before that.")
            : QStringLiteral("%1 calls are in %2 and no longer in the ledger; reports still have "
                             "their sums.")
                  .arg(archived)
                  .arg(QDir::toNativeSeparators(path)));
    co_return 0;
}

} // namespace

std::vector<Command> ledgerCommands()
{
    Command repricing;
    repricing.name = QStringLiteral("costs reprice");
    repricing.synopsis = QStringLiteral("[--since T] [--until T] [--dry-run|--apply|--undo] [--json]");
    repricing.summary = QStringLiteral("what calls cost by the prices of now, beside what was charged");
    repricing.options = {
        {QStringLiteral("since"), QStringLiteral("TIME"),
            QStringLiteral("7d, 2026-11-01, all (default all)")},
        {QStringLiteral("until"), QStringLiteral("TIME"), QStringLiteral("end of the range, exclusive")},
        {QStringLiteral("dry-run"), {}, QStringLiteral("show the difference only (default)")},
        {QStringLiteral("apply"), {}, QStringLiteral("show the new costs in reports from now on")},
        {QStringLiteral("undo"), {}, QStringLiteral("take the last repricing back")},
        {QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a model")},
    };
    repricing.run = reprice;

    Command rebuilding;
    rebuilding.name = QStringLiteral("costs rebuild");
    rebuilding.summary = QStringLiteral("make what reports read again from the calls");
    rebuilding.run = rebuild;

    Command archiving;
    archiving.name = QStringLiteral("costs archive");
    archiving.synopsis = QStringLiteral("[FILE] --before T");
    archiving.summary = QStringLiteral(
        "move old calls to a file (default: a new one in the data folder); their sums stay in reports");
    archiving.options = {{QStringLiteral("before"), QStringLiteral("TIME"),
        QStringLiteral("calls before it: 90d (ago), 2026-01-01")}};
    archiving.mostOperands = 1;
    archiving.run = archive;
    return {repricing, rebuilding, archiving};
}

} // namespace llmcache::app
