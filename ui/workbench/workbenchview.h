#pragma once

#include "cache/runrecords.h"
#include "cache/session.h"
#include "shell/view.h"
#include "widgets/tasks.h"

#include <QTimer>

class QSettings;

namespace llmcache::ui {

class AgentForm;
class AgentHeader;
class AgentPanel;
class ErrorBanner;
class PromptPanel;
class RunPanel;
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
    /// Puts a run back as it was started: agent, prompt, variables, history, attachments, task, policy,
    /// sample.
    void restore(const RunInput& input);
    /// What a run would be started with now. Throws ConfigurationError that names the field.
    RunInput input() const;
    /// Everybody's runs, to be searched and opened again.
    void showHistory();
    void run();
    /// Says why what is typed would be a miss, without running it.
    void explainDraft();
    AgentPanel* agentPanel() const { return m_agents; }
    AgentForm* form() const { return m_form; }
    PromptPanel* promptPanel() const { return m_prompt; }
    RunPanel* runPanel() const { return m_runs; }

Q_SIGNALS:
    void runningChanged(int running);
    void runFinished(const llmcache::RunResult& result);
    void openEntry(const QString& fingerprint);
    /// Something to tell in passing, with an optional action ("Undo").
    void notice(const QString& text, const QString& action, const std::function<void()>& run);

private:
    void createLayout();
    void createCommands();
    void followSession();
    void followConnection(bool connected);
    void loadAgents();
    void refreshAgents();
    void readAgents();
    void showUnread(const QString& what, const Failure& failure);
    void takeAgents(const std::vector<StoredAgent>& agents);
    void followCurrentAgent();
    void showAgents(std::vector<StoredAgent> agents);
    void chooseAgent(const QString& name);
    void showStored(const StoredAgent& stored);
    void rememberAgent(const QString& name);
    void newAgent();
    void duplicateAgent(const QString& name);
    void deleteAgent(const QString& name);
    void importAgent();
    void exportAgent(const QString& name);
    void showVersions(const QString& name);
    void save(std::optional<qint64> over = {});
    void explainConflict(const QString& name, const Failure& failure);
    void showNewer(const StoredAgent& theirs);
    void compareWith(const StoredAgent& theirs);
    void showAgentProblem(const QString& what, const QString& remedy);
    void clearAgentProblem();
    void undelete(const StoredAgent& deleted, const std::function<void()>& wayBack);
    void revert();
    void edited();
    bool isDirty() const;
    /// What of the window would be replaced.
    enum class Extent { Agent, All };
    std::function<void()> wayBack(Extent extent);
    void offerWayBack(Extent extent);
    bool isReading() const;
    void updateHeader();
    void updateStop();
    RunOptions options() const;
    void predict();
    void openRecords();
    void loadTasks();
    void keepRun(const RunRecord& record);
    QString draftPlace() const;
    void saveDraft();
    void restoreDraft(const std::optional<RunDraft>& draft);
    void restoreOver(const RunInput& input, const StoredAgent& base);
    void reopen(const QString& file);
    void reportError(const Failure& failure);

    const Theme* m_theme;
    Session* m_session;
    QSettings* m_settings;
    AgentPanel* m_agents;
    AgentForm* m_form;
    PromptPanel* m_prompt;
    RunPanel* m_runs;
    ErrorBanner* m_banner;
    AgentHeader* m_header = nullptr;
    StoredAgent m_stored; ///< what the form was made from; revision 0 = never saved
    int m_shows = 0; ///< agents that were put into the form so far: tells whether it is the same still
    QString m_agentProblem; ///< what the banner says of the agent on show, if it does
    bool m_loaded = false;
    QList<QAction*> m_commands;
    QAction* m_stop = nullptr;
    QAction* m_stopAll = nullptr;
    QTimer m_predictDelay;
    QTimer m_draftDelay;
    std::shared_ptr<RunRecords> m_records; ///< null without a session
    bool m_draftRestored = false;
    QString m_unread{}; ///< why the agents could not be read, while it is for the connection
    bool m_storeDown = false;
    bool m_begun = false; ///< the user did not wait for the list of agents
    TaskScope m_predictTasks;
    TaskScope m_listTasks;
    TaskScope m_agentTasks;
    TaskScope m_saveTasks;
    TaskScope m_dialogTasks; ///< of the dialogs, which may be gone before they end
    TaskScope m_recordTasks;
};

} // namespace llmcache::ui
