#include "interop/pickleviews.h"

#include <QTimeZone>

#include <algorithm>
#include <array>

namespace llmcache {

namespace {

struct KnownClass {
    QByteArrayView module;
    QByteArrayView name;
    PythonType type;
};

constexpr std::array knownClasses{
    KnownClass{"datetime", "datetime", PythonType::DateTime},
    KnownClass{"datetime", "date", PythonType::Date},
    KnownClass{"datetime", "time", PythonType::Time},
    KnownClass{"datetime", "timedelta", PythonType::TimeDelta},
    KnownClass{"datetime", "timezone", PythonType::TimeZone},
    KnownClass{"pydantic_core._pydantic_core", "TzInfo", PythonType::TimeZone},
    KnownClass{"decimal", "Decimal", PythonType::Decimal},
    KnownClass{"uuid", "UUID", PythonType::Uuid},
    KnownClass{"builtins", "set", PythonType::Set},
    KnownClass{"builtins", "frozenset", PythonType::FrozenSet},
    KnownClass{"builtins", "bytearray", PythonType::ByteArray},
    KnownClass{"builtins", "bytes", PythonType::Bytes},
    KnownClass{"_codecs", "encode", PythonType::Bytes},
    KnownClass{"builtins", "complex", PythonType::Complex},
    KnownClass{"fractions", "Fraction", PythonType::Fraction},
    KnownClass{"pathlib", "PosixPath", PythonType::Path},
    KnownClass{"pathlib", "PurePosixPath", PythonType::Path},
    KnownClass{"pathlib", "WindowsPath", PythonType::Path},
    KnownClass{"pathlib", "PureWindowsPath", PythonType::Path},
    KnownClass{"pathlib._local", "PosixPath", PythonType::Path},
    KnownClass{"pathlib._local", "PurePosixPath", PythonType::Path},
    KnownClass{"re", "_compile", PythonType::Pattern},
    KnownClass{"ipaddress", "IPv4Address", PythonType::Address},
    KnownClass{"ipaddress", "IPv6Address", PythonType::Address},
    KnownClass{"pydantic_core._pydantic_core", "Url", PythonType::Url},
    KnownClass{"pydantic_core._pydantic_core", "MultiHostUrl", PythonType::Url},
    KnownClass{"pydantic.types", "SecretStr", PythonType::Secret},
    KnownClass{"pydantic.types", "SecretBytes", PythonType::Secret},
    KnownClass{"collections", "deque", PythonType::Sequence},
    KnownClass{"collections", "OrderedDict", PythonType::Mapping},
    KnownClass{"collections", "defaultdict", PythonType::Mapping},
    KnownClass{"collections", "Counter", PythonType::Mapping},
};

/// A dict at the end of what was given to __setstate__: slots come as (None, dict) or (dict, dict).
std::array<PickleValue, 2> attributeDicts(const PickleValue& value)
{
    const PickleValue state = value.state();
    if (state.is(PickleKind::Dict))
        return {state, PickleValue()};
    if (!state.is(PickleKind::Tuple) || state.size() != 2)
        return {};
    std::array<PickleValue, 2> dicts;
    for (const qsizetype index : {0, 1}) {
        const PickleValue part = state.item(index);
        if (part.is(PickleKind::Dict))
            dicts[static_cast<std::size_t>(index)] = part;
        else if (!part.is(PickleKind::None))
            return {};
    }
    return dicts;
}

PythonType modelType(const PickleValue& state)
{
    if (!state.is(PickleKind::Dict) || !state.find("__dict__").is(PickleKind::Dict)
        || state.find("__pydantic_fields_set__").isNull())
        return PythonType::Other;
    const bool isRoot =
        state.find("__pydantic_private__").isNull() && !state.find("__dict__").find("root").isNull();
    return isRoot ? PythonType::RootModel : PythonType::Model;
}

/// Whether `part` of the known class is there in the form that Python writes.
bool isWellFormed(const PickleValue& value, PythonType type)
{
    switch (type) {
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time:
        return pythonMoment(value).has_value();
    case PythonType::TimeDelta:
        return pythonTimeDelta(value).has_value();
    case PythonType::TimeZone:
        return pythonZone(value).has_value();
    case PythonType::Bytes:
    case PythonType::ByteArray:
        return pythonBytes(value).has_value();
    case PythonType::Uuid:
        return pythonUuid(value).has_value();
    case PythonType::Decimal:
    case PythonType::Url:
    case PythonType::Address:
    case PythonType::Secret:
        return !pythonInner(value).isNull();
    case PythonType::Complex:
    case PythonType::Fraction:
        return value.arguments().size() == 2 && value.arguments().item(0).isAtom()
            && value.arguments().item(1).isAtom();
    case PythonType::Pattern:
        return value.arguments().size() >= 1 && value.arguments().item(0).is(PickleKind::Str);
    case PythonType::Path: {
        const PickleValue parts = value.arguments();
        for (qsizetype index = 0; index < parts.size(); ++index) {
            if (!parts.item(index).is(PickleKind::Str))
                return false;
        }
        return true;
    }
    default:
        return true;
    }
}

bool isNamedLikeClass(QByteArrayView qualifiedName)
{
    const QByteArrayView name = qualifiedName.sliced(qualifiedName.lastIndexOf('.') + 1);
    const char first = name.isEmpty() ? '\0' : name.front();
    return static_cast<uchar>(first) >= 0x80 || (first >= 'A' && first <= 'Z');
}

PythonType unknownClass(const PickleValue& value)
{
    const PickleValue callable = value.callable();
    const PickleValue arguments = value.arguments();
    const bool hasMore =
        value.stateCount() > 0 || value.size() > 0 || value.entryCount() > 0 || value.addedCount() > 0;
    if (!hasMore && callable.is(PickleKind::Global)) {
        if (callable.module() == "builtins")
            return callable.qualifiedName() == "getattr" && arguments.size() == 2
                    && arguments.item(0).is(PickleKind::Global) && arguments.item(1).is(PickleKind::Str)
                ? PythonType::EnumName
                : PythonType::Other;
        const bool isOne = arguments.size() == 1 && arguments.item(0).isAtom();
        // A function is no class, and what it would do deserves its full name.
        const bool isCall = value.call() == PickleCall::Reduce || value.call() == PickleCall::Instance;
        if (isCall && isOne && isNamedLikeClass(callable.qualifiedName()))
            return PythonType::Enum;
        if (value.call() == PickleCall::New && isOne)
            return PythonType::Wrapped;
        if (value.call() == PickleCall::New && arguments.size() > 0)
            return PythonType::Record;
    }
    const auto dicts = attributeDicts(value);
    const bool hasAttributes = !dicts[0].isNull() || !dicts[1].isNull();
    if (value.entryCount() > 0)
        return PythonType::Mapping;
    if (value.size() > 0)
        return PythonType::Sequence;
    if (value.call() == PickleCall::New && arguments.size() == 1 && arguments.item(0).isAtom())
        return PythonType::Wrapped;
    const bool isMade = value.call() == PickleCall::New || value.call() == PickleCall::NewWithKeywords;
    const bool isEmpty = !hasMore && isMade && arguments.size() == 0;
    return hasAttributes || isEmpty ? PythonType::Attributes : PythonType::Other;
}

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

PythonType pythonType(const PickleValue& value)
{
    if (!value.is(PickleKind::Object))
        return PythonType::Plain;
    if (const PythonType model = modelType(value.state()); model != PythonType::Other)
        return model;
    if (const PickleValue made = value.classOf(); made.is(PickleKind::Global)) {
        const QByteArrayView module = made.module();
        const QByteArrayView name = made.qualifiedName();
        const auto known = std::find_if(knownClasses.begin(), knownClasses.end(),
            [&](const KnownClass& entry) { return entry.name == name && entry.module == module; });
        if (known != knownClasses.end())
            return isWellFormed(value, known->type) ? known->type : PythonType::Other;
    }
    // HttpUrl and its relatives hold a Url.
    if (const PickleValue state = value.state(); state.is(PickleKind::Dict) && state.entryCount() == 1) {
        const PickleValue url = state.find("_url");
        if (!url.isNull() && pythonType(url) == PythonType::Url)
            return PythonType::Url;
    }
    return unknownClass(value);
}

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

std::optional<QByteArray> pythonBytes(const PickleValue& value)
{
    if (value.is(PickleKind::Bytes) || value.is(PickleKind::ByteArray))
        return value.bytes().toByteArray();
    if (!value.is(PickleKind::Object))
        return std::nullopt;
    const PickleValue arguments = value.arguments();
    if (value.isOfClass("_codecs", "encode")) {
        if (arguments.size() != 2 || !arguments.item(0).is(PickleKind::Str)
            || !arguments.item(1).is(PickleKind::Str) || arguments.item(1).utf8() != "latin1")
            return std::nullopt;
        const QString text = arguments.item(0).text();
        const bool isLatin =
            std::all_of(text.begin(), text.end(), [](QChar c) { return c.unicode() < 0x100; });
        return isLatin ? std::optional(text.toLatin1()) : std::nullopt;
    }
    const bool isBytes = value.isOfClass("builtins", "bytes");
    if (!isBytes && !value.isOfClass("builtins", "bytearray"))
        return std::nullopt;
    if (arguments.size() == 0)
        return QByteArray();
    // The one level that Python writes: bytearray(_codecs.encode(…)).
    const PickleValue given = arguments.item(0);
    const bool isNested = given.isOfClass("builtins", "bytes") || given.isOfClass("builtins", "bytearray");
    return arguments.size() == 1 && !isNested ? pythonBytes(given) : std::nullopt;
}

std::optional<QString> pythonUuid(const PickleValue& value)
{
    if (!value.isOfClass("uuid", "UUID"))
        return std::nullopt;
    const PickleValue number = pythonInner(value);
    if (number.isNull())
        return std::nullopt;
    // Decimal digits to 16 bytes.
    std::array<uchar, 16> bytes{};
    const QString digits = number.integerText();
    for (const QChar digit : digits) {
        if (!digit.isDigit())
            return std::nullopt;
        int carry = digit.digitValue();
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
            carry += *byte * 10;
            *byte = static_cast<uchar>(carry & 0xFF);
            carry >>= 8;
        }
        if (carry != 0)
            return std::nullopt;
    }
    QString text = QString::fromLatin1(
        QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()))
            .toHex());
    for (const qsizetype place : {20, 16, 12, 8})
        text.insert(place, QLatin1Char('-'));
    return text;
}

