#include "cache/entryimport.h"

#include "base/error.h"
#include "base/tasksunderway_p.h"
#include "base/worker.h"
#include "cache/importfile_p.h"
#include "store/pythonstore.h"

#include <qcorofuture.h>

#include <QHash>

#include <algorithm>
#include <deque>

namespace llmcache {

namespace {

const QByteArray revisionField = QByteArrayLiteral("rev");

/// Passes over the file: batches are read on one thread while those before are understood on all.
class ImportPass {
public:
    ImportPass(const QString& path, bool takesPython)
        : m_file(path)
        , m_takesPython(takesPython)
    {
        m_thread.setMaxThreadCount(1);
    }
    ~ImportPass() { m_thread.waitForDone(); }
    ImportPass(const ImportPass&) = delete;
    ImportPass& operator=(const ImportPass&) = delete;

    /// Behind so many lines.
    void begin(qint64 skipped)
    {
        m_coming = runOn(m_thread, [this, skipped] {
            m_file.rewind(skipped);
            return m_file.next();
        });
    }
    /// The next batch; `lines` is 0 at the end.
    QCoro::Task<ImportedLines> next(bool onlyCheck)
    {
        const auto coming = m_coming;
        std::vector<NumberedLine> read = co_await coming;
        const auto lines = std::make_shared<const std::vector<NumberedLine>>(std::move(read));
        if (!lines->empty())
            m_coming = runOn(m_thread, [this] { return m_file.next(); });
        QThreadPool& pool = *QThreadPool::globalInstance();
        const auto shares = static_cast<std::size_t>(std::max(1, pool.maxThreadCount()));
        const std::size_t share = (lines->size() + shares - 1) / shares;
        std::vector<QFuture<ImportedLines>> futures;
        for (std::size_t from = 0; from < lines->size(); from += share) {
            const auto work = [lines, from, to = std::min(from + share, lines->size()), onlyCheck,
                                  takesPython = m_takesPython] {
                return readLines(*lines, from, to, onlyCheck, takesPython);
            };
            futures.push_back(runOn(pool, work));
        }
        ImportedLines all;
        for (const QFuture<ImportedLines>& future : futures) {
            ImportedLines part = co_await future;
            all.lines += part.lines;
            std::move(part.images.begin(), part.images.end(), std::back_inserter(all.images));
            all.createdMs.insert(all.createdMs.end(), part.createdMs.begin(), part.createdMs.end());
            std::move(part.malformed.begin(), part.malformed.end(), std::back_inserter(all.malformed));
        }
        co_return all;
    }
    /// After the last batch.
    QString problem() const { return m_file.problem(); }

private:
    ImportFile m_file;
    bool m_takesPython;
    QFuture<std::vector<NumberedLine>> m_coming;
    QThreadPool m_thread; // last: its jobs use the file
};

/// Leaves out what has expired, and all but one of those that are of the same request.
void tidy(ImportedLines& lines, const ImportOptions& options, ImportReport& report)
{
    QHash<QString, std::size_t> places;
    std::vector<EntryImage> images;
    std::vector<qint64> createdMs;
    for (std::size_t at = 0; at < lines.images.size(); ++at) {
        EntryImage& image = lines.images[at];
        if (image.expiresMs && *image.expiresMs <= options.nowMs) {
            ++report.expired;
            continue;
        }
        const auto known = places.constFind(image.fingerprint);
        if (known == places.cend()) {
            places.insert(image.fingerprint, images.size());
            images.push_back(std::move(image));
            createdMs.push_back(lines.createdMs[at]);
            continue;
        }
        ++report.kept;
        if (options.onConflict == OnConflict::Replace
            || (options.onConflict == OnConflict::Newer && lines.createdMs[at] > createdMs[*known])) {
            images[*known] = std::move(image);
            createdMs[*known] = lines.createdMs[at];
        }
    }
    lines.images = std::move(images);
    lines.createdMs = std::move(createdMs);
}

/// 0 for a damaged entry, which anything is newer than.
qint64 createdMsOf(const EntryImage& image)
{
    try {
        return metaFromImage(image).createdMs;
    } catch (const CacheError&) {
        return 0;
    }
}

/// About what a journal takes to keep an entry.
qint64 undoBytes(const EntryImage& image)
{
    constexpr qint64 overhead = 200; // names of fields, lengths and digests
    return overhead + image.fields.valueBytes();
}

/// What is to be written of a batch, as the store is now.
struct Plan {
    std::vector<EntryChange> changes;
    std::vector<UndoEntry> replaced;
};

Plan planBatch(const ImportedLines& lines, const std::vector<EntryImage>& there, OnConflict onConflict,
    ImportReport& report)
{
    QHash<QString, const EntryImage*> known;
    for (const EntryImage& image : there)
        known.insert(image.fingerprint, &image);
    Plan plan;
    for (std::size_t at = 0; at < lines.images.size(); ++at) {
        const EntryImage& image = lines.images[at];
        const EntryImage* const before = known.value(image.fingerprint, nullptr);
        EntryChange change;
        change.kind = EntryChange::Kind::Put;
        change.fingerprint = image.fingerprint;
        change.fields = image.fields;
        change.expiresMs = image.expiresMs;
        if (before) {
            const bool givesWay = onConflict == OnConflict::Replace
                || (onConflict == OnConflict::Newer && createdMsOf(*before) < lines.createdMs[at]);
            if (!givesWay || contentDigest(*before) == contentDigest(image)) {
                ++report.kept;
                continue;
            }
            change.expectedRevision = before->revision();
            change.fields[revisionField] = QByteArray::number(before->revision() + 1);
            plan.replaced.push_back(undoEntryFor(*before, change));
        }
        plan.changes.push_back(std::move(change));
    }
    return plan;
}

QCoro::Task<> keepReplaced(
    Store* store, std::vector<UndoEntry> replaced, const ImportOptions* options, ImportReport* report)
{
    if (replaced.empty() || !options->journal)
        co_return;
    if (report->undoId.isEmpty()) {
        auto beginning =
            options->journal->begin(store->info(), QStringLiteral("import"), options->by, options->nowMs);
        report->undoId = co_await beginning;
    }
    auto keeping = options->journal->append(report->undoId, std::move(replaced));
    const qint64 forgotten = co_await keeping;
    report->forgotten += forgotten;
}

/// Writes a batch. Where somebody else changes entries at the same time, it looks once more.
QCoro::Task<> writeBatch(
    Store* store, ImportedLines lines, const ImportOptions* options, ImportReport* report)
{
    constexpr int mostAttempts = 3;
    for (int attempt = 1; !lines.images.empty(); ++attempt) {
        std::vector<EntryImage> there;
        // Whoever skips learns from the change itself that an entry is there.
        if (options->onConflict != OnConflict::Skip || options->dryRun) {
            QStringList fingerprints;
            for (const EntryImage& image : lines.images)
                fingerprints.append(image.fingerprint);
            auto reading = store->readImages(std::move(fingerprints));
            there = co_await reading;
        }
        Plan plan = planBatch(lines, there, options->onConflict, *report);
        const auto replaced = static_cast<qint64>(plan.replaced.size());
        if (options->dryRun) {
            report->imported += static_cast<qint64>(plan.changes.size());
            report->replaced += replaced;
            for (const UndoEntry& entry : plan.replaced)
                report->replacedBytes += undoBytes(entry.before);
            co_return;
        }
        auto keepingReplaced = keepReplaced(store, std::move(plan.replaced), options, report);
        co_await keepingReplaced;
        QHash<QString, bool> changed; // by fingerprint: whether it replaces one
        for (const EntryChange& change : plan.changes)
            changed.insert(change.fingerprint, change.expectedRevision != 0);
        QStringList order;
        for (const EntryChange& change : plan.changes)
            order.append(change.fingerprint);
        auto changing = store->changeEntries(std::move(plan.changes));
        const std::vector<ChangeOutcome> outcomes = co_await changing;
        QSet<QString> again;
        for (std::size_t at = 0; at < outcomes.size(); ++at) {
            const QString& fingerprint = order.at(static_cast<qsizetype>(at));
            if (outcomes[at] == ChangeOutcome::Done) {
                ++report->imported;
                report->replaced += changed.value(fingerprint) ? 1 : 0;
            } else if (options->onConflict == OnConflict::Skip || attempt == mostAttempts) {
                ++report->kept;
            } else {
                again.insert(fingerprint);
            }
        }
        ImportedLines rest;
        for (std::size_t at = 0; at < lines.images.size(); ++at) {
            if (!again.contains(lines.images[at].fingerprint))
                continue;
            rest.images.push_back(lines.images[at]);
            rest.createdMs.push_back(lines.createdMs[at]);
        }
        lines = std::move(rest);
    }
}

/// What the first lines of a file say, so that they need not be understood twice.
struct KeptLines {
    std::deque<ImportedLines> batches;
    qint64 lines = 0;
    qint64 bytes = 0;
    void keep(ImportedLines batch);
};

void KeptLines::keep(ImportedLines batch)
{
    constexpr qint64 imageBytes = 1000; // what holds the fields
    lines += batch.lines;
    for (const EntryImage& image : batch.images)
        bytes += imageBytes + image.fields.valueBytes();
    batches.push_back(std::move(batch));
}

QCoro::Task<> checkAll(ImportPass* pass, KeptLines* kept, const ImportOptions* options, ImportReport* report)
{
    pass->begin(0);
    for (;;) {
        if (options->stop.stop_requested())
            throw Cancelled();
        const bool keeps = kept->bytes < options->mostKeptBytes;
        auto reading = pass->next(!keeps);
        ImportedLines lines = co_await reading;
        if (lines.lines == 0)
            break;
        report->checked += lines.lines;
        report->malformed += static_cast<qint64>(lines.malformed.size());
        for (const ImportedLines::Malformed& line : lines.malformed) {
            if (options->malformed)
                options->malformed(line.line, line.problem);
        }
        if (keeps)
            kept->keep(std::move(lines));
        if (options->progress)
            options->progress(*report);
    }
    report->lines = report->checked;
    report->problem = pass->problem();
}

/// The next batch that is not written yet; `lines` is 0 at the end.
QCoro::Task<ImportedLines> nextToWrite(ImportPass* pass, KeptLines* kept, const ImportReport* report)
{
    if (!kept->batches.empty()) {
        ImportedLines lines = std::move(kept->batches.front());
        kept->batches.pop_front();
        co_return lines;
    }
    if (kept->lines == report->lines)
        co_return ImportedLines();
    auto reading = pass->next(false);
    ImportedLines lines = co_await reading;
    co_return lines;
}

QCoro::Task<> writeAll(
    Store* store, ImportPass* pass, KeptLines* kept, const ImportOptions* options, ImportReport* report)
{
    if (kept->lines < report->lines)
        pass->begin(kept->lines);
    auto first = nextToWrite(pass, kept, report);
    ImportedLines lines = co_await first;
    // A store that need not be asked what it has gets a batch before it is done with the last, and never
    // waits.
    const std::size_t ahead = options->onConflict == OnConflict::Skip ? 1 : 0;
    TasksUnderWay writing;
    std::exception_ptr failure;
    while (lines.lines > 0 && !failure) {
        // The next batch is understood while the store writes this one.
        auto coming = nextToWrite(pass, kept, report);
        try {
            if (options->stop.stop_requested())
                throw Cancelled();
            tidy(lines, *options, *report);
            writing.add(writeBatch(store, std::move(lines), options, report));
            auto finishing = writing.finish(ahead);
            co_await finishing;
        } catch (...) {
            failure = std::current_exception();
        }
        lines = co_await coming;
        if (options->progress && !failure)
            options->progress(*report);
    }
    try {
        auto finishing = writing.finish(0);
        co_await finishing;
    } catch (...) {
        failure = failure ? failure : std::current_exception();
    }
    if (failure)
        std::rethrow_exception(failure);
    if (options->progress)
        options->progress(*report);
}

} // namespace

QCoro::Task<ImportReport> importEntries(Store* store, QString path, ImportOptions options)
{
    ImportPass pass(path, pythonStoreOf(store) != nullptr);
    ImportReport report;
    KeptLines kept;
    auto checking = checkAll(&pass, &kept, &options, &report);
    co_await checking;
    if (options.strict && !report.problem.isEmpty())
        throw ConfigurationError(QStringLiteral("\"%1\" %2; nothing was imported.").arg(path, report.problem),
            QStringLiteral("Without --strict the lines before that are imported."));
    if (options.strict && report.malformed > 0)
        throw ConfigurationError(
            QStringLiteral("%1 lines are no exported entries; nothing was imported.").arg(report.malformed),
            QStringLiteral("Without --strict the other lines are imported."));
    std::exception_ptr failure;
    try {
        auto writing = writeAll(store, &pass, &kept, &options, &report);
        co_await writing;
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure && options.dryRun && options.journal && report.replaced > 0) {
        auto looking = options.journal->roomFor(report.replacedBytes, options.nowMs);
        report.room = co_await looking;
    }
    if (!report.undoId.isEmpty()) {
        auto ending = options.journal->end(report.undoId);
        co_await ending;
    }
    if (failure)
        std::rethrow_exception(failure);
    co_return report;
}

} // namespace llmcache
