#include "interop/pythonwrite.h"

#include "base/error.h"
#include "interop/picklemoments_p.h"
#include "interop/pickleviews.h"
#include "interop/picklewriter.h"
#include "interop/pythondump.h"

#include <QUuid>

#include <algorithm>
#include <charconv>

namespace llmcache {

namespace {

using Examples = std::vector<PickleValue>;

/// Of a list only so many are looked at: the others are most likely alike.
constexpr qsizetype mostExamples = 32;

QByteArray bytesOf(const Json& text)
{
    return QByteArray::fromStdString(text.get_ref<const std::string&>());
}

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

/// Whether JSON of such a value may have come from such an object.
bool mayBe(const Json& json, const PickleValue& example)
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

class Writer {
public:
    Writer(PickleBuilder& builder, const PythonOutputType& type)
        : m_builder(builder)
        , m_type(type)
    {
        const qsizetype dot = type.classPath.lastIndexOf(QLatin1Char('.'));
        m_module = type.classPath.left(std::max<qsizetype>(dot, 0)).toUtf8();
        m_rootClass = type.classPath.mid(dot + 1).toUtf8();
    }

    void writeRoot(const Json& output)
    {
        const Json* schema = m_type.schema.is_object() ? &m_type.schema : nullptr;
        Examples examples;
        for (const PickleValue& example : m_type.examples) {
            if (m_type.classPath.isEmpty() || example.classPath() == m_type.classPath)
                examples.push_back(example);
        }
        if (!m_type.classPath.isEmpty() && (m_module.isEmpty() || m_rootClass.isEmpty()))
            fail(QStringLiteral("\"%1\" is no class").arg(m_type.classPath),
                QStringLiteral("Write its module and its name, such as app.models.UserProfile."));
        if (m_type.classPath.isEmpty() || !examples.empty()) {
            write(output, m_type.classPath.isEmpty() ? nullptr : schema, examples);
            return;
        }
        if (const Json* root = schema ? resolved(schema).schema : nullptr)
            schema = root;
        writeModel(output, m_rootClass, schema, {});
    }

private:
    struct Resolved {
        const Json* schema = nullptr;
        QByteArray name; ///< of the definition, which is that of the class
    };

    [[noreturn]] void fail(const QString& reason, const QString& remedy = {}) const
    {
        QString place;
        for (const QString& part : m_way)
            place += QLatin1Char('/') + part;
        throw ConfigurationError(
            QStringLiteral("The answer can't be written for Python at \"%1\": %2.").arg(place, reason),
            remedy);
    }

    Resolved resolved(const Json* schema) const
    {
        static constexpr std::string_view prefix("#/$defs/");
        Resolved result{schema, {}};
        for (int steps = 0; steps < 16 && result.schema; ++steps) {
            const std::string reference = toUtf8(stringMember(*result.schema, "$ref"));
            if (!reference.starts_with(prefix))
                return result;
            const std::string name = reference.substr(prefix.size());
            const Json* definitions = findMember(m_type.schema, "$defs");
            result.schema = definitions ? findMember(*definitions, name.c_str()) : nullptr;
            result.name = QByteArray::fromStdString(name);
        }
        return {};
    }

    static bool allows(const Json& schema, const Json& value)
    {
        const QString type = stringMember(schema, "type");
        if (const Json* members = findMember(schema, "enum"))
            return std::find(members->begin(), members->end(), value) != members->end();
        if (const Json* only = findMember(schema, "const"))
            return *only == value;
        if (type.isEmpty())
            return true;
        if (value.is_object())
            return type == QLatin1String("object");
        if (value.is_array())
            return type == QLatin1String("array");
        if (value.is_string())
            return type == QLatin1String("string");
        if (value.is_boolean())
            return type == QLatin1String("boolean");
        if (value.is_number_integer())
            return type == QLatin1String("integer") || type == QLatin1String("number");
        if (value.is_number())
            return type == QLatin1String("number");
        return type == QLatin1String("null");
    }
    /// Whether all that a branch requires is there, and of what is told apart by a constant, that one.
    static bool fits(const Json& schema, const Json& value)
    {
        if (!allows(schema, value))
            return false;
        if (!value.is_object())
            return true;
        if (const Json* required = findMember(schema, "required")) {
            for (const Json& name : *required) {
                if (name.is_string() && !value.contains(name.get_ref<const std::string&>()))
                    return false;
            }
        }
        const Json* properties = findMember(schema, "properties");
        if (!properties || !properties->is_object())
            return true;
        for (auto property = properties->begin(); property != properties->end(); ++property) {
            const Json* only = findMember(property.value(), "const");
            const auto given = value.find(property.key());
            if (only && given != value.end() && *given != *only)
                return false;
        }
        return true;
    }

