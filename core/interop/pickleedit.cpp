#include "interop/pickleedit.h"

#include "interop/picklemoments_p.h"
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

/// With the parts that it had before; the zone is told apart, as it may stay.
ParsedMoment parseLike(const PythonMoment& before, const QString& text)
{
    const QString example = before.date && before.time ? QStringLiteral("2024-01-31T14:05:00")
        : before.date                                  ? QStringLiteral("2024-01-31")
                                                       : QStringLiteral("14:05:00");
    const QString what = before.date && before.time ? QStringLiteral("date and time")
        : before.date                               ? QStringLiteral("date")
                                                    : QStringLiteral("time");
    std::optional<ParsedMoment> parsed = parseMoment(text);
    if (!parsed || parsed->moment.date.has_value() != before.date.has_value()
        || parsed->moment.time.has_value() != before.time.has_value())
        refuse(text, what, QStringLiteral("Write it like %1.").arg(example));
    parsed->moment.isSecond = before.isSecond && parsed->moment.date == before.date
        && parsed->moment.time == before.time && parsed->moment.microseconds == before.microseconds;
    return *parsed;
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
    const ParsedMoment edited = parseLike(before, text);
    const QByteArray bytes = packedMoment(edited.moment);
    const auto writeBytes = [&bytes](PickleBuilder& builder) { builder.bytes(bytes); };
    if (edited.zone == zoneSuffix(before))
        return replaceInside(document, place, place.arguments().item(0), writeBytes);
    if (edited.zone.startsWith(QLatin1Char('[')))
        refuse(text, QStringLiteral("time in a zone that this value can have"),
            QStringLiteral("Keep the zone, or write an offset such as +02:00."));
    const bool isPydantic = before.zone && before.zone->isPydantic;
    return replaceValue(document, place, [&](PickleBuilder& builder) {
        builder.global(place.classOf().module(), place.classOf().qualifiedName());
        writeBytes(builder);
        if (!edited.zone.isEmpty())
            writeZone(builder, edited.zone, isPydantic);
        builder.tuple(edited.zone.isEmpty() ? 1 : 2);
        builder.reduce();
    });
}

PickleDocument editTimeDelta(const PickleDocument& document, const PickleValue& place, const QString& text)
{
    const std::optional<PythonTimeDelta> delta = parseTimeDelta(text);
    if (!delta)
        refuse(text, QStringLiteral("duration"), QStringLiteral("Write it like P1DT2H30M or PT0.5S."));
    return replaceValue(
        document, place, [&delta](PickleBuilder& builder) { writeTimeDelta(builder, *delta); });
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
    case PythonType::EnumName: {
        static const QRegularExpression pattern(
            QStringLiteral("^[^\\W\\d]\\w*$"), QRegularExpression::UseUnicodePropertiesOption);
        if (!pattern.match(trimmed).hasMatch())
            refuse(text, QStringLiteral("name of a member"), QStringLiteral("Write it as in Python: RED."));
        return [trimmed](PickleBuilder& builder) { builder.text(trimmed); };
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
    case PythonType::EnumName:
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
