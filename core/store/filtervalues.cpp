#include "store/filtervalues.h"

#include <QDateTime>

#include <array>
#include <cmath>

namespace llmcache {

namespace {

using Field = FilterTerm::Field;

struct Unit {
    QLatin1String name;
    qint64 factor;
};
constexpr std::array durationUnits{
    Unit{QLatin1String("s"), 1'000},
    Unit{QLatin1String("m"), 60'000},
    Unit{QLatin1String("h"), 3'600'000},
    Unit{QLatin1String("d"), 86'400'000},
    Unit{QLatin1String("w"), 604'800'000},
};
constexpr std::array byteUnits{
    Unit{QLatin1String(""), 1},
    Unit{QLatin1String("b"), 1},
    Unit{QLatin1String("k"), 1'000},
    Unit{QLatin1String("kb"), 1'000},
    Unit{QLatin1String("m"), 1'000'000},
    Unit{QLatin1String("mb"), 1'000'000},
    Unit{QLatin1String("g"), 1'000'000'000},
    Unit{QLatin1String("gb"), 1'000'000'000},
};
constexpr std::array countUnits{
    Unit{QLatin1String(""), 1},
    Unit{QLatin1String("k"), 1'000},
    Unit{QLatin1String("m"), 1'000'000},
};

/// A non-negative number with one of the units, in the smallest unit, and the unit's factor.
template <std::size_t size>
std::optional<std::pair<qint64, qint64>> measure(const QString& text, const std::array<Unit, size>& units)
{
    qsizetype digits = 0;
    while (digits < text.size()
        && ((text.at(digits) >= QLatin1Char('0') && text.at(digits) <= QLatin1Char('9'))
            || text.at(digits) == QLatin1Char('.')))
        ++digits;
    bool ok = false;
    const double number = text.left(digits).toDouble(&ok);
    if (!ok)
        return std::nullopt;
    const QString name = text.mid(digits).toLower();
    for (const Unit& unit : units) {
        if (name != unit.name)
            continue;
        const double product = number * static_cast<double>(unit.factor);
        if (product >= 9e18)
            return std::nullopt;
        return std::pair(static_cast<qint64>(std::llround(product)), unit.factor);
    }
    return std::nullopt;
}

} // namespace

FilterValues::FilterValues(const QTimeZone& zone, qint64 nowMs)
    : m_zone(zone)
    , m_nowMs(nowMs)
{
}

FilterSpan FilterValues::span(FilterTerm::Field field, const FilterValue& value) const
{
    switch (field) {
    case Field::Cost:
    case Field::Saved:
        return amount(value);
    case Field::Age:
    case Field::Ttl:
        if (field == Field::Ttl && value.text.compare(QLatin1String("never"), Qt::CaseInsensitive) == 0)
            return {unlimited, unlimited};
        return duration(value);
    case Field::Created:
    case Field::Used:
        return date(value);
    case Field::Size:
        return byteCount(value);
    default:
        return count(value);
    }
}

FilterSpan FilterValues::amount(const FilterValue& value) const
{
    const QString digits = value.text.startsWith(QLatin1Char('$')) ? value.text.mid(1) : value.text;
    const auto money = Money::fromDecimal(digits);
    if (!money)
        throw FilterError(QStringLiteral("\"%1\" is no amount of money").arg(value.text),
            QStringLiteral("Write dollars as a decimal, such as 0.01."), value.offset, value.length);
    return {money->picodollars(), money->picodollars()};
}

FilterSpan FilterValues::count(const FilterValue& value) const
{
    const auto number = measure(value.text, countUnits);
    if (!number)
        throw FilterError(QStringLiteral("\"%1\" is no number").arg(value.text),
            QStringLiteral("Write digits, with k or m for thousands or millions, such as 2k."), value.offset,
            value.length);
    return {number->first, number->first};
}

FilterSpan FilterValues::byteCount(const FilterValue& value) const
{
    const auto number = measure(value.text, byteUnits);
    if (!number)
        throw FilterError(QStringLiteral("\"%1\" is no size").arg(value.text),
            QStringLiteral("Write bytes, or kb, mb or gb, such as 10kb."), value.offset, value.length);
    return {number->first, number->first};
}

FilterSpan FilterValues::duration(const FilterValue& value) const
{
    const auto number = measure(value.text, durationUnits);
    if (!number)
        throw FilterError(QStringLiteral("\"%1\" is no duration").arg(value.text),
            QStringLiteral("Write a number with s, m, h, d or w, such as 12h."), value.offset, value.length);
    return {number->first, number->first + number->second - 1};
}

FilterSpan FilterValues::date(const FilterValue& value) const
{
    const auto startOf = [this](const QDate& day) { return day.startOfDay(m_zone).toMSecsSinceEpoch(); };
    const auto dayOf = [&](const QDate& day) -> FilterSpan {
        return {startOf(day), startOf(day.addDays(1)) - 1};
    };
    const QString text = value.text.toLower();
    const QDate today = QDateTime::fromMSecsSinceEpoch(m_nowMs, m_zone).date();
    if (text == QLatin1String("today"))
        return dayOf(today);
    if (text == QLatin1String("yesterday"))
        return dayOf(today.addDays(-1));
    if (const QDate day = QDate::fromString(text, QStringLiteral("yyyy-MM-dd")); day.isValid())
        return dayOf(day);
    if (const QDate month = QDate::fromString(text, QStringLiteral("yyyy-MM")); month.isValid())
        return {startOf(month), startOf(month.addMonths(1)) - 1};
    const auto minute = QDateTime::fromString(value.text.toUpper(), QStringLiteral("yyyy-MM-ddTHH:mm"));
    if (minute.isValid()) {
        const qint64 start = QDateTime(minute.date(), minute.time(), m_zone).toMSecsSinceEpoch();
        return {start, start + 59'999};
    }
    throw FilterError(QStringLiteral("\"%1\" is no date").arg(value.text),
        QStringLiteral("Write it like 2026-11-07, 2026-11, 2026-11-07T14:30, today or yesterday."),
        value.offset, value.length);
}

} // namespace llmcache
