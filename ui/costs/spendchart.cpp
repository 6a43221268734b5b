#include "costs/spendchart.h"

#include "theme/theme.h"

#include <QBarCategoryAxis>
#include <QBarSet>
#include <QChart>
#include <QGraphicsLayout>
#include <QStackedBarSeries>
#include <QToolTip>
#include <QValueAxis>

#include <cmath>

namespace llmcache::ui {

namespace {

double dollars(Money money)
{
    return static_cast<double>(money.picodollars()) / 1e12;
}

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

} // namespace

SpendChart::SpendChart(const Theme* theme, QWidget* parent)
    : QChartView(new QChart, parent)
    , m_theme(theme)
    , m_chart(chart())
    , m_time(new QBarCategoryAxis)
    , m_amount(new QValueAxis)
{
    setFrameShape(QFrame::NoFrame);
    setRenderHint(QPainter::Antialiasing);
    setBackgroundBrush(Qt::NoBrush);
    setStyleSheet(QStringLiteral("background: transparent"));
    setAccessibleName(tr("Spend over time"));
    m_chart->setBackgroundVisible(false);
    m_chart->setMargins({0, 0, 0, 18});
    m_chart->layout()->setContentsMargins(0, 0, 0, 0);
    m_chart->legend()->hide();
    m_chart->addAxis(m_time, Qt::AlignBottom);
    m_chart->addAxis(m_amount, Qt::AlignLeft);
    // Qt Charts cuts every label to the width of one bar; drawForeground() writes as many as fit.
    m_time->setLabelsVisible(false);
    m_time->setGridLineVisible(false);
    m_amount->setLineVisible(false);
    connect(theme, &Theme::changed, this, &SpendChart::applyColors);
    applyColors();
}

void SpendChart::setData(const CostsSnapshot& snapshot, const QStringList& hidden)
{
    m_buckets = snapshot.buckets;
    m_hourly = snapshot.hourly;
    m_series.clear();
    m_colors.clear();
    int color = 0;
    for (const CostsSeries& series : snapshot.series) {
        if (!hidden.contains(series.name)) {
            m_series.push_back(series);
            m_colors.push_back(series.other ? -1 : color);
        }
        ++color;
    }
    rebuild();
}

Money SpendChart::bucketTotal(int bucket) const
{
    Money total;
    for (const CostsSeries& series : m_series)
        total += series.values.at(bucket);
    return total;
}

void SpendChart::rebuild()
{
    if (m_bars) {
        m_chart->removeSeries(m_bars);
        delete m_bars;
    }
    m_bars = new QStackedBarSeries;
    m_bars->setBarWidth(0.68);
    double highest = 0;
    for (int bucket = 0; bucket < m_buckets.size(); ++bucket)
        highest = std::max(highest, dollars(bucketTotal(bucket)));
    for (const CostsSeries& series : m_series) {
        auto* set = new QBarSet(series.name);
        for (const Money& value : series.values)
            set->append(dollars(value));
        connect(set, &QBarSet::hovered, this,
            [this, series](bool on, int bucket) { showHover(on, bucket, series); });
        connect(set, &QBarSet::clicked, this, [this, series](int bucket) {
            if (bucket >= 0 && bucket < m_buckets.size())
                Q_EMIT chosen(m_buckets.at(bucket), series.other ? QString() : series.name);
        });
        m_bars->append(set);
    }
    m_time->setCategories(m_buckets);
    constexpr int lines = 4;
    const double step = niceStep(highest > 0 ? highest / lines : 0.25);
    m_amount->setRange(0, step * std::max(1.0, std::ceil(highest / step)));
    m_amount->setTickCount(static_cast<int>(std::lround(m_amount->max() / step)) + 1);
    const int decimals = step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
    m_amount->setLabelFormat(QStringLiteral("$%.%1f").arg(decimals));
    m_chart->addSeries(m_bars);
    m_bars->attachAxis(m_time);
    m_bars->attachAxis(m_amount);
    applyColors();
}

void SpendChart::applyColors()
{
    m_amount->setLabelsFont(textFont(TextSize::Small));
    m_amount->setLabelsBrush(m_theme->color(Token::SecondaryText));
    m_amount->setGridLinePen(QPen(m_theme->color(Token::ChartGrid), 1));
    m_time->setLinePen(QPen(m_theme->color(Token::Line), 1));
    if (m_bars) {
        const auto sets = m_bars->barSets();
        for (int at = 0; at < sets.size(); ++at) {
            const int color = m_colors[static_cast<std::size_t>(at)];
            sets.at(at)->setColor(color < 0 ? m_theme->color(Token::ChartOther) : m_theme->chartColor(color));
            sets.at(at)->setBorderColor(m_theme->color(Token::Panel));
        }
    }
    viewport()->update();
}

void SpendChart::showHover(bool on, int bucket, const CostsSeries& series)
{
    setCursor(on ? Qt::PointingHandCursor : Qt::ArrowCursor);
    if (on && bucket >= 0 && bucket < m_buckets.size())
        QToolTip::showText(QCursor::pos(), hoverText(bucket, series), this);
    else
        QToolTip::hideText();
}

QString SpendChart::hoverText(int bucket, const CostsSeries& series) const
{
    return tr("%1\n%2: $%3\nall: $%4")
        .arg(bucketLabel(m_buckets.at(bucket), m_hourly), series.name, series.values.at(bucket).toDecimal(),
            bucketTotal(bucket).toDecimal());
}

void SpendChart::resizeEvent(QResizeEvent* event)
{
    QChartView::resizeEvent(event);
    viewport()->update();
}

void SpendChart::drawForeground(QPainter* painter, const QRectF&)
{
    if (!m_bars || m_buckets.isEmpty())
        return;
    painter->setFont(textFont(TextSize::Small));
    painter->setPen(m_theme->color(Token::SecondaryText));
    const QFontMetricsF metrics(painter->font());
    const QRectF plot = m_chart->plotArea();
    const double slot = plot.width() / static_cast<double>(m_buckets.size());
    constexpr double labelRoom = 72;
    const int every = std::max(1, static_cast<int>(std::ceil(labelRoom / slot)));
    for (int bucket = 0; bucket < m_buckets.size(); bucket += every) {
        const QString label = bucketLabel(m_buckets.at(bucket), m_hourly);
        const double center = plot.left() + (bucket + 0.5) * slot;
        const double width = metrics.horizontalAdvance(label);
        const double left = std::clamp(center - width / 2, 0.0, std::max(0.0, plot.right() - width));
        painter->drawText(QPointF(left, plot.bottom() + metrics.ascent() + 6), label);
    }
}

} // namespace llmcache::ui
