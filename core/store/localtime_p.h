#pragma once

#include "store/call.h"

#include <QDate>
#include <QTimeZone>

#include <map>

namespace llmcache {

/// The zone of an IANA id; throws ConfigurationError for an unknown one.
QTimeZone timeZoneOf(const QByteArray& id);

/// Offsets from UTC by the spans between a zone's transitions: asking QTimeZone for each call costs more
/// than the rest of a sum.
class ZoneOffsets {
public:
    explicit ZoneOffsets(const QTimeZone& zone)
        : m_zone(zone)
    {
    }
    qint64 offsetMs(qint64 timeMs);
    /// Whether the clock on the wall has shown this time before: it was put back in between.
    bool isRepeated(qint64 timeMs);
    const QTimeZone& zone() const { return m_zone; }

private:
    struct Span {
        qint64 fromMs = 0;
        qint64 toMs = 0; ///< empty at first
        qint64 offsetMs = 0;
    };
    QTimeZone m_zone;
    std::map<qint64, Span> m_spans; ///< by their beginning
    Span m_last; ///< calls mostly come in order
};

/// Cuts time into the local minutes, hours, days, weeks or months of a zone. A bucket is a number that grows
/// with time. An hour that a clock change repeats is one bucket of two hours; its minutes are each two, as
/// they are not next to each other.
class LocalBuckets {
public:
    LocalBuckets(const QTimeZone& zone, Dimension dimension);
    Dimension dimension() const { return m_dimension; }
    qint64 bucketOf(qint64 timeMs);
    QString textOf(qint64 bucket);
    /// Where a bucket begins in UTC; `insideMs` is some time in it or just before the next one.
    qint64 startMs(qint64 bucket, qint64 insideMs);

private:
    qint64 localBucket(qint64 localMs) const;
    /// Milliseconds since 1970 by the clock on the wall.
    qint64 localStart(qint64 bucket);

    Dimension m_dimension;
    ZoneOffsets m_offsets;
    qint64 m_day = std::numeric_limits<qint64>::min(); ///< the last day that was asked for
    qint64 m_dayBucket = 0;
};

} // namespace llmcache
