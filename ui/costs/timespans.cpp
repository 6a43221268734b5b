#include "costs/timespans.h"

#include "store/ledgerquery.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <QTimeZone>

#include <algorithm>

namespace llmcache::ui {

namespace {

constexpr qint64 hourMs = 3'600'000;
constexpr qint64 dayMs = 24 * hourMs;

QString tr(const char* text)
{
    return QCoreApplication::translate("llmcache::ui::CostsView", text);
}

/// Days in a range that ends today; 0 for the others.
int daysOf(CostsRange range)
{
    switch (range) {
    case CostsRange::Today:
        return 1;
    case CostsRange::Week:
        return 7;
    case CostsRange::Month:
        return 30;
    case CostsRange::Quarter:
        return 90;
    case CostsRange::Year:
        return 365;
    default:
        return 0;
    }
}

/// About how long one is.
qint64 lengthOf(Dimension bucket)
{
    switch (bucket) {
    case Dimension::Minute:
        return 60'000;
    case Dimension::Hour:
        return hourMs;
    case Dimension::Day:
        return dayMs;
    case Dimension::Week:
        return 7 * dayMs;
    default:
        return 30 * dayMs;
    }
}

QDateTime local(qint64 timeMs, const QTimeZone& zone)
{
    return QDateTime::fromMSecsSinceEpoch(timeMs, zone);
}

/// Midnight, or the first moment of a day whose midnight summer time left out.
qint64 startOf(const QDate& day, const QTimeZone& zone)
{
    return day.startOfDay(zone).toMSecsSinceEpoch();
}

QDate firstOfMonth(const QDate& day)
{
    return {day.year(), day.month(), 1};
}

QLocale english()
{
    return QLocale(QLocale::English);
}

} // namespace

QString rangeName(CostsRange range)
{
    switch (range) {
    case CostsRange::Today:
        return tr("Today");
    case CostsRange::Week:
        return tr("Last 7 days");
    case CostsRange::Month:
        return tr("Last 30 days");
    case CostsRange::Quarter:
        return tr("Last 90 days");
    case CostsRange::Year:
        return tr("Last 365 days");
    case CostsRange::ThisMonth:
        return tr("This month");
    case CostsRange::LastMonth:
        return tr("Last month");
    case CostsRange::Custom:
        return tr("Custom");
    }
    return {};
}

QString rangeKey(CostsRange range)
{
    switch (range) {
    case CostsRange::Today:
        return QStringLiteral("today");
    case CostsRange::ThisMonth:
        return QStringLiteral("month");
    case CostsRange::LastMonth:
        return QStringLiteral("last-month");
    case CostsRange::Custom:
        return QStringLiteral("custom");
    default:
        return QStringLiteral("%1d").arg(daysOf(range));
    }
}

CostsRange rangeFromKey(const QString& key)
{
    for (const CostsRange range : namedRanges) {
        if (rangeKey(range) == key)
            return range;
    }
    return CostsRange::Month;
}

TimeSpan spanOf(CostsRange range, const QByteArray& timeZone, qint64 nowMs)
{
    const QTimeZone zone(timeZone);
    const QDate today = local(nowMs, zone).date();
    if (range == CostsRange::ThisMonth)
        return {startOf(firstOfMonth(today), zone), nowMs + 1};
    if (range == CostsRange::LastMonth)
        return {startOf(firstOfMonth(today).addMonths(-1), zone), startOf(firstOfMonth(today), zone)};
    return {startOf(today.addDays(1 - std::max(1, daysOf(range))), zone), nowMs + 1};
}

TimeSpan spanBefore(CostsRange range, const TimeSpan& span, const QByteArray& timeZone)
{
    const QTimeZone zone(timeZone);
    const QDateTime from = local(span.fromMs, zone);
    const QDateTime to = local(span.toMs, zone);
    if (range == CostsRange::ThisMonth || range == CostsRange::LastMonth) {
        const qint64 start = from.addMonths(-1).toMSecsSinceEpoch();
        // The 31st of March has no counterpart in February: not beyond the end of that month.
        return {start, std::min(to.addMonths(-1).toMSecsSinceEpoch(), span.fromMs)};
    }
    if (const int days = daysOf(range); days > 0)
        return {from.addDays(-days).toMSecsSinceEpoch(), to.addDays(-days).toMSecsSinceEpoch()};
    return {span.fromMs - (span.toMs - span.fromMs), span.fromMs};
}

std::optional<qint64> counterpartOf(
    CostsRange range, const TimeSpan& span, const QByteArray& timeZone, qint64 beforeMs)
{
    const QDateTime before = local(beforeMs, QTimeZone(timeZone));
    if (range == CostsRange::ThisMonth || range == CostsRange::LastMonth) {
        const QDateTime now = before.addMonths(1);
        if (now.date().day() != before.date().day())
            return std::nullopt;
        return now.toMSecsSinceEpoch();
    }
    if (const int days = daysOf(range); days > 0)
        return before.addDays(days).toMSecsSinceEpoch();
    return beforeMs + (span.toMs - span.fromMs);
}

bool endsNow(CostsRange range)
{
    return range != CostsRange::LastMonth && range != CostsRange::Custom;
}

QString previousName(CostsRange range)
{
    switch (range) {
    case CostsRange::Today:
        return tr("vs. yesterday");
    case CostsRange::ThisMonth:
    case CostsRange::LastMonth:
        return tr("vs. month before");
    case CostsRange::Custom:
        return tr("vs. time before");
    default:
        return tr("vs. %1 days before").arg(daysOf(range));
    }
}

QString spanText(const TimeSpan& span, const QByteArray& timeZone)
{
    const QTimeZone zone(timeZone);
    const QDateTime from = local(span.fromMs, zone);
    const QDateTime last = local(std::max(span.fromMs, span.toMs - 1), zone);
    const bool wholeDays =
        startOf(from.date(), zone) == span.fromMs && startOf(last.date().addDays(1), zone) <= span.toMs;
    const QString year = QStringLiteral(" yyyy");
    if (!wholeDays) {
        const bool sameDay = from.date() == last.date();
        const QDateTime end = local(span.toMs, zone);
        return tr("%1 – %2").arg(english().toString(from, QStringLiteral("d MMM HH:mm")),
            english().toString(end, sameDay ? QStringLiteral("HH:mm") : QStringLiteral("d MMM HH:mm")));
    }
    if (from.date() == last.date())
        return english().toString(from.date(), QStringLiteral("d MMM") + year);
    const QString first = english().toString(
        from.date(), QStringLiteral("d MMM") + (from.date().year() == last.date().year() ? QString() : year));
    return tr("%1 – %2").arg(first, english().toString(last.date(), QStringLiteral("d MMM") + year));
}

Dimension bucketSizeFor(const TimeSpan& span)
{
    constexpr qint64 mostMinutes = 180;
    constexpr qint64 mostHours = 49; // two days and the hour that summer time may add
    constexpr qint64 mostDays = 190;
    constexpr qint64 mostWeeks = 106;
    const qint64 length = span.toMs - span.fromMs;
    if (length <= mostMinutes * hourMs / 60)
        return Dimension::Minute;
    if (length <= mostHours * hourMs)
        return Dimension::Hour;
    if (length <= mostDays * dayMs)
        return Dimension::Day;
    return length <= mostWeeks * 7 * dayMs ? Dimension::Week : Dimension::Month;
}

Dimension bucketSizeFor(const TimeSpan& span, std::optional<Dimension> wanted)
{
    if (!wanted)
        return bucketSizeFor(span);
    constexpr qint64 most = mostBuckets - 100; // summer time adds some
    const qint64 length = span.toMs - span.fromMs;
    for (const Dimension size : {Dimension::Minute, Dimension::Hour, Dimension::Day, Dimension::Week}) {
        if (lengthOf(size) >= lengthOf(*wanted) && length / lengthOf(size) < most)
            return size;
    }
    return Dimension::Month;
}

std::vector<Bucket> bucketsOf(const TimeSpan& span, Dimension size, const QByteArray& timeZone)
{
    std::vector<Bucket> buckets;
    if (span.isEmpty())
        return buckets;
    for (const TimeBucket& bucket : timeBuckets(size, timeZone, span.fromMs, span.toMs))
        buckets.push_back({bucket.text,
            {std::max(span.fromMs, bucket.startMs), std::min(span.toMs, bucket.endMs)}, bucket.endMs});
    return buckets;
}

QString bucketLabel(const QString& key, bool longForm)
{
    constexpr qsizetype monthLength = 7;
    constexpr qsizetype dayLength = 10;
    if (key.size() == monthLength)
        return english().toString(QDate::fromString(key + QStringLiteral("-01"), Qt::ISODate),
            longForm ? QStringLiteral("MMMM yyyy") : QStringLiteral("MMM yyyy"));
    if (const auto week = key.indexOf(QLatin1String("-W")); week >= 0)
        return longForm ? tr("week %1 of %2").arg(key.mid(week + 2), key.left(week))
                        : tr("week %1").arg(key.mid(week + 2).toInt());
    const QDate day = QDate::fromString(key.left(dayLength), Qt::ISODate);
    if (key.size() == dayLength)
        return english().toString(day, longForm ? QStringLiteral("ddd d MMM yyyy") : QStringLiteral("d MMM"));
    const QString time = key.section(QLatin1Char('T'), 1);
    return longForm ? english().toString(day, QStringLiteral("ddd d MMM yyyy ")) + time : time;
}

} // namespace llmcache::ui
