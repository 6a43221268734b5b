#include "figures.h"

#include "base/json.h"

#include <algorithm>

namespace llmcache::bench {

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double percentile(std::vector<double> values, double share)
{
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

Figure atMost(const QString& name, double value, const QString& unit, double target)
{
    Figure figure;
    figure.name = name;
    figure.value = value;
    figure.unit = unit;
    figure.target = target;
    return figure;
}

QString toLine(const Figure& figure, bool json)
{
    if (json) {
        Json line;
        line["name"] = toUtf8(figure.name);
        line["value"] = figure.value;
        line["unit"] = toUtf8(figure.unit);
        if (figure.referenceValue) {
            line["reference"] = toUtf8(figure.reference);
            line["reference_value"] = *figure.referenceValue;
        }
        line["ratio"] = figure.ratio();
        if (figure.hasTarget()) {
            line["target"] = figure.target;
            line["met"] = figure.isMet();
        }
        return QString::fromUtf8(toJsonText(line));
    }
    const auto number = [](double value) { return QString::number(value, 'g', 4); };
    QString text =
        QStringLiteral("%1  %2 %3").arg(figure.name, -26).arg(number(figure.value), 9).arg(figure.unit, -6);
    if (figure.referenceValue)
        text += QStringLiteral("  %1 %2 %3  ratio %4")
                    .arg(figure.reference, -32)
                    .arg(number(*figure.referenceValue), 9)
                    .arg(figure.unit, -6)
                    .arg(number(figure.ratio()), 6);
    if (!figure.hasTarget())
        return text;
    return text
        + QStringLiteral("  target %1 %2: %3")
              .arg(figure.higherIsBetter ? QStringLiteral("≥") : QStringLiteral("≤"), number(figure.target),
                  figure.isMet() ? QStringLiteral("met") : QStringLiteral("missed"));
}

} // namespace llmcache::bench
