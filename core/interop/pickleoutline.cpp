#include "interop/pickleoutline.h"

#include "interop/picklesummary.h"
#include "interop/pickleviews.h"

#include <algorithm>

namespace llmcache {

namespace {

using Role = PickleChild::Role;

/// Escaped, without the quotes.
QString visible(const QString& text)
{
    const QString literal = pythonTextLiteral(text);
    return literal.mid(1, literal.size() - 2);
}

class Children {
public:
    explicit Children(std::vector<PickleChild>& list)
        : m_list(list)
    {
    }

    void items(Role role, const std::vector<PickleValue>& values)
    {
        qsizetype index = 0;
        for (const PickleValue& value : values)
            m_list.push_back({role, index++, {}, value});
    }
    void entries(Role role, const std::vector<PythonEntry>& entries)
    {
        qsizetype index = 0;
        for (const PythonEntry& entry : entries)
            m_list.push_back({role, index++, entry.key, entry.value});
    }
    void one(Role role, const PickleValue& value)
    {
        if (!value.isNull())
            m_list.push_back({role, 0, {}, value});
    }
    void unlessNone(Role role, const PickleValue& value)
    {
        if (!value.isNull() && !value.is(PickleKind::None))
            one(role, value);
    }

private:
    std::vector<PickleChild>& m_list;
};

/// Whatever has no better view: all there is to it.
void addEverything(Children& children, const PickleValue& value)
{
    const PickleValue callable = value.callable();
    if (!callable.is(PickleKind::Global))
        children.one(Role::Call, callable);
    children.items(Role::Argument, pythonItems(value.arguments()));
    children.one(Role::Keywords, value.keywords());
    for (qsizetype index = 0; index < value.stateCount(); ++index)
        children.one(Role::State, value.state(index));
    std::vector<PickleValue> items;
    for (qsizetype index = 0; index < value.size(); ++index)
        items.push_back(value.item(index));
    for (qsizetype index = 0; index < value.addedCount(); ++index)
        items.push_back(value.added(index));
    children.items(Role::Item, items);
    std::vector<PythonEntry> entries;
    for (qsizetype index = 0; index < value.entryCount(); ++index)
        entries.push_back({value.key(index), value.value(index)});
    children.entries(Role::Entry, entries);
}

bool isOneValue(PythonType type)
{
    switch (type) {
    case PythonType::Bytes:
    case PythonType::ByteArray:
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time:
    case PythonType::TimeDelta:
    case PythonType::TimeZone:
    case PythonType::Decimal:
    case PythonType::Uuid:
    case PythonType::Enum:
    case PythonType::EnumName:
    case PythonType::Complex:
    case PythonType::Fraction:
    case PythonType::Path:
    case PythonType::Pattern:
    case PythonType::Address:
    case PythonType::Url:
    case PythonType::Secret:
    case PythonType::Wrapped:
        return true;
    default:
        return false;
    }
}

QString counted(qsizetype count, const QString& one, const QString& many)
{
    return QStringLiteral("%1 %2").arg(count).arg(count == 1 ? one : many);
}

} // namespace

QString PickleChild::label() const
{
    switch (role) {
    case Role::Item:
        return QStringLiteral("[%1]").arg(index);
    case Role::Entry:
        return pickleSummary(key, 80);
    case Role::Field:
    case Role::Extra:
        return key.is(PickleKind::Str) ? visible(key.text().left(80)) : pickleSummary(key, 80);
    case Role::FieldsSet:
        return QStringLiteral("fields set");
    case Role::Private:
        return QStringLiteral("private");
    case Role::Call:
        return QStringLiteral("call");
    case Role::Argument:
        return QStringLiteral("argument %1").arg(index + 1);
    case Role::Keywords:
        return QStringLiteral("keywords");
    case Role::State:
        return QStringLiteral("state");
    case Role::Id:
        return QStringLiteral("id");
    }
    return {};
}

std::vector<PickleChild> pickleChildren(const PickleValue& value)
{
    std::vector<PickleChild> list;
    if (value.isAtom())
        return list;
    Children children(list);
    const PythonType type = pythonType(value);
    if (isOneValue(type))
        return list;
    switch (type) {
    case PythonType::Plain:
        return pickleChildren(value, 0, pickleChildCount(value));
    case PythonType::Set:
    case PythonType::FrozenSet:
    case PythonType::Record:
        children.items(Role::Item, pythonItems(value));
        break;
    case PythonType::Sequence:
        children.items(Role::Item, pythonItems(value));
        children.entries(Role::Field, pythonFields(value));
        break;
    case PythonType::Mapping:
        children.entries(Role::Entry, pythonEntries(value));
        children.entries(Role::Field, pythonFields(value));
        break;
    case PythonType::Model:
    case PythonType::RootModel: {
        const PydanticParts parts = pydanticParts(value);
        children.entries(Role::Field, pythonFields(value));
        if (parts.extra.is(PickleKind::Dict))
            children.entries(Role::Extra, pythonEntries(parts.extra));
        children.unlessNone(Role::FieldsSet, parts.fieldsSet);
        children.unlessNone(Role::Private, parts.privates);
        break;
    }
    case PythonType::Attributes:
        children.items(Role::Argument, pythonItems(value.arguments()));
        children.entries(Role::Field, pythonFields(value));
        break;
    default:
        addEverything(children, value);
    }
    return list;
}

qsizetype pickleChildCount(const PickleValue& value)
{
    switch (value.kind()) {
    case PickleKind::Object:
        return static_cast<qsizetype>(pickleChildren(value).size());
    case PickleKind::Dict:
        return value.entryCount();
    default:
        return value.isAtom() ? 0 : value.size();
    }
}

std::vector<PickleChild> pickleChildren(const PickleValue& value, qsizetype from, qsizetype most)
{
    const qsizetype end = std::min(pickleChildCount(value), from + most);
    std::vector<PickleChild> some;
    if (value.is(PickleKind::Object)) {
        std::vector<PickleChild> all = pickleChildren(value);
        for (qsizetype index = from; index < end; ++index)
            some.push_back(all[static_cast<std::size_t>(index)]);
        return some;
    }
    for (qsizetype index = from; index < end; ++index) {
        if (value.is(PickleKind::Dict))
            some.push_back({Role::Entry, index, value.key(index), value.value(index)});
        else
            some.push_back(
                {value.is(PickleKind::Persistent) ? Role::Id : Role::Item, index, {}, value.item(index)});
    }
    return some;
}

bool hasPickleChildren(const PickleValue& value)
{
    switch (value.kind()) {
    case PickleKind::Tuple:
    case PickleKind::List:
    case PickleKind::Set:
    case PickleKind::FrozenSet:
    case PickleKind::Persistent:
        return value.size() > 0;
    case PickleKind::Dict:
        return value.entryCount() > 0;
    case PickleKind::Object:
        return !pickleChildren(value).empty();
    default:
        return false;
    }
}

QString pickleTypeText(const PickleValue& value)
{
    switch (pythonType(value)) {
    case PythonType::Bytes:
        return QStringLiteral("bytes");
    case PythonType::ByteArray:
        return QStringLiteral("bytearray");
    case PythonType::Set:
        return QStringLiteral("set");
    case PythonType::FrozenSet:
        return QStringLiteral("frozenset");
    case PythonType::EnumName:
        return visible(value.arguments().item(0).classPath());
    default:
        return visible(value.is(PickleKind::Global) ? pickleKindName(PickleKind::Global) : value.classPath());
    }
}

QString pickleValueText(const PickleValue& value, qsizetype maxLength)
{
    if (value.isAtom())
        return pickleSummary(value, maxLength);
    const PythonType type = pythonType(value);
    switch (type) {
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time:
        return isoText(*pythonMoment(value));
    case PythonType::TimeDelta:
        return isoText(*pythonTimeDelta(value));
    case PythonType::Uuid:
        return *pythonUuid(value);
    case PythonType::Enum:
    case PythonType::Wrapped:
    case PythonType::Url:
    case PythonType::Address:
        return pickleSummary(pythonInner(value), maxLength);
    case PythonType::Decimal: {
        const PickleValue inner = pythonInner(value);
        return inner.is(PickleKind::Str) ? visible(inner.text().left(maxLength))
                                         : pickleSummary(inner, maxLength);
    }
    case PythonType::Plain:
        if (value.is(PickleKind::Dict))
            return counted(value.entryCount(), QStringLiteral("entry"), QStringLiteral("entries"));
        if (value.size() > 0 && !value.is(PickleKind::Persistent))
            return counted(value.size(), QStringLiteral("item"), QStringLiteral("items"));
        return value.kind() <= PickleKind::FrozenSet ? QStringLiteral("empty")
                                                     : pickleSummary(value, maxLength);
    default:
        break;
    }
    if (isOneValue(type) || type == PythonType::Other)
        return pickleSummary(value, maxLength);
    if (type == PythonType::Model || type == PythonType::RootModel || type == PythonType::Attributes)
        return counted(static_cast<qsizetype>(pythonFields(value).size()), QStringLiteral("field"),
            QStringLiteral("fields"));
    if (type == PythonType::Mapping)
        return counted(static_cast<qsizetype>(pythonEntries(value).size()), QStringLiteral("entry"),
            QStringLiteral("entries"));
    return counted(
        static_cast<qsizetype>(pythonItems(value).size()), QStringLiteral("item"), QStringLiteral("items"));
}

} // namespace llmcache
