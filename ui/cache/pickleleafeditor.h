#pragma once

#include "cache/entryedit.h"
#include "cache/newestjob.h"
#include "cache/pickletreemodel.h"
#include "widgets/tasks.h"

#include <QHash>
#include <QTimer>
#include <QWidget>

class QLabel;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class Button;
class CodeEdit;
class ElidedLabel;
class ValueText;

/// A value in the pickle of an entry, as it was read.
struct PickleLeaf {
    QString key; ///< of the entry
    qint64 revision = 0;
    PickleDocument document;
    PicklePath path; ///< empty = none is chosen
    QString name; ///< "output.home.street"
};

/// The value that is chosen in the tree of a pickle, as a whole, and the editor of it. What is saved is the
/// pickle with this value changed, all other bytes as they were, in place of the revision that the edit began
/// with; what somebody else stored meanwhile is shown, and never overwritten unseen. A text that was typed
/// stays with its entry until it is saved or discarded.
class PickleLeafEditor : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit PickleLeafEditor(const Theme* theme, QWidget* parent = nullptr);

    /// Forgets everything of the old session. Null = none.
    void setSession(Session* session);
    /// Another value of the entry shown, or of another entry, or the same in what is stored now. While
    /// another value of this entry is edited this is refused: see isModified().
    void setLeaf(const PickleLeaf& leaf);
    /// The entry shown is gone.
    void setGone();
    void clear();
    void edit();
    bool isEditing() const { return m_state != State::Reading; }
    /// Whether there is text here that is saved nowhere.
    bool isModified() const;
    const PickleLeaf& leaf() const { return m_leaf; }
    /// Where a text is that was typed and not saved; empty without one.
    PicklePath draftPath(const QString& key) const { return m_drafts.value(key).path; }
    /// Says that the text has to be saved or discarded first.
    void remind();
    int activeTasks() const { return m_tasks.active(); }
    void stopTasks();
    /// Why no entry can be edited, in words for people; empty = they can.
    void setObstacle(const QString& why);

    /// Longer texts are not edited here.
    static constexpr qsizetype longest = 1'000'000;

Q_SIGNALS:
    /// Its undoId takes it back, see UndoJournal.
    void saved(const QString& key, const llmcache::EditResult& result);
    /// What is shown may be older than what is stored.
    void reloadRequested();
    /// The editor is done with: the tree may have the focus.
    void left();
    void activeChanged();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    enum class State { Reading, Editing, Conflict, Gone };
    struct Draft {
        PicklePath path;
        QString text;
        PickleLeaf base;
    };
    /// A pickle with the text in it, or why there is none.
    struct Outcome {
        QByteArray pickle;
        QString problem;
    };

    void makeLayout();
    void setState(State state);
    void begin(const QString& text, const PickleLeaf& base);
    void showValue();
    void showConflict();
    void keepDraft();
    /// Goes on with what was typed for this value, if anything.
    void resumeDraft();
    void check();
    void save();
    /// `none`: None in place of the text.
    void start(bool none, bool saves);
    void store(const QByteArray& pickle, qint64 revision);
    void take(const EditResult& result);
    void discard();
    void say(const QString& text, bool isProblem);
    /// The value that the text is for: of what is stored now, in a conflict, else of what the edit began
    /// with.
    const PickleLeaf& target() const { return m_state == State::Conflict ? m_leaf : m_base; }

    const Theme* m_theme;
    Session* m_session = nullptr;
    PickleLeaf m_leaf; ///< as it was read last
    PickleLeaf m_base; ///< what the edit began with
    QString m_before; ///< its text
    QHash<QString, Draft> m_drafts; ///< by key
    State m_state = State::Reading;
    QString m_obstacle;
    bool m_saving = false;
    TaskScope m_tasks;
    NewestJob m_job;
    QTimer m_check;

    ElidedLabel* m_name;
    ElidedLabel* m_type;
    QLabel* m_theirsLabel;
    ValueText* m_value; ///< as it is stored; in a conflict theirs
    QLabel* m_mineLabel;
    CodeEdit* m_text;
    QLabel* m_status;
    Button* m_edit;
    Button* m_none;
    Button* m_discard;
    Button* m_save;
};

} // namespace llmcache::ui
