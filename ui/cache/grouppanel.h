#pragma once

#include "cache/arrangement.h"

#include <QAbstractTableModel>
#include <QFrame>

class QLabel;
class QTableView;

namespace llmcache::ui {

class Button;
class Theme;

/// Sums by agent, model or task, one row each. GUI thread only.
class EntryGroupsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Entries, Size, Cost, Saved, Hits, ColumnCount };

    explicit EntryGroupsModel(QObject* parent = nullptr);
    void setGroups(std::vector<EntryGroup> groups, const QString& title);
    const EntryGroup& groupAt(int row) const { return m_groups[static_cast<std::size_t>(row)]; }
    /// -1 when there is none of that name.
    int rowOf(const QString& name) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

private:
    void arrange();
    std::vector<EntryGroup> m_groups;
    QString m_title;
    int m_column = Entries;
    Qt::SortOrder m_order = Qt::DescendingOrder;
};

/// The groups above the table of entries; a chosen one is the only one whose entries are shown.
class GroupPanel : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit GroupPanel(const Theme* theme, QWidget* parent = nullptr);
    /// `title`: what is grouped by.
    void setGroups(const std::vector<EntryGroup>& groups, const QString& title);

Q_SIGNALS:
    /// Nothing = all.
    void groupChosen(const std::optional<QString>& name);

private:
    void choose();

    EntryGroupsModel* m_model;
    QTableView* m_table;
    QLabel* m_count;
    Button* m_all;
    std::optional<QString> m_chosen;
    bool m_updating = false;
};

} // namespace llmcache::ui
