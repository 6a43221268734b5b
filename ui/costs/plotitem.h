#pragma once

#include "costs/chartdata.h"

#include <QGraphicsObject>

class QChart;

namespace llmcache::ui {

class Theme;

/// Draws bars and lines over the plot area of a QChart, and what is written below it.
///
/// The series of Qt Charts keep an item for every bar: a year of hours stacked by six models would be 50,000
/// of them, made again with every change. This is one item, drawn to the pixel in a millisecond; axis, grid
/// and layout are the chart's.
class PlotItem : public QGraphicsObject {
    Q_OBJECT
public:
    /// `theme` must outlive the item; `chart` owns it.
    PlotItem(const Theme* theme, QChart* chart);
    /// `hidden` names series that are left out.
    void setData(const ChartData& data, const QStringList& hidden);
    /// The column under the pointer, or of the keyboard; -1 = none.
    void setCurrent(int column, bool byKeyboard);
    /// The columns that a drag covers; first > last = none.
    void setMarked(int first, int last);

    const ChartData& data() const { return m_data; }
    const QStringList& hidden() const { return m_hidden; }
    /// The largest value that is drawn, as on the axis.
    double highest() const;
    void setAxisTop(double top) { m_top = top; }

    /// Column at a horizontal place in the chart; -1 outside. `clamped`: the nearest instead.
    int columnAt(double x, bool clamped = false) const;
    /// Series whose bar, or nearest line, is at a place; -1 for none.
    int seriesAt(const QPointF& place) const;
    /// Middle of a bar, or of a line's point; the middle of the column for series -1.
    QPointF placeOf(int column, int series) const;

    QRectF boundingRect() const override;
    void paint(QPainter* painter, const QStyleOptionGraphicsItem* option, QWidget* widget) override;

private:
    struct Bar {
        int series;
        QRectF area;
    };
    double slot() const;
    double heightOf(double value) const;
    QColor colorOf(const ChartSeries& series) const;
    /// Bars of a column, lowest first.
    std::vector<Bar> barsOf(int column) const;
    void paintBars(QPainter* painter) const;
    void paintLine(QPainter* painter, const ChartSeries& series) const;
    void paintMarks(QPainter* painter) const;
    void paintLabels(QPainter* painter) const;

    const Theme* m_theme;
    QChart* m_chart;
    ChartData m_data;
    QStringList m_hidden;
    double m_top = 1;
    int m_current = -1;
    bool m_byKeyboard = false;
    int m_firstMarked = 0;
    int m_lastMarked = -1;
};

} // namespace llmcache::ui
