#pragma once

#include "cache/bulkpreview.h"
#include "cache/entrycolumns.h"
#include "cache/packedentries.h"
#include "store/entryfilter.h"

#include <Qt>

#include <stop_token>

namespace llmcache::ui {

/// Which entries to show, in which order.
struct ArrangementOrder {
    EntryFilter filter;
    /// Where the filter needs whole texts: the rows that a search found, by number.
    std::shared_ptr<const std::vector<bool>> found;
    EntryColumn column = EntryColumn::Age;
    Qt::SortOrder order = Qt::AscendingOrder;
    qint64 nowMs = 0; ///< for ages and TTLs
    std::optional<EntryColumn>
        groupBy; ///< agent, model or task; sums of each are made of what passes the filter
    std::optional<QString> group; ///< of these, the only one whose rows are wanted
    bool isUrgent = true; ///< somebody waits for it: on all cores
};

/// Sums over some rows; how many were used lately only of EntryTableModel::sumsOf().
struct EntrySums : EntryWeight {
    using EntryWeight::add;
    void add(const EntryChunk& chunk, std::size_t slot);
    /// Takes away what add() added.
    void remove(const EntryChunk& chunk, std::size_t slot);
};

/// Sums over the rows that have the same agent, model or task.
struct EntryGroup {
    QString name; ///< may be empty
    EntrySums sums;
    qint64 hits = 0;
    Money saved; ///< cost times hits of the priced ones
};

struct Arrangement {
    std::vector<quint32> rows; ///< row numbers, first one on top
    EntrySums sums;
    std::vector<EntryGroup> groups; ///< in no particular order
    bool stopped = false; ///< rows are incomplete
};

/// Filters and sorts. Pure; made for a worker thread. Rows that compare equal are newest first.
Arrangement arrange(
    const EntrySnapshot& snapshot, const ArrangementOrder& order, const std::stop_token& stop);

} // namespace llmcache::ui
