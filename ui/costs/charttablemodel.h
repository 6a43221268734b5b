#pragma once

#include "costs/chartdata.h"

#include <QAbstractTableModel>

namespace llmcache::ui {

/// The numbers of a chart, one row a column of it.
class ChartTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;
    void setData(const ChartData& data);
    using QAbstractTableModel::setData;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    ChartData m_data;
    QStringList m_header;
};

} // namespace llmcache::ui
