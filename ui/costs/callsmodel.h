#pragma once

#include "store/call.h"

#include <QAbstractTableModel>
#include <QSet>
#include <QTimeZone>

namespace llmcache::ui {

/// Ledger calls, newest first, as far as they were looked at: the view asks for more when it gets to the end.
/// Only some of them are held. Rows whose calls were given up come again when somebody looks at them.
class CallsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Time, Agent, Model, Task, User, State, Latency, Tokens, Cost, Saved, ColumnCount };
    /// Calls that are held, some 12 MB.
    static constexpr int mostHeld = 20'000;
    using QAbstractTableModel::QAbstractTableModel;

    /// In the order of CallPage, like everything below. `next` is the cursor of older ones; empty = there are
    /// none.
    void setCalls(std::vector<Call> calls, const QByteArray& next = {});
    void appendCalls(std::vector<Call> calls, const QByteArray& next);
    /// Puts calls that are not there yet where they belong; rows that are there stay. False when the newest
    /// page and what is there have nothing in common: calls may be missing between them, unless these are
    /// known to be all that came since.
    bool mergeCalls(const std::vector<Call>& calls, bool areAll = false);
    /// Answers pageWanted(): all calls that come after `from` and not after the page's end.
    void fillPage(const QByteArray& from, std::vector<Call> calls);
    /// What was asked for will not come: asks again when it is needed.
    void askAgain();
    void setTimeZone(const QByteArray& id);
    /// Null for a row whose call is not held.
    const Call* callAt(int row) const;
    bool hasMore() const { return !m_next.isEmpty(); }
    /// Of the calls after the last row.
    const QByteArray& next() const { return m_next; }
    int held() const { return m_held; }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;

Q_SIGNALS:
    /// Answer with appendCalls().
    void moreWanted();
    /// Answer with fillPage(): the calls between two cursors.
    void pageWanted(const QByteArray& from, const QByteArray& to);

private:
    struct Page {
        QByteArray from; ///< cursor that gives it; empty for the first, which is always held
        int first = 0; ///< row
        int count = 0;
        std::vector<Call> calls; ///< as many, or none when they were given up
    };
    QString textOf(const Call& call, int column) const;
    QString toolTipOf(const Call& call, int column) const;
    /// Texts that repeat are kept once.
    void share(Call& call);
    void share(std::vector<Call>& calls);
    std::size_t pageOf(int row) const;
    /// Rows of the pages from `page` on are others.
    void renumber(std::size_t page);
    void askFor(std::size_t page) const;
    /// Gives up the calls that are farthest from a page, where too many are held.
    void giveUp(std::size_t lookedAt);

    std::vector<Page> m_pages;
    int m_rows = 0;
    int m_held = 0;
    QByteArray m_next;
    QSet<QString> m_texts;
    QTimeZone m_zone = QTimeZone::systemTimeZone();
    bool m_asked = false;
    mutable QSet<QByteArray> m_wanted; ///< pages that were asked for
};

} // namespace llmcache::ui
