#pragma once

#include "cache/entryexport.h"
#include "cache/entryimport.h"
#include "widgets/tasks.h"

#include <QFrame>

class QLabel;
class QProgressBar;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class Button;
class SegmentedControl;
class Theme;

/// A line for entries on their way to a file or from one: how far they are, what an import would do before it
/// does it, and how it ended. Hidden while there is nothing to say.
class TransferBar : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit TransferBar(const Theme* theme, QWidget* parent = nullptr);

    /// Writes the entries that pass a filter to a file. Nothing happens while another transfer is under way.
    /// The session must outlive the tasks.
    void startExport(Session* session, const EntryFilter& filter, const QString& path);
    /// Looks at a file, and asks how to go on.
    void startImport(Session* session, const QString& path);
    /// Stops what is under way; what was imported stays.
    void cancel() { m_tasks.stop(); }
    /// Drops everything without a signal.
    void forget();
    bool isBusy() const
    {
        return m_state == State::Exporting || m_state == State::Checking || m_state == State::Importing;
    }
    int activeTasks() const { return m_tasks.active(); }

Q_SIGNALS:
    /// Entries were stored; all of the file unless the report is empty.
    void imported(const llmcache::ImportReport& report);
    void activeChanged();

private:
    enum class State { Hidden, Exporting, Checking, Asking, Importing, Result };

    void setState(State state);
    void show(const QString& title, const QString& text, bool isProblem = false);
    void showProgress(qint64 done, qint64 total);
    void check();
    void ask();
    void showQuestion();
    QString questionTitle() const;
    void import();
    void end(const ImportReport& report);
    void fail(const QString& title, const Failure& failure);
    ImportOptions importOptions();

    TaskScope m_tasks;
    State m_state = State::Hidden;
    Session* m_session = nullptr;
    QString m_path;
    ImportReport m_checked; ///< what replacing everything would do
    QString m_firstMalformed;
    quint64 m_generation = 0;

    QLabel* m_title;
    QLabel* m_text;
    QProgressBar* m_progress;
    SegmentedControl* m_conflict;
    Button* m_import;
    Button* m_cancel;
    Button* m_close;
};

} // namespace llmcache::ui
