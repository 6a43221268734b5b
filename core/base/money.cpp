#include "base/money.h"

#include <QLocale>

#include <cmath>
#include <limits>

namespace llmcache {

namespace {

constexpr int decimals = 12;
constexpr qint64 picodollarsPerDollar = 1'000'000'000'000;
constexpr qint64 largest = std::numeric_limits<qint64>::max();
constexpr qint64 smallest = std::numeric_limits<qint64>::min();

} // namespace

std::optional<Money> Money::fromDecimal(const QString& dollars)
{
    QString text = dollars.trimmed();
    int exponent = 0;
    if (const auto at = text.indexOf(QLatin1Char('e'), 0, Qt::CaseInsensitive); at >= 0) {
        bool ok = false;
        exponent = QStringView(text).sliced(at + 1).toInt(&ok);
        if (!ok || exponent < -64 || exponent > 64)
            return std::nullopt;
        text.truncate(at);
    }
    bool negative = false;
    if (text.startsWith(QLatin1Char('-')) || text.startsWith(QLatin1Char('+'))) {
        negative = text.front() == QLatin1Char('-');
        text.remove(0, 1);
    }
    const auto point = text.indexOf(QLatin1Char('.'));
    if (point >= 0) {
        exponent -= static_cast<int>(text.size() - point - 1);
        text.remove(point, 1);
    }
    if (text.isEmpty())
        return std::nullopt;
    for (const QChar c : std::as_const(text)) {
        if (c < QLatin1Char('0') || c > QLatin1Char('9'))
            return std::nullopt;
    }
    int scale = exponent + decimals;
    while (scale < 0 && text.size() > 1 && text.endsWith(QLatin1Char('0'))) {
        text.chop(1);
        ++scale;
    }
    qint64 value = 0;
    for (const QChar c : std::as_const(text)) {
        if (__builtin_mul_overflow(value, qint64{10}, &value)
            || __builtin_add_overflow(value, qint64{c.digitValue()}, &value))
            return std::nullopt;
    }
    if (value == 0)
        return Money();
    if (scale < 0)
        return std::nullopt;
    for (; scale > 0; --scale) {
        if (__builtin_mul_overflow(value, qint64{10}, &value))
            return std::nullopt;
    }
    return Money(negative ? -value : value);
}

QString Money::toDecimal() const
{
    const bool negative = m_picodollars < 0;
    const auto magnitude =
        negative ? quint64{0} - static_cast<quint64>(m_picodollars) : static_cast<quint64>(m_picodollars);
    QString text = QString::number(magnitude / static_cast<quint64>(picodollarsPerDollar));
    const auto fraction = magnitude % static_cast<quint64>(picodollarsPerDollar);
    if (fraction != 0) {
        QString digits = QString::number(fraction).rightJustified(decimals, QLatin1Char('0'));
        while (digits.endsWith(QLatin1Char('0')))
            digits.chop(1);
        text += QLatin1Char('.') + digits;
    }
    return negative ? QLatin1Char('-') + text : text;
}

QString Money::toDisplay() const
{
    if (m_picodollars == 0)
        return QStringLiteral("$0");
    const double dollars = static_cast<double>(m_picodollars) / static_cast<double>(picodollarsPerDollar);
    const double magnitude = std::fabs(dollars);
    const QString sign = dollars < 0 ? QStringLiteral("-$") : QStringLiteral("$");
    if (magnitude >= 1)
        return sign + QLocale(QLocale::English, QLocale::UnitedStates).toString(magnitude, 'f', 2);
    if (magnitude >= 0.01)
        return sign + QString::number(magnitude, 'f', 4);
    // Four significant digits; trailing zeros say nothing here.
    const int places = std::min(decimals, 3 - static_cast<int>(std::floor(std::log10(magnitude))));
    QString text = QString::number(magnitude, 'f', places);
    while (text.endsWith(QLatin1Char('0')))
        text.chop(1);
    return sign + text;
}

Money operator+(Money left, Money right)
{
    qint64 sum = 0;
    if (__builtin_add_overflow(left.m_picodollars, right.m_picodollars, &sum))
        return Money(left.m_picodollars > 0 ? largest : smallest);
    return Money(sum);
}

Money operator-(Money left, Money right)
{
    qint64 difference = 0;
    if (__builtin_sub_overflow(left.m_picodollars, right.m_picodollars, &difference))
        return Money(left.m_picodollars > 0 ? largest : smallest);
    return Money(difference);
}

Money operator*(Money each, qint64 count)
{
    qint64 product = 0;
    if (__builtin_mul_overflow(each.picodollars(), count, &product))
        return Money::fromPicodollars((each.picodollars() > 0) == (count > 0) ? largest : smallest);
    return Money::fromPicodollars(product);
}

} // namespace llmcache