std::vector<PickleValue> pythonItems(const PickleValue& value)
{
    std::vector<PickleValue> items;
    const auto take = [&items](const PickleValue& from) {
        for (qsizetype index = 0; index < from.size(); ++index)
            items.push_back(from.item(index));
    };
    switch (pythonType(value)) {
    case PythonType::Plain:
        if (!value.is(PickleKind::Persistent))
            take(value);
        break;
    case PythonType::Set:
    case PythonType::FrozenSet:
        // set([…])
        if (value.arguments().size() > 0)
            take(value.arguments().item(0));
        break;
    case PythonType::Record:
        take(value.arguments());
        break;
    case PythonType::Sequence:
        // In protocols 0 and 1 deque([…]).
        if (value.arguments().size() > 0 && value.arguments().item(0).is(PickleKind::List))
            take(value.arguments().item(0));
        take(value);
        break;
    default:
        break;
    }
    return items;
}

std::vector<PythonEntry> pythonEntries(const PickleValue& value)
{
    std::vector<PythonEntry> entries;
    const auto take = [&entries](const PickleValue& from) {
        for (qsizetype index = 0; index < from.entryCount(); ++index)
            entries.push_back({from.key(index), from.value(index)});
    };
    // Counter({…})
    if (value.is(PickleKind::Object) && value.arguments().size() == 1
        && value.arguments().item(0).is(PickleKind::Dict))
        take(value.arguments().item(0));
    take(value);
    return entries;
}

