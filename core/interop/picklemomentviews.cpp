#include "interop/pickleviews.h"

#include <QTimeZone>

namespace llmcache {

namespace {

struct ByteReader {
    QByteArrayView bytes;
    int at(qsizetype place) const { return static_cast<uchar>(bytes[place]); }
};

std::optional<QTime> timeOf(
    const ByteReader& reader, qsizetype from, int& microseconds, bool& isSecond, bool hasFold)
{
    int hour = reader.at(from);
    if (hasFold && hour >= 0x80) {
        isSecond = true;
        hour -= 0x80;
    }
    microseconds = (reader.at(from + 3) << 16) | (reader.at(from + 4) << 8) | reader.at(from + 5);
    const QTime time(hour, reader.at(from + 1), reader.at(from + 2), microseconds / 1000);
    return time.isValid() ? std::optional(time) : std::nullopt;
}

/// What `key` of zoneinfo, pytz or dateutil is, if it is one.
QString zoneName(const PickleValue& value)
{
    if (!value.is(PickleKind::Object) || value.arguments().size() == 0
        || !value.arguments().item(0).is(PickleKind::Str))
        return {};
    const PickleValue callable = value.callable();
    if (callable.is(PickleKind::Global)) {
        const QString path = callable.classPath();
        if (path == QLatin1String("zoneinfo.ZoneInfo._unpickle") || path == QLatin1String("pytz._p"))
            return value.arguments().item(0).text();
        return {};
    }
    // getattr(ZoneInfo, "_unpickle")
    if (!callable.isOfClass("builtins", "getattr") || callable.arguments().size() != 2)
        return {};
    const PickleValue owner = callable.arguments().item(0);
    return owner.is(PickleKind::Global) && owner.classPath() == QLatin1String("zoneinfo.ZoneInfo")
        ? value.arguments().item(0).text()
        : QString();
}

void readZone(const PickleValue& value, PythonMoment& moment)
{
    moment.zone = pythonZone(value);
    if (moment.zone || value.is(PickleKind::None))
        return;
    const QString name = zoneName(value);
    if (name.isEmpty()) {
        moment.hasUnknownZone = true;
        return;
    }
    PythonZone zone;
    zone.name = name;
    const QTimeZone known(name.toLatin1());
    if (known.isValid() && moment.date && moment.time)
        zone.offsetSeconds = QDateTime(*moment.date, *moment.time, known).offsetFromUtc();
    moment.zone = zone;
}

QString offsetText(qint64 seconds)
{
    if (seconds == 0)
        return QStringLiteral("Z");
    const qint64 minutes = std::abs(seconds) / 60;
    return QStringLiteral("%1%2:%3")
        .arg(seconds < 0 ? QLatin1Char('-') : QLatin1Char('+'))
        .arg(minutes / 60, 2, 10, QLatin1Char('0'))
        .arg(minutes % 60, 2, 10, QLatin1Char('0'));
}

} // namespace

std::optional<PythonMoment> pythonMoment(const PickleValue& value)
{
    if (!value.is(PickleKind::Object))
        return std::nullopt;
    const bool isDateTime = value.isOfClass("datetime", "datetime");
    const bool isDate = !isDateTime && value.isOfClass("datetime", "date");
    if (!isDateTime && !isDate && !value.isOfClass("datetime", "time"))
        return std::nullopt;
    const PickleValue arguments = value.arguments();
    if (arguments.size() == 0)
        return std::nullopt;
    const std::optional<QByteArray> packed = pythonBytes(arguments.item(0));
    if (!packed || packed->size() != (isDateTime ? 10 : isDate ? 4 : 6))
        return std::nullopt;
    const ByteReader reader{*packed};
    PythonMoment moment;
    if (isDateTime || isDate) {
        int month = reader.at(2);
        if (isDateTime && month >= 0x80) {
            moment.isSecond = true;
            month -= 0x80;
        }
        const QDate date((reader.at(0) << 8) | reader.at(1), month, reader.at(3));
        if (!date.isValid())
            return std::nullopt;
        moment.date = date;
    }
    if (!isDate) {
        moment.time = timeOf(reader, isDateTime ? 4 : 0, moment.microseconds, moment.isSecond, !isDateTime);
        if (!moment.time)
            return std::nullopt;
    }
    if (arguments.size() > 1)
        readZone(arguments.item(1), moment);
    return moment;
}

std::optional<PythonTimeDelta> pythonTimeDelta(const PickleValue& value)
{
    if (!value.isOfClass("datetime", "timedelta") || value.arguments().size() != 3)
        return std::nullopt;
    const PickleValue arguments = value.arguments();
    const auto days = arguments.item(0).toInt64();
    const auto seconds = arguments.item(1).toInt64();
    const auto microseconds = arguments.item(2).toInt64();
    constexpr qint64 mostDays = 999'999'999;
    if (!days || std::abs(*days) > mostDays || !seconds || *seconds < 0 || *seconds >= 86400 || !microseconds
        || *microseconds < 0 || *microseconds >= 1'000'000)
        return std::nullopt;
    return PythonTimeDelta{*days, *seconds, *microseconds};
}

std::optional<PythonZone> pythonZone(const PickleValue& value)
{
    PythonZone zone;
    if (value.isOfClass("pydantic_core._pydantic_core", "TzInfo") && value.arguments().size() == 1) {
        zone.isPydantic = true;
        zone.offsetSeconds = value.arguments().item(0).toInt64();
    } else if (value.isOfClass("datetime", "timezone") && value.arguments().size() >= 1) {
        const std::optional<PythonTimeDelta> offset = pythonTimeDelta(value.arguments().item(0));
        if (offset)
            zone.offsetSeconds = offset->days * 86400 + offset->seconds;
        if (value.arguments().size() > 1 && value.arguments().item(1).is(PickleKind::Str))
            zone.name = value.arguments().item(1).text();
    }
    if (!zone.offsetSeconds || std::abs(*zone.offsetSeconds) >= 86400)
        return std::nullopt;
    return zone;
}

QString isoText(const PythonMoment& moment)
{
    QString text;
    if (moment.date)
        text += QStringLiteral("%1-%2-%3")
                    .arg(moment.date->year(), 4, 10, QLatin1Char('0'))
                    .arg(moment.date->month(), 2, 10, QLatin1Char('0'))
                    .arg(moment.date->day(), 2, 10, QLatin1Char('0'));
    if (!moment.time)
        return text;
    if (moment.date)
        text += QLatin1Char('T');
    text += moment.time->toString(QStringLiteral("HH:mm:ss"));
    if (moment.microseconds != 0)
        text += QStringLiteral(".%1").arg(moment.microseconds, 6, 10, QLatin1Char('0'));
    if (moment.zone)
        text += moment.zone->offsetSeconds ? offsetText(*moment.zone->offsetSeconds)
                                           : QStringLiteral("[%1]").arg(moment.zone->name);
    return text;
}

QString isoText(const PythonTimeDelta& delta)
{
    // A negative one has negative days and positive seconds: turned round as a whole.
    qint64 days = delta.days;
    qint64 seconds = delta.seconds;
    qint64 microseconds = delta.microseconds;
    const bool isNegative = days < 0;
    if (isNegative) {
        const qint64 total = -(days * 86400 + seconds) * 1'000'000 - microseconds;
        days = total / (86400LL * 1'000'000);
        seconds = total / 1'000'000 % 86400;
        microseconds = total % 1'000'000;
    }
    QString text = isNegative ? QStringLiteral("-P") : QStringLiteral("P");
    if (days >= 365)
        text += QStringLiteral("%1Y").arg(days / 365);
    if (days % 365 != 0)
        text += QStringLiteral("%1D").arg(days % 365);
    if (seconds == 0 && microseconds == 0)
        return days == 0 ? QStringLiteral("PT0S") : text;
    text += QLatin1Char('T');
    if (seconds >= 3600)
        text += QStringLiteral("%1H").arg(seconds / 3600);
    if (seconds % 3600 >= 60)
        text += QStringLiteral("%1M").arg(seconds % 3600 / 60);
    if (microseconds != 0) {
        QString fraction = QStringLiteral("%1").arg(microseconds, 6, 10, QLatin1Char('0'));
        while (fraction.endsWith(QLatin1Char('0')))
            fraction.chop(1);
        text += QStringLiteral("%1.%2S").arg(seconds % 60).arg(fraction);
    } else if (seconds % 60 != 0) {
        text += QStringLiteral("%1S").arg(seconds % 60);
    }
    return text;
}

} // namespace llmcache
