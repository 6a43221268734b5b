#include "cache/bulkpreview.h"

#include "cache/entryrows.h"

#include <QHash>

namespace llmcache {

namespace {

constexpr std::size_t readTogether = 1000;

} // namespace

void EntryWeight::add(const EntryMeta& entry, qint64 nowMs)
{
    constexpr qint64 weekMs = qint64(7) * 24 * 3600 * 1000;
    ++entries;
    bytes += entry.bytes;
    usedLately += entry.lastUsedMs > nowMs - weekMs ? 1 : 0;
    if (entry.cost)
        cost += *entry.cost;
    else
        ++unpriced;
}

qint64 undoBytes(const EntryWeight& weight)
{
    constexpr qint64 metadataBytes = 1024; // of an entry; the weight is that of requests and answers
    return weight.bytes + weight.entries * metadataBytes;
}

QCoro::Task<BulkPreview> previewChange(Store* store, UndoJournal* journal, std::vector<BulkTarget> targets,
    qint64 nowMs, std::function<void(qint64)> progress, std::stop_token stop)
{
    BulkPreview preview;
    for (std::size_t from = 0; from < targets.size(); from += readTogether) {
        const std::size_t end = std::min(targets.size(), from + readTogether);
        QStringList fingerprints;
        for (std::size_t at = from; at < end; ++at)
            fingerprints.append(targets[at].fingerprint);
        auto reading = readRows(store, fingerprints, stop);
        RowsNow now = co_await reading;
        QHash<QString, EntryMeta*> there;
        for (EntryMeta& row : now.rows)
            there.insert(row.fingerprint, &row);
        const QSet<QString> gone(now.gone.begin(), now.gone.end());
        for (std::size_t at = from; at < end; ++at) {
            const BulkTarget& target = targets[at];
            EntryMeta* const row = there.value(target.fingerprint);
            if (gone.contains(target.fingerprint))
                continue;
            if (row && target.revision != 0 && row->revision != target.revision) {
                preview.changed.push_back(std::move(*row));
                continue;
            }
            if (row)
                preview.weight.add(*row, nowMs);
            else
                ++preview.weight.entries;
            preview.targets.push_back(target);
        }
        preview.gone += now.gone;
        if (progress)
            progress(static_cast<qint64>(end));
    }
    auto looking = journal->roomFor(undoBytes(preview.weight), nowMs);
    preview.room = co_await looking;
    co_return preview;
}

} // namespace llmcache
