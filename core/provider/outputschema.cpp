#include "provider/outputschema.h"

#include "provider/replyjson.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <functional>

namespace llmcache {

namespace {

constexpr const char* wrapperKey = "response";

bool isObjectSchema(const Json& schema)
{
    return stringMember(schema, "type") == QLatin1String("object")
        || (!schema.contains("type") && schema.contains("properties"));
}

/// Puts what a `$ref` at the root points to in its place; recursive models have such a root.
Json withRootResolved(Json schema)
{
    for (int depth = 0; depth < 8; ++depth) {
        const QString reference = stringMember(schema, "$ref");
        if (!reference.startsWith(QLatin1String("#/")))
            break;
        Json target;
        try {
            target = schema.at(Json::json_pointer(toUtf8(reference.mid(1))));
        } catch (const Json::exception&) {
            break;
        }
        if (!target.is_object())
            break;
        schema.erase("$ref");
        for (const auto& [key, value] : schema.items()) {
            if (!target.contains(key))
                target[key] = value;
        }
        schema = std::move(target);
    }
    return schema;
}

void eachSubschema(Json& schema, const std::function<void(Json&)>& visit)
{
    if (!schema.is_object())
        return;
    visit(schema);
    for (const char* key : {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}) {
        if (const auto it = schema.find(key); it != schema.end() && it->is_object()) {
            for (auto& [name, value] : it->items())
                eachSubschema(value, visit);
        }
    }
    for (const char* key : {"items", "additionalProperties", "not", "if", "then", "else", "contains",
             "propertyNames", "anyOf", "oneOf", "allOf", "prefixItems"}) {
        const auto it = schema.find(key);
        if (it == schema.end())
            continue;
        if (it->is_array()) {
            for (Json& value : *it)
                eachSubschema(value, visit);
        } else {
            eachSubschema(*it, visit);
        }
    }
}

QString cleanName(const QString& name)
{
    QString clean;
    for (const QChar c : name) {
        const bool plain = c.unicode() < 128 && (c.isLetterOrNumber() || c == u'_' || c == u'-');
        clean += plain ? c : QChar(u'_');
    }
    return clean.isEmpty() ? QStringLiteral("answer") : clean.left(64);
}

} // namespace

WireOutput wireOutput(const OutputType& output, OutputMode mode)
{
    WireOutput wire;
    if (output.isText())
        return wire;
    wire.mode = mode;
    wire.schema = output.schema.is_object() ? withRootResolved(output.schema) : output.schema;
    wire.description =
        output.description.isEmpty() ? stringMember(output.schema, "description") : output.description;
    wire.name = cleanName(output.name.isEmpty() ? stringMember(output.schema, "title") : output.name);
    if (!wire.schema.is_object() || !isObjectSchema(wire.schema)) {
        Json inner = std::move(wire.schema);
        Json outer = {{"type", "object"}};
        // References are absolute, so definitions must stay at the root.
        for (const char* key : {"$defs", "definitions"}) {
            if (inner.is_object() && inner.contains(key)) {
                outer[key] = inner[key];
                inner.erase(key);
            }
        }
        outer["properties"] = Json::object();
        outer["properties"][wrapperKey] = std::move(inner);
        outer["required"] = Json::array({wrapperKey});
        outer["additionalProperties"] = false;
        wire.schema = std::move(outer);
        wire.wrapped = true;
    } else if (!wire.schema.contains("type")) {
        wire.schema["type"] = "object";
    }
    return wire;
}

bool fitsStrictMode(const Json& schema)
{
    static const QStringList known{QStringLiteral("type"), QStringLiteral("properties"),
        QStringLiteral("required"), QStringLiteral("additionalProperties"), QStringLiteral("items"),
        QStringLiteral("enum"), QStringLiteral("const"), QStringLiteral("anyOf"), QStringLiteral("$ref"),
        QStringLiteral("$defs"), QStringLiteral("description"), QStringLiteral("title")};
    bool fits = schema.is_object();
    Json copy = schema;
    eachSubschema(copy, [&](Json& part) {
        for (const auto& [key, value] : part.items())
            fits = fits && known.contains(toQString(key));
        // References stand alone there, and lists say what they hold.
        fits = fits && !(part.contains("$ref") && part.size() > 1)
            && !(stringMember(part, "type") == QLatin1String("array") && !part.contains("items"));
        if (!isObjectSchema(part))
            return;
        const Json* additional = findMember(part, "additionalProperties");
        const Json* properties = findMember(part, "properties");
        const Json* required = findMember(part, "required");
        fits = fits && (!additional || *additional == Json(false)) && properties && properties->is_object()
            && required && required->is_array() && required->size() == properties->size();
    });
    return fits;
}

Json strictSchema(Json schema)
{
    eachSubschema(schema, [](Json& part) {
        part.erase("title");
        part.erase("default");
    });
    return closedSchema(std::move(schema));
}

Json closedSchema(Json schema)
{
    eachSubschema(schema, [](Json& part) {
        if (isObjectSchema(part) && !part.contains("additionalProperties"))
            part["additionalProperties"] = false;
    });
    return schema;
}

Json withoutKeywords(Json schema, const QStringList& keywords)
{
    eachSubschema(schema, [&](Json& part) {
        for (const QString& keyword : keywords)
            part.erase(toUtf8(keyword));
    });
    return schema;
}

Json constAsEnum(Json schema)
{
    eachSubschema(schema, [](Json& part) {
        if (const auto it = part.find("const"); it != part.end()) {
            Json value = *it;
            part.erase("const");
            part["enum"] = Json::array({std::move(value)});
        }
    });
    return schema;
}

QString promptedInstruction(const WireOutput& output)
{
    return QStringLiteral("Reply with a single JSON object and nothing around it: no explanation, no code "
                          "fence. The object has to be valid under this JSON Schema:\n\n%1")
        .arg(QString::fromUtf8(toJsonText(output.schema)));
}

std::optional<Json> jsonInText(const QString& text)
{
    const QString trimmed = text.trimmed();
    if (trimmed.isEmpty())
        return std::nullopt;
    if (auto value = readJson(trimmed.toUtf8()))
        return value;
    static const QRegularExpression fence(
        QStringLiteral("```[A-Za-z]*\\s*\\n(.*?)```"), QRegularExpression::DotMatchesEverythingOption);
    if (const auto match = fence.match(trimmed); match.hasMatch()) {
        if (auto value = readJson(match.captured(1).trimmed().toUtf8()))
            return value;
    }
    const auto first = trimmed.indexOf(QLatin1Char('{'));
    const auto last = trimmed.lastIndexOf(QLatin1Char('}'));
    if (first >= 0 && last > first)
        return readJson(trimmed.mid(first, last - first + 1).toUtf8());
    return std::nullopt;
}

Json unwrapped(const WireOutput& output, Json value)
{
    if (output.wrapped && value.is_object() && value.size() == 1 && value.contains(wrapperKey))
        return Json(std::move(value[wrapperKey]));
    return value;
}

} // namespace llmcache
