#include "costs/charttablemodel.h"

#include "costs/tablecells.h"
#include "widgets/tablestyle.h"

namespace llmcache::ui {

void ChartTableModel::setData(const ChartData& data)
{
    const QStringList header = chartTableHeader(data);
    if (header == m_header && data.columns == m_data.columns) {
        m_data = data;
        if (rowCount() > 0)
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
        return;
    }
    beginResetModel();
    m_data = data;
    m_header = header;
    endResetModel();
}

int ChartTableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_data.columns.size());
}

int ChartTableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_header.size());
}

QVariant ChartTableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    if (role == Qt::TextAlignmentRole)
        return cellAlignment(index.column() != 0);
    if (role == TableDelegate::secondaryRole)
        return index.column() == 0;
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    const auto row = static_cast<std::size_t>(index.row());
    const auto series = static_cast<std::size_t>(index.column()) - 1;
    if (index.column() == 0)
        return m_data.columns[row].longLabel;
    if (series < m_data.series.size())
        return exactText(m_data.unit, m_data.series[series].values.at(row));
    return exactText(m_data.unit, ChartValue{m_data.columnTotal(index.row()), 1});
}

QVariant ChartTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    return headerCell(orientation, role, m_header.value(section), section != 0);
}

} // namespace llmcache::ui
