#include "interop/pickleedit.h"

#include "interop/picklesummary.h"
#include "interop/pickleviews.h"
#include "interop/picklewriter.h"
#include "interop/pythondump.h"

#include <QRegularExpression>
#include <QUuid>

#include <charconv>
#include <cmath>
#include <limits>

namespace llmcache {

namespace {

using Write = std::function<void(PickleBuilder&)>;

[[noreturn]] void refuse(const QString& text, const QString& what, const QString& remedy)
{
    throw ConfigurationError(QStringLiteral("\"%1\" is no %2.").arg(text.left(100), what), remedy);
}

bool isWholeNumber(const QString& text)
{
    static const QRegularExpression pattern(QStringLiteral("^-?[0-9]{1,4300}$"));
    return pattern.match(text).hasMatch();
}

std::optional<double> floatOf(const QString& text)
{
    const QByteArray bytes = text.toLatin1();
    double number = 0;
    const char* from = bytes.startsWith('+') ? bytes.constData() + 1 : bytes.constData();
    const auto result = std::from_chars(from, bytes.constData() + bytes.size(), number);
    if (result.ptr != bytes.constData() + bytes.size() || result.ec == std::errc::invalid_argument)
        return std::nullopt;
    if (result.ec == std::errc::result_out_of_range)
        return std::nullopt;
    return number;
}

/// A value in place of None.
Write literal(const QString& text)
{
    if (text == QLatin1String("None"))
        return [](PickleBuilder& builder) { builder.none(); };
    if (text == QLatin1String("True") || text == QLatin1String("False"))
        return [isTrue = text == QLatin1String("True")](PickleBuilder& builder) { builder.boolean(isTrue); };
    if (isWholeNumber(text))
        return [text](PickleBuilder& builder) { builder.integer(text); };
    static const QRegularExpression number(QStringLiteral("^-?[0-9]+\\.[0-9]*(e[-+]?[0-9]+)?$"));
    if (const auto value = floatOf(text); value && number.match(text).hasMatch())
        return [value](PickleBuilder& builder) { builder.real(*value); };
    return [text](PickleBuilder& builder) { builder.text(text); };
}

QByteArray bytesOf(const QString& text)
{
    static const QRegularExpression pattern(QStringLiteral("^([0-9a-fA-F]{2})*$"));
    const QString digits = QString(text).remove(QLatin1Char(' '));
    if (!pattern.match(digits).hasMatch())
        refuse(text, QStringLiteral("row of bytes"),
            QStringLiteral("Write two hexadecimal digits for each byte."));
    return QByteArray::fromHex(digits.toLatin1());
}

/// A plain value of the same type.
Write atomOf(const PickleValue& value, const QString& text)
{
    const QString trimmed = text.trimmed();
    switch (value.kind()) {
    case PickleKind::Bool:
        if (trimmed != QLatin1String("True") && trimmed != QLatin1String("False"))
            refuse(text, QStringLiteral("bool"), QStringLiteral("Write True or False."));
        return literal(trimmed);
    case PickleKind::Int:
        if (!isWholeNumber(trimmed))
            refuse(text, QStringLiteral("whole number"), QStringLiteral("Write decimal digits."));
        return [trimmed](PickleBuilder& builder) { builder.integer(trimmed); };
    case PickleKind::Float: {
        const std::optional<double> number = floatOf(trimmed);
        if (!number)
            refuse(text, QStringLiteral("number"),
                QStringLiteral("Write it like 1.5 or 2e-7; nan and inf are numbers too."));
        return [number](PickleBuilder& builder) { builder.real(*number); };
    }
    case PickleKind::Str:
        return [text](PickleBuilder& builder) { builder.text(text); };
    case PickleKind::Bytes:
        return [bytes = bytesOf(text)](PickleBuilder& builder) { builder.bytes(bytes); };
    case PickleKind::ByteArray:
        return [bytes = bytesOf(text)](PickleBuilder& builder) { builder.byteArray(bytes); };
    default:
        return literal(text);
    }
}

QString zoneSuffix(const PythonMoment& moment)
{
    if (!moment.zone)
        return {};
    if (!moment.zone->name.isEmpty() && !moment.zone->isPydantic)
        return QStringLiteral("[%1]").arg(moment.zone->name);
    PythonMoment withoutZone = moment;
    withoutZone.zone.reset();
    return isoText(moment).mid(isoText(withoutZone).size());
}

QString momentText(const PythonMoment& moment)
{
    PythonMoment withoutZone = moment;
    withoutZone.zone.reset();
    return isoText(withoutZone) + zoneSuffix(moment);
}

struct EditedMoment {
    PythonMoment moment;
    QString suffix;
};

EditedMoment parseMoment(const PythonMoment& before, const QString& text)
{
    static const QRegularExpression pattern(QStringLiteral(
        "^(?:(\\d{4})-(\\d\\d)-(\\d\\d))?(?:[T ]|(?<=^)|$)"
        "(?:(\\d\\d):(\\d\\d)(?::(\\d\\d)(?:\\.(\\d{1,6}))?)?(Z|[+-]\\d\\d:\\d\\d|\\[.*\\])?)?$"));
    const QString example = before.date && before.time ? QStringLiteral("2024-01-31T14:05:00")
        : before.date                                  ? QStringLiteral("2024-01-31")
                                                       : QStringLiteral("14:05:00");
    const QString what = before.date && before.time ? QStringLiteral("date and time")
        : before.date                               ? QStringLiteral("date")
                                                    : QStringLiteral("time");
    const QRegularExpressionMatch match = pattern.match(text.trimmed());
    EditedMoment edited;
    const auto number = [&match](int group) { return match.captured(group).toInt(); };
    if (!match.captured(1).isEmpty())
        edited.moment.date = QDate(number(1), number(2), number(3));
    if (!match.captured(4).isEmpty()) {
        edited.moment.microseconds = match.captured(7).leftJustified(6, QLatin1Char('0')).toInt();
        edited.moment.time = QTime(number(4), number(5), number(6), edited.moment.microseconds / 1000);
    }
    const bool hasParts = edited.moment.date.has_value() == before.date.has_value()
        && edited.moment.time.has_value() == before.time.has_value();
    if (!match.hasMatch() || !hasParts || (edited.moment.date && !edited.moment.date->isValid())
        || (edited.moment.time && !edited.moment.time->isValid()))
        refuse(text, what, QStringLiteral("Write it like %1.").arg(example));
    edited.suffix = match.captured(8);
    edited.moment.isSecond = before.isSecond && edited.moment.date == before.date
        && edited.moment.time == before.time && edited.moment.microseconds == before.microseconds;
    return edited;
}

QByteArray packed(const PythonMoment& moment)
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

void writeZone(PickleBuilder& builder, const QString& suffix, bool isPydantic)
{
    int seconds = 0;
    if (suffix.size() == 6)
        seconds = (suffix.mid(1, 2).toInt() * 60 + suffix.mid(4, 2).toInt())
            * (suffix.startsWith(QLatin1Char('-')) ? -60 : 60);
    if (isPydantic) {
        builder.global("pydantic_core._pydantic_core", "TzInfo");
        builder.integer(qint64(seconds));
    } else {
        builder.global("datetime", "timezone");
        builder.global("datetime", "timedelta");
        builder.integer(qint64(seconds < 0 ? -1 : 0));
        builder.integer(qint64(seconds < 0 ? seconds + 86400 : seconds));
        builder.integer(qint64(0));
        builder.tuple(3);
        builder.reduce();
    }
    builder.tuple(1);
    builder.reduce();
}

/// Whether there is one object at one place only, so that what it is made of can be changed.
bool standsAlone(const PickleValue& value)
{
    return !value.isReference() && !value.isShared() && !value.arguments().isShared()
        && (value.state().isNull() || !value.state().isShared());
}

/// An object with another value at a place within it.
PickleDocument replaceInside(
    const PickleDocument& document, const PickleValue& place, const PickleValue& inner, const Write& write)
{
    if (standsAlone(place))
        return replaceValue(document, inner, write);
    return replaceValue(
        document, place, [&](PickleBuilder& builder) { writePart(builder, place, inner, write); });
}

PickleDocument editMoment(const PickleDocument& document, const PickleValue& place, const QString& text)
{
    const PythonMoment before = *pythonMoment(place);
    const EditedMoment edited = parseMoment(before, text);
    const QByteArray bytes = packed(edited.moment);
    const auto writeBytes = [&bytes](PickleBuilder& builder) { builder.bytes(bytes); };
    const PickleValue arguments = place.arguments();
    if (edited.suffix == zoneSuffix(before))
        return replaceInside(document, place, arguments.item(0), writeBytes);
    if (edited.suffix.startsWith(QLatin1Char('[')))
        refuse(text, QStringLiteral("time in a zone that this value can have"),
            QStringLiteral("Keep the zone, or write an offset such as +02:00."));
    const bool isPydantic = before.zone && before.zone->isPydantic;
    return replaceValue(document, place, [&](PickleBuilder& builder) {
        builder.global(place.classOf().module(), place.classOf().qualifiedName());
        writeBytes(builder);
        if (!edited.suffix.isEmpty())
            writeZone(builder, edited.suffix, isPydantic);
        builder.tuple(edited.suffix.isEmpty() ? 1 : 2);
        builder.reduce();
    });
}

PickleDocument editTimeDelta(const PickleDocument& document, const PickleValue& place, const QString& text)
{
    static const QRegularExpression pattern(
        QStringLiteral("^(-?)P(?=.)(?:(\\d{1,6})Y)?(?:(\\d{1,9})D)?"
                       "(?:T(?=.)(?:(\\d{1,9})H)?(?:(\\d{1,9})M)?(?:(\\d{1,9})(?:\\.(\\d{1,6}))?S)?)?$"));
    const QRegularExpressionMatch match = pattern.match(text.trimmed());
    const auto number = [&match](int group) { return match.captured(group).toLongLong(); };
    qint64 days = number(2) * 365 + number(3);
    qint64 seconds = number(4) * 3600 + number(5) * 60 + number(6);
    qint64 microseconds = match.captured(7).leftJustified(6, QLatin1Char('0')).toLongLong();
    days += seconds / 86400;
    seconds %= 86400;
    if (!match.captured(1).isEmpty()) {
        const qint64 total = (days * 86400 + seconds) * 1'000'000 + microseconds;
        constexpr qint64 day = 86400LL * 1'000'000;
        days = -((total + day - 1) / day);
        const qint64 rest = -total - days * day;
        seconds = rest / 1'000'000;
        microseconds = rest % 1'000'000;
    }
    constexpr qint64 mostDays = 999'999'999;
    if (!match.hasMatch() || std::abs(days) > mostDays)
        refuse(text, QStringLiteral("duration"), QStringLiteral("Write it like P1DT2H30M or PT0.5S."));
    return replaceValue(document, place, [&](PickleBuilder& builder) {
        builder.global("datetime", "timedelta");
        builder.integer(days);
        builder.integer(seconds);
        builder.integer(microseconds);
        builder.tuple(3);
        builder.reduce();
    });
}

/// 128 bits in decimal.
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

/// The value that an object of one stands for.
Write innerOf(const PickleValue& place, const PickleValue& inner, const QString& text)
{
    const QString trimmed = text.trimmed();
    switch (pythonType(place)) {
    case PythonType::Decimal: {
        static const QRegularExpression pattern(
            QStringLiteral("^[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]{1,9})?$"));
        if (!pattern.match(trimmed).hasMatch())
            refuse(text, QStringLiteral("decimal number"), QStringLiteral("Write it like 12.50."));
        return [trimmed](PickleBuilder& builder) { builder.text(trimmed); };
    }
    case PythonType::Uuid: {
        const QUuid uuid(trimmed);
        if (uuid.isNull() && trimmed.count(QLatin1Char('0')) < 32)
            refuse(text, QStringLiteral("UUID"),
                QStringLiteral("Write it like 12345678-1234-5678-1234-567812345678."));
        return [uuid](PickleBuilder& builder) { builder.integer(decimalOf(uuid)); };
    }
    case PythonType::Address:
        if (inner.is(PickleKind::Int) && place.isOfClass("ipaddress", "IPv4Address")) {
            qint64 number = 0;
            const QStringList parts = trimmed.split(QLatin1Char('.'));
            bool isValid = parts.size() == 4;
            for (const QString& part : parts) {
                bool isByte = false;
                number = number * 256 + part.toUShort(&isByte);
                isValid = isValid && isByte && part.toUShort() < 256;
            }
            if (!isValid)
                refuse(text, QStringLiteral("IPv4 address"), QStringLiteral("Write it like 192.0.2.1."));
            return [number](PickleBuilder& builder) { builder.integer(number); };
        }
        break;
    default:
        break;
    }
    return atomOf(inner, text);
}

} // namespace

bool isEditableLeaf(const PickleValue& value)
{
    if (value.isAtom())
        return true;
    switch (pythonType(value)) {
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time:
    case PythonType::TimeDelta:
        return true;
    case PythonType::Decimal:
    case PythonType::Uuid:
    case PythonType::Enum:
    case PythonType::Wrapped:
    case PythonType::Url:
        return pythonInner(value).isAtom();
    case PythonType::Address:
        return value.isOfClass("ipaddress", "IPv4Address");
    default:
        return false;
    }
}

QString leafText(const PickleValue& value)
{
    switch (pythonType(value)) {
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time:
        return momentText(*pythonMoment(value));
    case PythonType::TimeDelta:
        return isoText(*pythonTimeDelta(value));
    case PythonType::Uuid:
        return *pythonUuid(value);
    case PythonType::Address:
        return toQString(pythonDump(value).get<std::string>());
    case PythonType::Plain:
        break;
    default:
        return leafText(pythonInner(value));
    }
    switch (value.kind()) {
    case PickleKind::Str:
        return value.text();
    case PickleKind::Bytes:
    case PickleKind::ByteArray:
        return QString::fromLatin1(value.bytes().toByteArray().toHex());
    default:
        return pickleSummary(value, std::numeric_limits<qsizetype>::max() / 8);
    }
}

PickleDocument editLeaf(const PickleDocument& document, const PickleValue& place, const QString& text)
{
    switch (pythonType(place)) {
    case PythonType::Plain:
        return replaceValue(document, place, atomOf(place, text));
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time:
        return editMoment(document, place, text);
    case PythonType::TimeDelta:
        return editTimeDelta(document, place, text);
    default: {
        const PickleValue inner = pythonInner(place);
        return replaceInside(document, place, inner, innerOf(place, inner, text));
    }
    }
}

PickleDocument clearLeaf(const PickleDocument& document, const PickleValue& place)
{
    return replaceValue(document, place, [](PickleBuilder& builder) { builder.none(); });
}

} // namespace llmcache
