#include "interop/picklemoments_p.h"
#include "interop/pythondump.h"
#include "interop/pythonwriter_p.h"

#include <QUuid>

#include <algorithm>

namespace llmcache {

namespace {

/// Of a dict only so many are looked at: the others are most likely alike.
constexpr qsizetype mostExamples = 32;

} // namespace

void PythonWriter::writeItem(
    const Json& array, std::size_t index, const Json* schema, const Examples& examples)
{
    m_way << QString::number(index);
    write(array[index], schema, examples);
    m_way.removeLast();
}

void PythonWriter::writeItems(
    const Json& array, PickleKind kind, const Json* schema, const Examples& examples)
{
    if (kind == PickleKind::List)
        m_builder.emptyList();
    else if (kind == PickleKind::Set)
        m_builder.emptySet();
    m_builder.mark();
    for (std::size_t index = 0; index < array.size(); ++index)
        writeItem(array, index, schema, examples);
    if (kind == PickleKind::List)
        m_builder.appendFromMark();
    else if (kind == PickleKind::Set)
        m_builder.addFromMark();
    else if (kind == PickleKind::FrozenSet)
        m_builder.frozenSetFromMark();
    else
        m_builder.tupleFromMark();
}

void PythonWriter::writeDict(
    const Json& object, const Json* values, const Json* keys, const std::vector<PythonEntry>& examples)
{
    m_builder.emptyDict();
    writeEntries(object, values, keys, examples);
}

void PythonWriter::writeEntries(
    const Json& object, const Json* values, const Json* keys, const std::vector<PythonEntry>& examples)
{
    Examples keyExamples;
    Examples valueExamples;
    for (const PythonEntry& entry : examples) {
        if (static_cast<qsizetype>(keyExamples.size()) == mostExamples)
            break;
        keyExamples.push_back(entry.key);
        valueExamples.push_back(entry.value);
    }
    m_builder.mark();
    for (auto member = object.begin(); member != object.end(); ++member) {
        m_way << toQString(member.key());
        writeKey(member.key(), keys, keyExamples);
        // Of equal keys the value at this one, first.
        Examples own;
        for (const PythonEntry& entry : examples) {
            if (entry.key.is(PickleKind::Str) && entry.key.utf8() == QByteArrayView(member.key()))
                own.push_back(entry.value);
        }
        own.insert(own.end(), valueExamples.begin(), valueExamples.end());
        write(member.value(), values, own);
        m_way.removeLast();
    }
    m_builder.setFromMark();
}

void PythonWriter::writeKey(const std::string& key, const Json* schema, const Examples& examples)
{
    const Json text(key);
    const auto number = std::find_if(examples.begin(), examples.end(), [](const PickleValue& example) {
        return example.is(PickleKind::Int) || example.is(PickleKind::Float) || example.is(PickleKind::Bool);
    });
    if (number == examples.end()) {
        write(text, schema, examples);
        return;
    }
    const std::optional<Json> value = tryParseJson(QByteArrayView(key));
    if (value && (value->is_number() || value->is_boolean()))
        write(*value, nullptr, examples);
    else
        m_builder.utf8(QByteArrayView(key));
}

void PythonWriter::writeField(const std::string& name, const Json& value, const Json* schema,
    const Examples& examples, QList<QByteArray>& given)
{
    const QByteArray key = QByteArray::fromStdString(name);
    m_builder.utf8(key);
    m_way << toQString(name);
    write(value, schema, examples);
    m_way.removeLast();
    given << key;
}

void PythonWriter::writeRootState(const std::function<void()>& writeRoot)
{
    m_builder.emptyDict();
    m_builder.mark();
    m_builder.utf8("__dict__");
    m_builder.emptyDict();
    m_builder.mark();
    m_builder.utf8("root");
    writeRoot();
    m_builder.setFromMark();
    m_builder.utf8("__pydantic_fields_set__");
    writeNames({"root"});
    m_builder.setFromMark();
    m_builder.build();
}

void PythonWriter::writeNames(const QList<QByteArray>& names)
{
    m_builder.emptySet();
    m_builder.mark();
    for (const QByteArray& name : names)
        m_builder.utf8(name);
    m_builder.addFromMark();
}

void PythonWriter::writeModelRest(const Json& value, QList<QByteArray> given, bool takesMore,
    const std::vector<PythonEntry>& extraExamples, const PickleValue& privates)
{
    m_builder.utf8("__pydantic_extra__");
    if (takesMore) {
        Json extra = Json::object();
        for (auto member = value.begin(); member != value.end(); ++member) {
            const QByteArray name = QByteArray::fromStdString(member.key());
            if (given.contains(name))
                continue;
            extra[member.key()] = member.value();
        }
        writeDict(extra, nullptr, nullptr, extraExamples);
        for (auto member = extra.begin(); member != extra.end(); ++member)
            given << QByteArray::fromStdString(member.key());
    } else {
        m_builder.none();
    }
    m_builder.utf8("__pydantic_fields_set__");
    writeNames(given);
    m_builder.utf8("__pydantic_private__");
    if (privates.isNull())
        m_builder.none();
    else
        writePart(m_builder, privates);
    m_builder.setFromMark();
    m_builder.build();
}

void PythonWriter::writeMoment(const QString& text, QByteArrayView name, bool isPydantic)
{
    const std::optional<ParsedMoment> parsed = parseMoment(text);
    const bool needsDate = name != "time";
    const bool needsTime = name != "date";
    if (!parsed || parsed->moment.date.has_value() != needsDate
        || parsed->moment.time.has_value() != needsTime || parsed->zone.startsWith(QLatin1Char('[')))
        fail(QStringLiteral("\"%1\" is no %2").arg(text.left(100), QString::fromUtf8(name)));
    m_builder.global("datetime", name);
    m_builder.bytes(packedMoment(parsed->moment));
    if (!parsed->zone.isEmpty())
        writeZone(m_builder, parsed->zone, isPydantic);
    m_builder.tuple(parsed->zone.isEmpty() ? 1 : 2);
    m_builder.reduce();
}

void PythonWriter::writeDuration(const QString& text)
{
    const std::optional<PythonTimeDelta> delta = parseTimeDelta(text);
    if (!delta)
        fail(QStringLiteral("\"%1\" is no duration").arg(text.left(100)));
    writeTimeDelta(m_builder, *delta);
}

void PythonWriter::writeUuid(const QString& text)
{
    const QUuid uuid(text);
    if (uuid.isNull() && text.count(QLatin1Char('0')) < 32)
        fail(QStringLiteral("\"%1\" is no UUID").arg(text.left(100)));
    m_builder.global("uuid", "UUID");
    m_builder.tuple(0);
    m_builder.newObject();
    m_builder.emptyDict();
    m_builder.mark();
    m_builder.utf8("int");
    m_builder.integer(decimalOf(uuid));
    m_builder.setFromMark();
    m_builder.build();
}

void PythonWriter::writeDecimal(const Json& value)
{
    QByteArray text = value.is_string() ? bytesOf(value) : QByteArray();
    if (value.is_number_float())
        text = pythonFloatText(value.get<double>());
    else if (value.is_number())
        text = QByteArray::fromStdString(value.dump());
    m_builder.global("decimal", "Decimal");
    m_builder.utf8(text);
    m_builder.tuple(1);
    m_builder.reduce();
}

void PythonWriter::writePlain(const Json& value)
{
    switch (value.type()) {
    case Json::value_t::object:
        writeDict(value, nullptr, nullptr, {});
        break;
    case Json::value_t::array:
        writeItems(value, PickleKind::List, nullptr, {});
        break;
    case Json::value_t::string:
        m_builder.utf8(QByteArrayView(value.get_ref<const std::string&>()));
        break;
    case Json::value_t::boolean:
        m_builder.boolean(value.get<bool>());
        break;
    case Json::value_t::number_integer:
        m_builder.integer(value.get<qint64>());
        break;
    case Json::value_t::number_unsigned:
        m_builder.integer(QString::number(value.get<quint64>()));
        break;
    case Json::value_t::number_float:
        m_builder.real(value.get<double>());
        break;
    default:
        m_builder.none();
    }
}

} // namespace llmcache
