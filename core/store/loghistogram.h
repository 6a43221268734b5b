#pragma once

#include <QtGlobal>

#include <vector>

namespace llmcache {

/// Counts of whole numbers from 0 up, in buckets that grow with the value: one a number below 128, then 64 to
/// each doubling. A quantile is therefore exact below 128 and within 0.8 % above; smallest, largest and count
/// are exact. Two histograms add up to the same as one of all values. Negative values count as 0.
class LogHistogram {
public:
    struct Bucket {
        qint64 from = 0;
        qint64 to = 0; ///< exclusive
        qint64 count = 0;
    };

    void add(qint64 value, qint64 times = 1);
    LogHistogram& operator+=(const LogHistogram& other);

    qint64 count() const { return m_count; }
    bool isEmpty() const { return m_count == 0; }
    qint64 smallest() const { return m_smallest; } ///< 0 when empty
    qint64 largest() const { return m_largest; } ///< 0 when empty
    /// The value that `share` (0 to 1) of all values do not exceed; 0 when empty.
    qint64 quantile(double share) const;
    /// The buckets that are not empty, ascending.
    std::vector<Bucket> buckets() const;

    friend bool operator==(const LogHistogram& left, const LogHistogram& right);

private:
    std::vector<qint64> m_counts; ///< from bucket m_first on
    std::size_t m_first = 0;
    qint64 m_count = 0;
    qint64 m_smallest = 0;
    qint64 m_largest = 0;
};

} // namespace llmcache
