#pragma once

#include "costs/chartdata.h"
#include "widgets/card.h"

class QStackedWidget;
class QTableView;
class QToolButton;

namespace llmcache::ui {

class ChartLegend;
class ChartTableModel;
class FileSaver;
class PlotView;

/// A chart with all that can be done with one: legend with switches, the same numbers as a table, copies as
/// picture and CSV, files as PNG, SVG and CSV.
class ChartCard : public Card {
    Q_OBJECT
public:
    /// `theme` and `saver` must outlive the widget.
    ChartCard(const Theme* theme, FileSaver* saver, QWidget* parent = nullptr);
    /// Nothing is drawn again when it is the same.
    void setData(const ChartData& data);
    const ChartData& data() const { return m_data; }
    PlotView* plot() const { return m_plot; }
    bool isTable() const;
    void showAsTable(bool on);
    /// Adds a control behind the title.
    void addControl(QWidget* control);
    void setCanResetZoom(bool on);
    QByteArray png() const;
    QByteArray svg() const;

Q_SIGNALS:
    /// A bar or point; `series` is null beside them and for the time before.
    void chosen(const llmcache::ui::ChartColumn& column, const QString& series);
    /// What stands for all that have no series of their own.
    void otherChosen(const llmcache::ui::ChartColumn& column);
    void zoomed(const llmcache::ui::TimeSpan& span);
    void zoomReset();

private:
    void createMenu();
    void show();
    void choose(int column, int series);
    void paintPicture(QPainter* painter, const QSize& size) const;
    QSize pictureSize() const;
    void savePicture(bool vector);
    void copyTable() const;
    void copyPicture() const;

    const Theme* m_theme;
    FileSaver* m_saver;
    ChartData m_data;
    QLabel* m_title;
    QToolButton* m_menuButton;
    Button* m_resetZoom;
    QLabel* m_caption;
    QStackedWidget* m_pages;
    PlotView* m_plot;
    QLabel* m_nothing;
    QTableView* m_table;
    ChartTableModel* m_model;
    ChartLegend* m_legend;
    QAction* m_asTable = nullptr;
};

} // namespace llmcache::ui
