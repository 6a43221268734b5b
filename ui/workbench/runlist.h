#pragma once

#include "cache/explain.h"
#include "cache/runinput.h"
#include "widgets/tasks.h"

#include <QAbstractTableModel>

namespace llmcache::ui {

/// One line of the runs list: a run of this window, or one that the ledger remembers.
struct RunItem {
    int number = 0; ///< 0 = from the ledger
    Outcome outcome = Outcome::Miss;
    bool running = false;
    std::chrono::microseconds latency{0};
    std::optional<Money> cost;
    qint64 timeMs = 0;
    QString fingerprint;
    QString callId; ///< of its record in the ledger; empty where there is none
    Usage usage; ///< of a run that failed: what was used up to then
    std::optional<Failure> failure; ///< of a run that failed or was stopped
    std::optional<RunResult> result; ///< of a run of this window
    std::shared_ptr<const RunInput> input; ///< likewise
    std::shared_ptr<const Explanation> explanation; ///< once it was asked for
    QString agent;
    QString model;
};

/// Runs of one agent, newest first.
class RunListModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Number, State, Latency, Cost, When, ColumnCount };
    using QAbstractTableModel::QAbstractTableModel;
    void clear();
    /// Puts a run on top; returns its number.
    int begin(RunInput input, qint64 nowMs);
    void finish(int number, const RunItem& item);
    void setExplanation(int number, const Explanation& explanation);
    /// Appends what the ledger remembers, leaving out calls that are runs of this window.
    void setLedger(const std::vector<Call>& calls, const QSet<QString>& known);
    const RunItem& at(int row) const { return m_items.at(static_cast<std::size_t>(row)); }
    int rowOf(int number) const;
    void setNow(qint64 nowMs);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    std::vector<RunItem> m_items;
    int m_lastNumber = 0;
    qint64 m_nowMs = 0;
};

} // namespace llmcache::ui
