#include "costs/plotitem.h"

#include "theme/theme.h"

#include <QChart>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace llmcache::ui {

namespace {

constexpr double barShare = 0.68; ///< of a column
constexpr double widestBar = 48;
constexpr double leastGap = 4; ///< columns narrower than this have no gap between their bars
constexpr double labelGap = 14;

} // namespace

PlotItem::PlotItem(const Theme* theme, QChart* chart)
    : QGraphicsObject(chart)
    , m_theme(theme)
    , m_chart(chart)
{
    setZValue(10); // over the grid
    connect(chart, &QChart::plotAreaChanged, this, [this] {
        prepareGeometryChange();
        update();
    });
}

void PlotItem::setData(const ChartData& data, const QStringList& hidden)
{
    m_data = data;
    m_hidden = hidden;
    m_current = std::min(m_current, static_cast<int>(m_data.columns.size()) - 1);
    m_lastMarked = -1;
    update();
}

void PlotItem::setCurrent(int column, bool byKeyboard)
{
    if (column == m_current && byKeyboard == m_byKeyboard)
        return;
    m_current = column;
    m_byKeyboard = byKeyboard;
    update();
}

void PlotItem::setMarked(int first, int last)
{
    m_firstMarked = first;
    m_lastMarked = last;
    update();
}

double PlotItem::highest() const
{
    double highest = 0;
    for (std::size_t column = 0; column < m_data.columns.size(); ++column) {
        double sum = 0;
        for (const ChartSeries& series : m_data.series) {
            const auto& value = series.values.at(column);
            if (!value || m_hidden.contains(series.name))
                continue;
            const double height = plotted(m_data.unit, *value);
            if (m_data.shape == ChartShape::Stacked && !series.isComparison)
                sum += height;
            highest = std::max(highest, height);
        }
        highest = std::max(highest, sum);
    }
    return highest;
}

double PlotItem::slot() const
{
    return m_data.columns.empty() ? 0
                                  : m_chart->plotArea().width() / static_cast<double>(m_data.columns.size());
}

double PlotItem::heightOf(double value) const
{
    return m_top > 0 ? m_chart->plotArea().height() * value / m_top : 0;
}

QColor PlotItem::colorOf(const ChartSeries& series) const
{
    return series.color < 0 ? m_theme->color(Token::ChartOther) : m_theme->chartColor(series.color);
}

int PlotItem::columnAt(double x, bool clamped) const
{
    const QRectF plot = m_chart->plotArea();
    const auto count = static_cast<int>(m_data.columns.size());
    if (count == 0 || (!clamped && (x < plot.left() || x >= plot.right())))
        return -1;
    return std::clamp(static_cast<int>(std::floor((x - plot.left()) / slot())), 0, count - 1);
}

std::vector<PlotItem::Bar> PlotItem::barsOf(int column) const
{
    std::vector<Bar> bars;
    const QRectF plot = m_chart->plotArea();
    const double width = slot();
    const auto at = static_cast<std::size_t>(column);
    int shown = 0;
    for (const ChartSeries& series : m_data.series)
        shown += series.isComparison || m_hidden.contains(series.name) ? 0 : 1;
    const double room = width < leastGap ? width : std::min(width * barShare, widestBar);
    const double left = plot.left() + width * column + (width - room) / 2;
    const bool grouped = m_data.shape == ChartShape::Grouped;
    double bottom = plot.bottom();
    int position = 0;
    for (int index = 0; index < static_cast<int>(m_data.series.size()); ++index) {
        const ChartSeries& series = m_data.series[static_cast<std::size_t>(index)];
        if (series.isComparison || m_hidden.contains(series.name))
            continue;
        const auto& value = series.values.at(at);
        const double height = value ? heightOf(plotted(m_data.unit, *value)) : 0;
        if (height > 0) {
            const double each = grouped ? room / shown : room;
            const double x = grouped ? left + each * position : left;
            bars.push_back({index, QRectF(x, bottom - height, each, height)});
            if (!grouped)
                bottom -= height;
        }
        ++position;
    }
    return bars;
}

