#pragma once

#include "cache/session.h"
#include "costs/costsdata.h"
#include "shell/view.h"
#include "widgets/tasks.h"

#include <QTimer>

class QHBoxLayout;
class QLabel;
class QStackedWidget;
class QTableView;

namespace llmcache::ui {

class BreakdownCard;
class Button;
class CallsModel;
class ChartLegend;
class CostsTiles;
class EmptyState;
class ErrorBanner;
class SpendChart;
class Theme;

/// What was spent and saved: tiles, spend over time, by model and by task, and the calls behind them. Shows
/// what the ledger answers; computes nothing itself.
class CostsView : public View {
    Q_OBJECT
public:
    /// `theme` must outlive the view; so must the session, until setSession() gives another.
    CostsView(const Theme* theme, Session* session, QWidget* parent = nullptr);

    QString title() const override { return tr("Costs"); }
    QWidget* createHeader() override;
    void activate() override;
    QList<QWidget*> panes() override;
    QList<QAction*> commands() override { return m_commands; }
    void stopTasks() override;
    int activeTasks() const override { return m_tasks.active() + m_callTasks.active(); }

    void setSession(Session* session);
    /// Asks the ledger again, soon and once for several calls in a row.
    void scheduleReload();
    CostsRange range() const { return m_range; }
    void setRange(CostsRange range);

Q_SIGNALS:
    /// The user asked for the entry behind a call.
    void openEntry(const QString& fingerprint);
    /// The action of the empty state.
    void openWorkbench();

private:
    QWidget* createCharts();
    QWidget* createCalls();
    void createCommands();
    void reload();
    void showSnapshot(CostsSnapshot snapshot);
    void showChart();
    void updateChips();
    void addFilter(Dimension dimension, const QString& value);
    void removeFilter(int index);
    void chooseBucket(const QString& bucket, const QString& series);
    void loadCalls();
    void exportCsv();
    QByteArray timeZone() const;

    const Theme* m_theme;
    Session* m_session;
    CostsRange m_range = CostsRange::Month;
    Dimension m_stackBy = Dimension::Model;
    std::vector<std::pair<Dimension, QStringList>> m_filters;
    QString m_bucket; ///< of the calls table; empty = the whole range
    CostsSnapshot m_snapshot;
    bool m_loaded = false;

    QStackedWidget* m_pages;
    EmptyState* m_empty;
    ErrorBanner* m_banner;
    CostsTiles* m_tiles;
    SpendChart* m_chart;
    QLabel* m_chartTitle;
    Button* m_stackButton;
    ChartLegend* m_legend;
    BreakdownCard* m_byModel;
    BreakdownCard* m_byTask;
    QTableView* m_calls;
    CallsModel* m_callsModel;
    QLabel* m_callsSummary;
    QHBoxLayout* m_callChips;
    Button* m_rangeButton = nullptr;
    QLabel* m_compare = nullptr;
    QHBoxLayout* m_chips = nullptr;
    QList<QAction*> m_commands;
    QTimer m_reloadTimer;
    TaskScope m_tasks;
    TaskScope m_callTasks;
};

} // namespace llmcache::ui
