#pragma once

#include "cache/drafts.h"
#include "cache/entryedit.h"
#include "widgets/codeedit.h"
#include "widgets/tasks.h"

#include <QHash>
#include <QTimer>
#include <QWidget>

#include <functional>

class QLabel;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class AnswerView;
class Button;
class CodeEdit;
class DiffView;
class Theme;

/// The answer of an entry: to read, and to edit. An edit is checked as one types, saved only over the
/// revision that it began with, and kept while one looks at other entries and over a restart; what somebody
/// else stored meanwhile is shown with what differs.
class AnswerEditor : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit AnswerEditor(const Theme* theme, QWidget* parent = nullptr);

    /// Forgets everything of the old session. Null = none.
    void setSession(Session* session);
    /// What the entry shown is now: another one than before, or another revision.
    void setEntry(const Entry& entry);
    /// The entry shown is gone.
    void setGone();
    /// Its answer as people read it, and itself.
    void setAnswer(const QString& text, Syntax syntax, std::shared_ptr<const Json> value);
    bool isEditing() const { return m_state != State::Reading; }
    /// Whether there is text here that is saved nowhere.
    bool isModified() const;
    void edit();
    /// Shows what edits replaced, and restores what the user chooses of it.
    void offerRevisions();
    int activeTasks() const { return m_tasks.active() + m_draftTasks.active(); }
    /// What is typed is kept as a draft.
    void stopTasks();
    /// Why no entry can be edited, in words for people; empty = they can.
    void setObstacle(const QString& why);

    /// Larger entries are not edited here.
    static constexpr qint64 largest = 1'000'000;

Q_SIGNALS:
    /// Its undoId takes it back, see UndoJournal.
    void saved(const QString& fingerprint, const llmcache::EditResult& result);
    /// isEditing() is another.
    void editingChanged(bool editing);
    /// What is shown may be older than what is stored.
    void reloadRequested();
    void activeChanged();

private:
    enum class State {
        Reading,
        Editing,
        Conflict, ///< somebody else stored another revision since the edit began
        Gone, ///< the entry, while it was edited
    };
    struct Edit {
        QString text;
        std::shared_ptr<const Entry> base;
    };

    void makeLayout();
    void setState(State state);
    void begin(const Edit& edit);
    /// Keeps the text, or forgets what was kept of this entry when it is saved, discarded or no other than
    /// before.
    void keepDraft();
    void forgetDraft(const QString& fingerprint);
    /// Goes on with what was kept of the entry that is read, if anything.
    void resumeDraft();
    void check();
    void save();
    void saveEntry(Entry entry);
    /// Runs a task that writes the entry, and takes its result.
    void startSaving(
        const QString& fingerprint, const std::function<QCoro::Task<EditResult>(Session*)>& saving);
    void take(const EditResult& result, const QString& fingerprint);
    void showConflict(std::shared_ptr<const Entry> theirs);
    void discard();
    void showRevisions(const EntryRevisions& revisions);
    /// Makes the entry, which is `now`, what it was in a revision.
    void restore(const EntryImage& revision, const EntryMeta& now);
    void say(const QString& text, bool isProblem);

    const Theme* m_theme;
    Session* m_session = nullptr;
    QString m_fingerprint; ///< of the entry shown
    std::shared_ptr<const Entry> m_entry; ///< as it was read last; null while it can't be edited
    std::shared_ptr<const Entry> m_base; ///< what the edit began with
    QHash<QString, Draft> m_drafts; ///< by fingerprint
    std::shared_ptr<DraftFolder> m_folder; ///< null without a session
    State m_state = State::Reading;
    QString m_obstacle;
    bool m_isPython = false; ///< the entry shown is one of a Python program
    bool m_isSmall = false; ///< enough to be compared with what it was
    bool m_saving = false;
    TaskScope m_tasks;
    TaskScope m_draftTasks;
    QTimer m_check;
    QTimer m_keep; ///< of the draft

    AnswerView* m_view;
    QLabel* m_theirsLabel;
    DiffView* m_theirs; ///< what is stored now, beside what is typed
    QLabel* m_mineLabel;
    CodeEdit* m_text;
    QLabel* m_status;
    Button* m_revisions;
    Button* m_edit;
    Button* m_discard;
    Button* m_save;
};

} // namespace llmcache::ui
