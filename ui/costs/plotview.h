#pragma once

#include "costs/chartdata.h"

#include <QChartView>

class QCategoryAxis;

namespace llmcache::ui {

class PlotItem;
class Theme;

/// A chart to look at and work with: exact numbers under the pointer, a click chooses a bar, a drag a stretch
/// of time. Arrow keys move through columns and series, Enter chooses, Shift with arrows marks and Enter
/// zooms then, Backspace takes the zoom back.
class PlotView : public QChartView {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit PlotView(const Theme* theme, QWidget* parent = nullptr);
    /// `hidden` names series that are left out.
    void setData(const ChartData& data, const QStringList& hidden);
    const ChartData& data() const;
    /// Where a bar or point is drawn, in the viewport.
    QPoint placeOf(int column, int series) const;
    /// Draws chart and legend as they are now, with the title, into `area`.
    void renderTo(QPainter* painter, const QRectF& area);

Q_SIGNALS:
    /// A column was clicked; `series` is -1 beside its bars.
    void chosen(int column, int series);
    /// A stretch of columns was marked.
    void zoomed(int first, int last);
    void zoomReset();
    /// What the pointer or the keyboard is on: its numbers in words; empty when it left.
    void pointed(const QString& text);

protected:
    bool viewportEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    void applyColors();
    void updateAxis();
    QPointF inChart(const QPoint& place) const;
    void point(int column, bool byKeyboard, const QPoint& globalPlace);
    void moveBy(int columns, bool marking);
    void chooseCurrent();

    const Theme* m_theme;
    QChart* m_chart;
    QCategoryAxis* m_values;
    PlotItem* m_plot;
    int m_column = -1; ///< of the keyboard
    int m_series = -1;
    int m_anchor = -1; ///< where marking by keyboard began
    int m_pressed = -1; ///< column where the button went down
    QPoint m_pressedAt;
    bool m_dragging = false;
};

} // namespace llmcache::ui
