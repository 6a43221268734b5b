#pragma once

#include "costs/timespans.h"

#include <QStringList>

#include <optional>
#include <vector>

namespace llmcache::ui {

enum class ChartUnit {
    Money, ///< picodollars
    Count,
    Share, ///< a count and what it is part of
    Milliseconds,
};
enum class ChartShape { Stacked, Grouped, Lines };

/// One step of the horizontal axis.
struct ChartColumn {
    QString key; ///< what is written to CSV
    QString label; ///< below the axis
    QString longLabel; ///< where there is room
    /// Empty where the axis is not time. Of a range that ends now the last one goes on to where its time
    /// ends, so that it stays the same from one second to the next.
    TimeSpan span;
    qint64 from = 0; ///< where it is amounts: picodollars, both ends included
    qint64 upTo = -1;
    friend bool operator==(const ChartColumn&, const ChartColumn&) = default;
};

/// A whole number in the chart's unit. Drawn as it is read: exact.
struct ChartValue {
    qint64 amount = 0;
    qint64 of = 1; ///< for Share: what it is part of; 0 = there is nothing to say
    friend bool operator==(const ChartValue&, const ChartValue&) = default;
};

struct ChartSeries {
    QString name; ///< what is chosen
    QString label; ///< what is shown
    int color = 0; ///< as Theme::chartColor; negative = "other" grey
    bool isOther = false; ///< stands for all that have no series of their own
    bool isComparison = false; ///< the time before, a dashed line over the bars; can't be chosen
    std::vector<std::optional<ChartValue>> values; ///< one a column
    friend bool operator==(const ChartSeries&, const ChartSeries&) = default;
};

/// What a chart shows; made out of sums of the ledger, and the only thing that chart, table and CSV read.
struct ChartData {
    QString id; ///< for file names: "spend-over-time"
    QString title;
    QString columnTitle; ///< of the axis, in table and CSV: "day"
    ChartUnit unit = ChartUnit::Money;
    ChartShape shape = ChartShape::Stacked;
    std::vector<ChartColumn> columns;
    std::vector<ChartSeries> series;
    QString emptyText; ///< why there is nothing to see, when there is nothing
    QString caption; ///< a line of words below the heading; may be empty

    bool isEmpty() const;
    bool isTime() const { return !columns.empty() && !columns.front().span.isEmpty(); }
    /// The sum of the series that add up (neither comparison nor lines) in a column.
    qint64 columnTotal(int column, const QStringList& hidden = {}) const;
    friend bool operator==(const ChartData&, const ChartData&) = default;
};

/// Height of a value on the axis: dollars, counts, percent, milliseconds.
double plotted(ChartUnit unit, const ChartValue& value);
/// With every digit: "$0.002894", "12,034", "82.4 % (412 of 500)", "1,204 ms".
QString exactText(ChartUnit unit, const std::optional<ChartValue>& value);
/// As short as an axis wants it: "$0.25", "12k", "80 %", "2 s"; `step` is the distance of its lines.
QString axisText(ChartUnit unit, double value, double step);
/// The numbers under a column, a line a series, for hover and screen readers.
QString columnText(const ChartData& data, int column, const QStringList& hidden);

/// Names of the columns of the table behind a chart.
QStringList chartTableHeader(const ChartData& data);
/// The table as RFC 4180 text with plain decimal numbers.
QByteArray chartCsv(const ChartData& data);

} // namespace llmcache::ui
