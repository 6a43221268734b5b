#include "store/loghistogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace llmcache {

namespace {

constexpr int subBits = 6;
constexpr std::size_t subBuckets = std::size_t{1} << subBits;
constexpr std::size_t linearBuckets = 2 * subBuckets;

std::size_t bucketOf(qint64 value)
{
    const auto bits = static_cast<quint64>(value);
    if (bits < linearBuckets)
        return static_cast<std::size_t>(bits);
    const auto shift = static_cast<std::size_t>(std::bit_width(bits)) - 1 - subBits;
    return linearBuckets + (shift - 1) * subBuckets + static_cast<std::size_t>(bits >> shift) - subBuckets;
}

qint64 beginOf(std::size_t bucket)
{
    if (bucket < linearBuckets)
        return static_cast<qint64>(bucket);
    const std::size_t shift = (bucket - linearBuckets) / subBuckets + 1;
    const quint64 value = quint64{(bucket - linearBuckets) % subBuckets + subBuckets} << shift;
    return static_cast<qint64>(std::min<quint64>(value, std::numeric_limits<qint64>::max()));
}

} // namespace

void LogHistogram::add(qint64 value, qint64 times)
{
    if (times <= 0)
        return;
    value = std::max<qint64>(value, 0);
    const std::size_t bucket = bucketOf(value);
    if (m_counts.empty()) {
        m_first = bucket;
        m_smallest = m_largest = value;
    }
    if (bucket < m_first) {
        m_counts.insert(m_counts.begin(), m_first - bucket, 0);
        m_first = bucket;
    }
    if (bucket - m_first >= m_counts.size())
        m_counts.resize(bucket - m_first + 1);
    m_counts[bucket - m_first] += times;
    m_count += times;
    m_smallest = std::min(m_smallest, value);
    m_largest = std::max(m_largest, value);
}

LogHistogram& LogHistogram::operator+=(const LogHistogram& other)
{
    if (other.isEmpty())
        return *this;
    const qint64 smallest = isEmpty() ? other.m_smallest : std::min(m_smallest, other.m_smallest);
    const qint64 largest = std::max(m_largest, other.m_largest);
    for (std::size_t i = 0; i < other.m_counts.size(); ++i)
        add(beginOf(other.m_first + i), other.m_counts[i]);
    m_smallest = smallest;
    m_largest = largest;
    return *this;
}

qint64 LogHistogram::quantile(double share) const
{
    if (isEmpty())
        return 0;
    const auto rank =
        std::clamp<qint64>(static_cast<qint64>(std::ceil(share * static_cast<double>(m_count))), 1, m_count);
    qint64 seen = 0;
    for (std::size_t i = 0; i < m_counts.size(); ++i) {
        seen += m_counts[i];
        if (seen < rank)
            continue;
        const qint64 from = beginOf(m_first + i);
        const qint64 last = beginOf(m_first + i + 1) - 1;
        return std::clamp(from + (last - from) / 2, m_smallest, m_largest);
    }
    return m_largest;
}

std::vector<LogHistogram::Bucket> LogHistogram::buckets() const
{
    std::vector<Bucket> list;
    for (std::size_t i = 0; i < m_counts.size(); ++i) {
        if (m_counts[i] != 0)
            list.push_back({beginOf(m_first + i), beginOf(m_first + i + 1), m_counts[i]});
    }
    return list;
}

bool operator==(const LogHistogram& left, const LogHistogram& right)
{
    const auto same = [](const LogHistogram::Bucket& one, const LogHistogram::Bucket& other) {
        return one.from == other.from && one.count == other.count;
    };
    const auto leftBuckets = left.buckets();
    const auto rightBuckets = right.buckets();
    return left.m_count == right.m_count && left.m_smallest == right.m_smallest
        && left.m_largest == right.m_largest
        && std::equal(leftBuckets.begin(), leftBuckets.end(), rightBuckets.begin(), rightBuckets.end(), same);
}

} // namespace llmcache
