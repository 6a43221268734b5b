#include "cache/entrytablemodel.h"

#include <algorithm>

// How the rows shown become those of a new arrangement: views hear of as few changes as possible, and keep
// what is selected.

namespace llmcache::ui {

namespace {

/// More runs than this are moved with one layout change instead of as many insertions.
constexpr std::size_t mostRuns = 24;

} // namespace

void EntryTableModel::apply(Arrangement arrangement)
{
    std::vector<bool> wanted(m_entries.rows(), false);
    for (const quint32 row : arrangement.rows)
        wanted[row] = true;
    m_sums = arrangement.sums;
    m_groups = std::move(arrangement.groups);
    leaveOut(wanted);

    // What stays is in m_rows now. Where it keeps its order, insert the rest into it; else add and permute.
    std::vector<bool> shown(m_entries.rows(), false);
    for (const quint32 row : m_rows)
        shown[row] = true;
    std::vector<quint32> added;
    std::size_t at = 0;
    std::size_t runs = 0;
    bool inOrder = true;
    bool inRun = false;
    for (const quint32 row : arrangement.rows) {
        if (!shown[row]) {
            added.push_back(row);
            runs += inRun ? 0 : 1;
            inRun = true;
            continue;
        }
        inRun = false;
        inOrder = inOrder && m_rows[at++] == row;
    }
    if (inOrder && runs <= mostRuns) {
        insertRuns(arrangement.rows);
    } else {
        append(added);
        permute(std::move(arrangement.rows));
    }
    Q_EMIT arranged();
}

void EntryTableModel::leaveOut(const std::vector<bool>& wanted)
{
    struct Run {
        int first;
        int last;
    };
    std::vector<Run> runs;
    for (int at = 0; at < rowCount(); ++at) {
        if (wanted[m_rows[static_cast<std::size_t>(at)]])
            continue;
        if (!runs.empty() && runs.back().last == at - 1)
            runs.back().last = at;
        else
            runs.push_back({at, at});
    }
    if (runs.size() > mostRuns) {
        std::vector<quint32> goneLast = m_rows;
        const auto gone = std::stable_partition(
            goneLast.begin(), goneLast.end(), [&](quint32 row) { return bool(wanted[row]); });
        runs = {{static_cast<int>(gone - goneLast.begin()), rowCount() - 1}};
        permute(std::move(goneLast));
    }
    for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
        beginRemoveRows({}, run->first, run->last);
        m_rows.erase(m_rows.begin() + run->first, m_rows.begin() + run->last + 1);
        endRemoveRows();
    }
}

void EntryTableModel::append(const std::vector<quint32>& rows)
{
    if (rows.empty())
        return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(rows.size()) - 1);
    m_rows.insert(m_rows.end(), rows.begin(), rows.end());
    endInsertRows();
}

void EntryTableModel::insertRuns(const std::vector<quint32>& target)
{
    std::size_t at = 0;
    while (at < target.size()) {
        if (at < m_rows.size() && m_rows[at] == target[at]) {
            ++at;
            continue;
        }
        std::size_t end = at + 1;
        while (end < target.size() && (at >= m_rows.size() || target[end] != m_rows[at]))
            ++end;
        beginInsertRows({}, static_cast<int>(at), static_cast<int>(end) - 1);
        m_rows.insert(m_rows.begin() + static_cast<std::ptrdiff_t>(at),
            target.begin() + static_cast<std::ptrdiff_t>(at),
            target.begin() + static_cast<std::ptrdiff_t>(end));
        endInsertRows();
        at = end;
    }
}

void EntryTableModel::permute(std::vector<quint32> target)
{
    if (target == m_rows)
        return;
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    QHash<quint32, int> places; // of rows that somebody holds on to
    std::vector<bool> isHeld(m_entries.rows(), false); // looked up faster, for all the others
    for (const QModelIndex& held : before) {
        const quint32 row = m_rows[static_cast<std::size_t>(held.row())];
        places.insert(row, -1);
        isHeld[row] = true;
    }
    qsizetype left = places.size();
    for (std::size_t at = 0; left > 0 && at < target.size(); ++at) {
        if (!isHeld[target[at]])
            continue;
        places[target[at]] = static_cast<int>(at);
        --left;
    }
    QModelIndexList after;
    after.reserve(before.size());
    for (const QModelIndex& held : before)
        after << index(places.value(m_rows[static_cast<std::size_t>(held.row())]), held.column());
    m_rows = std::move(target);
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

} // namespace llmcache::ui
