#include "commands.h"

#include "base/error.h"
#include "cache/entrytransfer.h"
#include "entryselection.h"
#include "output.h"

#include <QFile>
#include <QSaveFile>

namespace llmcache::app {

namespace {

[[noreturn]] void failOn(const QString& path, const QString& problem)
{
    throw ConfigurationError(QStringLiteral("\"%1\" %2.").arg(path, problem));
}

QString fileOperand(const Arguments& arguments)
{
    if (arguments.operands().isEmpty())
        throw UsageError(
            QStringLiteral("Which file?"), QStringLiteral("Name one, or - for the standard streams."));
    return arguments.operands().front();
}

QCoro::Task<int> exportEntries(CommandContext context, Arguments arguments)
{
    Store* const store = &context.session->store();
    const qint64 now = context.session->clock().nowMs();
    const QString path = fileOperand(arguments);
    const EntryFilter filter = filterFrom(arguments.value(QStringLiteral("filter")), now);
    const std::vector<EntryMeta> rows = co_await matchingEntries(store, filter, now);

    const bool toStandardOutput = path == QLatin1String("-");
    QFile standardOutput;
    QSaveFile file(path); // there as a whole or not at all
    if (toStandardOutput) {
        if (!standardOutput.open(stdout, QIODevice::WriteOnly))
            failOn(path, QStringLiteral("can't be written"));
    } else if (!file.open(QIODevice::WriteOnly)) {
        failOn(path, QStringLiteral("can't be written: %1").arg(file.errorString()));
    } else {
        file.setPermissions(QFile::ReadOwner | QFile::WriteOwner); // prompts and answers are not everybody's
    }
    QFileDevice& output = toStandardOutput ? static_cast<QFileDevice&>(standardOutput) : file;
    qint64 written = 0;
    for (const EntryMeta& row : rows) {
        const QString fingerprint = row.fingerprint;
        const std::optional<Entry> entry = co_await store->lookup(fingerprint);
        if (!entry)
            continue; // it expired meanwhile
        if (output.write(entryToLine(*entry) + '\n') < 0)
            failOn(path, QStringLiteral("can't be written: %1").arg(output.errorString()));
        ++written;
    }
    if (!toStandardOutput && !file.commit())
        failOn(path, QStringLiteral("can't be written: %1").arg(file.errorString()));
    const QString report = QStringLiteral("Exported %1.").arg(entriesText(written));
    if (toStandardOutput)
        printError(report);
    else
        printLine(report);
    co_return 0;
}

/// What becomes of the lines of a file.
struct Tally {
    qint64 imported = 0;
    qint64 kept = 0; ///< not imported, since the store has such an entry
    qint64 expired = 0;
    qint64 malformed = 0;
};

/// The lines of a file, which is read twice: once to check it, once to import it.
class Lines {
public:
    explicit Lines(const QString& path)
        : m_path(path)
    {
        const bool open = path == QLatin1String("-") ? m_file.open(stdin, QIODevice::ReadOnly) : openNamed();
        if (!open)
            failOn(path, QStringLiteral("can't be read: %1").arg(m_file.errorString()));
        m_kept = m_file.isSequential() ? std::optional(m_file.readAll()) : std::nullopt;
    }
    /// Calls `take(number, line)` for each line that is not empty.
    template <typename Take>
    void forEach(Take take)
    {
        rewind();
        for (qint64 number = 1; !atEnd(); ++number) {
            if (const QByteArray line = next(); !line.isEmpty())
                take(number, line);
        }
    }
    void rewind()
    {
        m_at = 0;
        if (!m_kept)
            m_file.seek(0);
    }
    bool atEnd() const { return m_kept ? m_at >= m_kept->size() : m_file.atEnd(); }
    QByteArray next()
    {
        if (!m_kept)
            return m_file.readLine().trimmed();
        const qsizetype end = m_kept->indexOf('\n', m_at);
        const qsizetype begin = std::exchange(m_at, end < 0 ? m_kept->size() : end + 1);
        return m_kept->mid(begin, m_at - begin).trimmed();
    }

private:
    bool openNamed()
    {
        m_file.setFileName(m_path);
        return m_file.open(QIODevice::ReadOnly);
    }

