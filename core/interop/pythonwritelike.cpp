#include "interop/pythonwriter_p.h"

#include <algorithm>

namespace llmcache {

namespace {

/// Of a list only so many are looked at: the others are most likely alike.
constexpr qsizetype mostExamples = 32;

bool isObjectLike(PythonType type, const PickleValue& value)
{
    switch (type) {
    case PythonType::Model:
    case PythonType::Attributes:
    case PythonType::Mapping:
        return true;
    default:
        return value.is(PickleKind::Dict);
    }
}

bool isListLike(PythonType type, const PickleValue& value)
{
    switch (type) {
    case PythonType::Set:
    case PythonType::FrozenSet:
    case PythonType::Record:
    case PythonType::Sequence:
        return true;
    default:
        return value.kind() >= PickleKind::Tuple && value.kind() <= PickleKind::FrozenSet
            && !value.is(PickleKind::Dict);
    }
}

} // namespace

bool PythonWriter::mayBe(const Json& json, const PickleValue& example)
{
    const PythonType type = pythonType(example);
    if (type == PythonType::RootModel)
        return mayBe(json, example.state().find("__dict__").find("root"));
    if (type == PythonType::Enum || type == PythonType::Wrapped)
        return mayBe(json, pythonInner(example));
    if (json.is_object())
        return isObjectLike(type, example);
    if (json.is_array())
        return isListLike(type, example);
    if (json.is_boolean())
        return example.is(PickleKind::Bool);
    if (json.is_number())
        return example.is(PickleKind::Int) || example.is(PickleKind::Float) || type == PythonType::Decimal;
    if (!json.is_string())
        return false;
    switch (type) {
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time:
    case PythonType::TimeDelta:
    case PythonType::Decimal:
    case PythonType::Uuid:
    case PythonType::Url:
    case PythonType::Address:
    case PythonType::Path:
        return true;
    default:
        return example.is(PickleKind::Str) || example.is(PickleKind::Bytes);
    }
}

PickleValue PythonWriter::bestFor(const Json& value, const PickleValue& first, const Examples& examples)
{
    if (!value.is_object())
        return first;
    for (const PickleValue& example : examples) {
        if (!mayBe(value, example))
            continue;
        const std::vector<PythonEntry> fields = pythonFields(example);
        const bool hasAll =
            std::all_of(value.items().begin(), value.items().end(), [&fields](const auto& member) {
                return std::any_of(fields.begin(), fields.end(), [&member](const PythonEntry& field) {
                    return field.key.is(PickleKind::Str) && field.key.utf8() == QByteArrayView(member.key());
                });
            });
        if (hasAll)
            return example;
    }
    return first;
}

void PythonWriter::writeLike(
    const Json& value, const PickleValue& example, const Json* schema, const Examples& examples)
{
    const PythonType type = pythonType(example);
    switch (type) {
    case PythonType::Plain:
        break;
    case PythonType::Model:
        writeModelLike(value, example, schema, examples);
        return;
    case PythonType::RootModel:
        writeClassOf(example);
        writeRootState([&] { write(value, nullptr, {example.state().find("__dict__").find("root")}); });
        return;
    case PythonType::Attributes:
        writeAttributesLike(value, example, examples);
        return;
    case PythonType::Mapping:
        writePartOf(example);
        writeEntries(value, nullptr, nullptr, pythonEntries(example));
        return;
    case PythonType::Record:
        writeRecordLike(value, example);
        return;
    case PythonType::DateTime:
    case PythonType::Date:
    case PythonType::Time: {
        const PythonMoment moment = *pythonMoment(example);
        writeMoment(
            textOf(value), example.classOf().qualifiedName(), !moment.zone || moment.zone->isPydantic);
        return;
    }
    case PythonType::TimeDelta:
        writeDuration(textOf(value));
        return;
    case PythonType::Uuid:
        writeUuid(textOf(value));
        return;
    case PythonType::Decimal:
        writeDecimal(value);
        return;
    case PythonType::Address:
    case PythonType::Path:
        writeCall(example.classOf().module(), example.classOf().qualifiedName(), value);
        return;
    case PythonType::Enum:
    case PythonType::Wrapped:
    case PythonType::Url: {
        const PickleValue inner = pythonInner(example);
        writePart(m_builder, example, inner, [&](PickleBuilder&) { write(value, nullptr, {inner}); });
        return;
    }
    default:
        writeListLike(value, example, PickleKind::List, schema);
        return;
    }
    switch (example.kind()) {
    case PickleKind::Float:
        m_builder.real(value.get<double>());
        break;
    case PickleKind::Bytes:
        m_builder.bytes(bytesOf(value));
        break;
    case PickleKind::Dict: {
        std::vector<PythonEntry> entries;
        for (const PickleValue& other : examples) {
            if (other.is(PickleKind::Dict)) {
                const std::vector<PythonEntry> more = pythonEntries(other);
                entries.insert(entries.end(), more.begin(), more.end());
            }
        }
        writeDict(value, nullptr, nullptr, entries);
        break;
    }
    case PickleKind::Tuple:
    case PickleKind::List:
    case PickleKind::Set:
    case PickleKind::FrozenSet:
        writeListLike(value, example, example.kind(), schema);
        break;
    default:
        writePlain(value);
    }
}

QString PythonWriter::textOf(const Json& value)
{
    return toQString(value.get_ref<const std::string&>());
}

void PythonWriter::writeClassOf(const PickleValue& example)
{
    const PickleValue made = example.classOf();
    m_builder.global(made.module(), made.qualifiedName());
    m_builder.tuple(0);
    m_builder.newObject();
}

void PythonWriter::writePartOf(const PickleValue& example)
{
    m_builder.global(example.classOf().module(), example.classOf().qualifiedName());
    if (example.isOfClass("collections", "defaultdict"))
        writePart(m_builder, example.arguments());
    else
        m_builder.tuple(0);
    m_builder.reduce();
}

PythonWriter::Examples PythonWriter::fieldsOf(
    const Examples& examples, const PickleValue& like, QByteArrayView name)
{
    Examples found;
    for (const PickleValue& example : examples) {
        if (example.classPath() != like.classPath())
            continue;
        for (const PythonEntry& field : pythonFields(example)) {
            if (field.key.is(PickleKind::Str) && field.key.utf8() == name
                && !field.value.is(PickleKind::None))
                found.push_back(field.value);
        }
    }
    return found;
}

void PythonWriter::writeFieldsLike(const Json& value, const PickleValue& example, const Json* schema,
    const Examples& examples, QList<QByteArray>& given)
{
    const Json* properties = schema ? findMember(*schema, "properties") : nullptr;
    m_builder.emptyDict();
    m_builder.mark();
    for (const PythonEntry& field : pythonFields(example)) {
        if (!field.key.is(PickleKind::Str))
            continue;
        const QByteArrayView view = field.key.utf8();
        const std::string name(view.data(), static_cast<std::size_t>(view.size()));
        const Json* property = properties ? findMember(*properties, name.c_str()) : nullptr;
        const auto member = value.find(name);
        if (member != value.end()) {
            writeField(name, *member, property, fieldsOf(examples, example, view), given);
            continue;
        }
        const Json* byDefault = property ? findMember(*property, "default") : nullptr;
        if (!byDefault && !field.value.is(PickleKind::None))
            fail(QStringLiteral("the field \"%1\" is missing").arg(toQString(name)));
        QList<QByteArray> notGiven;
        writeField(
            name, byDefault ? *byDefault : Json(), property, fieldsOf(examples, example, view), notGiven);
    }
    m_builder.setFromMark();
}

void PythonWriter::writeModelLike(
    const Json& value, const PickleValue& example, const Json* schema, const Examples& examples)
{
    const PydanticParts parts = pydanticParts(example);
    writeClassOf(example);
    m_builder.emptyDict();
    m_builder.mark();
    m_builder.utf8("__dict__");
    QList<QByteArray> given;
    writeFieldsLike(value, example, schema, examples, given);
    const bool takesMore = parts.extra.is(PickleKind::Dict);
    writeModelRest(value, given, takesMore,
        takesMore ? pythonEntries(parts.extra) : std::vector<PythonEntry>(),
        parts.privates.is(PickleKind::Dict) ? parts.privates : PickleValue());
}

void PythonWriter::writeAttributesLike(
    const Json& value, const PickleValue& example, const Examples& examples)
{
    m_builder.global(example.classOf().module(), example.classOf().qualifiedName());
    m_builder.tuple(0);
    m_builder.newObject();
    const bool hasSlots = example.state().is(PickleKind::Tuple);
    const bool isList = example.state().is(PickleKind::List);
    if (isList)
        fail(QStringLiteral("%1 has a state of its own").arg(example.classPath()));
    if (hasSlots)
        m_builder.none();
    QList<QByteArray> given;
    writeFieldsLike(value, example, nullptr, examples, given);
    if (hasSlots)
        m_builder.tuple(2);
    m_builder.build();
}

void PythonWriter::writeRecordLike(const Json& value, const PickleValue& example)
{
    const std::vector<PickleValue> items = pythonItems(example);
    if (value.size() != items.size())
        fail(QStringLiteral("%1 has %2 items").arg(example.classPath()).arg(items.size()));
    m_builder.global(example.classOf().module(), example.classOf().qualifiedName());
    m_builder.mark();
    for (std::size_t index = 0; index < value.size(); ++index)
        writeItem(value, index, nullptr, {items[index]});
    m_builder.tupleFromMark();
    m_builder.newObject();
}

void PythonWriter::writeListLike(
    const Json& value, const PickleValue& example, PickleKind kind, const Json* schema)
{
    const PythonType type = pythonType(example);
    const std::vector<PickleValue> items = pythonItems(example);
    if (kind == PickleKind::Tuple && items.size() == value.size()) {
        m_builder.mark();
        for (std::size_t index = 0; index < value.size(); ++index)
            writeItem(value, index, nullptr, {items[index]});
        m_builder.tupleFromMark();
        return;
    }
    const Examples some(items.begin(),
        items.begin() + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(items.size()), mostExamples));
    const Json* of = schema ? findMember(*schema, "items") : nullptr;
    if (type == PythonType::Set)
        kind = PickleKind::Set;
    else if (type == PythonType::FrozenSet)
        kind = PickleKind::FrozenSet;
    if (type != PythonType::Sequence) {
        writeItems(value, kind, of && of->is_object() ? of : nullptr, some);
        return;
    }
    // deque(…)
    m_builder.global(example.classOf().module(), example.classOf().qualifiedName());
    writePart(m_builder, example.arguments());
    m_builder.reduce();
    m_builder.mark();
    for (std::size_t index = 0; index < value.size(); ++index)
        writeItem(value, index, nullptr, some);
    m_builder.appendFromMark();
}

} // namespace llmcache
