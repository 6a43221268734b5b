#pragma once

#include "costs/timespans.h"
#include "store/ledgerupkeep.h"
#include "widgets/tasks.h"

#include <QDialog>

class QLabel;
class QProgressBar;
class QTableView;

namespace llmcache {
class Session;
}

namespace llmcache::ui {

class Button;
class ErrorBanner;
class RepricingModel;
class Theme;

/// What the calls of a range would have cost by the prices in force: shown before it is applied, and taken
/// back at will. What was charged is never overwritten.
class RepriceDialog : public QDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog.
    explicit RepriceDialog(const Theme* theme, QWidget* parent = nullptr);
    /// Closes. The session must outlive the dialog's tasks.
    void setSession(Session* session);
    /// Opens, and shows what would change.
    void ask(const TimeSpan& span, const QString& name);
    void stopTasks();
    const TaskScope& tasks() const { return m_tasks; }
    int activeTasks() const { return m_tasks.active() + m_listTasks.active(); }

Q_SIGNALS:
    /// Reports say something else now.
    void repriced();
    void activeTasksChanged();

protected:
    void hideEvent(QHideEvent* event) override;

private:
    void layOut();
    void preview();
    void apply();
    void undo();
    void run(bool applies, std::function<void(const Repricing&)> done);
    void loadApplied();
    void showRepricing(const Repricing& repricing);
    void showApplied(const std::vector<AppliedRepricing>& applied);
    void setBusy(const QString& what);
    void updateButtons();
    TaskScope::Failed failed();

    Session* m_session = nullptr;
    TimeSpan m_span;
    Repricing m_repricing; ///< the newest preview
    bool m_isBusy = false;
    bool m_isApplied = false; ///< what is shown is in force
    bool m_canUndo = false;
    QLabel* m_what;
    ErrorBanner* m_banner;
    QLabel* m_summary;
    QTableView* m_table;
    RepricingModel* m_model;
    QWidget* m_work;
    QLabel* m_doing;
    QProgressBar* m_progress;
    Button* m_cancel;
    QLabel* m_inForce;
    Button* m_undo;
    Button* m_close;
    Button* m_apply;
    TaskScope m_tasks;
    TaskScope m_listTasks;
};

} // namespace llmcache::ui
