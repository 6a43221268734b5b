#include "cache/entrytablemodel.h"

// How the rows shown become those of a new arrangement: views hear of as few changes as possible, and keep
// what is selected.

namespace llmcache::ui {

void EntryTableModel::apply(RowChanges changes)
{
    if (changes.isMove) {
        move(changes);
    } else {
        for (const RowRun& run : changes.removals) {
            beginRemoveRows({}, run.first, run.last);
            m_rows.erase(m_rows.begin() + run.first, m_rows.begin() + run.last + 1);
            endRemoveRows();
        }
        for (const RowRun& run : changes.insertions) {
            beginInsertRows({}, run.first, run.last);
            m_rows.insert(m_rows.begin() + run.first, changes.target.begin() + run.first,
                changes.target.begin() + run.last + 1);
            endInsertRows();
        }
    }
}

void EntryTableModel::move(RowChanges& changes)
{
    const auto count = [](const std::vector<quint32>& rows) { return static_cast<int>(rows.size()); };
    if (changes.grown.size() > m_rows.size()) {
        beginInsertRows({}, rowCount(), count(changes.grown) - 1);
        m_rows.swap(changes.grown);
        endInsertRows();
    }

    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    QModelIndexList after;
    after.reserve(before.size());
    for (const QModelIndex& held : before) {
        const quint32 row = m_rows[static_cast<std::size_t>(held.row())];
        after << index(changes.placeOf(row, held.row()), held.column());
    }
    m_rows.swap(changes.moved);
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);

    if (changes.target.size() < m_rows.size()) {
        beginRemoveRows({}, count(changes.target), rowCount() - 1);
        m_rows.swap(changes.target);
        endRemoveRows();
    }
}

} // namespace llmcache::ui
