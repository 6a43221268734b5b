#include "interop/pickleviews.h"

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

/// getattr(Colour, "RED")
bool isMemberByName(const PickleValue& value)
{
    const PickleValue callable = value.callable();
    const PickleValue arguments = value.arguments();
    return callable.is(PickleKind::Global) && callable.module() == "builtins"
        && callable.qualifiedName() == "getattr" && arguments.size() == 2
        && arguments.item(0).is(PickleKind::Global) && arguments.item(1).is(PickleKind::Str);
}

PythonType unknownClass(const PickleValue& value)
{
    const PickleValue callable = value.callable();
    const PickleValue arguments = value.arguments();
    const bool hasMore =
        value.stateCount() > 0 || value.size() > 0 || value.entryCount() > 0 || value.addedCount() > 0;
    if (!hasMore && callable.is(PickleKind::Global)) {
        if (callable.module() == "builtins")
            return isMemberByName(value) ? PythonType::EnumName : PythonType::Other;
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
    if (isMemberByName(value))
        return value.arguments().item(1);
    const PickleValue arguments = value.arguments();
    return arguments.size() == 1 && arguments.item(0).isAtom() ? arguments.item(0) : PickleValue();
}

} // namespace llmcache
