#pragma once

#include "cache/arrangement.h"
#include "cache/bulkpreview.h"

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

    /// Another selection of so many entries: a question that was open is void, a result that was shown is
    /// read. What they weigh comes with setSums().
    void setSelection(qint64 entries);
    /// What is selected weighs this now, also since others changed it: what is shown stays.
    void setSums(const EntrySums& sums);
    /// Asks whether to invalidate so many entries, which are being counted: nothing can be confirmed before
    /// setCounted(). Not during a change.
    void ask(qint64 entries);
    /// How many of them have been read again.
    void setCounting(qint64 done);
    /// What the question is about, as the store has it now. `caveat` is for people, and may be empty.
    void setCounted(const BulkPreview& preview, const QString& caveat);
    bool isAsking() const { return m_state == State::Asking; }
    /// Back to the selection without doing anything.
    void cancelQuestion();
    /// What has to be typed before more than one entry is deleted; empty = nothing.
    void setGuard(const QString& name);
    /// Why nothing can be changed, in words for people; empty = it can. Disabled buttons say so.
    void setObstacle(const QString& why);
    /// Something else that takes its time: "Restoring", so many of so many done. Not over a question or a
    /// change.
    void showWork(const QString& title, qint64 done, qint64 total);
    void endWork();
    /// What else can be done with the selection, for the view to fill.
    QMenu* moreMenu() const { return m_moreMenu; }

Q_SIGNALS:
    void copyRequested();
    void pinRequested();
    /// Expire after this time from now; nothing = never.
    void ttlRequested(std::optional<std::chrono::seconds> ttl);
    void invalidateRequested();
    void invalidateConfirmed();
    /// Which entries were not changed, and why not.
    void detailsRequested();
    void workCancelled();
    /// The question was answered with no, or is void; the focus may go back to the table.
    void questionClosed();

private:
    enum class State { Selection, Asking, Running, Result, Working };
    /// What may be deleted.
    struct Question {
        qint64 asked = 0;
        qint64 read = 0;
        bool isCounted = false;
        EntryWeight weight;
        QString room; ///< what this costs in undo of other changes; mostly empty
        QString left; ///< what will not be deleted, and why not
    };
    void makeTtlMenu();
    void askForDays();
    bool isGuarded() const;
    void setProgress(qint64 done, qint64 total);
    void setState(State state);
    void refresh();
    void refreshQuestion();
    QString resultText() const;

    BulkJob* m_job;
    State m_state = State::Selection;
    EntrySums m_sums;
    bool m_isSummed = true; ///< false: so far only how many entries there are is known
    Question m_question;
    QString m_workTitle;
    qint64 m_workDone = 0;
    qint64 m_workTotal = 0;
    QLabel* m_title;
    QLabel* m_text;
    QLabel* m_consequences; ///< of what is asked: whole, also in a narrow window
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
