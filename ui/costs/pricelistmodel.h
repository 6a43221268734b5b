#pragma once

#include "cost/pricetable.h"
#include "store/ledgerquery.h"

#include <QAbstractTableModel>

namespace llmcache::ui {

/// A model and what it costs, as the page of prices lists it.
struct PricedModel {
    QString model; ///< `provider:model`
    QString input; ///< dollars per million tokens, decimal text; empty = none
    QString output;
    QString source; ///< "custom", or the version of the table, which is its date; empty = no price
    qint64 calls = 0; ///< in the ledger
    qint64 unpriced = 0; ///< of these, without a known cost
    bool needsPrice() const { return source.isEmpty() && calls > 0; }
};

/// All models of a table and of a ledger's report by model: those that were called and have no price first,
/// then by calls.
std::vector<PricedModel> pricedModels(const PriceTable& prices, const LedgerReport& byModel);

/// All of them as CSV: what the table shows, with whole names and plain decimal numbers.
QByteArray pricesCsv(const std::vector<PricedModel>& models);

class PriceListModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Model, Provider, Input, Output, Source, Calls, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setModels(std::vector<PricedModel> models);
    const PricedModel& modelAt(int row) const { return m_models.at(static_cast<std::size_t>(row)); }
    int rowOf(const QString& model) const; ///< -1 = none
    const std::vector<PricedModel>& models() const { return m_models; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<PricedModel> m_models;
};

} // namespace llmcache::ui
