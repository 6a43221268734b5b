#pragma once

#include "store/call.h"

#include <QByteArray>
#include <QString>

#include <optional>
#include <vector>

namespace llmcache::ui {

/// A stretch of time that the view offers by name; Custom is one that the user chose.
enum class CostsRange { Today, Week, Month, Quarter, Year, ThisMonth, LastMonth, Custom };
inline constexpr CostsRange namedRanges[] = {CostsRange::Today, CostsRange::Week, CostsRange::Month,
    CostsRange::Quarter, CostsRange::Year, CostsRange::ThisMonth, CostsRange::LastMonth};
QString rangeName(CostsRange range);
/// "today", "7d", … as settings keep it.
QString rangeKey(CostsRange range);
CostsRange rangeFromKey(const QString& key);

/// [fromMs, toMs) in UTC milliseconds.
struct TimeSpan {
    qint64 fromMs = 0;
    qint64 toMs = 0;
    bool isEmpty() const { return fromMs >= toMs; }
    friend bool operator==(const TimeSpan&, const TimeSpan&) = default;
};

/// A named range as the reader's days cut it, up to now and nothing of the future; not for Custom.
TimeSpan spanOf(CostsRange range, const QByteArray& timeZone, qint64 nowMs);
/// What a span is compared with: the same days of the week before, the same days of the month before, and so
/// on; of equal length for a custom span.
TimeSpan spanBefore(CostsRange range, const TimeSpan& span, const QByteArray& timeZone);
/// The moment of `span` that one of the time before is compared with: the same time of the day so many days
/// or a month later. Nothing where there is none: February has no 30th.
std::optional<qint64> counterpartOf(
    CostsRange range, const TimeSpan& span, const QByteArray& timeZone, qint64 beforeMs);
/// Whether a range grows with time.
bool endsNow(CostsRange range);
/// "vs. 7 days before"
QString previousName(CostsRange range);
/// "23 Oct – 21 Nov 2026", with hours where the ends are no midnights.
QString spanText(const TimeSpan& span, const QByteArray& timeZone);

/// The dimension of time that suits a span: enough bars to see a course, few enough to see each.
Dimension bucketSizeFor(const TimeSpan& span);
/// The same, or the one that somebody wants; a coarser one where that would make too many bars.
Dimension bucketSizeFor(const TimeSpan& span, std::optional<Dimension> wanted);

/// One step of a time axis, cut by the reader's clock.
struct Bucket {
    QString key; ///< as in LedgerKey
    TimeSpan span; ///< cut at the ends of the range
    qint64 endMs = 0; ///< where it would end otherwise
    friend bool operator==(const Bucket&, const Bucket&) = default;
};
/// All buckets of a span, oldest first, as the ledger cuts them.
std::vector<Bucket> bucketsOf(const TimeSpan& span, Dimension size, const QByteArray& timeZone);
/// "14 Nov", "14:05", "Nov 2026", "week 48"; `longForm` says all of it: "Sat 14 Nov 2026 14:05".
QString bucketLabel(const QString& key, bool longForm = false);

} // namespace llmcache::ui
