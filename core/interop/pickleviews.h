#pragma once

#include "interop/picklevalue.h"

#include <QDateTime>

#include <optional>
#include <vector>

namespace llmcache {

/// What the objects of a pickle mean in Python, told by their class names and how they are made: the classes
/// themselves are never looked at.
enum class PythonType {
    Plain, ///< no Object: what PickleKind says
    Bytes, ///< bytes and bytearray as protocols 0 to 2 write them
    ByteArray,
    Set, ///< set and frozenset as protocols 0 to 3 write them
    FrozenSet,
    DateTime,
    Date,
    Time,
    TimeDelta,
    TimeZone, ///< of datetime or of Pydantic
    Decimal,
    Uuid,
    Enum, ///< a class that is called with one plain value, as members of an Enum are
    EnumName, ///< a member of an Enum by name: what its value is, is not in the pickle
    Complex,
    Fraction,
    Path,
    Pattern, ///< a regular expression
    Address, ///< of ipaddress
    Url, ///< of Pydantic
    Secret, ///< SecretStr, SecretBytes
    Wrapped, ///< a subclass of str, int and so on with the plain value it holds
    Record, ///< a named tuple
    Sequence, ///< deque and other classes that are filled by appending
    Mapping, ///< OrderedDict, defaultdict, Counter and other classes that are filled by key
    Model, ///< a Pydantic model
    RootModel, ///< a Pydantic model that is one value
    Attributes, ///< a dataclass, or any other class with attributes
    Other,
};

PythonType pythonType(const PickleValue& value);

/// Offset from UTC, or the name of a zone.
struct PythonZone {
    std::optional<qint64> offsetSeconds; ///< nothing when only Python's time-zone data know
    QString name; ///< "Europe/Berlin"; what timezone() was given as its name; empty without
    bool isPydantic = false; ///< as Pydantic makes it from JSON
};

/// A datetime, date or time.
struct PythonMoment {
    std::optional<QDate> date;
    std::optional<QTime> time; ///< of milliseconds
    int microseconds = 0; ///< within the second
    bool isSecond = false; ///< the second of two equal local times (fold)
    std::optional<PythonZone> zone;
    bool hasUnknownZone = false; ///< a zone of a class that is not known here
};

struct PythonTimeDelta {
    qint64 days = 0;
    qint64 seconds = 0; ///< 0 to 86,399
    qint64 microseconds = 0; ///< 0 to 999,999
};

/// Nothing for what is damaged, or of another type.
std::optional<PythonMoment> pythonMoment(const PickleValue& value);
std::optional<PythonTimeDelta> pythonTimeDelta(const PickleValue& value);
std::optional<PythonZone> pythonZone(const PickleValue& value);
/// Bytes and ByteArray in whatever way they are written.
std::optional<QByteArray> pythonBytes(const PickleValue& value);
/// 128 bits as "12345678-1234-5678-1234-567812345678".
std::optional<QString> pythonUuid(const PickleValue& value);
/// The items of tuple, list, set, frozenset, deque and a named tuple.
std::vector<PickleValue> pythonItems(const PickleValue& value);

struct PythonEntry {
    PickleValue key;
    PickleValue value;
};
/// The entries of a dict and its relatives.
std::vector<PythonEntry> pythonEntries(const PickleValue& value);
/// The attributes of an object in their order; of a Pydantic model its fields.
std::vector<PythonEntry> pythonFields(const PickleValue& value);

/// What a Pydantic model keeps beside its fields; each may be null or None.
struct PydanticParts {
    PickleValue extra; ///< a dict: what its class has no field for
    PickleValue fieldsSet; ///< a set: names that were given, where the others are defaults
    PickleValue privates; ///< a dict
};
PydanticParts pydanticParts(const PickleValue& value);

/// The one plain value that holds all there is to an Enum, Decimal, Wrapped, Url, Secret, Address, UUID (an
/// int), or names the member of an EnumName: null for other types.
PickleValue pythonInner(const PickleValue& value);

/// As Pydantic prints it in JSON: "2024-01-02T03:04:05.120000Z", "2024-01-02", "03:04:05+02:00".
QString isoText(const PythonMoment& moment);
/// "P1DT2H0.5S"
QString isoText(const PythonTimeDelta& delta);

} // namespace llmcache
