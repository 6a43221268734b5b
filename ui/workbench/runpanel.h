#pragma once

#include "cache/requestcode.h"
#include "cache/runrecords.h"
#include "cache/session.h"
#include "widgets/tasks.h"
#include "workbench/runlist.h"

#include <QFrame>
#include <QSet>
#include <QTimer>

class QTableView;

namespace llmcache::ui {

class AnswerPanel;
class TabStrip;
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
    /// Starts a run and shows it; where as many as allowed are under way, it waits for one to end. Its
    /// options are without stop token and progress, which are the panel's.
    void start(RunInput input);
    /// How many runs are under way at once; 0 = any number. Those that wait are counted as running.
    void setMostAtOnce(int count);
    /// Stops the run on show, if it is under way.
    void stop();
    void stopAll();
    bool isShownRunning() const;
    /// Stops everything, lists and explanations included.
    void stopTasks();
    /// Lists what the ledger remembers of an agent, below the runs of this window.
    void loadRuns(const QString& agent);
    /// Says why the run on show was a miss, or the request that explainDraft() showed would be.
    void explain();
    /// Says why a request that was not run would be a miss.
    void explainDraft(RunInput input);
    /// Compares the chosen runs, or the one on show with the one before.
    void compare();
    void copyAs(CodeKind kind);
    void saveAnswer();
    int running() const { return static_cast<int>(m_active.size()); }
    int activeTasks() const
    {
        return m_tasks.active() + m_ledgerTasks.active() + m_explainTasks.active() + m_fileTasks.active()
            + m_dialogTasks.active();
    }
    AnswerPanel* answer() const { return m_answer; }
    RunListModel* runs() const { return m_runs; }
    QTableView* table() const { return m_table; }

Q_SIGNALS:
    void runningChanged(int running);
    /// Another run is on show.
    void shownChanged();
    void activeTasksChanged();
    void finished(const llmcache::RunResult& result);
    /// A run ended, whatever became of it.
    void ended(const llmcache::RunRecord& record);
    void openEntry(const QString& fingerprint);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    struct ActiveRun;
    void createLayout();
    void onEvent(int number, const RunEvent& event);
    void finish(int number, const RunItem& item);
    void showRun(int row);
    void tick();
    void createTab(int number);
    void updateTab(int number, const QString& text);
    void showTabs();
    void showNumber(int number);
    const RunItem* shownItem() const;
    void stopRun(int number);
    void stopActive(const std::shared_ptr<ActiveRun>& active);
    void launch(const std::shared_ptr<ActiveRun>& active);
    void launchWaiting();
    void fail(const std::shared_ptr<ActiveRun>& active, const Failure& failure);
    void showItem(const RunItem& item);
    Quote quoteOf(const RunResult& result) const;

    const Theme* m_theme;
    Session* m_session = nullptr;
    AnswerPanel* m_answer;
    TabStrip* m_tabs; ///< runs of this window; the number of a run is its data
    RunListModel* m_runs;
    QTableView* m_table;
    static constexpr int draftNumber = -1;
    int m_shown = 0; ///< number of the run on show; of none where a draft is explained
    std::shared_ptr<const RunInput> m_draft; ///< that is explained
    int m_explanations = 0; ///< asked for so far; only the last one is shown
    int m_mostAtOnce = 0;
    std::vector<std::shared_ptr<ActiveRun>> m_active;
    QSet<QString> m_callIds; ///< of runs of this window, which the ledger has too
    QTimer m_ticker;
    TaskScope m_tasks;
    TaskScope m_ledgerTasks;
    TaskScope m_explainTasks;
    TaskScope m_fileTasks;
    TaskScope m_dialogTasks; ///< of the comparisons, which may be closed before they end
};

} // namespace llmcache::ui
