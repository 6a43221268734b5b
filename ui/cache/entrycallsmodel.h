#pragma once

#include "store/call.h"

#include <QAbstractTableModel>

namespace llmcache::ui {

/// Ledger calls as a table, newest first as they come.
class EntryCallsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Result, User, Latency, Cost, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;

    /// Another list; where it continues the one before, only what is new is added on top, so that a list that
    /// somebody reads stays where it is.
    void setCalls(std::vector<Call> calls, qint64 nowMs);
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    bool addOnTop(std::vector<Call>& calls);

    std::vector<Call> m_calls;
    qint64 m_nowMs = 0;
};

} // namespace llmcache::ui
