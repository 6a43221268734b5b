#include "commands.h"

#include "base/error.h"
#include "entryselection.h"
#include "output.h"

#include <QDateTime>
#include <QLocale>

namespace llmcache::app {

namespace {

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

/// Sorts rows by what `--sort` names, the largest or newest first.
void sortRows(std::vector<EntryMeta>& rows, const QString& by, qint64 nowMs)
{
    using Field = FilterTerm::Field;
    static const std::vector<std::pair<QString, Field>> fields{{QStringLiteral("created"), Field::Created},
        {QStringLiteral("used"), Field::Used}, {QStringLiteral("hits"), Field::Hits},
        {QStringLiteral("cost"), Field::Cost}, {QStringLiteral("saved"), Field::Saved},
        {QStringLiteral("tokens"), Field::Tokens}, {QStringLiteral("size"), Field::Size}};
    QStringList names;
    for (const auto& [name, field] : fields) {
        names.append(name);
        if (name != by)
            continue;
        std::sort(
            rows.begin(), rows.end(), [field = field, nowMs](const EntryMeta& left, const EntryMeta& right) {
                const qint64 leftValue = filterNumber(left, field, nowMs).value_or(-1);
                const qint64 rightValue = filterNumber(right, field, nowMs).value_or(-1);
                return leftValue != rightValue ? leftValue > rightValue
                                               : left.fingerprint < right.fingerprint;
            });
        return;
    }
    throw UsageError(QStringLiteral("Entries can't be sorted by \"%1\".").arg(by),
        QStringLiteral("Use one of %1.").arg(names.join(QStringLiteral(", "))));
}

/// What goes with entries that are to be deleted.
struct Weight {
    qint64 entries = 0;
    qint64 bytes = 0;
    qint64 usedLately = 0; ///< within a week
    qint64 unpriced = 0;
    Money refill; ///< what asking again would cost, without the unpriced ones
};

Weight weightOf(const std::vector<EntryMeta>& rows, qint64 nowMs)
{
    constexpr qint64 weekMs = qint64(7) * 24 * 3600 * 1000;
    Weight weight;
    for (const EntryMeta& row : rows) {
        ++weight.entries;
        weight.bytes += row.bytes;
        weight.usedLately += row.lastUsedMs > nowMs - weekMs ? 1 : 0;
        if (row.cost)
            weight.refill += *row.cost;
        else
            ++weight.unpriced;
    }
    return weight;
}

QString weightText(const Weight& weight)
{
    QString text = QStringLiteral("%1, %2, %3 used in the last 7 days; refilling costs %4")
                       .arg(entriesText(weight.entries))
                       .arg(QLocale::c().formattedDataSize(weight.bytes))
                       .arg(weight.usedLately)
                       .arg(weight.refill.toDisplay());
    if (weight.unpriced > 0)
        text += QStringLiteral(", and %1 have no known price").arg(weight.unpriced);
    return text + QLatin1Char('.');
}

QCoro::Task<int> list(CommandContext context, Arguments arguments)
{
    Store* const store = &context.session->store();
    const qint64 now = context.session->clock().nowMs();
    const bool json = arguments.has(QStringLiteral("json"));
    const qint64 limit =
        arguments.integer(QStringLiteral("limit"), 1, 100'000'000).value_or(json ? 100'000'000 : 200);
    const EntryFilter filter = filterFrom(arguments.operands().join(QLatin1Char(' ')), now);
    std::vector<EntryMeta> rows = co_await matchingEntries(store, filter, now);
    sortRows(rows, arguments.value(QStringLiteral("sort"), QStringLiteral("created")), now);
    const auto shown = std::min(rows.size(), static_cast<std::size_t>(limit));
    if (json) {
        for (std::size_t at = 0; at < shown; ++at)
            printJsonLine(rowJson(rows[at]));
        co_return 0;
    }
    if (rows.empty() && !filter.isEmpty()) {
        printLine(QStringLiteral("No entry in the workspace %1 passes the filter.")
                      .arg(context.session->config().workspace));
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

/// The entries that `entries delete` means: those that are named, or those that pass its filter.
QCoro::Task<std::vector<EntryMeta>> chosen(Store* store, Arguments arguments, qint64 nowMs)
{
    const bool filtered = arguments.has(QStringLiteral("filter"));
    if (filtered == !arguments.operands().isEmpty())
        throw UsageError(QStringLiteral("Which entries?"),
            QStringLiteral("Give fingerprints or their first digits, or --filter."));
    if (filtered) {
        const QString text = arguments.value(QStringLiteral("filter"));
        const EntryFilter filter = filterFrom(text, nowMs);
        if (filter.isEmpty())
            throw UsageError(QStringLiteral("The filter is empty."),
                QStringLiteral(
                    "To delete all entries, write one that all of them pass, such as \"hits>=0\"."));
        std::vector<EntryMeta> found = co_await matchingEntries(store, filter, nowMs);
        co_return found;
    }
    QStringList fingerprints;
    for (const QString& prefix : arguments.operands()) {
        const QString copy = prefix;
        fingerprints.append(co_await resolve(store, copy));
    }
    fingerprints.removeDuplicates();
    std::vector<EntryMeta> rows;
    for (const QString& fingerprint : fingerprints) {
        const QString copy = fingerprint;
        const std::optional<Entry> entry = co_await store->lookup(copy, EntryParts::Meta);
        EntryMeta missing;
        missing.fingerprint = fingerprint;
        rows.push_back(entry ? entry->meta : missing);
    }
    co_return rows;
}

QCoro::Task<int> remove(CommandContext context, Arguments arguments)
{
    Store* const store = &context.session->store();
    const qint64 now = context.session->clock().nowMs();
    const bool json = arguments.has(QStringLiteral("json"));
    const Arguments given = arguments;
    const std::vector<EntryMeta> rows = co_await chosen(store, given, now);
    const Weight weight = weightOf(rows, now);
    if (arguments.has(QStringLiteral("dry-run"))) {
        if (json) {
            Json report = Json::object();
            report["entries"] = weight.entries;
            report["bytes"] = weight.bytes;
            report["used_last_7_days"] = weight.usedLately;
            report["refill_usd"] = toUtf8(weight.refill.toDecimal());
            report["unpriced"] = weight.unpriced;
            printJson(report);
        } else {
            printLine(weightText(weight));
        }
        co_return 0;
    }
    if (!rows.empty() && !arguments.has(QStringLiteral("yes"))
        && !confirm(QStringLiteral("%1 Delete?").arg(weightText(weight))))
        throw Cancelled(QStringLiteral("Nothing was deleted."), QStringLiteral("Confirm, or give --yes."));
    qint64 removed = 0;
    constexpr std::size_t batch = 1000;
    for (std::size_t from = 0; from < rows.size(); from += batch) {
        QStringList fingerprints;
        for (std::size_t at = from; at < std::min(from + batch, rows.size()); ++at)
            fingerprints.append(rows[at].fingerprint);
        const qint64 gone = co_await store->removeEntries(fingerprints);
        removed += gone;
    }
    const auto asked = static_cast<qint64>(rows.size());
    if (json) {
        Json report = Json::object();
        report["deleted"] = removed;
        report["missing"] = asked - removed;
        printJson(report);
    } else {
        printLine(QStringLiteral("Deleted %1 of %2.").arg(removed).arg(entriesText(asked)));
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
    listing.synopsis = QStringLiteral("[FILTER] [--sort FIELD] [--limit N] [--json]");
    listing.summary = QStringLiteral("list cached entries, newest first");
    constexpr int mostWords = 1000;
    listing.mostOperands = mostWords;
    listing.options = {{QStringLiteral("sort"), QStringLiteral("FIELD"),
                           QStringLiteral("created (default), used, hits, cost, saved, tokens, size")},
        {QStringLiteral("limit"), QStringLiteral("N"),
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
    deleting.synopsis = QStringLiteral("FINGERPRINT…|--filter FILTER [--dry-run] [--yes] [--json]");
    deleting.summary = QStringLiteral("delete entries");
    deleting.options = {{QStringLiteral("filter"), QStringLiteral("FILTER"),
                            QStringLiteral("all entries that pass it, as in the Cache view")},
        {QStringLiteral("dry-run"), {}, QStringLiteral("say what would go, and delete nothing")},
        {QStringLiteral("yes"), {}, QStringLiteral("do not ask")}, json};
    deleting.mostOperands = 100'000;
    deleting.run = remove;
    return {listing, showing, deleting};
}

} // namespace llmcache::app
