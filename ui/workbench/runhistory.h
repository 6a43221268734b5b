#pragma once

#include "cache/runrecords.h"
#include "cache/session.h"
#include "widgets/tasks.h"
#include "workbench/runlist.h"

#include <QAbstractTableModel>
#include <QDialog>

class QLabel;
class QSortFilterProxyModel;
class QTableView;

namespace llmcache::ui {

class Button;
class ErrorBanner;
class SearchField;
class SegmentedControl;
class Theme;

/// A run of somebody: as the ledger has it, and as it was started where that is kept on this machine.
struct PastRun {
    qint64 timeMs = 0;
    QString user;
    QString agent;
    QString task;
    QString model;
    std::optional<Outcome> outcome; ///< nothing where the ledger knows nothing of it
    std::optional<std::chrono::milliseconds> latency;
    std::optional<Money> cost;
    QString fingerprint;
    QString prompt; ///< whole for one's own, the beginning for others
    QString file; ///< of the kept inputs; empty for runs of others
};

/// One's own records and the calls of the ledger as one list, the newest first; each run once.
std::vector<PastRun> mergeRuns(const std::vector<RunSummary>& mine, const std::vector<Call>& calls,
    const std::vector<EntryMeta>& entries, const QString& user);

/// Past runs, the newest first.
class RunHistoryModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { When, User, State, Agent, Model, Prompt, Latency, Cost, ColumnCount };
    static constexpr int searchRole = Qt::UserRole + 1; ///< everything that can be searched
    static constexpr int mineRole = Qt::UserRole + 2;
    using QAbstractTableModel::QAbstractTableModel;
    void setRuns(std::vector<PastRun> runs, const QString& user, qint64 nowMs);
    const PastRun& at(int row) const { return m_runs.at(static_cast<std::size_t>(row)); }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    std::vector<PastRun> m_runs;
    QString m_user;
    qint64 m_nowMs = 0;
};

/// Every run of one's own and of the team, to be searched and opened again.
class RunHistoryDialog : public QDialog {
    Q_OBJECT
public:
    /// `theme` and `session` must outlive the dialog and its tasks, which count in `tasks`.
    RunHistoryDialog(const Theme* theme, Session* session, std::shared_ptr<RunRecords> records,
        const TaskScope& tasks, QWidget* parent = nullptr);
    void reload();

Q_SIGNALS:
    /// How it was started is kept on this machine.
    void reopen(const QString& file);
    /// It is known by its entry alone.
    void reopenEntry(const QString& fingerprint);
    void openEntry(const QString& fingerprint);
    /// Two or more, the oldest first.
    void compareRequested(const std::vector<llmcache::ui::RunItem>& runs);

private:
    void createLayout();
    void updateActions();
    const PastRun* current() const;
    std::vector<RunItem> chosen() const;
    void openCurrent();
    const Theme* m_theme;
    Session* m_session;
    std::shared_ptr<RunRecords> m_records;
    RunHistoryModel* m_model;
    QSortFilterProxyModel* m_proxy;
    SearchField* m_search;
    SegmentedControl* m_whose;
    QTableView* m_table;
    QLabel* m_note;
    Button* m_open;
    Button* m_entry;
    Button* m_compare;
    ErrorBanner* m_banner;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
