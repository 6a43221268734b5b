#pragma once

#include "store/call.h"

#include <QAbstractTableModel>

namespace llmcache::ui {

/// Ledger calls, newest first, for the table under the charts.
class CallsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Agent, Model, Task, User, State, Latency, Tokens, Cost, Saved, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    void setCalls(std::vector<Call> calls);
    const Call& callAt(int row) const { return m_calls.at(static_cast<std::size_t>(row)); }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QString textOf(const Call& call, int column) const;
    QString toolTipOf(const Call& call, int column) const;
    std::vector<Call> m_calls;
};

} // namespace llmcache::ui