    static bool isDecimal(const Json& branches)
    {
        if (!branches.is_array())
            return false;
        bool hasNumber = false;
        bool hasText = false;
        for (const Json& branch : branches) {
            const QString type = stringMember(branch, "type");
            hasNumber = hasNumber || type == QLatin1String("number");
            hasText = hasText || (type == QLatin1String("string") && !branch.contains("format"));
            if (type != QLatin1String("number") && type != QLatin1String("string")
                && type != QLatin1String("null"))
                return false;
        }
        return hasNumber && hasText;
    }

    void write(const Json& value, const Json* schema, const Examples& examples)
    {
        if (m_way.size() > storableDepth)
            fail(QStringLiteral("it is nested too deeply"));
        if (value.is_null()) {
            m_builder.none();
            return;
        }
        const Resolved type = resolved(schema);
        const auto example = std::find_if(examples.begin(), examples.end(),
            [&value](const PickleValue& candidate) { return mayBe(value, candidate); });
        if (example != examples.end()) {
            writeLike(value, bestFor(value, *example, examples), type.schema, examples);
            return;
        }
        if (!type.schema) {
            writePlain(value);
            return;
        }
        for (const char* keyword : {"anyOf", "oneOf"}) {
            const Json* branches = findMember(*type.schema, keyword);
            if (!branches || !branches->is_array())
                continue;
            if (isDecimal(*branches)) {
                writeDecimal(value);
                return;
            }
            for (const Json& branch : *branches) {
                const Resolved option = resolved(&branch);
                if (option.schema && fits(*option.schema, value)) {
                    write(value, &branch, {});
                    return;
                }
            }
        }
        if (const Json* all = findMember(*type.schema, "allOf"); all && all->is_array() && all->size() == 1) {
            write(value, &all->front(), {});
            return;
        }
        if (type.name.isEmpty())
            writeTyped(value, *type.schema);
        else
            writeClass(value, type);
    }

