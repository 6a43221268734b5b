#pragma once

#include "store/call.h"

#include <QAbstractTableModel>
#include <QSet>
#include <QTimeZone>

namespace llmcache::ui {

/// Ledger calls, newest first, as far as they were looked at: the view asks for more when it gets to the end.
class CallsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Agent, Model, Task, User, State, Latency, Tokens, Cost, Saved, ColumnCount };
    /// Some 60 MB; who wants older calls than that narrows the range.
    static constexpr int mostCalls = 100'000;
    using QAbstractTableModel::QAbstractTableModel;

    /// In the order of CallPage, like everything below. `hasMore`: there are older ones.
    void setCalls(std::vector<Call> calls, bool hasMore = false);
    void appendCalls(std::vector<Call> calls, bool hasMore);
    /// Puts calls that are not there yet where they belong; rows that are there stay. False when the newest
    /// page and what is there have nothing in common: calls may be missing between them.
    bool mergeCalls(const std::vector<Call>& calls);
    void setTimeZone(const QByteArray& id);
    const Call& callAt(int row) const { return m_calls.at(static_cast<std::size_t>(row)); }
    bool hasMore() const { return m_hasMore; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;

Q_SIGNALS:
    /// Answer with appendCalls().
    void moreWanted();

private:
    QString textOf(const Call& call, int column) const;
    QString toolTipOf(const Call& call, int column) const;
    /// Texts that repeat are kept once.
    void share(Call& call);
    std::vector<Call> m_calls;
    QSet<QString> m_texts;
    QTimeZone m_zone = QTimeZone::systemTimeZone();
    bool m_hasMore = false;
    bool m_asked = false;
};

} // namespace llmcache::ui
