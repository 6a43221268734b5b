#include "interop/picklemoments_p.h"

#include <QRegularExpression>
#include <QUuid>

namespace llmcache {

std::optional<ParsedMoment> parseMoment(const QString& text)
{
    static const QRegularExpression pattern(QStringLiteral(
        "^(?:(\\d{4})-(\\d\\d)-(\\d\\d))?(?:[T ]|(?<=^)|$)"
        "(?:(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,6}))?)?(Z|[+-]\\d\\d:\\d\\d|\\[.*\\])?)?$"));
    const QRegularExpressionMatch match = pattern.match(text.trimmed());
    ParsedMoment parsed;
    const auto number = [&match](int group) { return match.captured(group).toInt(); };
    if (!match.captured(1).isEmpty())
        parsed.moment.date = QDate(number(1), number(2), number(3));
    if (!match.captured(4).isEmpty()) {
        parsed.moment.microseconds = match.captured(7).leftJustified(6, QLatin1Char('0')).toInt();
        parsed.moment.time = QTime(number(4), number(5), number(6), parsed.moment.microseconds / 1000);
    }
    const bool isValid = match.hasMatch() && (parsed.moment.date || parsed.moment.time)
        && (!parsed.moment.date || parsed.moment.date->isValid())
        && (!parsed.moment.time || parsed.moment.time->isValid());
    if (!isValid)
        return std::nullopt;
    parsed.zone = match.captured(8);
    return parsed;
}

std::optional<PythonTimeDelta> parseTimeDelta(const QString& text)
{
    static const QRegularExpression pattern(
        QStringLiteral("^(-?)P(?=.)(?:(\\d{1,6})Y)?(?:(\\d{1,9})D)?"
                       "(?:T(?=.)(?:(\\d{1,9})H)?(?:(\\d{1,9})M)?(?:(\\d{1,9})(?:\\.(\\d{1,6}))?S)?)?$"));
    const QRegularExpressionMatch match = pattern.match(text.trimmed());
    const auto number = [&match](int group) { return match.captured(group).toLongLong(); };
    PythonTimeDelta delta;
    delta.days = number(2) * 365 + number(3);
    delta.seconds = number(4) * 3600 + number(5) * 60 + number(6);
    delta.microseconds = match.captured(7).leftJustified(6, QLatin1Char('0')).toLongLong();
    delta.days += delta.seconds / 86400;
    delta.seconds %= 86400;
    if (!match.captured(1).isEmpty()) {
        // Negative days, and what is left of the last of them.
        const qint64 rest = delta.seconds * 1'000'000 + delta.microseconds;
        constexpr qint64 day = 86400LL * 1'000'000;
        delta.days = -delta.days - (rest > 0 ? 1 : 0);
        delta.seconds = rest > 0 ? (day - rest) / 1'000'000 : 0;
        delta.microseconds = rest > 0 ? (day - rest) % 1'000'000 : 0;
    }
    constexpr qint64 mostDays = 999'999'999;
    return match.hasMatch() && std::abs(delta.days) <= mostDays ? std::optional(delta) : std::nullopt;
}

QByteArray packedMoment(const PythonMoment& moment)
{
    QByteArray bytes;
    const auto put = [&bytes](int byte) { bytes += static_cast<char>(static_cast<uchar>(byte)); };
    const bool hasBoth = moment.date && moment.time;
    if (moment.date) {
        put(moment.date->year() >> 8);
        put(moment.date->year() & 0xFF);
        put(moment.date->month() | (hasBoth && moment.isSecond ? 0x80 : 0));
        put(moment.date->day());
    }
    if (moment.time) {
        put(moment.time->hour() | (!hasBoth && moment.isSecond ? 0x80 : 0));
        put(moment.time->minute());
        put(moment.time->second());
        put(moment.microseconds >> 16);
        put(moment.microseconds >> 8 & 0xFF);
        put(moment.microseconds & 0xFF);
    }
    return bytes;
}

void writeZone(PickleBuilder& builder, const QString& zone, bool isPydantic)
{
    int seconds = 0;
    if (zone.size() == 6)
        seconds = (zone.mid(1, 2).toInt() * 60 + zone.mid(4, 2).toInt())
            * (zone.startsWith(QLatin1Char('-')) ? -60 : 60);
    if (isPydantic) {
        builder.global("pydantic_core._pydantic_core", "TzInfo");
        builder.integer(qint64(seconds));
    } else {
        builder.global("datetime", "timezone");
        writeTimeDelta(builder, {seconds < 0 ? -1 : 0, seconds < 0 ? seconds + 86400 : seconds, 0});
    }
    builder.tuple(1);
    builder.reduce();
}

void writeTimeDelta(PickleBuilder& builder, const PythonTimeDelta& delta)
{
    builder.global("datetime", "timedelta");
    builder.integer(delta.days);
    builder.integer(delta.seconds);
    builder.integer(delta.microseconds);
    builder.tuple(3);
    builder.reduce();
}

QString decimalOf(const QUuid& uuid)
{
    QString digits(QLatin1Char('0'));
    const QByteArray bytes = uuid.toRfc4122();
    for (const char byte : bytes) {
        int carry = static_cast<uchar>(byte);
        for (qsizetype at = digits.size(); at-- > 0;) {
            carry += digits.at(at).digitValue() * 256;
            digits[at] = QChar(static_cast<char16_t>(u'0' + carry % 10));
            carry /= 10;
        }
        for (; carry > 0; carry /= 10)
            digits.prepend(QChar(static_cast<char16_t>(u'0' + carry % 10)));
    }
    return digits;
}

} // namespace llmcache
