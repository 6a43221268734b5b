#include "costs/plotview.h"

#include "costs/plotitem.h"
#include "theme/theme.h"

#include <QApplication>
#include <QCategoryAxis>
#include <QChart>
#include <QGraphicsLayout>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QToolTip>

#include <cmath>

namespace llmcache::ui {

namespace {

/// The next round number: 1, 2 or 5 times a power of ten.
double niceStep(double rough)
{
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (rough <= factor * power)
            return factor * power;
    }
    return rough;
}

constexpr int axisLines = 4;
constexpr int labelRoom = 18; ///< below the plot

} // namespace

PlotView::PlotView(const Theme* theme, QWidget* parent)
    : QChartView(new QChart, parent)
    , m_theme(theme)
    , m_chart(chart())
    , m_values(new QCategoryAxis)
    , m_plot(new PlotItem(theme, m_chart))
{
    setFrameShape(QFrame::NoFrame);
    setBackgroundBrush(Qt::NoBrush);
    setStyleSheet(QStringLiteral("background: transparent"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    viewport()->setMouseTracking(true);
    m_chart->setBackgroundVisible(false);
    m_chart->setMargins({0, 4, 0, labelRoom});
    m_chart->layout()->setContentsMargins(0, 0, 0, 0);
    m_chart->legend()->hide();
    m_chart->addAxis(m_values, Qt::AlignLeft);
    m_values->setLabelsPosition(QCategoryAxis::AxisLabelsPositionOnValue);
    m_values->setLineVisible(false);
    // It would give the labels the room of those that it had before.
    m_values->setTruncateLabels(false);
    connect(theme, &Theme::changed, this, &PlotView::applyColors);
    applyColors();
    updateAxis();
}

void PlotView::setData(const ChartData& data, const QStringList& hidden)
{
    if (data == m_plot->data() && hidden == m_plot->hidden())
        return;
    m_plot->setData(data, hidden);
    m_column = std::min(m_column, static_cast<int>(data.columns.size()) - 1);
    m_series = std::min(m_series, static_cast<int>(data.series.size()) - 1);
    m_anchor = -1;
    updateAxis();
}

const ChartData& PlotView::data() const
{
    return m_plot->data();
}

QPoint PlotView::placeOf(int column, int series) const
{
    return mapFromScene(m_chart->mapToScene(m_plot->placeOf(column, series)));
}

void PlotView::updateAxis()
{
    const ChartUnit unit = m_plot->data().unit;
    double highest = m_plot->highest();
    double step = 0;
    if (unit == ChartUnit::Share) {
        constexpr double whole = 100;
        highest = whole;
        step = whole / axisLines;
    } else {
        step = niceStep(highest > 0 ? highest / axisLines : (unit == ChartUnit::Money ? 0.25 : 1.0));
        // Half a call is none.
        if (unit == ChartUnit::Count || unit == ChartUnit::Milliseconds)
            step = std::max(1.0, step);
    }
    const int lines = std::max(1, static_cast<int>(std::ceil(highest / step - 1e-9)));
    const double top = step * lines;
    const QStringList old = m_values->categoriesLabels();
    for (const QString& label : old)
        m_values->remove(label);
    m_values->setRange(0, top);
    m_values->setStartValue(0);
    for (int line = 0; line <= lines; ++line)
        m_values->append(axisText(unit, step * line, step), step * line);
    m_plot->setAxisTop(top);
    m_plot->update();
}

void PlotView::applyColors()
{
    m_values->setLabelsFont(textFont(TextSize::Small));
    m_values->setLabelsBrush(m_theme->color(Token::SecondaryText));
    m_values->setGridLinePen(QPen(m_theme->color(Token::ChartGrid), 1));
    viewport()->update();
}

void PlotView::renderTo(QPainter* painter, const QRectF& area)
{
    scene()->render(painter, area, m_chart->sceneBoundingRect(), Qt::IgnoreAspectRatio);
}

QPointF PlotView::inChart(const QPoint& place) const
{
    return m_chart->mapFromScene(mapToScene(place));
}

void PlotView::point(int column, bool byKeyboard, const QPoint& globalPlace)
{
    m_plot->setCurrent(column, byKeyboard);
    const QString text = column < 0 ? QString() : columnText(m_plot->data(), column, m_plot->hidden());
    setAccessibleDescription(text);
    if (text.isEmpty())
        QToolTip::hideText();
    else
        QToolTip::showText(globalPlace, text, this);
    Q_EMIT pointed(text);
}

bool PlotView::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::Leave && !m_dragging)
        point(-1, false, {});
    if (event->type() == QEvent::ToolTip)
        return true; // shown already, where the pointer is
    return QChartView::viewportEvent(event);
}

void PlotView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) {
        QChartView::mousePressEvent(event);
        return;
    }
    m_pressed = m_plot->columnAt(inChart(event->pos()).x());
    m_pressedAt = event->pos();
    m_dragging = false;
}

