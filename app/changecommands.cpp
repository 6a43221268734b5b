#include "commands.h"

#include "base/error.h"
#include "cache/bulkchange.h"
#include "cache/entrysearch.h"
#include "entryselection.h"
#include "interrupt.h"
#include "output.h"
#include "store/imagefilter.h"

#include <QDateTime>
#include <QLocale>

namespace llmcache::app {

namespace {

/// The entries that a command means: those that are named, or those that pass its filter.
struct Choice {
    std::vector<EntryMeta> rows;
    EntryFilter filter; ///< checked again when it comes to it; empty for those that are named
};

QCoro::Task<Choice> chosen(Store* store, Arguments arguments, qint64 nowMs)
{
    const bool filtered = arguments.has(QStringLiteral("filter"));
    if (filtered == !arguments.operands().isEmpty())
        throw UsageError(QStringLiteral("Which entries?"),
            QStringLiteral("Give fingerprints or their first digits, or --filter."));
    Choice choice;
    if (filtered) {
        choice.filter = filterFrom(arguments.value(QStringLiteral("filter")), nowMs);
        if (choice.filter.isEmpty())
            throw UsageError(QStringLiteral("The filter is empty."),
                QStringLiteral("Write one that all entries pass, such as \"hits>=0\", if all are meant."));
        auto matching = matchingEntries(store, choice.filter, nowMs);
        choice.rows = co_await matching;
        co_return choice;
    }
    QStringList fingerprints;
    for (const QString& prefix : arguments.operands()) {
        auto resolving = resolveFingerprint(store, prefix);
        const QString fingerprint = co_await resolving;
        fingerprints.append(fingerprint);
    }
    fingerprints.removeDuplicates();
    for (const QString& fingerprint : fingerprints) {
        auto lookup = store->lookup(fingerprint, EntryParts::Meta);
        const std::optional<Entry> entry = co_await lookup;
        EntryMeta missing;
        missing.fingerprint = fingerprint;
        missing.revision = 0;
        choice.rows.push_back(entry ? entry->meta : missing);
    }
    co_return choice;
}

Json reportJson(const BulkReport& report, const char* changed)
{
    Json json = Json::object();
    json[changed] = report.changed;
    json["missing"] = report.absent;
    json["conflicts"] = report.conflicts;
    json["unaffected"] = report.unaffected;
    json["unsuitable"] = report.unsuitable;
    json["cancelled"] = report.cancelled;
    json["undo_forgotten"] = report.forgotten;
    json["undo"] = report.undoId.isEmpty() ? Json(nullptr) : Json(toUtf8(report.undoId));
    return json;
}

QString reportText(const BulkReport& report, const QString& done)
{
    QString text =
        QStringLiteral("%1 %2 of %3.").arg(done).arg(report.changed).arg(entriesText(report.asked));
    QStringList rest;
    const auto say = [&rest](qint64 count, const QString& what) {
        if (count > 0)
            rest.append(QStringLiteral("%1 %2").arg(count).arg(what));
    };
    say(report.unaffected, QStringLiteral("were so already"));
    say(report.absent, QStringLiteral("are gone"));
    say(report.conflicts, QStringLiteral("have changed since and were left alone"));
    say(report.unsuitable, QStringLiteral("are entries of Python programs, which hold no tags"));
    say(report.expired, QStringLiteral("would have expired by now"));
    if (!rest.isEmpty())
        text += QLatin1Char(' ') + rest.join(QStringLiteral(", ")) + QLatin1Char('.');
    return sentences({text, forgottenText(report.forgotten)});
}

/// What a change of these entries would cost in undo of earlier ones.
QCoro::Task<UndoRoom> roomFor(CommandContext context, Arguments arguments, EntryWeight weight)
{
    if (arguments.has(QStringLiteral("no-undo")))
        co_return UndoRoom();
    auto looking =
        context.session->undoJournal().roomFor(undoBytes(weight), context.session->clock().nowMs());
    const UndoRoom room = co_await looking;
    co_return room;
}

/// What a change would meet, for people.
QString previewText(const EntryWeight& weight, const UndoRoom& room)
{
    return sentences({weightText(weight), roomText(room)});
}

void printPreview(const EntryWeight& weight, const UndoRoom& room, bool json)
{
    if (!json) {
        printLine(previewText(weight, room));
        return;
    }
    Json object = toJson(weight);
    object["undo_forgotten"] = room.forgotten;
    object["undo_fits"] = room.fits;
    printJson(object);
}

/// Makes a change and reports it. Exit code 8 when it was interrupted.
QCoro::Task<int> change(
    CommandContext context, Arguments arguments, Choice choice, BulkAction action, QString done)
{
    Session* const session = context.session;
    const Interrupt interrupt;
    ProgressLine line;
    BulkOptions options;
    options.by = session->config().identity.user;
    options.nowMs = session->clock().nowMs();
    options.stop = interrupt.token();
    if (!arguments.has(QStringLiteral("no-undo")))
        options.journal = &session->undoJournal();
    if (!choice.filter.isEmpty()) {
        auto checking = validityCheck(&session->store(), choice.filter);
        ImageFilter::Check isInvalid = co_await checking;
        const ImageFilter filter(choice.filter, options.nowMs, std::move(isInvalid));
        options.stillApplies = [filter](const EntryImage& image) { return filter.matches(image); };
    }
    options.progress = [&line](const BulkReport& report, const std::vector<BulkResult>&) {
        line.show(report.done(), report.asked);
    };
    const bool deletes = action.kind == BulkAction::Kind::Delete;
    std::vector<BulkTarget> targets;
    targets.reserve(choice.rows.size());
    for (const EntryMeta& row : choice.rows)
        targets.push_back({row.fingerprint, row.revision});
    auto changing = changeMany(&session->store(), std::move(targets), std::move(action), std::move(options));
    const BulkReport report = co_await changing;
    line.end();
    if (arguments.has(QStringLiteral("json"))) {
        printJson(reportJson(report, deletes ? "deleted" : "changed"));
    } else {
        printLine(reportText(report, done));
        if (!report.undoId.isEmpty())
            printLine(QStringLiteral("\"llmcache entries undo\" takes it back."));
    }
    if (report.cancelled)
        throw Cancelled(QStringLiteral("Interrupted after %1.").arg(entriesText(report.done())),
            QStringLiteral("Run it again for the rest."));
    co_return 0;
}

QCoro::Task<int> removeChoice(CommandContext context, Arguments arguments, Choice choice)
{
    const qint64 now = context.session->clock().nowMs();
    const EntryWeight weight = weightOf(choice.rows, now);
    auto looking = roomFor(context, arguments, weight);
    const UndoRoom room = co_await looking;
    if (arguments.has(QStringLiteral("dry-run"))) {
        printPreview(weight, room, arguments.has(QStringLiteral("json")));
        co_return 0;
    }
    if (!choice.rows.empty() && !arguments.has(QStringLiteral("yes"))
        && !confirm(QStringLiteral("%1 Delete?").arg(previewText(weight, room))))
        throw Cancelled(QStringLiteral("Nothing was deleted."), QStringLiteral("Confirm, or give --yes."));
    auto removing =
        change(context, std::move(arguments), std::move(choice), BulkAction{}, QStringLiteral("Deleted"));
    const int code = co_await removing;
    co_return code;
}

QCoro::Task<int> remove(CommandContext context, Arguments arguments)
{
    auto choosing = chosen(&context.session->store(), arguments, context.session->clock().nowMs());
    Choice choice = co_await choosing;
    auto removing = removeChoice(context, std::move(arguments), std::move(choice));
    const int code = co_await removing;
    co_return code;
}

QCoro::Task<int> clear(CommandContext context, Arguments arguments)
{
    Choice choice;
    auto listing =
        matchingEntries(&context.session->store(), EntryFilter(), context.session->clock().nowMs());
    choice.rows = co_await listing;
    // Those of Python belong to no workspace.
    if (!arguments.has(QStringLiteral("python")))
        std::erase_if(choice.rows, [](const EntryMeta& row) { return row.python; });
    auto removing = removeChoice(context, std::move(arguments), std::move(choice));
    const int code = co_await removing;
    co_return code;
}

/// The command that does one thing to the entries that are chosen.
QCoro::Task<int> changeChosen(CommandContext context, Arguments arguments, BulkAction action, QString done)
{
    auto choosing = chosen(&context.session->store(), arguments, context.session->clock().nowMs());
    Choice choice = co_await choosing;
    if (arguments.has(QStringLiteral("dry-run"))) {
        const EntryWeight weight = weightOf(choice.rows, context.session->clock().nowMs());
        auto looking = roomFor(context, arguments, weight);
        const UndoRoom room = co_await looking;
        printPreview(weight, room, arguments.has(QStringLiteral("json")));
        co_return 0;
    }
    auto changing =
        change(context, std::move(arguments), std::move(choice), std::move(action), std::move(done));
    const int code = co_await changing;
    co_return code;
}

qint64 lifetimeEnd(const CommandContext& context, const Arguments& arguments)
{
    constexpr qint64 longest = qint64(100) * 365 * 24 * 3600;
    const qint64 seconds = arguments.integer(QStringLiteral("in"), 1, longest).value_or(defaultTtl.count());
    return context.session->clock().nowMs() + seconds * 1000;
}

QCoro::Task<int> expire(CommandContext context, Arguments arguments)
{
    BulkAction action{BulkAction::Kind::SetExpiry};
    action.expiresMs = lifetimeEnd(context, arguments);
    return changeChosen(context, std::move(arguments), action, QStringLiteral("Set the expiry of"));
}

QCoro::Task<int> persist(CommandContext context, Arguments arguments)
{
    return changeChosen(context, std::move(arguments), BulkAction{BulkAction::Kind::SetExpiry},
        QStringLiteral("Removed the expiry of"));
}

QCoro::Task<int> pin(CommandContext context, Arguments arguments)
{
    BulkAction action{BulkAction::Kind::Pin};
    action.reason = arguments.value(QStringLiteral("reason")).trimmed();
    return changeChosen(context, std::move(arguments), action, QStringLiteral("Pinned"));
}

QCoro::Task<int> unpin(CommandContext context, Arguments arguments)
{
    BulkAction action{BulkAction::Kind::Unpin};
    action.expiresMs = lifetimeEnd(context, arguments);
    return changeChosen(context, std::move(arguments), action, QStringLiteral("Unpinned"));
}

QCoro::Task<int> tag(CommandContext context, Arguments arguments)
{
    constexpr qsizetype longestTag = 100;
    const bool adds = arguments.has(QStringLiteral("add"));
    if (adds == arguments.has(QStringLiteral("remove")))
        throw UsageError(QStringLiteral("Which tag?"), QStringLiteral("Give --add TAG or --remove TAG."));
    BulkAction action{adds ? BulkAction::Kind::AddTag : BulkAction::Kind::RemoveTag};
    action.tag = arguments.value(adds ? QStringLiteral("add") : QStringLiteral("remove")).trimmed();
    if (action.tag.isEmpty() || action.tag.size() > longestTag)
        throw UsageError(QStringLiteral("The tag is empty or too long."),
            QStringLiteral("Use 1 to %1 characters.").arg(longestTag));
    return changeChosen(
        context, std::move(arguments), action, adds ? QStringLiteral("Tagged") : QStringLiteral("Untagged"));
}

QString timeText(qint64 ms)
{
    return QDateTime::fromMSecsSinceEpoch(ms).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
}

void printChanges(const std::vector<UndoSummary>& changes, bool json)
{
    if (json) {
        for (const UndoSummary& one : changes)
            printJsonLine(
                Json{{"id", toUtf8(one.id)}, {"time_ms", one.timeMs}, {"action", toUtf8(one.action)},
                    {"by", toUtf8(one.by)}, {"entries", one.entries}, {"bytes", one.bytes}});
        return;
    }
    if (changes.empty()) {
        printLine(QStringLiteral("There is nothing to undo here."));
        return;
    }
    TextTable table({QStringLiteral("ID"), QStringLiteral("TIME"), QStringLiteral("CHANGE"),
                        QStringLiteral("BY"), QStringLiteral("ENTRIES"), QStringLiteral("SIZE")},
        {false, false, false, false, true, true});
    for (const UndoSummary& one : changes)
        table.add({one.id, timeText(one.timeMs), one.action, one.by, QString::number(one.entries),
            QLocale::c().formattedDataSize(one.bytes)});
    print(table.toText());
}

/// The change that is meant: the last one, or the one whose id starts so.
const UndoSummary& meant(const std::vector<UndoSummary>& changes, const QStringList& operands)
{
    if (changes.empty())
        throw CacheError(QStringLiteral("There is nothing to undo in this store."),
            QStringLiteral("Changes made elsewhere are kept where they were made."));
    if (operands.isEmpty())
        return changes.front();
    std::vector<const UndoSummary*> found;
    for (const UndoSummary& one : changes) {
        if (one.id.startsWith(operands.front()))
            found.push_back(&one);
    }
    if (found.size() != 1)
        throw UsageError(
            QStringLiteral("\"%1\" names %2 changes.")
                .arg(operands.front(), found.empty() ? QStringLiteral("no") : QStringLiteral("several")),
            QStringLiteral("\"llmcache entries undo --list\" shows their ids."));
    return *found.front();
}

QCoro::Task<int> undo(CommandContext context, Arguments arguments)
{
    Session* const session = context.session;
    const bool json = arguments.has(QStringLiteral("json"));
    auto listing = session->undoJournal().list(session->store().info());
    const std::vector<UndoSummary> changes = co_await listing;
    if (arguments.has(QStringLiteral("list"))) {
        printChanges(changes, json);
        co_return 0;
    }
    const UndoSummary which = meant(changes, arguments.operands());
    const Interrupt interrupt;
    ProgressLine line;
    BulkOptions options;
    options.by = session->config().identity.user;
    options.nowMs = session->clock().nowMs();
    options.journal = &session->undoJournal();
    options.stop = interrupt.token();
    options.progress = [&line](const BulkReport& report, const std::vector<BulkResult>&) {
        line.show(report.done(), report.asked);
    };
    auto undoing =
        undoChange(&session->store(), which, arguments.has(QStringLiteral("overwrite")), std::move(options));
    const BulkReport report = co_await undoing;
    line.end();
    if (json) {
        Json object = reportJson(report, "restored");
        object["expired"] = report.expired;
        printJson(object);
    } else {
        printLine(QStringLiteral("Undoing \"%1\" of %2: ").arg(which.action, timeText(which.timeMs))
            + reportText(report, QStringLiteral("restored")));
        if (report.conflicts > 0)
            printLine(QStringLiteral("--overwrite restores those too, and can be undone."));
    }
    if (report.cancelled)
        throw Cancelled(QStringLiteral("Interrupted after %1.").arg(entriesText(report.done())),
            QStringLiteral("Run it again for the rest."));
    co_return 0;
}

} // namespace

std::vector<Command> changeCommands()
{
    constexpr int mostOperands = 100'000;
    const OptionSpec json{QStringLiteral("json"), {}, QStringLiteral("print the numbers as JSON")};
    const OptionSpec filter{QStringLiteral("filter"), QStringLiteral("FILTER"),
        QStringLiteral("all entries that pass it, as in the Cache view")};
    const OptionSpec dryRun{
        QStringLiteral("dry-run"), {}, QStringLiteral("say what would be changed, and change nothing")};
    const OptionSpec noUndo{
        QStringLiteral("no-undo"), {}, QStringLiteral("keep nothing to undo it with: faster, and final")};
    const OptionSpec yes{QStringLiteral("yes"), {}, QStringLiteral("do not ask")};
    const OptionSpec in{
        QStringLiteral("in"), QStringLiteral("SECONDS"), QStringLiteral("from now (default: 15 days)")};
    const auto make = [&](const QString& name, const QString& operands, const QString& summary,
                          std::vector<OptionSpec> own, auto run) {
        Command command;
        command.name = QStringLiteral("entries ") + name;
        command.synopsis = operands + QStringLiteral(" [--dry-run] [--no-undo] [--json]");
        command.summary = summary;
        command.options = std::move(own);
        command.options.insert(command.options.end(), {dryRun, noUndo, json});
        command.mostOperands = mostOperands;
        command.run = run;
        return command;
    };
    const QString which = QStringLiteral("FINGERPRINT…|--filter FILTER");
    const OptionSpec python{QStringLiteral("python"), {},
        QStringLiteral("also the entries of pyai-caching, which are in every workspace of the database")};
    Command clearing = make(QStringLiteral("clear"), QStringLiteral("[--yes] [--python]"),
        QStringLiteral("delete all entries of the workspace; agents and ledger stay"), {yes, python}, clear);
    clearing.mostOperands = 0;
    Command undoing;
    undoing.name = QStringLiteral("entries undo");
    undoing.synopsis = QStringLiteral("[ID] [--list] [--overwrite] [--json]");
    undoing.summary = QStringLiteral("take back the last change of entries made from here, or another one");
    undoing.options = {{QStringLiteral("list"), {}, QStringLiteral("list what can be undone, newest first")},
        {QStringLiteral("overwrite"), {}, QStringLiteral("also entries that somebody has changed since")},
        json};
    undoing.mostOperands = 1;
    undoing.run = undo;
    return {make(QStringLiteral("delete"), which + QStringLiteral(" [--yes]"),
                QStringLiteral("delete entries"), {filter, yes}, remove),
        clearing, undoing,
        make(QStringLiteral("expire"), which + QStringLiteral(" [--in SECONDS]"),
            QStringLiteral("set when entries expire"), {filter, in}, expire),
        make(QStringLiteral("persist"), which, QStringLiteral("let entries never expire"), {filter}, persist),
        make(QStringLiteral("pin"), which + QStringLiteral(" [--reason TEXT]"),
            QStringLiteral("mark entries as pinned; they never expire"),
            {filter,
                {QStringLiteral("reason"), QStringLiteral("TEXT"), QStringLiteral("why, for others to see")}},
            pin),
        make(QStringLiteral("unpin"), which + QStringLiteral(" [--in SECONDS]"),
            QStringLiteral("take the mark away, and set when they expire"), {filter, in}, unpin),
        make(QStringLiteral("tag"), which + QStringLiteral(" --add TAG|--remove TAG"),
            QStringLiteral("add a tag to entries, or remove it"),
            {filter, {QStringLiteral("add"), QStringLiteral("TAG"), QStringLiteral("the tag to add")},
                {QStringLiteral("remove"), QStringLiteral("TAG"), QStringLiteral("the tag to remove")}},
            tag)};
}

} // namespace llmcache::app
