#include "commands.h"

#include "base/error.h"
#include "output.h"

#include <QDateTime>

namespace llmcache::app {

namespace {

constexpr int pageSize = 500;
constexpr int mostMatches = 20;

QString timeText(qint64 ms)
{
    return ms == 0 ? QStringLiteral("-")
                   : QDateTime::fromMSecsSinceEpoch(ms).toString(QStringLiteral("yyyy-MM-dd HH:mm"));
}

QString costText(const std::optional<Money>& cost)
{
    return cost ? cost->toDisplay() : QStringLiteral("unpriced");
}

Json rowJson(const EntryMeta& meta)
{
    Json json = Json::object();
    json["fingerprint"] = toUtf8(meta.fingerprint);
    const Json stored = toJson(meta);
    for (const auto& member : stored.items())
        json[member.key()] = member.value();
    json["revision"] = meta.revision;
    json["hits"] = meta.hits;
    json["last_used_ms"] = meta.lastUsedMs == 0 ? Json(nullptr) : Json(meta.lastUsedMs);
    json["expires_ms"] = meta.expiresMs ? Json(*meta.expiresMs) : Json(nullptr);
    return json;
}

/// A whole fingerprint, or the one that a prefix of 4 digits or more names.
QCoro::Task<QString> resolve(Store* store, QString prefix)
{
    const QString text = prefix.toLower();
    const bool hex = std::all_of(text.begin(), text.end(), [](QChar c) {
        return (c >= QLatin1Char('0') && c <= QLatin1Char('9'))
            || (c >= QLatin1Char('a') && c <= QLatin1Char('f'));
    });
    constexpr int wholeLength = 64;
    constexpr int shortest = 4;
    if (!hex || text.size() < shortest || text.size() > wholeLength)
        throw UsageError(QStringLiteral("\"%1\" is no fingerprint.").arg(prefix),
            QStringLiteral("Give 4 to 64 hexadecimal digits."));
    if (text.size() == wholeLength)
        co_return text;
    const QStringList found = co_await store->resolveFingerprint(text, mostMatches);
    if (found.isEmpty())
        throw CacheError(QStringLiteral("No entry starts with %1.").arg(text),
            QStringLiteral("\"llmcache entries list\" shows them."));
    if (found.size() > 1) {
        QStringList starts;
        for (const QString& one : found)
            starts.append(one.left(16));
        throw UsageError(QStringLiteral("%1 names %2 entries: %3.")
                             .arg(text)
                             .arg(found.size())
                             .arg(starts.join(QStringLiteral(", "))),
            QStringLiteral("Give more digits."));
    }
    co_return found.front();
}

QCoro::Task<int> list(CommandContext context, Arguments arguments)
{
    Store& store = context.session->store();
    const bool json = arguments.has(QStringLiteral("json"));
    const qint64 limit =
        arguments.integer(QStringLiteral("limit"), 1, 100'000'000).value_or(json ? 100'000'000 : 200);
    std::vector<EntryMeta> rows;
    QByteArray cursor;
    do {
        const QByteArray from = cursor;
        EntryPage page = co_await store.listEntries(from, pageSize);
        std::move(page.rows.begin(), page.rows.end(), std::back_inserter(rows));
        cursor = page.cursor;
    } while (!cursor.isEmpty());
    std::sort(rows.begin(), rows.end(), [](const EntryMeta& left, const EntryMeta& right) {
        return left.createdMs != right.createdMs ? left.createdMs > right.createdMs
                                                 : left.fingerprint < right.fingerprint;
    });
    const auto shown = std::min(rows.size(), static_cast<std::size_t>(limit));
    if (json) {
        for (std::size_t at = 0; at < shown; ++at)
            printJsonLine(rowJson(rows[at]));
        co_return 0;
    }
    if (rows.empty()) {
        printLine(QStringLiteral("No entries in the workspace %1 yet. \"llmcache run\" makes one.")
                      .arg(context.session->config().workspace));
        co_return 0;
    }
    constexpr int promptWidth = 40;
    TextTable table({QStringLiteral("FINGERPRINT"), QStringLiteral("CREATED"), QStringLiteral("AGENT"),
                        QStringLiteral("MODEL"), QStringLiteral("TASK"), QStringLiteral("HITS"),
                        QStringLiteral("COST"), QStringLiteral("PROMPT")},
        {false, false, false, false, false, true, true, false});
    for (std::size_t at = 0; at < shown; ++at) {
        const EntryMeta& meta = rows[at];
        table.add({meta.fingerprint.left(12), timeText(meta.createdMs), meta.agent, meta.model, meta.task,
            QString::number(meta.hits), costText(meta.cost), meta.promptExcerpt.left(promptWidth)});
    }
    print(table.toText());
    if (shown < rows.size())
        printError(QStringLiteral("%1 of %2 entries; --limit shows more.").arg(shown).arg(rows.size()));
    co_return 0;
}

QCoro::Task<int> show(CommandContext context, Arguments arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which entry?"), QStringLiteral("Give its fingerprint or the first digits."));
    Store& store = context.session->store();
    const QString prefix = arguments.operands().front();
    const QString fingerprint = co_await resolve(&store, prefix);
    const std::optional<Entry> entry = co_await store.lookup(fingerprint);
    if (!entry)
        throw CacheError(QStringLiteral("There is no entry %1.").arg(fingerprint.left(12)),
            QStringLiteral("It may have expired."));
    if (arguments.has(QStringLiteral("json"))) {
        Json json = rowJson(entry->meta);
        json["request"] = entry->request;
        json["response"] = responseToJson(*entry);
        printJson(json);
        co_return 0;
    }
    const EntryMeta& meta = entry->meta;
    const auto line = [](const char* label, const QString& value) {
        printLine(QString::fromLatin1(label).leftJustified(14) + value);
    };
    line("Fingerprint", meta.fingerprint);
    line("Model", meta.model);
    line("Agent", meta.agent);
    line("Task", meta.task);
    line("Stored", timeText(meta.createdMs) + QStringLiteral(" by ") + meta.author);
    line("Expires", meta.expiresMs ? timeText(*meta.expiresMs) : QStringLiteral("never"));
    line("Tokens", QStringLiteral("%1 in, %2 out").arg(meta.usage.inputTokens).arg(meta.usage.outputTokens));
    line("Cost", costText(meta.cost));
    line("Hits", QString::number(meta.hits));
    printLine();
    printLine(stringMember(entry->request, "prompt"));
    printLine();
    printLine(entry->output.is_string() ? outputText(entry->output)
                                        : QString::fromUtf8(toPrettyJsonText(entry->output)));
    co_return 0;
}

QCoro::Task<int> remove(CommandContext context, Arguments arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which entries?"), QStringLiteral("Give fingerprints or their first digits."));
    Store& store = context.session->store();
    QStringList fingerprints;
    for (const QString& prefix : arguments.operands()) {
        const QString copy = prefix;
        fingerprints.append(co_await resolve(&store, copy));
    }
    fingerprints.removeDuplicates();
    if (!arguments.has(QStringLiteral("yes"))
        && !confirm(QStringLiteral("Delete %1 entries?").arg(fingerprints.size())))
        throw Cancelled(QStringLiteral("Nothing was deleted."), QStringLiteral("Confirm, or give --yes."));
    const QStringList copy = fingerprints;
    const qint64 removed = co_await store.removeEntries(copy);
    if (arguments.has(QStringLiteral("json"))) {
        Json json = Json::object();
        json["deleted"] = removed;
        json["missing"] = fingerprints.size() - removed;
        printJson(json);
    } else {
        printLine(QStringLiteral("Deleted %1 of %2 entries.").arg(removed).arg(fingerprints.size()));
    }
    co_return 0;
}

} // namespace

std::vector<Command> entryCommands()
{
    const OptionSpec json{
        QStringLiteral("json"), {}, QStringLiteral("print JSON, one object a line for lists")};
    Command listing;
    listing.name = QStringLiteral("entries list");
    listing.synopsis = QStringLiteral("[--limit N] [--json]");
    listing.summary = QStringLiteral("list cached entries, newest first");
    listing.options = {{QStringLiteral("limit"), QStringLiteral("N"),
                           QStringLiteral("at most N rows (default 200, all with --json)")},
        json};
    listing.run = list;
    Command showing;
    showing.name = QStringLiteral("entries show");
    showing.synopsis = QStringLiteral("FINGERPRINT [--json]");
    showing.summary = QStringLiteral("show one entry");
    showing.options = {json};
    showing.mostOperands = 1;
    showing.run = show;
    Command deleting;
    deleting.name = QStringLiteral("entries delete");
    deleting.synopsis = QStringLiteral("FINGERPRINT… [--yes] [--json]");
    deleting.summary = QStringLiteral("delete entries");
    deleting.options = {{QStringLiteral("yes"), {}, QStringLiteral("do not ask")}, json};
    deleting.mostOperands = 100'000;
    deleting.run = remove;
    return {listing, showing, deleting};
}

} // namespace llmcache::app
