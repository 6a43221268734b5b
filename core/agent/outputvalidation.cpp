#include "agent/outputvalidation.h"

#include "base/error.h"

// Without this valijson ends the process on a schema that it does not understand.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/utils/nlohmann_json_utils.hpp>
#include <valijson/validator.hpp>

#include <QSet>

namespace llmcache {

namespace {

using namespace Qt::StringLiterals;

/// valijson knows draft 7: `$defs` is `definitions` there, and a 2020-12 tuple has another name.
Json asDraft7(const Json& schema)
{
    if (schema.is_array()) {
        Json out = Json::array();
        for (const Json& item : schema)
            out.push_back(asDraft7(item));
        return out;
    }
    if (!schema.is_object())
        return schema;
    Json out = Json::object();
    for (const auto& member : schema.items()) {
        // Values here are data, not schemas.
        const bool data = member.key() == "enum" || member.key() == "const" || member.key() == "default"
            || member.key() == "examples";
        if (member.key() == "$defs")
            out["definitions"] = asDraft7(member.value());
        else if (member.key() == "prefixItems")
            out["items"] = asDraft7(member.value());
        else if (member.key() == "$ref" && member.value().is_string())
            out["$ref"] = toUtf8(toQString(member.value().get_ref<const std::string&>())
                                     .replace(QStringLiteral("#/$defs/"), QStringLiteral("#/definitions/")));
        else if (member.key() == "$schema" || member.key() == "discriminator")
            continue;
        else
            out[member.key()] = data ? member.value() : asDraft7(member.value());
    }
    return out;
}

nlohmann::json plain(const Json& value)
{
    return nlohmann::json::parse(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// A remote $ref is never fetched.
const nlohmann::json* refuseRemote(const std::string& uri)
{
    throw ConfigurationError(QStringLiteral("The schema refers to %1, outside itself.").arg(toQString(uri)),
        QStringLiteral("Put the definition under $defs."));
}
void releaseNothing(const nlohmann::json*) { }

/// `what`: how an error names the schema.
void populate(const nlohmann::json& document, valijson::Schema& schema,
    const QString& what = QStringLiteral("The output schema"))
{
    const valijson::adapters::NlohmannJsonAdapter adapter(document);
    valijson::SchemaParser parser;
    try {
        parser.populateSchema(adapter, schema, refuseRemote, releaseNothing);
    } catch (const Error& error) {
        throw ConfigurationError(QStringLiteral("%1: %2").arg(what, error.message()), error.remedy());
    } catch (const std::exception& error) {
        throw ConfigurationError(
            QStringLiteral("%1 can't be used: %2.").arg(what, QString::fromUtf8(error.what())),
            QStringLiteral("Correct the JSON Schema of the agent."));
    }
}

QString pointer(const std::vector<std::string>& path)
{
    QString text;
    // valijson starts every path with "<root>" and writes members as "[name]".
    for (std::size_t index = 1; index < path.size(); ++index) {
        QString part = toQString(path[index]);
        if (part.startsWith(QLatin1Char('[')) && part.endsWith(QLatin1Char(']')))
            part = part.mid(1, part.size() - 2);
        part.replace(QLatin1Char('~'), QLatin1String("~0")).replace(QLatin1Char('/'), QLatin1String("~1"));
        text += QLatin1Char('/') + part;
    }
    return text.isEmpty() ? QStringLiteral("/") : text;
}

QStringList violationsOf(const valijson::Schema& schema, const nlohmann::json& value)
{
    const valijson::adapters::NlohmannJsonAdapter adapter(value);
    valijson::Validator validator(valijson::Validator::kStrongTypes);
    valijson::ValidationResults results;
    QStringList violations;
    if (validator.validate(schema, adapter, &results))
        return violations;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
        const QString line = pointer(error.context) + QStringLiteral(": ") + toQString(error.description);
        if (!violations.contains(line))
            violations.append(line);
    }
    return violations;
}

const Json* resolve(const Json& root, const Json& schema)
{
    const Json* current = &schema;
    for (int hops = 0; hops < 32; ++hops) {
        const QString reference = stringMember(*current, "$ref");
        if (reference.isEmpty())
            return current;
        if (!reference.startsWith(QLatin1String("#/")))
            return nullptr;
        const Json* target = &root;
        const auto parts = reference.mid(2).split(QLatin1Char('/'));
        for (QString part : parts) {
            part.replace(QLatin1String("~1"), QLatin1String("/"))
                .replace(QLatin1String("~0"), QLatin1String("~"));
            target = findMember(*target, toUtf8(part).c_str());
            if (!target)
                return nullptr;
        }
        current = target;
    }
    return nullptr;
}

bool allowsType(const Json& schema, const char* type)
{
    const Json* member = findMember(schema, "type");
    if (!member)
        return false;
    if (member->is_array())
        return std::find(member->begin(), member->end(), Json(type)) != member->end();
    return *member == type;
}

/// The lax conversions that Pydantic's default mode makes between JSON types: "14" → 14, 14.0 → 14,
/// "true" → true, 1 → true.
Json coerceScalar(const Json& schema, const Json& value)
{
    const bool wantsText = allowsType(schema, "string");
    if (value.is_string() && !wantsText) {
        const QString text = toQString(value.get_ref<const std::string&>()).trimmed();
        bool ok = false;
        if (allowsType(schema, "integer") || allowsType(schema, "number")) {
            const qint64 integer = text.toLongLong(&ok);
            if (ok)
                return integer;
            const double number = text.toDouble(&ok);
            if (ok && (allowsType(schema, "number") || std::trunc(number) == number))
                return allowsType(schema, "number") ? Json(number) : Json(static_cast<qint64>(number));
        }
        if (allowsType(schema, "boolean")) {
            static const QSet<QString> yes{u"1"_s, u"on"_s, u"t"_s, u"true"_s, u"y"_s, u"yes"_s};
            static const QSet<QString> no{u"0"_s, u"off"_s, u"f"_s, u"false"_s, u"n"_s, u"no"_s};
            if (yes.contains(text.toLower()))
                return true;
            if (no.contains(text.toLower()))
                return false;
        }
    }
    if (value.is_number_float() && allowsType(schema, "integer") && !allowsType(schema, "number")) {
        const double number = value.get<double>();
        if (std::trunc(number) == number && std::fabs(number) < 9e15)
            return static_cast<qint64>(number);
    }
    if (value.is_number() && allowsType(schema, "boolean") && !allowsType(schema, "integer")
        && !allowsType(schema, "number")) {
        if (value == Json(0) || value == Json(1))
            return value == Json(1);
    }
    return value;
}

Json coerce(const Json& root, const Json& schemaOrReference, const Json& value, int depth)
{
    constexpr int deepest = 128;
    const Json* schema = resolve(root, schemaOrReference);
    if (!schema || depth > deepest)
        return value;
    for (const char* alternatives : {"anyOf", "oneOf"}) {
        const Json* list = findMember(*schema, alternatives);
        if (!list || !list->is_array() || list->empty())
            continue;
        // A union that already takes the value leaves it alone; else the first branch that can be made to
        // fit.
        for (const bool strict : {true, false}) {
            for (const Json& branch : *list) {
                Json wrapped = Json::object();
                wrapped["allOf"] = Json::array({branch});
                for (const char* definitions : {"$defs", "definitions"}) {
                    if (const Json* found = findMember(root, definitions))
                        wrapped[definitions] = *found;
                }
                valijson::Schema parsed;
                const nlohmann::json document = plain(asDraft7(wrapped));
                populate(document, parsed);
                const Json candidate = strict ? value : coerce(root, branch, value, depth + 1);
                if (violationsOf(parsed, plain(candidate)).isEmpty())
                    return candidate;
            }
        }
        return value;
    }
    if (value.is_object()) {
        Json out = value;
        const Json* properties = findMember(*schema, "properties");
        const Json* additional = findMember(*schema, "additionalProperties");
        for (auto& member : out.items()) {
            const Json* known = properties ? findMember(*properties, member.key().c_str()) : nullptr;
            if (known)
                member.value() = coerce(root, *known, member.value(), depth + 1);
            else if (additional && additional->is_object())
                member.value() = coerce(root, *additional, member.value(), depth + 1);
        }
        return out;
    }
    if (value.is_array()) {
        Json out = value;
        const Json* prefix = findMember(*schema, "prefixItems");
        const Json* items = findMember(*schema, "items");
        for (std::size_t index = 0; index < out.size(); ++index) {
            if (prefix && prefix->is_array() && index < prefix->size())
                out[index] = coerce(root, (*prefix)[index], out[index], depth + 1);
            else if (items && items->is_object())
                out[index] = coerce(root, *items, out[index], depth + 1);
        }
        return out;
    }
    return coerceScalar(*schema, value);
}

} // namespace

Validation validateOutput(const Json& schema, const Json& value)
{
    // The parsed schema refers into the document.
    const nlohmann::json document = plain(asDraft7(schema));
    valijson::Schema parsed;
    populate(document, parsed);
    Validation result;
    result.value = value;
    result.violations = violationsOf(parsed, plain(value));
    if (result.valid())
        return result;
    Json coerced = coerce(schema, schema, value, 0);
    if (QStringList left = violationsOf(parsed, plain(coerced)); left.isEmpty()) {
        result.value = std::move(coerced);
        result.violations.clear();
    }
    return result;
}

void checkSchema(const Json& schema, const QString& what)
{
    if (!schema.is_object())
        throw ConfigurationError(QStringLiteral("%1 is no JSON Schema object.").arg(what));
    const nlohmann::json document = plain(asDraft7(schema));
    valijson::Schema parsed;
    populate(document, parsed, what);
}

} // namespace llmcache
