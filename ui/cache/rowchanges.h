#pragma once

#include <QtGlobal>

#include <vector>

namespace llmcache::ui {

/// Rows that are beside each other.
struct RowRun {
    int first;
    int last;
};

/// How many rows there are in runs that do not overlap.
qint64 countOf(const std::vector<RowRun>& runs);

/// How the rows shown become others, worked out ahead: what is left to do where a view waits for it takes a
/// moment, however many rows there are. Rows are numbers, each at most once in a list.
struct RowChanges {
    std::vector<quint32> target; ///< what is shown afterwards

    /// Few changes to rows that keep their order: first `removals`, from the bottom up, then `insertions`,
    /// from the top down, in places that they have then.
    std::vector<RowRun> removals;
    std::vector<RowRun> insertions;

    /// Otherwise one change of order: the new rows are below the ones there are, all of them change places,
    /// and the ones that leave are at the bottom by then.
    bool isMove = false;
    std::vector<quint32> grown;
    std::vector<quint32> moved;
    std::vector<quint32> places; ///< in `moved`, by row
    /// Where rows leave and nothing else happens, instead of `places`: those of the leaving rows now,
    /// ascending.
    std::vector<int> leaving;

    /// Where in `moved` the row is that is at `place` now, or in `grown`.
    int placeOf(quint32 row, int place) const;
};

/// Pure; made for a worker thread. `rows` is above all row numbers of both lists.
RowChanges planChanges(const std::vector<quint32>& shown, std::vector<quint32> target, quint32 rows);

/// The same for rows that leave, each of which is true in `gone`: quick enough where somebody waits.
RowChanges planRemoval(const std::vector<quint32>& shown, const std::vector<bool>& gone);

} // namespace llmcache::ui
