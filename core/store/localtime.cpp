#include "base/error.h"
#include "store/ledgerquery.h"
#include "store/localtime_p.h"

#include <QDateTime>

#include <algorithm>

namespace llmcache {

namespace {

constexpr qint64 minuteMs = 60'000;
constexpr qint64 hourMs = 3'600'000;
constexpr qint64 dayMs = 86'400'000;
constexpr qint64 latestTime = 253'402'300'799'999; // the end of the year 9999
constexpr int weekDays = 7;
constexpr int monthsInYear = 12;
// The first Monday after the epoch, a Thursday, is day 4.
constexpr qint64 firstMonday = 4;

qint64 floorDivide(qint64 value, qint64 by)
{
    const qint64 quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}

QDate dateOf(qint64 day)
{
    static const QDate epoch(1970, 1, 1);
    return epoch.addDays(day);
}

QString padded(int number, int width)
{
    return QStringLiteral("%1").arg(number, width, 10, QLatin1Char('0'));
}

/// "14:05"
QString clockText(qint64 minutes)
{
    return padded(static_cast<int>(minutes / 60), 2) + QLatin1Char(':')
        + padded(static_cast<int>(minutes % 60), 2);
}

} // namespace

QTimeZone timeZoneOf(const QByteArray& id)
{
    QTimeZone zone(id);
    if (!zone.isValid())
        throw ConfigurationError(QStringLiteral("There is no time zone \"%1\".").arg(QString::fromUtf8(id)),
            QStringLiteral("Use an IANA name such as \"Europe/Berlin\", or \"UTC\"."));
    return zone;
}

qint64 ZoneOffsets::offsetMs(qint64 timeMs)
{
    if (timeMs >= m_last.fromMs && timeMs < m_last.toMs)
        return m_last.offsetMs;
    auto after = m_spans.upper_bound(timeMs);
    if (after != m_spans.begin()) {
        const Span& span = std::prev(after)->second;
        if (timeMs < span.toMs) {
            m_last = span;
            return span.offsetMs;
        }
    }
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(timeMs, Qt::UTC);
    Span span{std::numeric_limits<qint64>::min(), std::numeric_limits<qint64>::max(),
        qint64{m_zone.offsetFromUtc(time)} * 1000};
    if (m_zone.hasTransitions()) {
        if (const auto next = m_zone.nextTransition(time); next.atUtc.isValid())
            span.toMs = next.atUtc.toMSecsSinceEpoch();
        if (const auto previous = m_zone.previousTransition(time.addMSecs(1)); previous.atUtc.isValid())
            span.fromMs = previous.atUtc.toMSecsSinceEpoch();
    }
    m_spans.insert_or_assign(span.fromMs, span);
    m_last = span;
    return span.offsetMs;
}

bool ZoneOffsets::isRepeated(qint64 timeMs)
{
    const qint64 offset = offsetMs(timeMs);
    const qint64 sinceMs = m_last.fromMs;
    return sinceMs > 0 && timeMs - sinceMs < offsetMs(sinceMs - 1) - offset;
}

LocalBuckets::LocalBuckets(const QTimeZone& zone, Dimension dimension)
    : m_dimension(dimension)
    , m_offsets(zone)
{
    Q_ASSERT(isTimeDimension(dimension));
}

qint64 LocalBuckets::bucketOf(qint64 timeMs)
{
    const qint64 bounded = std::clamp<qint64>(timeMs, 0, latestTime);
    if (m_dimension == Dimension::Minute)
        return floorDivide(bounded, minuteMs); // every clock on a wall shows whole minutes of UTC's
    const qint64 localMs = bounded + m_offsets.offsetMs(bounded);
    if (m_dimension == Dimension::Hour)
        return localBucket(localMs);
    const qint64 day = floorDivide(localMs, dayMs);
    if (day != m_day) {
        m_dayBucket = localBucket(localMs);
        m_day = day;
    }
    return m_dayBucket;
}

qint64 LocalBuckets::localBucket(qint64 localMs) const
{
    const qint64 day = floorDivide(localMs, dayMs);
    switch (m_dimension) {
    case Dimension::Hour:
        return floorDivide(localMs, hourMs);
    case Dimension::Week:
        return floorDivide(day - firstMonday, weekDays);
    case Dimension::Month: {
        const QDate date = dateOf(day);
        return qint64{date.year()} * monthsInYear + date.month() - 1;
    }
    default:
        return day;
    }
}

qint64 LocalBuckets::localStart(qint64 bucket)
{
    switch (m_dimension) {
    case Dimension::Minute:
        return bucket * minuteMs + m_offsets.offsetMs(bucket * minuteMs);
    case Dimension::Hour:
        return bucket * hourMs;
    case Dimension::Week:
        return (bucket * weekDays + firstMonday) * dayMs;
    case Dimension::Month: {
        const QDate date(
            static_cast<int>(bucket / monthsInYear), static_cast<int>(bucket % monthsInYear) + 1, 1);
        return dateOf(0).daysTo(date) * dayMs;
    }
    default:
        return bucket * dayMs;
    }
}

QString LocalBuckets::textOf(qint64 bucket)
{
    const qint64 start = localStart(bucket);
    const QDate date = dateOf(floorDivide(start, dayMs));
    QString month = padded(date.year(), 4) + QLatin1Char('-') + padded(date.month(), 2);
    if (m_dimension == Dimension::Month)
        return month;
    if (m_dimension == Dimension::Week) {
        int year = 0;
        const int week = date.weekNumber(&year);
        return padded(year, 4) + QStringLiteral("-W") + padded(week, 2);
    }
    QString day = month + QLatin1Char('-') + padded(date.day(), 2);
    if (m_dimension == Dimension::Day)
        return day;
    const qint64 minutes = (start - floorDivide(start, dayMs) * dayMs) / minuteMs;
    QString text = day + QLatin1Char('T') + clockText(minutes);
    if (m_dimension == Dimension::Minute && m_offsets.isRepeated(bucket * minuteMs)) {
        const qint64 offset = m_offsets.offsetMs(bucket * minuteMs) / minuteMs;
        text += (offset < 0 ? QLatin1Char('-') : QLatin1Char('+')) + clockText(std::abs(offset));
    }
    return text;
}

qint64 LocalBuckets::startMs(qint64 bucket, qint64 insideMs)
{
    if (m_dimension == Dimension::Minute)
        return bucket * minuteMs;
    const qint64 start = localStart(bucket);
    if (m_dimension == Dimension::Hour) {
        const qint64 utc = start - m_offsets.offsetMs(insideMs);
        // Clocks may change within the hour, by half an hour on Lord Howe; and the hour before may be the
        // same one again.
        if (bucketOf(utc) != bucket)
            return start - m_offsets.offsetMs(utc);
        return bucketOf(utc - 1) == bucket ? start - m_offsets.offsetMs(utc - 1) : utc;
    }
    return dateOf(floorDivide(start, dayMs)).startOfDay(m_offsets.zone()).toMSecsSinceEpoch();
}

std::vector<TimeBucket> timeBuckets(
    Dimension dimension, const QByteArray& timeZone, qint64 fromMs, qint64 toMs)
{
    if (!isTimeDimension(dimension))
        throw ConfigurationError(QStringLiteral("%1 is no dimension of time.").arg(dimensionName(dimension)));
    LocalBuckets local(timeZoneOf(timeZone), dimension);
    const qint64 from = std::clamp<qint64>(fromMs, 0, latestTime);
    const qint64 last = std::clamp<qint64>(toMs - 1, 0, latestTime);
    std::vector<TimeBucket> list;
    if (toMs <= fromMs)
        return list;
    const qint64 newest = local.bucketOf(last);
    const qint64 oldest = std::max(local.bucketOf(from), newest - mostBuckets + 1);
    qint64 endMs = local.startMs(newest + 1, last + 1);
    for (qint64 bucket = newest; bucket >= oldest; --bucket) {
        const qint64 startMs = local.startMs(bucket, endMs - 1);
        if (startMs >= endMs || local.bucketOf(startMs) != bucket)
            continue; // it did not happen: the clocks went forward over it
        list.push_back({local.textOf(bucket), startMs, endMs});
        endMs = startMs;
    }
    std::reverse(list.begin(), list.end());
    return list;
}

} // namespace llmcache
