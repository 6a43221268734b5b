#pragma once

#include "costs/barlist.h"
#include "costs/costsdata.h"
#include "costs/seriescolors.h"

#include <QWidget>

class QAction;
class QStackedWidget;
class QTableView;
class QToolButton;

namespace llmcache::ui {

class ChartTableModel;
class FileSaver;
class Theme;
class Tile;

/// The row of figures: spent, saved, hit rate, calls, unpriced calls. A click on one, or Enter, opens the
/// calls behind it.
class CostsTiles : public QWidget {
    Q_OBJECT
public:
    enum Figure { Spent, Saved, HitRate, Calls, Unpriced, FigureCount };
    /// `theme` must outlive the widget.
    explicit CostsTiles(const Theme* theme, QWidget* parent = nullptr);
    void setLoading();
    void show(const CostsSnapshot& snapshot);

Q_SIGNALS:
    void chosen(llmcache::ui::CostsTiles::Figure figure);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    std::array<Tile*, FigureCount> m_tiles;
};

/// "By model" or "By task": sorted bars, the rest as "other".
class BreakdownCard : public QWidget {
    Q_OBJECT
public:
    /// `theme` and `saver` must outlive the widget.
    BreakdownCard(const Theme* theme, FileSaver* saver, Dimension dimension, QWidget* parent = nullptr);
    void show(const LedgerReport& report, const SeriesColors& colors);
    /// Nothing is known, as `why` says.
    void showUnknown(const QString& why);
    BarList* bars() const { return m_bars; }
    bool isTable() const;
    void showAsTable(bool on);
    /// The bars or the table, whichever is shown.
    QWidget* view() const;
    QByteArray csv() const;

Q_SIGNALS:
    void chosen(llmcache::Dimension dimension, const QString& value);
    /// "other": all values but these.
    void otherChosen(llmcache::Dimension dimension, const QStringList& shown);

private:
    void choose(const BarList::Row& row);
    QByteArray picture(bool vector) const;
    void createMenu(QToolButton* button);
    const Theme* m_theme;
    FileSaver* m_saver;
    Dimension m_dimension;
    LedgerReport m_report;
    QString m_heading;
    QStackedWidget* m_pages; ///< bars, table
    BarList* m_bars;
    QTableView* m_table;
    ChartTableModel* m_model;
    QAction* m_asTable = nullptr;
};

} // namespace llmcache::ui
