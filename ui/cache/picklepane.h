#pragma once

#include "cache/entryedit.h"
#include "cache/newestjob.h"
#include "cache/pickletreemodel.h"
#include "widgets/tasks.h"

#include <QWidget>

class QLabel;
class QStackedWidget;
class QTreeView;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class Button;
class ElidedLabel;
class ErrorBanner;
class HexView;
class PickleLeafEditor;
struct PickleLeaf;

/// The pickle of an entry that a Python program wrote, as a tree of typed values, each of which can be
/// edited; the bytes where it can't be read. Nothing in it is imported or called.
class PicklePane : public QWidget {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit PicklePane(const Theme* theme, QWidget* parent = nullptr);
    ~PicklePane() override;

    /// Forgets everything of the old session. Null = none.
    void setSession(Session* session);
    /// Reads the entry unless this revision of it is on screen; 0 = whichever is stored.
    void show(const QString& key, qint64 revision);
    void clear();
    /// The entry shown is gone; a text that is being typed stays.
    void setGone();
    bool isEditing() const;
    int activeTasks() const;
    void stopTasks();
    /// Why no entry can be edited, in words for people; empty = they can.
    void setObstacle(const QString& why);
    /// Whether earlier pickles can be shown, as revisionsRequested() wants it.
    void setHasRevisions(bool has);

Q_SIGNALS:
    void revisionsRequested();
    void saved(const QString& key, const llmcache::EditResult& result);
    void activeChanged();

private:
    /// What was made of the bytes, on a worker thread.
    struct Read {
        PickleDocument document; ///< null where there is a problem
        QByteArray bytes;
        QString summary;
        QStringList imports;
        QString problem;
        QString remedy;
        qint64 problemAt = 0; ///< byte
    };
    enum Page { TreePage, BytesPage };

    static Read readFrom(const QByteArray& bytes);
    QWidget* makeTreePage();
    void read();
    void take(const Read& read);
    void open();
    void choose(const QModelIndex& current);
    PickleLeaf leafAt(const QModelIndex& index) const;

    const Theme* m_theme;
    Session* m_session = nullptr;
    QString m_key;
    qint64 m_revision = 0; ///< of what is shown
    TaskScope m_tasks;
    NewestJob m_job;

    PickleTreeModel* m_model;
    QLabel* m_summary;
    Button* m_revisions;
    ErrorBanner* m_problem;
    QStackedWidget* m_pages;
    QTreeView* m_tree;
    PickleLeafEditor* m_editor;
    HexView* m_hex;
};

} // namespace llmcache::ui
