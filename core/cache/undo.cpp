#include "base/error.h"
#include "cache/bulkchange.h"

#include <QHash>

namespace llmcache {

namespace {

const QByteArray hitsField = QByteArrayLiteral("hits");
const QByteArray usedField = QByteArrayLiteral("used");
const QByteArray revisionField = QByteArrayLiteral("rev");

/// What puts an entry back where nothing has happened to it since.
EntryChange changeBack(const UndoEntry& entry, qint64 expected)
{
    EntryChange change;
    change.fingerprint = entry.before.fingerprint;
    change.expectedRevision = expected;
    change.fields = entry.before.fields;
    change.expiresMs = entry.before.expiresMs;
    if (expected == 0) {
        change.kind = EntryChange::Kind::Put;
        return change;
    }
    // One more revision, and not an old one again: who edits it meanwhile has to notice. Hits since stay.
    change.kind = EntryChange::Kind::Update;
    change.fields.remove(hitsField);
    change.fields.remove(usedField);
    change.fields[revisionField] = QByteArray::number(expected + 1);
    change.setsExpiry = true;
    return change;
}

/// Puts an entry back over another that is there now.
EntryChange changeOver(const UndoEntry& entry, const EntryImage& there)
{
    EntryChange change;
    change.kind = EntryChange::Kind::Put;
    change.fingerprint = entry.before.fingerprint;
    change.expectedRevision = there.revision();
    change.fields = entry.before.fields;
    change.fields[revisionField] = QByteArray::number(there.revision() + 1);
    change.expiresMs = entry.before.expiresMs;
    return change;
}

/// Those that did not go back at first: they are back already, or somebody else's by now.
QCoro::Task<std::vector<BulkResult>> settle(
    Store* store, std::vector<UndoEntry> entries, bool overwrite, BulkOptions options, BulkReport* report)
{
    QStringList fingerprints;
    for (const UndoEntry& entry : entries)
        fingerprints.append(entry.before.fingerprint);
    auto reading = store->readImages(std::move(fingerprints));
    const std::vector<EntryImage> images = co_await reading;
    QHash<QString, const EntryImage*> found;
    for (const EntryImage& image : images)
        found.insert(image.fingerprint, &image);
    std::vector<BulkResult> results;
    std::vector<EntryChange> changes;
    std::vector<UndoEntry> kept;
    for (const UndoEntry& entry : entries) {
        const EntryImage* const there = found.value(entry.before.fingerprint);
        const QString fingerprint = entry.before.fingerprint;
        if (there && contentDigest(*there) == contentDigest(entry.before)) {
            results.push_back({fingerprint, BulkFate::Unaffected});
        } else if (there && contentDigest(*there) == entry.contentAfter) {
            changes.push_back(changeBack(entry, there->revision()));
        } else if (!overwrite) {
            results.push_back({fingerprint, there ? BulkFate::Conflict : BulkFate::Absent});
        } else if (there) {
            changes.push_back(changeOver(entry, *there));
            kept.push_back(undoEntryFor(*there, changes.back()));
        } else {
            changes.push_back(changeBack(entry, 0));
        }
    }
    if (!kept.empty()) {
        if (report->undoId.isEmpty()) {
            auto beginning =
                options.journal->begin(store->info(), QStringLiteral("undo"), options.by, options.nowMs);
            report->undoId = co_await beginning;
        }
        auto keeping = options.journal->append(report->undoId, std::move(kept));
        const qint64 forgotten = co_await keeping;
        report->forgotten += forgotten;
    }
    QStringList changed;
    for (const EntryChange& change : changes)
        changed.append(change.fingerprint);
    auto changing = store->changeEntries(std::move(changes));
    const std::vector<ChangeOutcome> outcomes = co_await changing;
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        results.push_back({changed.at(static_cast<qsizetype>(i)),
            outcomes[i] == ChangeOutcome::Done ? BulkFate::Changed : BulkFate::Conflict});
    co_return results;
}

QCoro::Task<std::vector<BulkResult>> undoBlock(
    Store* store, std::vector<UndoEntry> entries, bool overwrite, BulkOptions options, BulkReport* report)
{
    std::vector<BulkResult> results;
    std::vector<UndoEntry> live;
    std::vector<EntryChange> changes;
    for (UndoEntry& entry : entries) {
        const auto expiresMs = entry.before.expiresMs;
        if (expiresMs && *expiresMs <= options.nowMs) {
            results.push_back({entry.before.fingerprint, BulkFate::Expired});
            continue;
        }
        changes.push_back(changeBack(entry, entry.revisionAfter));
        live.push_back(std::move(entry));
    }
    auto changing = store->changeEntries(std::move(changes));
    const std::vector<ChangeOutcome> outcomes = co_await changing;
    std::vector<UndoEntry> open;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i] == ChangeOutcome::Done)
            results.push_back({live[i].before.fingerprint, BulkFate::Changed});
        else
            open.push_back(std::move(live[i]));
    }
    if (!open.empty()) {
        auto settling = settle(store, std::move(open), overwrite, options, report);
        const std::vector<BulkResult> rest = co_await settling;
        results.insert(results.end(), rest.begin(), rest.end());
    }
    co_return results;
}

} // namespace

QCoro::Task<BulkReport> undoChange(Store* store, UndoSummary change, bool overwrite, BulkOptions options)
{
    UndoJournal* const journal = options.journal;
    auto claiming = journal->claim(change.id);
    const bool claimed = co_await claiming;
    if (!claimed)
        throw CacheError(QStringLiteral("This change is still under way, or is being undone elsewhere."),
            QStringLiteral("Wait for that to end."));
    BulkReport report;
    report.asked = change.entries;
    std::exception_ptr failure;
    qint64 position = 0;
    while (!failure) {
        if (options.stop.stop_requested()) {
            report.cancelled = true;
            break;
        }
        try {
            auto reading = journal->read(change.id, &position);
            std::vector<UndoEntry> entries = co_await reading;
            if (position < 0)
                break;
            auto undoing = undoBlock(store, std::move(entries), overwrite, options, &report);
            const std::vector<BulkResult> results = co_await undoing;
            for (const BulkResult& result : results)
                report.count(result.fate);
            if (options.progress)
                options.progress(report, results);
        } catch (...) {
            failure = std::current_exception();
        }
    }
    const bool isAllDone = !failure && !report.cancelled && report.conflicts == 0 && report.absent == 0;
    if (isAllDone) {
        auto forgetting = journal->forget(change.id);
        co_await forgetting;
    }
    auto releasing = journal->release(change.id);
    co_await releasing;
    if (!report.undoId.isEmpty()) {
        auto ending = journal->end(report.undoId);
        co_await ending;
    }
    if (failure)
        std::rethrow_exception(failure);
    co_return report;
}

} // namespace llmcache
