#include "interop/pythonwriter_p.h"

#include <algorithm>

namespace llmcache {

PythonWriter::Resolved PythonWriter::resolved(const Json* schema) const
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

bool PythonWriter::allows(const Json& schema, const Json& value)
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

bool PythonWriter::fits(const Json& schema, const Json& value)
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

bool PythonWriter::isDecimal(const Json& branches)
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

void PythonWriter::writeClass(const Json& value, const Resolved& type)
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

void PythonWriter::writeTyped(const Json& value, const Json& schema)
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

void PythonWriter::writeFormatted(const Json& value, const QString& format, const Json& schema)
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

void PythonWriter::writeCall(QByteArrayView module, QByteArrayView name, const Json& value)
{
    m_builder.global(module, name);
    writePlain(value);
    m_builder.tuple(1);
    m_builder.reduce();
}

void PythonWriter::writeUrl(const Json& value, bool isHttp)
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

void PythonWriter::writeArray(const Json& value, const Json& schema)
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
    writeItems(
        value, isSet ? PickleKind::Set : PickleKind::List, items && items->is_object() ? items : nullptr, {});
}

void PythonWriter::writeModel(
    const Json& value, const QByteArray& name, const Json* schema, const Examples& privates)
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

void PythonWriter::writeRootValue(const Json& value, const Json* schema)
{
    if (schema)
        writeTyped(value, *schema);
    else
        writePlain(value);
}

void PythonWriter::writeProperty(const Json& object, const std::string& name, const Json& schema,
    const Json& owner, QList<QByteArray>& given)
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

} // namespace llmcache
