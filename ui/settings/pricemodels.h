#pragma once

#include "cost/modelcosts.h"
#include "cost/priceimport.h"

#include <QAbstractTableModel>

namespace llmcache::ui {

/// Custom costs by model, for the table in the settings.
class CustomCostsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Model, Input, Output, CacheWrite, CacheRead, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setCosts(const CustomCosts& costs);
    const CustomCosts& costs() const { return m_costs; }
    QString modelAt(int row) const { return m_models.at(row); }
    /// -1 when the model has no custom costs; the case of its letters does not matter.
    int rowOf(const QString& model) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    CustomCosts m_costs;
    QStringList m_models; ///< in the order of the rows
};

/// What an import would change.
class PriceChangesModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Model, Price, Before, After, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setChanges(std::vector<PriceChange> changes);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<PriceChange> m_changes;
};

} // namespace llmcache::ui
