#pragma once

#include "cache/arrangement.h"

#include <QFrame>

#include <chrono>
#include <optional>

class QLabel;
class QLineEdit;
class QMenu;
class QProgressBar;

namespace llmcache::ui {

class BulkJob;
class Button;
class Theme;

/// The line under the table: what is selected, and what can be done with it. Asks before it invalidates,
/// shows how a change goes on, and how it ended.
class SelectionBar : public QFrame {
    Q_OBJECT
public:
    /// All must outlive the widget.
    SelectionBar(const Theme* theme, BulkJob* job, QWidget* parent = nullptr);

    /// Another selection: a question that was open is void, a result that was shown is read.
    void setSelection(const EntrySums& sums);
    /// The table was arranged anew under the selection: a question is void all the same, since what it was
    /// about may have changed, but a result stays to be read.
    void setSums(const EntrySums& sums);
    /// Asks whether to invalidate the selection. Nothing happens without one, or during a change.
    void ask();
    bool isAsking() const { return m_state == State::Asking; }
    /// Back to the selection without doing anything.
    void cancelQuestion();
    /// What has to be typed before more than one entry is deleted; empty = nothing.
    void setGuard(const QString& name);
    /// Why nothing can be changed, in words for people; empty = it can. Disabled buttons say so.
    void setObstacle(const QString& why);
    /// What else can be done with the selection, for the view to fill.
    QMenu* moreMenu() const { return m_moreMenu; }

Q_SIGNALS:
    void copyRequested();
    void pinRequested();
    /// Expire after this time from now; nothing = never.
    void ttlRequested(std::optional<std::chrono::seconds> ttl);
    void invalidateConfirmed();
    /// Which entries were not changed, and why not.
    void detailsRequested();
    /// The question was answered with no, or is void; the focus may go back to the table.
    void questionClosed();

private:
    enum class State { Selection, Asking, Running, Result };
    void makeTtlMenu();
    void askForDays();
    bool isGuarded() const;
    void setState(State state);
    void refresh();
    QString weight() const;
    QString resultText() const;

    BulkJob* m_job;
    State m_state = State::Selection;
    EntrySums m_sums;
    QLabel* m_title;
    QLabel* m_text;
    QProgressBar* m_progress;
    QString m_guardName;
    QString m_obstacle;
    QLineEdit* m_guard;
    Button* m_details;
    Button* m_more;
    QMenu* m_moreMenu;
    Button* m_copy;
    Button* m_ttl;
    Button* m_pin;
    Button* m_invalidate;
    Button* m_keep;
    Button* m_confirm;
    Button* m_cancel;
};

} // namespace llmcache::ui
