#pragma once

#include "cache/session.h"
#include "widgets/diffview.h"
#include "widgets/tasks.h"
#include "workbench/runlist.h"

#include <QDialog>

class QComboBox;
class QGridLayout;
class QStackedWidget;

namespace llmcache::ui {

class ErrorBanner;
class SegmentedControl;
class Theme;
class WaitingLine;

/// What a comparison shows of a run.
struct ComparedRun {
    QString title; ///< "#12", "Tue 14:02"
    Outcome outcome = Outcome::Miss;
    QString model;
    std::chrono::microseconds latency{0};
    std::optional<Usage> usage; ///< nothing when the run failed, or is too old
    std::optional<Money> cost;
    Json output; ///< null when there is none
    Json request;
};

/// Runs side by side: model, latency, tokens and cost of each, and the differences of two of them, or their
/// answers next to each other.
class CompareDialog : public QDialog {
    Q_OBJECT
public:
    /// `theme` must outlive the dialog, whose tasks count in `tasks`.
    CompareDialog(const Theme* theme, const TaskScope& tasks, QWidget* parent = nullptr);
    /// Reads what the ledger alone knows of from the store, which must outlive the task.
    void showRuns(Store* store, std::vector<RunItem> items, qint64 nowMs);
    void showRuns(std::vector<ComparedRun> runs);

private:
    void setReading(bool on);
    void showFigures();
    void showDifferences();
    const Theme* m_theme;
    ErrorBanner* m_banner;
    QWidget* m_figures;
    QComboBox* m_left;
    QComboBox* m_right;
    SegmentedControl* m_mode;
    QStackedWidget* m_pages;
    DiffView* m_diff;
    QWidget* m_columns;
    QWidget* m_content;
    WaitingLine* m_reading; ///< while the answers come from the store
    std::vector<ComparedRun> m_runs;
    TaskScope m_tasks;
};

} // namespace llmcache::ui