void PlotView::mouseMoveEvent(QMouseEvent* event)
{
    const QPointF place = inChart(event->pos());
    if (event->buttons().testFlag(Qt::LeftButton) && m_pressed >= 0 && m_plot->data().isTime()) {
        if (!m_dragging
            && (event->pos() - m_pressedAt).manhattanLength() >= QApplication::startDragDistance())
            m_dragging = true;
        if (m_dragging) {
            const int column = m_plot->columnAt(place.x(), true);
            m_plot->setMarked(std::min(m_pressed, column), std::max(m_pressed, column));
            return;
        }
    }
    const int column = m_plot->columnAt(place.x());
    setCursor(column >= 0 && m_plot->seriesAt(place) >= 0 ? Qt::PointingHandCursor : Qt::ArrowCursor);
    point(column, false, event->globalPosition().toPoint() + QPoint(8, 8));
}

void PlotView::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton) {
        QChartView::mouseReleaseEvent(event);
        return;
    }
    const QPointF place = inChart(event->pos());
    const int pressed = m_pressed;
    const bool dragged = m_dragging;
    m_pressed = -1;
    m_dragging = false;
    m_plot->setMarked(0, -1);
    if (pressed < 0)
        return;
    if (dragged) {
        const int column = m_plot->columnAt(place.x(), true);
        Q_EMIT zoomed(std::min(pressed, column), std::max(pressed, column));
    } else if (const int column = m_plot->columnAt(place.x()); column >= 0) {
        Q_EMIT chosen(column, m_plot->seriesAt(place));
    }
}

void PlotView::mouseDoubleClickEvent(QMouseEvent* event)
{
    // The first click has chosen already.
    event->accept();
}

void PlotView::moveBy(int columns, bool marking)
{
    const int last = static_cast<int>(m_plot->data().columns.size()) - 1;
    if (last < 0)
        return;
    const int from = m_column < 0 ? (columns > 0 ? -1 : last + 1) : m_column;
    const int to = std::clamp(from + columns, 0, last);
    if (marking && m_plot->data().isTime()) {
        if (m_anchor < 0)
            m_anchor = std::clamp(from, 0, last);
        m_plot->setMarked(std::min(m_anchor, to), std::max(m_anchor, to));
    } else {
        m_anchor = -1;
        m_plot->setMarked(0, -1);
    }
    m_column = to;
    point(m_column, true, viewport()->mapToGlobal(placeOf(m_column, -1)));
}

void PlotView::chooseCurrent()
{
    if (m_column < 0)
        return;
    if (m_anchor >= 0) {
        const int anchor = std::exchange(m_anchor, -1);
        m_plot->setMarked(0, -1);
        Q_EMIT zoomed(std::min(anchor, m_column), std::max(anchor, m_column));
        return;
    }
    Q_EMIT chosen(m_column, m_series);
}

void PlotView::keyPressEvent(QKeyEvent* event)
{
    const bool marking = event->modifiers().testFlag(Qt::ShiftModifier);
    const int series = static_cast<int>(m_plot->data().series.size());
    const auto all = static_cast<int>(m_plot->data().columns.size());
    switch (event->key()) {
    case Qt::Key_Left:
        moveBy(-1, marking);
        break;
    case Qt::Key_Right:
        moveBy(1, marking);
        break;
    case Qt::Key_Home:
        moveBy(-all, marking);
        break;
    case Qt::Key_End:
        moveBy(all, marking);
        break;
    case Qt::Key_Up:
    case Qt::Key_Down:
        if (series > 0) {
            // From all of the column (-1) through its series, lowest first.
            const int step = event->key() == Qt::Key_Up ? 1 : -1;
            m_series = (m_series + 1 + step + series + 1) % (series + 1) - 1;
            const QString name =
                m_series < 0 ? tr("all") : m_plot->data().series[static_cast<std::size_t>(m_series)].label;
            if (m_column >= 0) {
                point(m_column, true, viewport()->mapToGlobal(placeOf(m_column, m_series)));
                setAccessibleDescription(name + QLatin1Char('\n') + accessibleDescription());
            }
        }
        break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
    case Qt::Key_Space:
        chooseCurrent();
        break;
    case Qt::Key_Backspace:
        Q_EMIT zoomReset();
        break;
    case Qt::Key_Escape:
        if (m_column < 0 && m_pressed < 0) {
            QChartView::keyPressEvent(event);
            return;
        }
        m_anchor = -1;
        m_column = -1;
        m_series = -1;
        m_pressed = -1;
        m_dragging = false;
        m_plot->setMarked(0, -1);
        point(-1, false, {});
        break;
    default:
        QChartView::keyPressEvent(event);
        return;
    }
    event->accept();
}

void PlotView::focusOutEvent(QFocusEvent* event)
{
    QChartView::focusOutEvent(event);
    m_anchor = -1;
    m_plot->setMarked(0, -1);
    m_plot->setCurrent(-1, false);
}

} // namespace llmcache::ui
