#pragma once

#include "cache/session.h"
#include "widgets/tasks.h"
#include "workbench/runlist.h"

#include <QFrame>
#include <QSet>
#include <QTimer>

class QTableView;

namespace llmcache::ui {

class AnswerPanel;
class Theme;

/// Runs prompts, shows the answer of one run, and lists the runs of the agent. Several runs may be under
/// way.
class RunPanel : public QFrame {
    Q_OBJECT
public:
    /// `theme` must outlive the panel.
    explicit RunPanel(const Theme* theme, QWidget* parent = nullptr);
    ~RunPanel() override;

    /// Stops what runs and forgets what is shown. The session must outlive the panel or the next call.
    void setSession(Session* session);
    /// Starts a run and shows it. `options` without stop token and progress, which are the panel's.
    void start(const Agent& agent, const QString& prompt, RunOptions options);
    /// Stops the run on show; where that one is over, all of them.
    void stop();
    void stopAll();
    /// Lists what the ledger remembers of an agent, below the runs of this window.
    void loadRuns(const QString& agent);
    int running() const { return static_cast<int>(m_active.size()); }
    int activeTasks() const { return m_tasks.active() + m_ledgerTasks.active(); }
    AnswerPanel* answer() const { return m_answer; }
    RunListModel* runs() const { return m_runs; }
    QTableView* table() const { return m_table; }

Q_SIGNALS:
    void runningChanged(int running);
    void activeTasksChanged();
    void finished(const llmcache::RunResult& result);
    void openEntry(const QString& fingerprint);

private:
    struct ActiveRun;
    void createLayout();
    void onEvent(int number, const RunEvent& event);
    void finish(int number, const RunItem& item);
    void showRun(int row);
    void tick();

    const Theme* m_theme;
    Session* m_session = nullptr;
    AnswerPanel* m_answer;
    RunListModel* m_runs;
    QTableView* m_table;
    int m_shown = 0; ///< number of the run on show
    std::vector<std::shared_ptr<ActiveRun>> m_active;
    QSet<QString> m_callIds; ///< of runs of this window, which the ledger has too
    QTimer m_ticker;
    TaskScope m_tasks;
    TaskScope m_ledgerTasks;
};

} // namespace llmcache::ui
