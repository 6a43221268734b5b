#pragma once

#include "store/entryfilter.h"

namespace llmcache {

/// A value as it was written, and where.
struct FilterValue {
    QString text;
    qsizetype offset = 0;
    qsizetype length = 0;
    bool quoted = false;
};

/// The numbers that one written value stands for, both ends included.
struct FilterSpan {
    qint64 low = 0;
    qint64 high = 0;
};

/// Reads amounts, counts, sizes, durations and dates of a filter.
class FilterValues {
public:
    static constexpr qint64 unlimited = std::numeric_limits<qint64>::max();

    FilterValues(const QTimeZone& zone, qint64 nowMs);
    /// A day is a span of time, a price a single number. Throws FilterError that points at the value.
    FilterSpan span(FilterTerm::Field field, const FilterValue& value) const;

private:
    FilterSpan amount(const FilterValue& value) const;
    FilterSpan count(const FilterValue& value) const;
    FilterSpan byteCount(const FilterValue& value) const;
    FilterSpan duration(const FilterValue& value) const;
    FilterSpan date(const FilterValue& value) const;
    QTimeZone m_zone;
    qint64 m_nowMs;
};

} // namespace llmcache
