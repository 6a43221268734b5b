#include "cache/grouppanel.h"

#include "theme/theme.h"
#include "widgets/controls.h"
#include "widgets/format.h"
#include "widgets/tablestyle.h"

#include <QHeaderView>
#include <QScopedValueRollback>
#include <QTableView>
#include <QVBoxLayout>

#include <algorithm>

namespace llmcache::ui {

EntryGroupsModel::EntryGroupsModel(QObject* parent)
    : QAbstractTableModel(parent)
{
}

void EntryGroupsModel::setGroups(std::vector<EntryGroup> groups, const QString& title)
{
    beginResetModel();
    m_groups = std::move(groups);
    m_title = title;
    arrange();
    endResetModel();
}

int EntryGroupsModel::rowOf(const QString& name) const
{
    const auto at = std::find_if(
        m_groups.begin(), m_groups.end(), [&name](const EntryGroup& group) { return group.name == name; });
    return at == m_groups.end() ? -1 : static_cast<int>(at - m_groups.begin());
}

int EntryGroupsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_groups.size());
}

int EntryGroupsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant EntryGroupsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const EntryGroup& group = groupAt(index.row());
    const EntrySums& sums = group.sums;
    const bool isPriced = sums.unpriced < sums.entries;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Name:
            return group.name.isEmpty() ? QStringLiteral("–") : group.name;
        case Entries:
            return format::count(sums.entries);
        case Size:
            return format::bytes(sums.bytes);
        case Cost:
            return isPriced ? sums.cost.toDisplay() : tr("unpriced");
        case Saved:
            return isPriced ? group.saved.toDisplay() : tr("unpriced");
        case Hits:
            return format::count(group.hits);
        default:
            return {};
        }
    case Qt::ToolTipRole:
        if (index.column() == Cost || index.column() == Saved) {
            QString text = QLatin1Char('$') + (index.column() == Cost ? sums.cost : group.saved).toDecimal();
            if (sums.unpriced > 0)
                text += tr(", %1 of %2 entries unpriced")
                            .arg(format::count(sums.unpriced), format::count(sums.entries));
            return text;
        }
        return {};
    case Qt::TextAlignmentRole:
        return int((index.column() == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    default:
        return {};
    }
}

QVariant EntryGroupsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int((section == Name ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return m_title;
    case Entries:
        return tr("Entries");
    case Size:
        return tr("Size");
    case Cost:
        return tr("Cost");
    case Saved:
        return tr("Saved");
    case Hits:
        return tr("Hits");
    default:
        return {};
    }
}

void EntryGroupsModel::sort(int column, Qt::SortOrder order)
{
    m_column = column;
    m_order = order;
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList before = persistentIndexList();
    QStringList names;
    for (const QModelIndex& held : before)
        names += groupAt(held.row()).name;
    arrange();
    QModelIndexList after;
    for (qsizetype at = 0; at < before.size(); ++at)
        after += index(rowOf(names.at(at)), before.at(at).column());
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

void EntryGroupsModel::arrange()
{
    const auto less = [this](const EntryGroup& left, const EntryGroup& right) {
        switch (m_column) {
        case Entries:
            return left.sums.entries < right.sums.entries;
        case Size:
            return left.sums.bytes < right.sums.bytes;
        case Cost:
            return left.sums.cost < right.sums.cost;
        case Saved:
            return left.saved < right.saved;
        case Hits:
            return left.hits < right.hits;
        default:
            return QString::compare(left.name, right.name, Qt::CaseInsensitive) < 0;
        }
    };
    std::stable_sort(m_groups.begin(), m_groups.end(), [&](const EntryGroup& left, const EntryGroup& right) {
        return m_order == Qt::AscendingOrder ? less(left, right) : less(right, left);
    });
}

GroupPanel::GroupPanel(const Theme* theme, QWidget* parent)
    : QFrame(parent)
    , m_model(new EntryGroupsModel(this))
    , m_table(new QTableView(this))
    , m_count(makeLabel({}, Tone::Secondary, TextSize::Small, QFont::Normal, this))
    , m_all(flatButton(tr("Show all"), this))
{
    setProperty("surface", QStringLiteral("panel"));
    setObjectName(QStringLiteral("groupPanel"));
    m_table->setObjectName(QStringLiteral("groupTable"));
    m_table->setAccessibleName(tr("Groups"));
    m_count->setObjectName(QStringLiteral("groupCount"));
    m_all->setObjectName(QStringLiteral("showAllGroups"));
    m_all->setEnabled(false);
    m_table->setModel(m_model);
    setUpTable(m_table, theme);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    constexpr int numberWidth = 92;
    for (int column = EntryGroupsModel::Entries; column < EntryGroupsModel::ColumnCount; ++column)
        m_table->setColumnWidth(column, numberWidth);
    m_table->horizontalHeader()->setSectionResizeMode(EntryGroupsModel::Name, QHeaderView::Stretch);
    m_table->horizontalHeader()->setSortIndicator(EntryGroupsModel::Entries, Qt::DescendingOrder);
    m_table->setSortingEnabled(true);
    auto* foot = new QHBoxLayout;
    foot->setContentsMargins(16, 2, 8, 2);
    foot->addWidget(m_count, 1);
    foot->addWidget(m_all);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_table, 1);
    layout->addLayout(foot);
    layout->addWidget(horizontalRule(this));
    constexpr int rows = 6;
    setFixedHeight(theme->rowHeight() * (rows + 2) + 8);
    connect(m_table->selectionModel(), &QItemSelectionModel::selectionChanged, this, &GroupPanel::choose);
    connect(m_all, &QPushButton::clicked, m_table, &QTableView::clearSelection);
}

void GroupPanel::setGroups(const std::vector<EntryGroup>& groups, const QString& title)
{
    {
        const QScopedValueRollback<bool> guard(m_updating, true);
        m_model->setGroups(groups, title);
        const int row = m_chosen ? m_model->rowOf(*m_chosen) : -1;
        if (row >= 0)
            m_table->selectRow(row);
    }
    m_count->setText(format::counted(static_cast<qint64>(groups.size()), tr("group"), tr("groups")));
    choose(); // one that is gone is chosen no longer
}

void GroupPanel::choose()
{
    if (m_updating)
        return;
    const QModelIndexList rows = m_table->selectionModel()->selectedRows();
    const std::optional<QString> chosen =
        rows.isEmpty() ? std::nullopt : std::optional(m_model->groupAt(rows.constFirst().row()).name);
    m_all->setEnabled(chosen.has_value());
    if (chosen == m_chosen)
        return;
    m_chosen = chosen;
    Q_EMIT groupChosen(chosen);
}

} // namespace llmcache::ui