    /// Among objects, one that has fields for all that is there.
    static PickleValue bestFor(const Json& value, const PickleValue& first, const Examples& examples)
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
                        return field.key.is(PickleKind::Str)
                            && field.key.utf8() == QByteArrayView(member.key());
                    });
                });
            if (hasAll)
                return example;
        }
        return first;
    }

    // As the schema has it

    void writeClass(const Json& value, const Resolved& type)
    {
        const bool isEnum = type.schema->contains("enum") || type.schema->contains("const");
        if (!isEnum) {
            writeModel(value, type.name, type.schema, {});
            return;
        }
        if (!allows(*type.schema, value))
            fail(QStringLiteral("%1 is no member of %2")
                     .arg(QString::fromUtf8(toJsonText(value)), QString::fromUtf8(type.name)));
        m_builder.global(m_module, type.name);
        writePlain(value);
        m_builder.tuple(1);
        m_builder.reduce();
    }

    void writeTyped(const Json& value, const Json& schema)
    {
        const QString type = stringMember(schema, "type");
        if (value.is_string()) {
            writeFormatted(value, stringMember(schema, "format"), schema);
        } else if (value.is_number_integer() && type == QLatin1String("number")) {
            m_builder.real(value.get<double>());
        } else if (value.is_array()) {
            writeArray(value, schema);
        } else if (value.is_object()) {
            const Json* values = findMember(schema, "additionalProperties");
            const Json* keys = findMember(schema, "propertyNames");
            writeDict(value, values && values->is_object() ? values : nullptr, keys, {});
        } else {
            writePlain(value);
        }
    }

    void writeFormatted(const Json& value, const QString& format, const Json& schema)
    {
        const QString text = toQString(value.get_ref<const std::string&>());
        if (format == QLatin1String("date-time"))
            writeMoment(text, "datetime", true);
        else if (format == QLatin1String("date"))
            writeMoment(text, "date", true);
        else if (format == QLatin1String("time"))
            writeMoment(text, "time", true);
        else if (format == QLatin1String("duration"))
            writeDuration(text);
        else if (format == QLatin1String("uuid"))
            writeUuid(text);
        else if (format == QLatin1String("binary"))
            m_builder.bytes(bytesOf(value));
        else if (format == QLatin1String("uri"))
            writeUrl(value, integerMember(schema, "maxLength") == 2083);
        else if (format == QLatin1String("path"))
            writeCall("pathlib", "PosixPath", value);
        else if (format == QLatin1String("ipv4"))
            writeCall("ipaddress", "IPv4Address", value);
        else if (format == QLatin1String("ipv6"))
            writeCall("ipaddress", "IPv6Address", value);
        else
            writePlain(value);
    }

    void writeCall(QByteArrayView module, QByteArrayView name, const Json& value)
    {
        m_builder.global(module, name);
        writePlain(value);
        m_builder.tuple(1);
        m_builder.reduce();
    }

    void writeUrl(const Json& value, bool isHttp)
    {
        m_builder.global("pydantic.networks", isHttp ? "HttpUrl" : "AnyUrl");
        m_builder.tuple(0);
        m_builder.newObject();
        m_builder.emptyDict();
        m_builder.mark();
        m_builder.utf8("_url");
        m_builder.global("pydantic_core._pydantic_core", "Url");
        writePlain(value);
        m_builder.tuple(1);
        m_builder.newObject();
        m_builder.setFromMark();
        m_builder.build();
    }

    void writeArray(const Json& value, const Json& schema)
    {
        const Json* fixed = findMember(schema, "prefixItems");
        const Json* items = findMember(schema, "items");
        if (fixed && fixed->is_array()) {
            m_builder.mark();
            for (std::size_t index = 0; index < value.size(); ++index)
                writeItem(value, index, index < fixed->size() ? &(*fixed)[index] : nullptr, {});
            m_builder.tupleFromMark();
            return;
        }
        const Json* unique = findMember(schema, "uniqueItems");
        const bool isSet = unique && unique->is_boolean() && unique->get<bool>();
        writeItems(value, isSet ? PickleKind::Set : PickleKind::List,
            items && items->is_object() ? items : nullptr, {});
    }

    // Parts

    void writeItem(const Json& array, std::size_t index, const Json* schema, const Examples& examples)
    {
        m_way << QString::number(index);
        write(array[index], schema, examples);
        m_way.removeLast();
    }

    void writeItems(const Json& array, PickleKind kind, const Json* schema, const Examples& examples)
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

    void writeDict(
        const Json& object, const Json* values, const Json* keys, const std::vector<PythonEntry>& examples)
    {
        m_builder.emptyDict();
        writeEntries(object, values, keys, examples);
    }
    void writeEntries(
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
    /// Keys are text in JSON, and may be numbers or dates in Python.
    void writeKey(const std::string& key, const Json* schema, const Examples& examples)
    {
        const Json text(key);
        const auto number = std::find_if(examples.begin(), examples.end(), [](const PickleValue& example) {
            return example.is(PickleKind::Int) || example.is(PickleKind::Float)
                || example.is(PickleKind::Bool);
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

    /// A model by its class in the module of the answer's class, and its schema.
    void writeModel(const Json& value, const QByteArray& name, const Json* schema, const Examples& privates)
    {
        m_builder.global(m_module, name);
        m_builder.tuple(0);
        m_builder.newObject();
        const Json* properties = schema ? findMember(*schema, "properties") : nullptr;
        if (!value.is_object()
            || (schema && !properties && stringMember(*schema, "type") != QLatin1String("object"))) {
            writeRootState([&] { writeRootValue(value, schema); });
            return;
        }
        m_builder.emptyDict();
        m_builder.mark();
        m_builder.utf8("__dict__");
        m_builder.emptyDict();
        m_builder.mark();
        QList<QByteArray> given;
        if (properties && properties->is_object()) {
            for (auto property = properties->begin(); property != properties->end(); ++property)
                writeProperty(value, property.key(), property.value(), *schema, given);
        } else {
            for (auto member = value.begin(); member != value.end(); ++member)
                writeField(member.key(), member.value(), nullptr, {}, given);
        }
        m_builder.setFromMark();
        const Json* more = schema ? findMember(*schema, "additionalProperties") : nullptr;
        const bool takesMore = more && (more->is_object() || (more->is_boolean() && more->get<bool>()));
        writeModelRest(value, given, takesMore, {}, privates.empty() ? PickleValue() : privates.front());
    }
    void writeRootValue(const Json& value, const Json* schema)
    {
        if (schema)
            writeTyped(value, *schema);
        else
            writePlain(value);
    }
    void writeProperty(const Json& object, const std::string& name, const Json& schema, const Json& owner,
        QList<QByteArray>& given)
    {
        if (const auto member = object.find(name); member != object.end()) {
            writeField(name, *member, &schema, {}, given);
            return;
        }
        const Json* required = findMember(owner, "required");
        if (required && std::find(required->begin(), required->end(), Json(name)) != required->end())
            fail(QStringLiteral("the field \"%1\" is missing").arg(toQString(name)));
        const Json* byDefault = findMember(schema, "default");
        QList<QByteArray> notGiven;
        writeField(name, byDefault ? *byDefault : Json(), &schema, {}, notGiven);
    }
    void writeField(const std::string& name, const Json& value, const Json* schema, const Examples& examples,
        QList<QByteArray>& given)
    {
        const QByteArray key = QByteArray::fromStdString(name);
        m_builder.utf8(key);
        m_way << toQString(name);
        write(value, schema, examples);
        m_way.removeLast();
        given << key;
    }
    void writeRootState(const std::function<void()>& writeRoot)
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
    void writeNames(const QList<QByteArray>& names)
    {
        m_builder.emptySet();
        m_builder.mark();
        for (const QByteArray& name : names)
            m_builder.utf8(name);
        m_builder.addFromMark();
    }
    /// Behind the fields: extra, fields set, private; and BUILD.
    void writeModelRest(const Json& value, QList<QByteArray> given, bool takesMore,
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

    // As another answer has it

    void writeLike(
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

    static QString textOf(const Json& value) { return toQString(value.get_ref<const std::string&>()); }

    void writeClassOf(const PickleValue& example)
    {
        const PickleValue made = example.classOf();
        m_builder.global(made.module(), made.qualifiedName());
        m_builder.tuple(0);
        m_builder.newObject();
    }
    /// An OrderedDict, defaultdict and so on, still empty.
    void writePartOf(const PickleValue& example)
    {
        m_builder.global(example.classOf().module(), example.classOf().qualifiedName());
        if (example.isOfClass("collections", "defaultdict"))
            writePart(m_builder, example.arguments());
        else
            m_builder.tuple(0);
        m_builder.reduce();
    }

    /// The examples of all that have such a field and are of the class.
    static Examples fieldsOf(const Examples& examples, const PickleValue& like, QByteArrayView name)
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

    void writeFieldsLike(const Json& value, const PickleValue& example, const Json* schema,
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

    void writeModelLike(
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

    void writeAttributesLike(const Json& value, const PickleValue& example, const Examples& examples)
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

    void writeRecordLike(const Json& value, const PickleValue& example)
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

    void writeListLike(const Json& value, const PickleValue& example, PickleKind kind, const Json* schema)
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
            items.begin()
                + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(items.size()), mostExamples));
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

    // Single values

    void writeMoment(const QString& text, QByteArrayView name, bool isPydantic)
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
    void writeDuration(const QString& text)
    {
        const std::optional<PythonTimeDelta> delta = parseTimeDelta(text);
        if (!delta)
            fail(QStringLiteral("\"%1\" is no duration").arg(text.left(100)));
        writeTimeDelta(m_builder, *delta);
    }
    void writeUuid(const QString& text)
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
    void writeDecimal(const Json& value)
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

    /// What JSON itself has.
    void writePlain(const Json& value)
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

    PickleBuilder& m_builder;
    const PythonOutputType& m_type;
    QByteArray m_module;
    QByteArray m_rootClass;
    QStringList m_way; ///< where in the answer, for errors
};

void writeUsage(PickleBuilder& builder, const Usage& usage)
{
    const auto count = [&builder](QByteArrayView name, qint64 number) {
        builder.utf8(name);
        builder.integer(number);
    };
    builder.emptyDict();
    builder.mark();
    count("input_tokens", usage.inputTokens);
    count("cache_write_tokens", usage.cacheWriteTokens);
    count("cache_read_tokens", usage.cacheReadTokens);
    count("output_tokens", usage.outputTokens);
    count("input_audio_tokens", usage.inputAudioTokens);
    count("cache_audio_read_tokens", usage.cacheReadAudioTokens);
    count("output_audio_tokens", usage.outputAudioTokens);
    builder.utf8("details");
    builder.emptyDict();
    if (usage.reasoningTokens > 0) {
        builder.mark();
        count("reasoning_tokens", usage.reasoningTokens);
        builder.setFromMark();
    }
    count("requests", std::max<qint64>(usage.requests, 1));
    count("tool_calls", 0);
    builder.setFromMark();
}

} // namespace

QByteArray writePythonResult(const PythonResultParts& parts)
{
    PickleBuilder builder;
    builder.global("pyai_caching.agent", "CachedResult");
    builder.tuple(0);
    builder.newObject();
    builder.emptyDict();
    builder.mark();
    builder.utf8("output");
    Writer(builder, parts.type).writeRoot(parts.output);
    builder.utf8("_usage");
    writeUsage(builder, parts.usage);
    builder.utf8("model");
    builder.text(parts.model);
    builder.utf8("cost");
    builder.real(parts.cost.toDouble());
    builder.setFromMark();
    builder.build();
    return builder.finish();
}

} // namespace llmcache
