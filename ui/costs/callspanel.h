#pragma once

#include "cache/session.h"
#include "costs/filterbar.h"
#include "costs/timespans.h"
#include "store/ledgerquery.h"
#include "widgets/card.h"
#include "widgets/tasks.h"

class QHBoxLayout;
class QTableView;

namespace llmcache::ui {

class CallDetail;
class CallsModel;
class FileSaver;
class Theme;

/// Which of the view's calls are listed: those behind a bar, a point or a tile.
struct CallScope {
    /// What the ledger can't filter by and is looked for in its pages.
    enum class Only { All, Unpriced, RateLimited, Retried, CostBetween };
    TimeSpan span; ///< empty = all of the range
    bool isGrowing = false; ///< it began in the range and ends later than now: calls may still come into it
    QString spanLabel;
    CostFilters filters; ///< on top of the view's
    Only only = Only::All;
    Money from; ///< CostBetween: both ends included
    Money upTo;
    QString label; ///< of what is filtered by
    bool accepts(const Call& call) const;
    friend bool operator==(const CallScope&, const CallScope&) = default;
};

/// The calls behind what is shown, newest first, page by page, and beside them the one that is looked at.
class CallsPanel : public Card {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit CallsPanel(const Theme* theme, QWidget* parent = nullptr);
    /// The session must outlive the panel's tasks. Forgets the scope.
    void setSession(Session* session);
    /// All calls of the view. Where it is what is listed already, the newest are looked for and put on top,
    /// and nothing else moves.
    void setSelection(const CallSelection& selection, const QByteArray& timeZone);
    /// What is listed is read anew with the next setSelection(): its calls are others now.
    void invalidate();
    const CallScope& scope() const { return m_scope; }
    void setScope(const CallScope& scope);
    /// What is listed: the view's calls in the scope.
    CallSelection listed() const;
    QTableView* table() const { return m_table; }
    void stopTasks();
    const TaskScope& tasks() const { return m_tasks; }
    int activeTasks() const { return m_tasks.active() + m_lookTasks.active() + m_sumTasks.active(); }

Q_SIGNALS:
    void openEntry(const QString& fingerprint);
    void openRun(const QString& fingerprint);
    /// The user wants the listed calls in a file.
    void exportRequested();
    void problem(const llmcache::ui::Failure& failure);
    void activeTasksChanged();

private:
    void layOut();
    /// What the ledger can't filter by is looked for in its pages.
    bool isSearch() const { return m_scope.only != CallScope::Only::All; }
    void loadFresh();
    /// Puts what came since on top. Once at a time, and nothing that is under way is given up for it: a busy
    /// writer must not keep a search from its end.
    void look();
    void loadMore();
    /// A part of a search that found nothing is no reason for the table to ask for the next one.
    void searchOn();
    void loadPageAgain(const QByteArray& from, const QByteArray& to);
    void loadSums();
    void showFound();
    void showChips();
    void showDetail(const QModelIndex& index);

    const Theme* m_theme;
    Session* m_session = nullptr;
    CallSelection m_selection;
    QByteArray m_timeZone = "UTC";
    CallScope m_scope;
    QTableView* m_table;
    CallsModel* m_model;
    CallDetail* m_detail;
    QLabel* m_summary;
    QHBoxLayout* m_chips;
    Button* m_export;
    bool m_isLoaded = false; ///< what is selected was asked for
    std::optional<CallPosition> m_newest; ///< of the calls that were looked at
    bool m_isLoading = false; ///< the first calls are on their way
    bool m_lookAgain = false; ///< something came during a look, or before the first calls
    bool m_sumAgain = false;
    TaskScope m_tasks; ///< pages
    TaskScope m_lookTasks;
    TaskScope m_sumTasks;
};

} // namespace llmcache::ui
