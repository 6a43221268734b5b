#include "entries.h"

#include "cache/arrangement.h"
#include "cache/bulkchange.h"
#include "cache/entryexport.h"
#include "cache/entryimport.h"
#include "cache/entrysearch.h"
#include "cache/packedentries.h"
#include "cache/request.h"
#include "cacheview.h"
#include "redisserver.h"
#include "sqlitealone.h"
#include "store/redis/redisstore.h"
#include "store/sqlite/sqlitestore.h"
#include "store/textindex.h"
#include "waitfortask.h"

#include <QDir>
#include <QElapsedTimer>
#include <QProcess>
#include <QTextStream>

namespace llmcache::bench {

namespace {

constexpr int fillBatch = 1000;
constexpr qint64 nowMs = 1'795'435'200'000;

/// About 2 KB, as much as a short conversation.
EntryChange entryNumber(int number)
{
    Request request;
    request.model = {QStringLiteral("anthropic"), QStringLiteral("claude-haiku-4-5")};
    request.systemPrompts = {QStringLiteral("You sort the tickets of a support team. ").repeated(8)};
    request.prompt = QStringLiteral("Ticket %1: where is my parcel? ").arg(number).repeated(4);
    Entry entry;
    entry.request = toJson(request);
    entry.output = toUtf8(QStringLiteral("Answer %1: it is on its way. ").arg(number).repeated(20));
    entry.messages = {Message::assistant(outputText(entry.output))};
    entry.finishReason = QStringLiteral("stop");
    entry.meta.fingerprint = fingerprint(entry.request);
    entry.meta.model = QStringLiteral("anthropic:claude-haiku-4-5");
    entry.meta.agent = QStringLiteral("agent %1").arg(number % 7);
    entry.meta.task = QStringLiteral("task %1").arg(number % 31);
    entry.meta.author = QStringLiteral("user %1").arg(number % 5);
    entry.meta.createdMs = nowMs - number * qint64(1000);
    entry.meta.usage.inputTokens = 100 + number % 997;
    entry.meta.cost = Money::fromPicodollars(1'000'000LL * (number % 10'007));
    entry.meta.promptExcerpt = excerpt(request.prompt);
    entry.meta.answerExcerpt = excerpt(outputText(entry.output));
    EntryChange put;
    put.kind = EntryChange::Kind::Put;
    put.fingerprint = entry.meta.fingerprint;
    put.fields = toFields(entry, 1);
    put.expiresMs = nowMs * 2;
    return put;
}

void fill(Store* store, int rows)
{
    std::vector<EntryChange> puts;
    for (int number = 0; number < rows; ++number) {
        puts.push_back(entryNumber(number));
        if (puts.size() == fillBatch || number + 1 == rows)
            test::waitForTask(store->changeEntries(std::exchange(puts, {})));
    }
}

double secondsOf(const QElapsedTimer& timer)
{
    return static_cast<double>(timer.nsecsElapsed()) / 1e9;
}

Figure rate(const QString& name, qint64 entries, double seconds, double target)
{
    Figure figure;
    figure.name = name;
    figure.value = static_cast<double>(entries) / seconds;
    figure.unit = QStringLiteral("/s");
    figure.target = target;
    figure.higherIsBetter = true;
    return figure;
}

struct Scan {
    double firstMs = 0;
    double seconds = 0;
    std::vector<BulkTarget> targets;
    ui::PackedEntries rows;
};

/// As the Cache view does it.
Scan scan(Store* store)
{
    Scan result;
    QElapsedTimer timer;
    timer.start();
    QByteArray cursor;
    do {
        const EntryPage page = test::waitForTask(store->listEntries(cursor, cursor.isEmpty() ? 200 : 1000));
        if (cursor.isEmpty())
            result.firstMs = secondsOf(timer) * 1000;
        cursor = page.cursor;
        for (const EntryMeta& row : page.rows) {
            result.rows.upsert(row);
            result.targets.push_back({row.fingerprint, row.revision});
        }
    } while (!cursor.isEmpty());
    result.seconds = secondsOf(timer);
    return result;
}

std::optional<double> redisCliScanSeconds(quint16 port)
{
    QProcess process;
    process.setStandardOutputFile(QProcess::nullDevice());
    QElapsedTimer timer;
    timer.start();
    process.start(QStringLiteral("redis-cli"),
        {QStringLiteral("-p"), QString::number(port), QStringLiteral("--scan"), QStringLiteral("--pattern"),
            QStringLiteral("llmcache:*")});
    if (!process.waitForFinished(600'000) || process.exitCode() != 0)
        return std::nullopt;
    return secondsOf(timer);
}

void printAll(const std::vector<Figure>& figures, const Print& print)
{
    for (const Figure& figure : figures)
        print(figure);
}

Figure searchFigure(const QString& kind, Store* store, int rows)
{
    const EntryFilter filter = EntryFilter::parse(
        QStringLiteral("text:\"nobody wrote this\" OR text:77777"), QTimeZone::utc(), nowMs);
    QElapsedTimer timer;
    timer.start();
    SearchOptions options;
    options.nowMs = nowMs;
    test::waitForTask(findEntries(store, filter, options));
    return rate(QStringLiteral("search in texts, ") + kind, rows, secondsOf(timer), 60'000);
}

/// The same search once the texts are indexed. With a store of its own, since `store` does not index.
void indexFigures(const QString& path, int rows, const Print& print)
{
    const auto store = makeSqliteStore(path, QStringLiteral("bench"));
    auto& index = dynamic_cast<TextIndex&>(*store);
    QElapsedTimer timer;
    timer.start();
    while (test::waitForTask(index.indexTexts()).unindexed > 0)
        continue;
    print(rate(QStringLiteral("indexing, SQLite"), rows, secondsOf(timer), 5'000));
    print(searchFigure(QStringLiteral("SQLite with its index"), store.get(), rows));
}

std::vector<Figure> transferFigures(const QString& kind, Store* store, Store* target, const QString& folder)
{
    std::vector<Figure> figures;
    QDir().mkpath(folder);
    const QString file = folder + QStringLiteral("/entries.jsonl.zst");
    QElapsedTimer timer;
    timer.start();
    ExportOptions exporting;
    exporting.nowMs = nowMs;
    const ExportReport exported = test::waitForTask(exportEntries(store, file, exporting));
    figures.push_back(rate(QStringLiteral("export, ") + kind, exported.written, secondsOf(timer), 50'000));
    timer.start();
    ImportOptions importing;
    importing.nowMs = nowMs;
    const ImportReport imported = test::waitForTask(importEntries(target, file, importing));
    figures.push_back(rate(QStringLiteral("import, ") + kind, imported.imported, secondsOf(timer), 50'000));
    return figures;
}

Figure deletionFigure(
    const QString& name, Store* store, std::vector<BulkTarget> targets, UndoJournal* journal, double target)
{
    BulkOptions options;
    options.nowMs = nowMs;
    options.journal = journal;
    QElapsedTimer timer;
    timer.start();
    const BulkReport report =
        test::waitForTask(changeMany(store, std::move(targets), BulkAction{}, std::move(options)));
    return rate(name, report.changed, secondsOf(timer), target);
}

std::vector<Figure> tableFigures(const Scan& scanned)
{
    std::vector<Figure> figures;
    Figure memory;
    memory.name = QStringLiteral("memory of a row");
    memory.value = static_cast<double>(scanned.rows.memoryBytes())
        / static_cast<double>(std::max<qint64>(1, scanned.rows.liveRows()));
    memory.unit = QStringLiteral("B");
    memory.target = 250;
    figures.push_back(memory);
    const ui::EntrySnapshot snapshot = scanned.rows.snapshot();
    const auto arrangement = [&snapshot](const QString& name, const char* filter, ui::EntryColumn column) {
        ui::ArrangementOrder order;
        order.filter = EntryFilter::parse(QLatin1String(filter), QTimeZone::utc(), nowMs);
        order.column = column;
        order.nowMs = nowMs;
        QElapsedTimer timer;
        timer.start();
        ui::arrange(snapshot, order, {});
        return atMost(name, secondsOf(timer) * 1000, QStringLiteral("ms"), 300);
    };
    figures.push_back(arrangement(
        QStringLiteral("filter by metadata"), "agent:\"agent 3\" cost>0.001", ui::EntryColumn::Age));
    figures.push_back(arrangement(QStringLiteral("filter by words"), "parcel 4711", ui::EntryColumn::Age));
    figures.push_back(arrangement(QStringLiteral("sort by cost"), "", ui::EntryColumn::Cost));
    figures.push_back(arrangement(QStringLiteral("sort by prompt"), "", ui::EntryColumn::Prompt));
    return figures;
}

/// Half of the entries is deleted with a record, the other half without.
void storeFigures(const QString& kind, Store* store, Store* target, const QString& folder, int rows,
    EntryParts parts, const QString& url, const std::function<std::optional<double>()>& referenceScan,
    const Print& print)
{
    fill(store, rows);
    if (parts.view)
        cacheViewFigures(kind, url, QStringLiteral("bench"), folder + QStringLiteral("/view"), print);
    if (!parts.entries)
        return;
    const std::optional<double> reference = referenceScan ? referenceScan() : std::nullopt;
    Scan scanned = scan(store);
    Figure full;
    full.name = QStringLiteral("full scan, ") + kind;
    full.value = scanned.seconds;
    full.unit = QStringLiteral("s");
    full.reference = reference ? QStringLiteral("redis-cli --scan") : QString();
    full.referenceValue = reference;
    full.target = reference ? 0.7 : 5;
    print(full);
    print(atMost(QStringLiteral("first rows, ") + kind, scanned.firstMs, QStringLiteral("ms"), 100));
    if (reference)
        printAll(tableFigures(scanned), print);
    print(searchFigure(kind, store, rows));
    if (kind == QLatin1String("SQLite"))
        indexFigures(folder + QStringLiteral("/../store.db"), rows, print);
    printAll(transferFigures(kind, store, target, folder), print);
    const auto middle = scanned.targets.begin() + static_cast<std::ptrdiff_t>(scanned.targets.size() / 2);
    UndoJournal journal(folder + QStringLiteral("/undo"), std::numeric_limits<qint64>::max());
    print(deletionFigure(QStringLiteral("delete with undo, ") + kind, store,
        std::vector<BulkTarget>(scanned.targets.begin(), middle), &journal, 100'000));
    print(deletionFigure(QStringLiteral("delete without, ") + kind, store,
        std::vector<BulkTarget>(middle, scanned.targets.end()), nullptr, 200'000));
}

} // namespace

void entryFigures(const QString& folder, int rows, EntryParts parts, const Print& print)
{
    if (parts.redis && test::RedisServer::isInstalled()) {
        test::RedisServer server;
        if (server.start()) {
            const redis::RedisUrl url = redis::RedisUrl::parse(server.url());
            const auto store = makeRedisStore(url, QStringLiteral("bench"));
            const auto target = makeRedisStore(url, QStringLiteral("copy"));
            storeFigures(
                QStringLiteral("Redis"), store.get(), target.get(), folder + QStringLiteral("/redis"), rows,
                parts, server.url(), [&server] { return redisCliScanSeconds(server.port()); }, print);
        }
    }
    if (!parts.sqlite)
        return;
    const auto store = makeSqliteStore(folder + QStringLiteral("/store.db"), QStringLiteral("bench"));
    const QString copy = folder + QStringLiteral("/copy.db");
    auto target = makeSqliteStore(copy, QStringLiteral("bench"));
    // A program has one of these; here each would index its texts while the other is measured.
    for (Store* const each : {store.get(), target.get()})
        dynamic_cast<TextIndex&>(*each).stopIndexing();
    storeFigures(QStringLiteral("SQLite"), store.get(), target.get(), folder + QStringLiteral("/sqlite"),
        rows, parts, QStringLiteral("sqlite://") + folder + QStringLiteral("/store.db"), {}, print);
    if (!parts.entries)
        return;
    target.reset();
    printAll(sqliteAloneFigures(copy, rows / 2), print);
}

} // namespace llmcache::bench