int PlotItem::seriesAt(const QPointF& place) const
{
    const int column = columnAt(place.x());
    if (column < 0)
        return -1;
    if (m_data.shape != ChartShape::Lines) {
        const std::vector<Bar> bars = barsOf(column);
        for (const Bar& bar : bars) {
            // A sliver of a bar can be hit too, and one needs not aim between the bars.
            constexpr double reach = 2;
            if (place.y() >= bar.area.top() - reach && place.y() <= bar.area.bottom()
                && (m_data.shape == ChartShape::Stacked
                    || (place.x() >= bar.area.left() && place.x() < bar.area.right())))
                return bar.series;
        }
        return -1;
    }
    int nearest = -1;
    double least = 24; // pixels: farther away is not meant
    for (int index = 0; index < static_cast<int>(m_data.series.size()); ++index) {
        const ChartSeries& series = m_data.series[static_cast<std::size_t>(index)];
        if (m_hidden.contains(series.name) || !series.values.at(static_cast<std::size_t>(column)))
            continue;
        const double distance = std::abs(placeOf(column, index).y() - place.y());
        if (distance < least) {
            least = distance;
            nearest = index;
        }
    }
    return nearest;
}

QPointF PlotItem::placeOf(int column, int series) const
{
    const QRectF plot = m_chart->plotArea();
    const double center = plot.left() + (column + 0.5) * slot();
    if (series < 0)
        return {center, plot.center().y()};
    const ChartSeries& wanted = m_data.series.at(static_cast<std::size_t>(series));
    if (m_data.shape == ChartShape::Lines || wanted.isComparison) {
        const auto& value = wanted.values.at(static_cast<std::size_t>(column));
        return {center, plot.bottom() - (value ? heightOf(plotted(m_data.unit, *value)) : 0)};
    }
    for (const Bar& bar : barsOf(column)) {
        if (bar.series == series)
            return bar.area.center();
    }
    return {center, plot.bottom()};
}

QRectF PlotItem::boundingRect() const
{
    return m_chart->boundingRect();
}

void PlotItem::paint(QPainter* painter, const QStyleOptionGraphicsItem*, QWidget*)
{
    if (m_data.columns.empty())
        return;
    paintMarks(painter);
    if (m_data.shape != ChartShape::Lines)
        paintBars(painter);
    for (const ChartSeries& series : m_data.series) {
        if ((m_data.shape == ChartShape::Lines || series.isComparison) && !m_hidden.contains(series.name))
            paintLine(painter, series);
    }
    const QRectF plot = m_chart->plotArea();
    painter->setPen(QPen(m_theme->color(Token::Line), 1));
    painter->drawLine(QPointF(plot.left(), plot.bottom() + 0.5), QPointF(plot.right(), plot.bottom() + 0.5));
    paintLabels(painter);
}