std::vector<PythonEntry> pythonFields(const PickleValue& value)
{
    if (!value.is(PickleKind::Object))
        return {};
    if (modelType(value.state()) != PythonType::Other)
        return pythonEntries(value.state().find("__dict__"));
    std::vector<PythonEntry> fields;
    for (const PickleValue& dict : attributeDicts(value)) {
        if (dict.isNull())
            continue;
        for (const PythonEntry& entry : pythonEntries(dict))
            fields.push_back(entry);
    }
    return fields;
}

PydanticParts pydanticParts(const PickleValue& value)
{
    const PickleValue state = value.state();
    if (modelType(state) == PythonType::Other)
        return {};
    return {state.find("__pydantic_extra__"), state.find("__pydantic_fields_set__"),
        state.find("__pydantic_private__")};
}

PickleValue pythonInner(const PickleValue& value)
{
    if (!value.is(PickleKind::Object))
        return {};
    PickleValue inner;
    if (value.isOfClass("uuid", "UUID")) {
        inner = value.state().is(PickleKind::Dict) ? value.state().find("int") : PickleValue();
        return inner.is(PickleKind::Int) ? inner : PickleValue();
    }
    if (value.state().is(PickleKind::Dict)) {
        if (const PickleValue url = value.state().find("_url"); !url.isNull())
            return url.isOfClass("pydantic_core._pydantic_core", "Url")
                    || url.isOfClass("pydantic_core._pydantic_core", "MultiHostUrl")
                ? pythonInner(url)
                : PickleValue();
        if (const PickleValue secret = value.state().find("_secret_value"); !secret.isNull())
            return secret;
    }
    const PickleValue arguments = value.arguments();
    return arguments.size() == 1 && arguments.item(0).isAtom() ? arguments.item(0) : PickleValue();
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
