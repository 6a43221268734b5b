#pragma once

#include "store/ledgerupkeep.h"

#include <QAbstractTableModel>

namespace llmcache::ui {

/// What was charged beside what other prices make of it, one row a model and all together in the first.
class RepricingModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Model, Calls, Changed, Charged, Repriced, Saved, SavedRepriced, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;
    /// Empty without calls.
    void setRepricing(const Repricing& repricing);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<std::pair<QString, RepricedSums>> m_rows;
};

} // namespace llmcache::ui
