#pragma once

#include "cache/bulkchange.h"

namespace llmcache {

/// What some entries weigh: what is at stake when they are deleted.
struct EntryWeight {
    qint64 entries = 0;
    qint64 bytes = 0;
    qint64 usedLately = 0; ///< within the last 7 days
    qint64 unpriced = 0; ///< without a known cost
    Money cost; ///< of asking again, without the unpriced ones

    void add(const EntryMeta& entry, qint64 nowMs);
};

/// What a change would meet now.
struct BulkPreview {
    EntryWeight weight; ///< of `targets`
    std::vector<BulkTarget> targets; ///< those that are still what they were when they were chosen
    QStringList gone; ///< since they were chosen
    std::vector<EntryMeta> changed; ///< since they were chosen, as they are now; a change leaves them alone
    UndoRoom room; ///< to keep `targets`
};

/// About what a journal takes to keep entries of this weight.
qint64 undoBytes(const EntryWeight& weight);

/// Reads the entries again and counts them: the dry run of changeMany(). Damaged entries count without
/// weight. `progress` is called with the number of entries read. Throws Cancelled when it was stopped, errors
/// as Store. `store` and the journal that the change would be kept in must outlive the task.
QCoro::Task<BulkPreview> previewChange(Store* store, UndoJournal* journal, std::vector<BulkTarget> targets,
    qint64 nowMs, std::function<void(qint64)> progress, std::stop_token stop);

} // namespace llmcache
