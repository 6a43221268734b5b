#pragma once

#include "costs/callspanel.h"
#include "costs/costsdata.h"
#include "costs/costspanels.h"
#include "costs/seriescolors.h"
#include "shell/view.h"
#include "widgets/tasks.h"

#include <QElapsedTimer>
#include <QTimer>

class QHBoxLayout;
class QSettings;
class QStackedWidget;

namespace llmcache::ui {

class Button;
class ChartCard;
struct ChartColumn;
class EmptyState;
class ErrorBanner;
class ExportBar;
class FileSaver;
class LiveLedger;
class PricesPage;
class RangePicker;
class RepriceDialog;
class TabStrip;
class Theme;

/// What was spent and saved: figures, charts in pages, and the calls behind them. Shows what the ledger
/// answers; computes nothing itself.
class CostsView : public View {
    Q_OBJECT
public:
    /// `theme` must outlive the view; so must the session, until setSession() gives another. `settings`,
    /// where there are any, remember range, time zone and grouping, and must outlive it too.
    CostsView(const Theme* theme, Session* session, QSettings* settings = nullptr, QWidget* parent = nullptr);

    QString title() const override { return tr("Costs"); }
    QWidget* createHeader() override;
    void activate() override;
    QList<QWidget*> panes() override;
    QList<QAction*> commands() override { return m_commands; }
    void stopTasks() override;
    int activeTasks() const override;

    void setSession(Session* session);
    /// Asks the ledger again, soon and once for several calls in a row.
    void scheduleReload();
    CostsRange range() const { return m_range; }
    void setRange(CostsRange range);
    /// A stretch of time of one's own.
    void setSpan(const TimeSpan& span);
    /// A part of the range, as marked by a drag over a chart; there is a way back.
    void zoomTo(const TimeSpan& span);
    void setTimeZone(const QByteArray& id);
    void setCompare(bool on);
    void setStackBy(Dimension dimension);
    /// Nothing = what suits the range.
    void setBucket(std::optional<Dimension> bucket);
    CostsPage page() const;
    void setPage(CostsPage page);
    FilterBar* filters() const { return m_filters; }
    const CostsSnapshot& snapshot() const { return m_snapshot; }

Q_SIGNALS:
    /// The user asked for the entry behind a call.
    void openEntry(const QString& fingerprint);
    /// The user asked for the run behind a call, to look at or to do again.
    void openRun(const QString& fingerprint);
    /// The action of the empty state.
    void openWorkbench();
    /// Something was done; `undo` takes it back.
    void notice(const QString& text, const QString& action, const std::function<void()>& undo);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    struct Period {
        CostsRange range;
        TimeSpan span;
    };
    // costsviewlayout.cpp
    void layOut();
    QWidget* createTopRow();
    QWidget* createCharts();
    QWidget* createSpendPage();
    QWidget* rowOf(const QList<QWidget*>& cards) const;
    ChartCard* createChart(const QString& name);
    void createCommands();
    QAction* addCommand(const QString& text, std::function<void()> run);
    void connectParts();

    void restoreSettings();
    void remember(const char* key, const QVariant& value);
    void showSpan(const TimeSpan& span, const std::optional<Period>& beforeZoom);
    CostsQuestion question() const;
    void reload();
    void showSnapshot(CostsSnapshot snapshot);
    void showCharts();
    /// The charts before anything was read, and that it can't be.
    void showUnknown();
    /// A series has the same colour after a restart.
    void rememberColors();
    void showEmpty();
    void showPage();
    void openPrices();
    void showPeriod();
    void resetZoom();
    void openCalls(const CallScope& scope);
    void openTile(CostsTiles::Figure figure);
    /// The calls of all values of a dimension but those that are shown; in that column, if there is one.
    void openOther(Dimension dimension, const QStringList& shown, const ChartColumn* column);
    CallScope scopeOf(const ChartColumn& column) const;
    void openColumn(const ChartCard* chart, const ChartColumn& column, const QString& series);
    void loadFilterValues(Dimension dimension);
    void openRepricing();
    void showRepriced();
    void exportSums();
    void exportCalls(bool onlyListed);
    void showProblem(const QString& what, const Failure& failure);

    const Theme* m_theme;
    Session* m_session;
    QSettings* m_settings;
    CostsRange m_range = CostsRange::Month;
    TimeSpan m_span; ///< of a custom range
    std::optional<Period> m_beforeZoom;
    QByteArray m_timeZone;
    Dimension m_stackBy = Dimension::Model;
    std::optional<Dimension> m_bucket;
    bool m_compare = true;
    CostsSnapshot m_snapshot;
    SeriesColors m_colors;
    bool m_loaded = false;
    bool m_reloadAgain = false;

    FileSaver* m_saver;
    LiveLedger* m_live;
    ErrorBanner* m_banner;
    TabStrip* m_tabs;
    FilterBar* m_filters;
    QStackedWidget* m_pages; ///< content, empty, prices
    EmptyState* m_empty;
    CostsTiles* m_tiles;
    QStackedWidget* m_charts; ///< by CostsPage
    ChartCard* m_spend;
    Button* m_stackButton;
    BreakdownCard* m_byModel;
    BreakdownCard* m_byTask;
    ChartCard* m_saved;
    ChartCard* m_hitRate;
    ChartCard* m_tokens;
    ChartCard* m_runCost;
    ChartCard* m_latencyPaid;
    ChartCard* m_latencyHits;
    ChartCard* m_errors;
    CallsPanel* m_calls;
    ExportBar* m_export;
    PricesPage* m_prices = nullptr; ///< made when it is opened
    RepriceDialog* m_repricing; ///< a child of the view
    Button* m_reprice = nullptr; ///< in the header
    RangePicker* m_picker = nullptr;
    QList<QAction*> m_commands;
    QTimer m_reloadTimer;
    QElapsedTimer m_asked; ///< since the ledger was asked
    TaskScope m_tasks;
    TaskScope m_otherTasks; ///< values to filter by, exports of sums
};

} // namespace llmcache::ui
