#pragma once

#include "costs/costsdata.h"

#include <QChartView>

class QBarCategoryAxis;
class QStackedBarSeries;
class QValueAxis;

namespace llmcache::ui {

class Theme;

/// Spend over time as stacked bars, one a bucket.
class SpendChart : public QChartView {
    Q_OBJECT
public:
    /// `theme` must outlive the widget.
    explicit SpendChart(const Theme* theme, QWidget* parent = nullptr);
    /// `hidden` names series that are left out.
    void setData(const CostsSnapshot& snapshot, const QStringList& hidden);
    /// What the bar of a bucket adds up to, of the visible series.
    Money bucketTotal(int bucket) const;
    int bucketCount() const { return static_cast<int>(m_buckets.size()); }

Q_SIGNALS:
    /// A bar was clicked.
    void chosen(const QString& bucket, const QString& series);

protected:
    void drawForeground(QPainter* painter, const QRectF& rect) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void rebuild();
    void applyColors();
    void showHover(bool on, int bucket, const CostsSeries& series);
    QString hoverText(int bucket, const CostsSeries& series) const;

    const Theme* m_theme;
    QChart* m_chart;
    QStackedBarSeries* m_bars = nullptr;
    QBarCategoryAxis* m_time;
    QValueAxis* m_amount;
    QStringList m_buckets;
    bool m_hourly = false;
    std::vector<CostsSeries> m_series;
    std::vector<int> m_colors;
};

} // namespace llmcache::ui
