#pragma once

#include <QString>

#include <functional>
#include <optional>
#include <vector>

namespace llmcache::bench {

double median(std::vector<double> values);
/// The value that this share of them, 0 to 1, is not above. There must be one.
double percentile(std::vector<double> values, double share);

/// One measured figure beside its reference, both of the same run.
struct Figure {
    QString name;
    double value = 0;
    QString unit; ///< of value and reference
    QString reference; ///< what it is compared with; empty = with the target itself
    std::optional<double> referenceValue;
    double target = 0; ///< for value / reference where there is a reference, for the value otherwise; 0:
                       ///< none, it is for others to be compared with
    bool higherIsBetter = false;

    bool hasTarget() const { return target > 0; }
    double ratio() const { return referenceValue ? value / *referenceValue : value; }
    bool isMet() const { return higherIsBetter ? ratio() >= target : ratio() <= target; }
};

/// A value that is to be at most `target`.
Figure atMost(const QString& name, double value, const QString& unit, double target);

using Print = std::function<void(const Figure& figure)>;

/// A line of the table, or one JSON object.
QString toLine(const Figure& figure, bool json);

} // namespace llmcache::bench