    QString m_path;
    QFile m_file;
    std::optional<QByteArray> m_kept; ///< of a stream that can't be read again
    qsizetype m_at = 0;
};

enum class OnConflict { Skip, Replace, Newer };

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

/// Whether the store's own entry gives way.
QCoro::Task<bool> givesWay(Store* store, QString fingerprint, qint64 createdMs, OnConflict policy)
{
    if (policy == OnConflict::Replace)
        co_return true;
    const std::optional<Entry> there = co_await store->lookup(fingerprint, EntryParts::Meta);
    co_return !there || (policy == OnConflict::Newer && there->meta.createdMs < createdMs);
}

QCoro::Task<int> importEntries(CommandContext context, Arguments arguments)
{
    Store* const store = &context.session->store();
    const qint64 now = context.session->clock().nowMs();
    const OnConflict policy =
        onConflictFrom(arguments.value(QStringLiteral("on-conflict"), QStringLiteral("skip")));
    const bool dryRun = arguments.has(QStringLiteral("dry-run"));
    Lines lines(fileOperand(arguments));
    Tally tally;
    // All of it is checked before anything is written.
    lines.forEach([&tally](qint64 number, const QByteArray& line) {
        try {
            entryFromLine(line);
        } catch (const Error& error) {
            ++tally.malformed;
            printError(QStringLiteral("llmcache: warning: line %1: %2").arg(number).arg(error.message()));
        }
    });
    if (tally.malformed > 0 && arguments.has(QStringLiteral("strict")))
        throw ConfigurationError(
            QStringLiteral("%1 lines are no exported entries; nothing was imported.").arg(tally.malformed),
            QStringLiteral("Without --strict the other lines are imported."));
    lines.rewind();
    while (!lines.atEnd()) {
        const QByteArray line = lines.next();
        Commit commit;
        try {
            if (line.isEmpty())
                continue;
            commit.entry = entryFromLine(line);
        } catch (const Error&) {
            continue; // reported above
        }
        const EntryMeta& meta = commit.entry.meta;
        if (meta.expiresMs && *meta.expiresMs <= now) {
            ++tally.expired;
            continue;
        }
        if (meta.expiresMs)
            commit.ttl =
                std::chrono::ceil<std::chrono::seconds>(std::chrono::milliseconds(*meta.expiresMs - now));
        const QString fingerprint = meta.fingerprint;
        const bool wanted = co_await givesWay(store, fingerprint, meta.createdMs, policy);
        if (!wanted) {
            ++tally.kept;
            continue;
        }
        ++tally.imported;
        if (!dryRun)
            co_await store->commit(std::move(commit));
    }
    if (arguments.has(QStringLiteral("json"))) {
        Json report = Json::object();
        report["imported"] = tally.imported;
        report["kept"] = tally.kept;
        report["expired"] = tally.expired;
        report["malformed"] = tally.malformed;
        printJson(report);
    } else {
        printLine(QStringLiteral("%1 %2; already there: %3, expired: %4, malformed lines: %5.")
                      .arg(dryRun ? QStringLiteral("Would import") : QStringLiteral("Imported"))
                      .arg(tally.imported)
                      .arg(tally.kept)
                      .arg(tally.expired)
                      .arg(tally.malformed));
    }
    co_return 0;
}

} // namespace

std::vector<Command> transferCommands()
{
    Command exporting;
    exporting.name = QStringLiteral("entries export");
    exporting.synopsis = QStringLiteral("FILE|- [--filter FILTER]");
    exporting.summary = QStringLiteral("write entries to a file, one JSON object a line");
    exporting.options = {{QStringLiteral("filter"), QStringLiteral("FILTER"),
        QStringLiteral("only entries that pass it, as in the Cache view")}};
    exporting.mostOperands = 1;
    exporting.run = exportEntries;
    Command importing;
    importing.name = QStringLiteral("entries import");
    importing.synopsis =
        QStringLiteral("FILE|- [--on-conflict skip|replace|newer] [--strict] [--dry-run] [--json]");
    importing.summary = QStringLiteral("store exported entries; they keep their remaining lifetime");
    importing.options = {{QStringLiteral("on-conflict"), QStringLiteral("POLICY"),
                             QStringLiteral("for entries that are there: skip (default), replace, newer")},
        {QStringLiteral("strict"), {}, QStringLiteral("import nothing when a line is malformed")},
        {QStringLiteral("dry-run"), {}, QStringLiteral("say what would be imported, and import nothing")},
        {QStringLiteral("json"), {}, QStringLiteral("print the numbers as JSON")}};
    importing.mostOperands = 1;
    importing.run = importEntries;
    return {exporting, importing};
}

} // namespace llmcache::app
