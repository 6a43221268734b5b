#include "cache/bulkchange.h"

#include "base/error.h"
#include "base/tasksunderway_p.h"
#include "cache/imagesahead_p.h"
#include "store/pythonentry.h"

#include <QHash>

#include <algorithm>

namespace llmcache {

namespace {

const QByteArray revisionField = QByteArrayLiteral("rev");
const QByteArray metaField = QByteArrayLiteral("meta");

/// Changes the metadata; false when it is so already. Parts that this version does not know stay.
bool apply(const BulkAction& action, const QString& by, Json& meta, const EntryImage& image)
{
    using Kind = BulkAction::Kind;
    const auto setPinned = [&](bool pinned) {
        for (const char* key : {"pinned", "pinned_by", "pin_reason"})
            meta.erase(key);
        if (!pinned)
            return;
        meta["pinned"] = true;
        if (!by.isEmpty())
            meta["pinned_by"] = toUtf8(by);
        if (!action.reason.isEmpty())
            meta["pin_reason"] = toUtf8(action.reason);
    };
    const bool isPinned = meta.contains("pinned");
    const QString reason = stringMember(meta, "pin_reason");
    QStringList tags = entryMetaFromJson(meta, image.fingerprint).tags;
    switch (action.kind) {
    case Kind::Delete:
        return true;
    case Kind::SetExpiry:
    case Kind::Unpin:
        setPinned(false);
        return action.kind == Kind::Unpin ? isPinned : isPinned || image.expiresMs != action.expiresMs;
    case Kind::Pin:
        if (isPinned && !image.expiresMs && (action.reason.isEmpty() || action.reason == reason))
            return false;
        setPinned(true);
        return true;
    case Kind::AddTag:
        if (tags.contains(action.tag))
            return false;
        tags.append(action.tag);
        break;
    case Kind::RemoveTag:
        if (tags.removeAll(action.tag) == 0)
            return false;
        break;
    }
    meta.erase("tags");
    for (const QString& tag : std::as_const(tags))
        meta["tags"].push_back(toUtf8(tag));
    return true;
}

/// The same for an entry of pyai-caching, which has nothing to change but its expiry.
std::optional<EntryChange> pythonChangeFor(const BulkAction& action, const EntryImage& image)
{
    EntryChange change;
    if (action.kind != BulkAction::Kind::Pin)
        change.expiresMs = action.expiresMs;
    if (image.expiresMs == change.expiresMs)
        return std::nullopt;
    change.kind = EntryChange::Kind::Update;
    change.fingerprint = image.fingerprint;
    change.expectedRevision = image.revision();
    change.setsExpiry = true;
    return change;
}

/// The change that an action means for an entry; nothing when it is so already. Throws CacheError for one
/// whose metadata can't be read.
std::optional<EntryChange> changeFor(const BulkAction& action, const QString& by, const EntryImage& image)
{
    using Kind = BulkAction::Kind;
    EntryChange change;
    change.fingerprint = image.fingerprint;
    change.expectedRevision = image.revision();
    if (action.kind == Kind::Delete)
        return change;
    if (isPythonImage(image))
        return pythonChangeFor(action, image);
    const auto parsed = tryParseJson(image.fields.value(metaField));
    if (!parsed || !parsed->is_object())
        throw CacheError(QStringLiteral("The metadata of entry %1 is damaged.").arg(image.fingerprint),
            QStringLiteral("Delete the entry, or refresh it with a new run."));
    Json meta = *parsed;
    if (!apply(action, by, meta, image))
        return std::nullopt;
    change.kind = EntryChange::Kind::Update;
    change.fields = {
        {revisionField, QByteArray::number(image.revision() + 1)}, {metaField, toJsonText(meta)}};
    change.setsExpiry =
        action.kind == Kind::SetExpiry || action.kind == Kind::Pin || action.kind == Kind::Unpin;
    if (action.kind != Kind::Pin)
        change.expiresMs = action.expiresMs;
    return change;
}

BulkFate fateOf(ChangeOutcome outcome)
{
    switch (outcome) {
    case ChangeOutcome::Done:
        return BulkFate::Changed;
    case ChangeOutcome::Absent:
        return BulkFate::Absent;
    case ChangeOutcome::Conflict:
        return BulkFate::Conflict;
    }
    Q_UNREACHABLE();
}

/// One batch on its way.
struct Batch {
    std::vector<EntryChange> changes;
    std::vector<UndoEntry> kept;
    std::vector<BulkResult> results; ///< of those that need no change
};

/// What is to be done to the entries of a batch, as they are now.
Batch planBatch(const std::vector<BulkTarget>& targets, const std::vector<EntryImage>& images,
    const BulkAction& action, const BulkOptions& options)
{
    QHash<QString, std::size_t> found;
    for (std::size_t i = 0; i < images.size(); ++i)
        found.insert(images[i].fingerprint, i);
    Batch batch;
    for (const BulkTarget& target : targets) {
        const auto at = found.constFind(target.fingerprint);
        if (at == found.cend()) {
            batch.results.push_back({target.fingerprint, BulkFate::Absent});
            continue;
        }
        const EntryImage& image = images[*at];
        const bool isMeant = (target.revision == 0 || target.revision == image.revision())
            && (!options.stillApplies || options.stillApplies(image));
        if (!isMeant) {
            batch.results.push_back({target.fingerprint, BulkFate::Conflict});
            continue;
        }
        const bool isTag =
            action.kind == BulkAction::Kind::AddTag || action.kind == BulkAction::Kind::RemoveTag;
        if (isTag && isPythonImage(image)) {
            batch.results.push_back({target.fingerprint, BulkFate::Unsuitable});
            continue;
        }
        auto change = changeFor(action, options.by, image);
        if (!change) {
            batch.results.push_back({target.fingerprint, BulkFate::Unaffected});
            continue;
        }
        if (options.journal)
            batch.kept.push_back(undoEntryFor(image, *change));
        batch.changes.push_back(std::move(*change));
    }
    return batch;
}

} // namespace

QString BulkAction::name() const
{
    switch (kind) {
    case Kind::Delete:
        return QStringLiteral("delete");
    case Kind::SetExpiry:
        return expiresMs ? QStringLiteral("expire") : QStringLiteral("persist");
    case Kind::Pin:
        return QStringLiteral("pin");
    case Kind::Unpin:
        return QStringLiteral("unpin");
    case Kind::AddTag:
        return QStringLiteral("tag %1").arg(tag);
    case Kind::RemoveTag:
        return QStringLiteral("untag %1").arg(tag);
    }
    Q_UNREACHABLE();
}

void BulkReport::count(BulkFate fate)
{
    switch (fate) {
    case BulkFate::Changed:
        ++changed;
        break;
    case BulkFate::Unaffected:
        ++unaffected;
        break;
    case BulkFate::Absent:
        ++absent;
        break;
    case BulkFate::Conflict:
        ++conflicts;
        break;
    case BulkFate::Unsuitable:
        ++unsuitable;
        break;
    case BulkFate::Expired:
        ++expired;
        break;
    case BulkFate::Unknown:
        break;
    }
}

namespace {

/// What happens to entries before any of them is read, where nothing but the revision is asked for.
Batch removals(const std::vector<BulkTarget>& targets)
{
    Batch batch;
    for (const BulkTarget& target : targets) {
        EntryChange change;
        change.fingerprint = target.fingerprint;
        change.expectedRevision = target.revision;
        batch.changes.push_back(std::move(change));
    }
    return batch;
}

/// Makes the changes of one batch, which are recorded before, and reports what it did.
QCoro::Task<> changeBatch(Store* store, Batch batch, const BulkOptions* options, BulkReport* report)
{
    if (!batch.changes.empty()) {
        if (options->journal) {
            auto keeping = options->journal->append(report->undoId, std::move(batch.kept));
            const qint64 forgotten = co_await keeping;
            report->forgotten += forgotten;
        }
        QStringList fingerprints;
        for (const EntryChange& change : batch.changes)
            fingerprints.append(change.fingerprint);
        auto changing = store->changeEntries(std::move(batch.changes));
        const std::vector<ChangeOutcome> outcomes = co_await changing;
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            batch.results.push_back({fingerprints.at(static_cast<qsizetype>(i)), fateOf(outcomes[i])});
    }
    for (const BulkResult& result : batch.results)
        report->count(result.fate);
    if (options->progress)
        options->progress(*report, batch.results);
}

} // namespace

QCoro::Task<BulkReport> changeMany(
    Store* store, std::vector<BulkTarget> targets, BulkAction action, BulkOptions options)
{
    BulkReport report;
    report.asked = static_cast<qint64>(targets.size());
    // Without a record and a condition a deletion needs nothing but the revision.
    const bool knowsAll = action.kind == BulkAction::Kind::Delete && !options.journal && !options.stillApplies
        && std::all_of(
            targets.begin(), targets.end(), [](const BulkTarget& target) { return target.revision > 0; });
    QStringList toRead;
    if (!knowsAll) {
        for (const BulkTarget& target : targets)
            toRead.append(target.fingerprint);
    }
    const qsizetype batchSize = store->changesAtOnce();
    ImagesAhead reader(store, std::move(toRead), batchSize);
    // Two at most: the next one is planned and recorded while the store changes the last.
    TasksUnderWay changing;
    std::exception_ptr failure;
    std::size_t start = 0;
    while (start < targets.size() && !failure) {
        if (options.stop.stop_requested()) {
            report.cancelled = true;
            break;
        }
        try {
            std::vector<EntryImage> images;
            std::size_t size = std::min(static_cast<std::size_t>(batchSize), targets.size() - start);
            if (!knowsAll) {
                auto reading = reader.next();
                images = co_await reading;
                size = static_cast<std::size_t>(reader.asked().size());
            }
            const auto from = targets.begin() + static_cast<std::ptrdiff_t>(start);
            const std::vector<BulkTarget> part(from, from + static_cast<std::ptrdiff_t>(size));
            start += size;
            Batch batch = knowsAll ? removals(part) : planBatch(part, images, action, options);
            if (options.journal && report.undoId.isEmpty() && !batch.changes.empty()) {
                auto beginning =
                    options.journal->begin(store->info(), action.name(), options.by, options.nowMs);
                report.undoId = co_await beginning;
            }
            changing.add(changeBatch(store, std::move(batch), &options, &report));
            auto finishing = changing.finish(1);
            co_await finishing;
        } catch (...) {
            failure = std::current_exception();
        }
    }
    try {
        auto finishing = changing.finish(0);
        co_await finishing;
    } catch (...) {
        failure = failure ? failure : std::current_exception();
    }
    auto draining = reader.drain();
    co_await draining;
    if (!report.undoId.isEmpty()) {
        auto ending = options.journal->end(report.undoId);
        co_await ending;
    }
    if (failure)
        std::rethrow_exception(failure);
    co_return report;
}

} // namespace llmcache
