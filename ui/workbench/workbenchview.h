#pragma once

#include "cache/session.h"
#include "shell/view.h"
#include "widgets/tasks.h"
#include "workbench/runlist.h"

#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QSet>
#include <QTimer>

class QLabel;
class QSettings;
class QTableView;

namespace llmcache::ui {

class AgentForm;
class AgentPanel;
class AnswerPanel;
class Badge;
class Button;
class ErrorBanner;
class PromptPanel;
class Theme;

/// Agents at the left, the prompt in the middle, the answer at the right.
class WorkbenchView : public View {
    Q_OBJECT
public:
    /// `theme` and `settings` must outlive the view; so must the session, until setSession() gives another.
    WorkbenchView(const Theme* theme, Session* session, QSettings* settings, QWidget* parent = nullptr);
    ~WorkbenchView() override;

    QString title() const override { return tr("Workbench"); }
    QWidget* createHeader() override;
    void activate() override;
    QList<QWidget*> panes() override;
    QList<QAction*> commands() override { return m_commands; }
    void stopTasks() override;
    int activeTasks() const override;

    void setSession(Session* session);
    /// Puts an agent in the form as a draft.
    void editAgent(const Agent& agent);
    void setPrompt(const QString& prompt, const Variables& variables = {});
    /// Fills the form with the request of an entry, to run it again or change it.
    void openEntryRequest(const QString& fingerprint);
    void run();
    AgentPanel* agentPanel() const { return m_agents; }
    AgentForm* form() const { return m_form; }
    PromptPanel* promptPanel() const { return m_prompt; }
    AnswerPanel* answerPanel() const { return m_answer; }
    RunListModel* runs() const { return m_runs; }

Q_SIGNALS:
    void runningChanged(int running);
    void runFinished(const llmcache::RunResult& result);
    void openEntry(const QString& fingerprint);
    /// Something to tell in passing, with an optional action ("Undo").
    void notice(const QString& text, const QString& action, const std::function<void()>& run);

private:
    struct ActiveRun;
    void createLayout();
    void createCommands();
    void loadAgents();
    void showAgents(std::vector<StoredAgent> agents);
    void chooseAgent(const QString& name);
    void showStored(const StoredAgent& stored);
    void newAgent();
    void duplicateAgent(const QString& name);
    void deleteAgent(const QString& name);
    void save(bool overwrite = false);
    void revert();
    void edited();
    bool isDirty() const;
    void updateHeader();
    RunOptions options() const;
    void predict();
    void stop();
    void onEvent(int number, const RunEvent& event);
    void finish(int number, RunItem item);
    void showRun(int row);
    void tick();
    void loadRuns();
    void updateRunning();
    void reportError(const Failure& failure);

    const Theme* m_theme;
    Session* m_session;
    QSettings* m_settings;
    AgentPanel* m_agents;
    AgentForm* m_form;
    PromptPanel* m_prompt;
    AnswerPanel* m_answer;
    RunListModel* m_runs;
    QTableView* m_runTable;
    ErrorBanner* m_banner;
    QLabel* m_name = nullptr;
    Badge* m_revision = nullptr;
    QLabel* m_savedNote = nullptr;
    Button* m_save = nullptr;
    Button* m_revert = nullptr;
    StoredAgent m_stored; ///< as it was loaded; revision 0 = never saved
    bool m_loaded = false;
    int m_shownRun = 0;
    std::vector<std::shared_ptr<ActiveRun>> m_active;
    QSet<QString> m_callIds;
    QList<QAction*> m_commands;
    QTimer m_predictDelay;
    QTimer m_ticker;
    TaskScope m_runTasks;
    TaskScope m_predictTasks;
    TaskScope m_agentTasks;
    TaskScope m_ledgerTasks;
};

} // namespace llmcache::ui
