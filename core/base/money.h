#pragma once

#include <QString>

#include <compare>
#include <optional>

namespace llmcache {

/// An exact amount of US dollars, in whole picodollars (10⁻¹² $). Range ± $9.2 million; sums saturate there
/// instead of wrapping.
class Money {
public:
    constexpr Money() = default;
    static constexpr Money fromPicodollars(qint64 picodollars) { return Money(picodollars); }
    /// Parses a decimal such as "0.00289", "-1", "1e-6" exactly. Nothing for text that is no decimal, has
    /// digits below a picodollar, or is out of range.
    static std::optional<Money> fromDecimal(const QString& dollars);

    constexpr qint64 picodollars() const { return m_picodollars; }
    /// Shortest exact decimal in dollars, without exponent or trailing zeros: "0.00289".
    QString toDecimal() const;
    /// For people: "$0", "$0.0029" (four significant digits under a cent), "$0.0210" (four decimals under a
    /// dollar),
    /// "$412.07", "$1,930.44".
    QString toDisplay() const;

    friend constexpr auto operator<=>(Money, Money) = default;
    friend Money operator+(Money left, Money right);
    friend Money operator-(Money left, Money right);
    Money& operator+=(Money other) { return *this = *this + other; }

private:
    constexpr explicit Money(qint64 picodollars)
        : m_picodollars(picodollars)
    {
    }
    qint64 m_picodollars = 0;
};

/// `count` units at `each`, saturating.
Money operator*(Money each, qint64 count);

} // namespace llmcache
