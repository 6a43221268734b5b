#include "costs/chartdata.h"

#include "base/csv.h"
#include "base/money.h"
#include "widgets/format.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace llmcache::ui {

namespace {

constexpr double hundred = 100;
constexpr double picodollars = 1e12;

QString tr(const char* text)
{
    return QCoreApplication::translate("llmcache::ui::ChartCard", text);
}

/// Decimals that tell lines `step` apart from each other.
int decimalsFor(double step)
{
    return step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
}

/// "12k", "1.5M"
QString scaled(double value, double step)
{
    constexpr double thousand = 1'000;
    constexpr double million = 1'000'000;
    constexpr double billion = 1'000'000'000;
    double divisor = 1;
    QString suffix;
    if (value >= billion) {
        divisor = billion;
        suffix = QStringLiteral("G");
    } else if (value >= million) {
        divisor = million;
        suffix = QStringLiteral("M");
    } else if (value >= thousand) {
        divisor = thousand;
        suffix = QStringLiteral("k");
    }
    return QString::number(value / divisor, 'f', decimalsFor(step / divisor)) + suffix;
}

QString plainNumber(ChartUnit unit, const ChartValue& value)
{
    if (unit == ChartUnit::Money)
        return Money::fromPicodollars(value.amount).toDecimal();
    return QString::number(value.amount);
}

} // namespace

bool ChartData::isEmpty() const
{
    return std::all_of(series.begin(), series.end(), [](const ChartSeries& each) {
        return std::all_of(each.values.begin(), each.values.end(),
            [](const auto& value) { return !value || value->of == 0 || value->amount == 0; });
    });
}

qint64 ChartData::columnTotal(int column, const QStringList& hidden) const
{
    Money sum; // saturates, as sums of hostile counts must
    for (const ChartSeries& each : series) {
        if (each.isComparison || hidden.contains(each.name))
            continue;
        if (const auto& value = each.values.at(static_cast<std::size_t>(column)))
            sum += Money::fromPicodollars(value->amount);
    }
    return sum.picodollars();
}

double plotted(ChartUnit unit, const ChartValue& value)
{
    const auto amount = static_cast<double>(value.amount);
    switch (unit) {
    case ChartUnit::Money:
        return amount / picodollars;
    case ChartUnit::Share:
        return value.of == 0 ? 0 : hundred * amount / static_cast<double>(value.of);
    case ChartUnit::Count:
    case ChartUnit::Milliseconds:
        break;
    }
    return amount;
}

QString exactText(ChartUnit unit, const std::optional<ChartValue>& value)
{
    if (!value || (unit == ChartUnit::Share && value->of == 0))
        return QStringLiteral("–");
    switch (unit) {
    case ChartUnit::Money:
        return QLatin1Char('$') + Money::fromPicodollars(value->amount).toDecimal();
    case ChartUnit::Share:
        return tr("%1 (%2 of %3)")
            .arg(format::percent(static_cast<double>(value->amount) / static_cast<double>(value->of)),
                format::count(value->amount), format::count(value->of));
    case ChartUnit::Milliseconds:
        return tr("%1 ms").arg(format::count(value->amount));
    case ChartUnit::Count:
        break;
    }
    return format::count(value->amount);
}

QString axisText(ChartUnit unit, double value, double step)
{
    constexpr double second = 1'000;
    switch (unit) {
    case ChartUnit::Money:
        return QLatin1Char('$')
            + (value >= second ? scaled(value, step) : QString::number(value, 'f', decimalsFor(step)));
    case ChartUnit::Share:
        return tr("%1 %").arg(QString::number(value, 'f', decimalsFor(step)));
    case ChartUnit::Milliseconds:
        return value >= second
            ? tr("%1 s").arg(QString::number(value / second, 'f', decimalsFor(step / second)))
            : tr("%1 ms").arg(QString::number(value, 'f', decimalsFor(step)));
    case ChartUnit::Count:
        break;
    }
    return scaled(value, step);
}

QString columnText(const ChartData& data, int column, const QStringList& hidden)
{
    const auto at = static_cast<std::size_t>(column);
    QStringList lines{data.columns.at(at).longLabel};
    int adding = 0;
    for (const ChartSeries& each : data.series) {
        if (hidden.contains(each.name))
            continue;
        const auto& value = each.values.at(at);
        // Of many series only those that have something here are worth a line.
        const bool nothing = !value || value->amount == 0;
        if (nothing && data.shape == ChartShape::Stacked && data.series.size() > 1)
            continue;
        lines.append(QStringLiteral("%1: %2").arg(each.label, exactText(data.unit, value)));
        adding += each.isComparison ? 0 : 1;
    }
    if (data.shape == ChartShape::Stacked && adding != 1)
        lines.append(
            tr("all: %1").arg(exactText(data.unit, ChartValue{data.columnTotal(column, hidden), 1})));
    return lines.join(QLatin1Char('\n'));
}

QStringList chartTableHeader(const ChartData& data)
{
    QStringList header{data.columnTitle};
    for (const ChartSeries& each : data.series)
        header.append(each.label);
    if (data.shape == ChartShape::Stacked && data.series.size() > 1)
        header.append(tr("all"));
    return header;
}

QByteArray chartCsv(const ChartData& data)
{
    const bool shares = data.unit == ChartUnit::Share;
    const bool sums = data.shape == ChartShape::Stacked && data.series.size() > 1;
    const QString unit = data.unit == ChartUnit::Money ? QStringLiteral(" usd")
        : data.unit == ChartUnit::Milliseconds         ? QStringLiteral(" ms")
                                                       : QString();
    QStringList header{data.columnTitle};
    for (const ChartSeries& each : data.series) {
        // By its name: two models may have the same label.
        const QString name = each.name.isEmpty() ? each.label : each.name;
        header.append(name + unit);
        if (shares)
            header.append(name + QStringLiteral(" of"));
    }
    if (sums)
        header.append(QStringLiteral("all") + unit);
    QByteArray text = csvRecord(header);
    for (std::size_t column = 0; column < data.columns.size(); ++column) {
        QStringList cells{data.columns[column].key};
        for (const ChartSeries& each : data.series) {
            const auto& value = each.values.at(column);
            cells.append(value ? plainNumber(data.unit, *value) : QString());
            if (shares)
                cells.append(value ? QString::number(value->of) : QString());
        }
        if (sums)
            cells.append(plainNumber(data.unit, ChartValue{data.columnTotal(static_cast<int>(column)), 1}));
        text += csvRecord(cells);
    }
    return text;
}

} // namespace llmcache::ui
