#include "commands.h"

#include "base/error.h"
#include "entryselection.h"
#include "interop/pickledump.h"
#include "interop/picklereader.h"
#include "output.h"
#include "store/entryid.h"
#include "store/pythonentry.h"

#include <QDateTime>

namespace llmcache::app {

namespace {

QString timeText(qint64 ms)
{
    return ms == 0 ? QStringLiteral("-")
                   : QDateTime::fromMSecsSinceEpoch(ms).toString(QStringLiteral("yyyy-MM-dd HH:mm"));
}

QString costText(const std::optional<Money>& cost)
{
    return cost ? cost->toDisplay() : QStringLiteral("unpriced");
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
        table.add(
            {shortEntryId(meta.fingerprint), timeText(meta.createdMs), meta.agent, meta.model, meta.task,
                QString::number(meta.hits), costText(meta.cost), meta.promptExcerpt.left(promptWidth)});
    }
    print(table.toText());
    if (shown < rows.size())
        printError(QStringLiteral("%1 of %2 entries; --limit shows more.").arg(shown).arg(rows.size()));
    co_return 0;
}

void printFact(const char* label, const QString& value)
{
    printLine(QString::fromLatin1(label).leftJustified(14) + value);
}

QString tokensText(const Usage& usage)
{
    return QStringLiteral("%1 in, %2 out").arg(usage.inputTokens).arg(usage.outputTokens);
}

[[noreturn]] void throwAbsent(const QString& fingerprint)
{
    throw CacheError(QStringLiteral("There is no entry %1.").arg(shortEntryId(fingerprint)),
        QStringLiteral("It may have expired."));
}

/// An entry of pyai-caching, as far as its pickle can be read.
QCoro::Task<int> showPython(Store* store, QString key, bool asJson)
{
    auto reading = store->readImages({key});
    const std::vector<EntryImage> images = co_await reading;
    if (images.empty())
        throwAbsent(key);
    const QByteArray pickle = images.front().fields.value(pickleField);
    EntryMeta meta = metaFromImage(images.front());
    Json request; // which a pickle has not, and whoever ran it here left beside it
    try {
        auto looking = store->lookup(key, EntryParts::All);
        const std::optional<Entry> known = co_await looking;
        if (known) {
            meta = known->meta;
            if (!known->request.empty())
                request = known->request;
        }
    } catch (const CacheError&) {
        // It can't be read: said below.
    }
    if (asJson) {
        Json json = rowJson(meta);
        json["request"] = request;
        json["pickle"] = nullptr;
        json["pickle_hex"] = nullptr;
        json["response"] = nullptr;
        try {
            json["pickle"] = pickleToJson(readPickle(pickle));
            json["response"] = responseToJson(entryFromImage(images.front()));
        } catch (const CacheError& error) {
            json["problem"] = toUtf8(error.text());
            if (json["pickle"].is_null())
                json["pickle_hex"] = pickle.toHex().toStdString();
        }
        printJson(json);
        co_return 0;
    }
    printFact("Key", key);
    if (!meta.agent.isEmpty()) {
        printFact("Agent", meta.agent);
        printFact("Prompt", meta.promptExcerpt);
    }
    printFact("Model", meta.model);
    if (meta.human)
        printFact("Answer", QStringLiteral("edited by hand"));
    printFact("Expires", meta.expiresMs ? timeText(*meta.expiresMs) : QStringLiteral("never"));
    printFact("Tokens", tokensText(meta.usage));
    printFact("Cost", costText(meta.cost));
    printLine();
    const Entry entry = entryFromImage(images.front());
    printLine(entry.output.is_string() ? outputText(entry.output)
                                       : QString::fromUtf8(toPrettyJsonText(entry.output)));
    co_return 0;
}

QCoro::Task<int> show(CommandContext context, Arguments arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which entry?"), QStringLiteral("Give its fingerprint or the first digits."));
    Store& store = context.session->store();
    const QString prefix = arguments.operands().front();
    const QString fingerprint = co_await resolveFingerprint(&store, prefix);
    if (isPythonKey(fingerprint)) {
        const bool asJson = arguments.has(QStringLiteral("json"));
        auto showing = showPython(&store, fingerprint, asJson);
        const int code = co_await showing;
        co_return code;
    }
    const std::optional<Entry> entry = co_await store.lookup(fingerprint);
    if (!entry)
        throwAbsent(fingerprint);
    if (arguments.has(QStringLiteral("json"))) {
        Json json = rowJson(entry->meta);
        json["request"] = entry->request;
        json["response"] = responseToJson(*entry);
        printJson(json);
        co_return 0;
    }
    const EntryMeta& meta = entry->meta;
    printFact("Fingerprint", meta.fingerprint);
    printFact("Model", meta.model);
    printFact("Agent", meta.agent);
    printFact("Task", meta.task);
    printFact("Stored", timeText(meta.createdMs) + QStringLiteral(" by ") + meta.author);
    printFact("Expires", meta.expiresMs ? timeText(*meta.expiresMs) : QStringLiteral("never"));
    printFact("Tokens", tokensText(meta.usage));
    printFact("Cost", costText(meta.cost));
    printFact("Hits", QString::number(meta.hits));
    printLine();
    printLine(stringMember(entry->request, "prompt"));
    printLine();
    printLine(entry->output.is_string() ? outputText(entry->output)
                                        : QString::fromUtf8(toPrettyJsonText(entry->output)));
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
    showing.synopsis = QStringLiteral("FINGERPRINT|KEY [--json]");
    showing.summary = QStringLiteral("show one entry");
    showing.options = {json};
    showing.mostOperands = 1;
    showing.run = show;
    return {listing, showing};
}

} // namespace llmcache::app