void PlotItem::paintMarks(QPainter* painter) const
{
    const QRectF plot = m_chart->plotArea();
    const auto columns = [&](int first, int last) {
        return QRectF(plot.left() + first * slot(), plot.top(), (last - first + 1) * slot(), plot.height());
    };
    if (m_firstMarked <= m_lastMarked)
        painter->fillRect(columns(m_firstMarked, m_lastMarked), m_theme->color(Token::Selection));
    else if (m_current >= 0)
        painter->fillRect(columns(m_current, m_current), m_theme->color(Token::Hover));
    if (m_current >= 0 && m_byKeyboard) {
        painter->setBrush(Qt::NoBrush);
        painter->setPen(QPen(m_theme->color(Token::Accent), 1));
        painter->drawRect(columns(m_current, m_current).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

void PlotItem::paintBars(QPainter* painter) const
{
    painter->save();
    painter->setPen(Qt::NoPen);
    const auto count = static_cast<int>(m_data.columns.size());
    if (slot() >= 1) {
        // Bars on whole pixels have crisp edges.
        painter->setRenderHint(QPainter::Antialiasing, slot() >= leastGap);
        for (int column = 0; column < count; ++column) {
            for (const Bar& bar : barsOf(column)) {
                painter->fillRect(bar.area, colorOf(m_data.series[static_cast<std::size_t>(bar.series)]));
                if (slot() >= leastGap && m_data.shape == ChartShape::Stacked)
                    painter->fillRect(QRectF(bar.area.left(), bar.area.top() - 0.5, bar.area.width(), 1),
                        m_theme->color(Token::Panel));
            }
        }
    } else {
        // Several columns a pixel: the highest of them is what the eye would see.
        painter->setRenderHint(QPainter::Antialiasing, false);
        const QRectF plot = m_chart->plotArea();
        int column = 0;
        for (int x = 0; x < static_cast<int>(plot.width()); ++x) {
            const int end = std::min(count, static_cast<int>((x + 1) / slot()));
            int highestColumn = -1;
            double most = 0;
            for (; column < end; ++column) {
                double sum = 0;
                for (const ChartSeries& series : m_data.series) {
                    const auto& value = series.values.at(static_cast<std::size_t>(column));
                    if (value && !series.isComparison && !m_hidden.contains(series.name))
                        sum += plotted(m_data.unit, *value);
                }
                if (sum > most) {
                    most = sum;
                    highestColumn = column;
                }
            }
            if (highestColumn < 0)
                continue;
            for (const Bar& bar : barsOf(highestColumn))
                painter->fillRect(QRectF(plot.left() + x, bar.area.top(), 1, bar.area.height()),
                    colorOf(m_data.series[static_cast<std::size_t>(bar.series)]));
        }
    }
    painter->restore();
}

void PlotItem::paintLine(QPainter* painter, const ChartSeries& series) const
{
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRectF plot = m_chart->plotArea();
    QPainterPath path;
    QPolygonF dots;
    bool open = false;
    const auto count = static_cast<int>(series.values.size());
    for (int column = 0; column < count; ++column) {
        const auto& value = series.values[static_cast<std::size_t>(column)];
        const bool known = value && value->of != 0;
        if (known) {
            const QPointF point(plot.left() + (column + 0.5) * slot(),
                plot.bottom() - heightOf(plotted(m_data.unit, *value)));
            if (open)
                path.lineTo(point);
            else
                path.moveTo(point);
            const auto& next = column + 1 < count ? series.values[static_cast<std::size_t>(column) + 1]
                                                  : std::optional<ChartValue>();
            const bool alone = !open && (!next || next->of == 0);
            constexpr double roomForDots = 12;
            if (!series.isComparison && (alone || slot() >= roomForDots))
                dots.append(point);
        }
        open = known;
    }
    const QColor color = series.isComparison ? m_theme->color(Token::SecondaryText) : colorOf(series);
    painter->setBrush(Qt::NoBrush);
    painter->setPen(QPen(color, series.isComparison ? 1.2 : 1.8,
        series.isComparison ? Qt::DashLine : Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter->drawPath(path);
    painter->setPen(Qt::NoPen);
    painter->setBrush(color);
    for (const QPointF& dot : dots)
        painter->drawEllipse(dot, 2.5, 2.5);
    painter->restore();
}

void PlotItem::paintLabels(QPainter* painter) const
{
    // Qt Charts cuts every label to the width of one bar; here are as many as fit.
    painter->setFont(textFont(TextSize::Small));
    painter->setPen(m_theme->color(Token::SecondaryText));
    const QFontMetricsF metrics(painter->font());
    const QRectF plot = m_chart->plotArea();
    double widest = 1;
    for (const ChartColumn& column : m_data.columns)
        widest = std::max(widest, metrics.horizontalAdvance(column.label));
    const int every = std::max(1, static_cast<int>(std::ceil((widest + labelGap) / slot())));
    for (int column = 0; column < static_cast<int>(m_data.columns.size()); column += every) {
        const QString& label = m_data.columns[static_cast<std::size_t>(column)].label;
        const double center = plot.left() + (column + 0.5) * slot();
        const double width = metrics.horizontalAdvance(label);
        const double left = std::clamp(center - width / 2, 0.0, std::max(0.0, plot.right() - width));
        painter->drawText(QPointF(left, plot.bottom() + metrics.ascent() + 6), label);
    }
}

} // namespace llmcache::ui
