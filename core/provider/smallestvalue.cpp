#include "provider/smallestvalue.h"

#include "base/error.h"

#include <algorithm>
#include <cmath>

namespace llmcache {

namespace {

constexpr int deepest = 96;
constexpr int mostValues = 100'000;

/// Thrown inside to try the next alternative.
struct TooDeep { };

class Builder {
public:
    Builder(const Json& root, int depthLimit)
        : m_root(root)
        , m_depthLimit(depthLimit)
    {
    }

    Json value(const Json& schema, int depth) const
    {
        if (depth > m_depthLimit || --m_valuesLeft < 0)
            throw TooDeep();
        if (!schema.is_object() || schema.empty())
            return schema == Json(false) ? throw TooDeep() : Json();
        if (const Json* constant = findMember(schema, "const"))
            return *constant;
        if (const Json* options = findMember(schema, "enum");
            options && options->is_array() && !options->empty())
            return options->front();
        if (const QString reference = stringMember(schema, "$ref"); !reference.isEmpty())
            return value(merged(target(reference), schema, "$ref"), depth + 1);
        if (const Json* all = findMember(schema, "allOf"); all && all->is_array()) {
            Json whole = Json::object();
            for (const Json& part : *all) {
                const QString partReference = stringMember(part, "$ref");
                whole =
                    merged(std::move(whole), partReference.isEmpty() ? part : target(partReference), nullptr);
            }
            whole = merged(std::move(whole), schema, "allOf");
            return value(whole, depth + 1);
        }
        for (const char* key : {"anyOf", "oneOf"}) {
            if (const Json* options = findMember(schema, key);
                options && options->is_array() && !options->empty())
                return firstThatEnds(*options, schema, key, depth);
        }
        return typed(schema, depth);
    }

private:
    Json target(const QString& reference) const
    {
        if (reference == QLatin1String("#"))
            return m_root;
        if (reference.startsWith(QLatin1String("#/"))) {
            try {
                return m_root.at(Json::json_pointer(toUtf8(reference.mid(1))));
            } catch (const Json::exception&) {
            }
        }
        throw ConfigurationError(
            QStringLiteral("The schema refers to \"%1\", which it does not define.").arg(reference),
            QStringLiteral("Define it under $defs."));
    }

    /// `base` with the members of `over`, except `without`; properties and required are united.
    static Json merged(Json base, const Json& over, const char* without)
    {
        if (!base.is_object())
            return over;
        for (const auto& [key, value] : over.items()) {
            if (without && key == without)
                continue;
            if (key == "properties" && base.contains(key) && base[key].is_object() && value.is_object()) {
                for (const auto& [name, property] : value.items())
                    base[key][name] = property;
            } else if (key == "required" && base.contains(key) && base[key].is_array() && value.is_array()) {
                for (const Json& name : value)
                    base[key].push_back(name);
            } else {
                base[key] = value;
            }
        }
        return base;
    }

    Json firstThatEnds(const Json& options, const Json& schema, const char* key, int depth) const
    {
        for (const Json& option : options) {
            try {
                return value(merged(option, schema, key), depth + 1);
            } catch (const TooDeep&) {
            }
        }
        throw TooDeep();
    }

    Json typed(const Json& schema, int depth) const
    {
        const QString type = typeOf(schema);
        if (type == QLatin1String("object"))
            return object(schema, depth);
        if (type == QLatin1String("array"))
            return array(schema, depth);
        if (type == QLatin1String("string"))
            return string(schema);
        if (type == QLatin1String("integer"))
            return integer(schema);
        if (type == QLatin1String("number"))
            return number(schema);
        if (type == QLatin1String("boolean"))
            return false;
        return nullptr;
    }

    static QString typeOf(const Json& schema)
    {
        const Json* type = findMember(schema, "type");
        if (type && type->is_array() && !type->empty() && type->front().is_string())
            return toQString(type->front().get<std::string>());
        if (type && type->is_string())
            return toQString(type->get<std::string>());
        if (schema.contains("properties") || schema.contains("required"))
            return QStringLiteral("object");
        if (schema.contains("items") || schema.contains("minItems"))
            return QStringLiteral("array");
        if (schema.contains("minLength") || schema.contains("format") || schema.contains("pattern"))
            return QStringLiteral("string");
        if (schema.contains("minimum") || schema.contains("maximum"))
            return QStringLiteral("number");
        return {};
    }

    Json object(const Json& schema, int depth) const
    {
        Json result = Json::object();
        const Json* required = findMember(schema, "required");
        const Json* properties = findMember(schema, "properties");
        if (!required || !required->is_array())
            return result;
        // In the order of the properties, as a model would write them.
        if (properties && properties->is_object()) {
            for (const auto& [name, property] : properties->items()) {
                if (std::find(required->begin(), required->end(), Json(name)) != required->end())
                    result[name] = value(property, depth + 1);
            }
        }
        const Json* additional = findMember(schema, "additionalProperties");
        for (const Json& name : *required) {
            if (name.is_string() && !result.contains(name.get<std::string>()))
                result[name.get<std::string>()] = additional ? value(*additional, depth + 1) : Json();
        }
        return result;
    }

    Json array(const Json& schema, int depth) const
    {
        Json result = Json::array();
        const Json* prefix = findMember(schema, "prefixItems");
        const Json* items = findMember(schema, "items");
        const qint64 least = std::clamp<qint64>(integerMember(schema, "minItems"), 0, 1000);
        const bool distinct = findMember(schema, "uniqueItems") && schema["uniqueItems"] == Json(true);
        for (qint64 i = 0; i < least; ++i) {
            const auto index = static_cast<std::size_t>(i);
            const bool fixed = prefix && prefix->is_array() && index < prefix->size();
            const Json any = Json::object();
            const Json& item = fixed ? (*prefix)[index] : (items ? *items : any);
            result.push_back(distinct && !fixed ? variant(item, index, depth) : value(item, depth + 1));
        }
        return result;
    }

    /// The `index`-th of several different values.
    Json variant(const Json& schema, std::size_t index, int depth) const
    {
        if (const Json* options = findMember(schema, "enum"); options && index < options->size())
            return (*options)[index];
        Json result = value(schema, depth + 1);
        if (result.is_string())
            return result.get<std::string>() + std::to_string(index);
        if (result.is_number_integer())
            return result.get<qint64>() + static_cast<qint64>(index);
        return result;
    }

    static Json string(const Json& schema)
    {
        const QString format = stringMember(schema, "format");
        static const std::pair<const char*, const char*> samples[] = {{"date-time", "2026-01-01T00:00:00Z"},
            {"date", "2026-01-01"}, {"time", "00:00:00Z"}, {"duration", "PT0S"},
            {"email", "someone@example.com"}, {"idn-email", "someone@example.com"},
            {"uri", "https://example.com/"}, {"url", "https://example.com/"}, {"uri-reference", "/"},
            {"iri", "https://example.com/"}, {"hostname", "example.com"}, {"ipv4", "192.0.2.1"},
            {"ipv6", "2001:db8::1"}, {"uuid", "00000000-0000-4000-8000-000000000000"}, {"json-pointer", ""},
            {"regex", "."}, {"binary", ""}, {"byte", ""}, {"decimal", "0"}};
        std::string text;
        for (const auto& [name, sample] : samples) {
            if (format == QLatin1String(name))
                text = sample;
        }
        const auto least =
            static_cast<std::size_t>(std::clamp<qint64>(integerMember(schema, "minLength"), 0, 100'000));
        if (text.size() < least)
            text.append(least - text.size(), 'a');
        return text;
    }

    static Json integer(const Json& schema)
    {
        const double step = std::max(1.0, numberOf(schema, "multipleOf").value_or(1.0));
        double least = numberOf(schema, "minimum").value_or(-HUGE_VAL);
        if (const auto above = numberOf(schema, "exclusiveMinimum"))
            least = std::max(least, std::floor(*above) + 1);
        double most = numberOf(schema, "maximum").value_or(HUGE_VAL);
        if (const auto below = numberOf(schema, "exclusiveMaximum"))
            most = std::min(most, std::ceil(*below) - 1);
        double result = 0;
        if (least > 0)
            result = std::ceil(least / step) * step;
        else if (most < 0)
            result = std::floor(most / step) * step;
        return static_cast<qint64>(std::clamp(result, -9e18, 9e18));
    }

    static Json number(const Json& schema)
    {
        const auto minimum = numberOf(schema, "minimum");
        const auto maximum = numberOf(schema, "maximum");
        const auto above = numberOf(schema, "exclusiveMinimum");
        const auto below = numberOf(schema, "exclusiveMaximum");
        const double low = std::max(minimum.value_or(-HUGE_VAL), above.value_or(-HUGE_VAL));
        const double high = std::min(maximum.value_or(HUGE_VAL), below.value_or(HUGE_VAL));
        const bool zeroFits = (low < 0 || (low == 0 && low != above.value_or(-1)))
            && (high > 0 || (high == 0 && high != below.value_or(1)));
        if (zeroFits)
            return 0.0;
        if (low >= 0) {
            if (low != above.value_or(-1))
                return low;
            return high - low > 1 ? low + 1 : (low + high) / 2;
        }
        if (high != below.value_or(1))
            return high;
        return high - low > 1 ? high - 1 : (low + high) / 2;
    }

    static std::optional<double> numberOf(const Json& schema, const char* key)
    {
        const Json* member = findMember(schema, key);
        return member && member->is_number() ? std::optional(member->get<double>()) : std::nullopt;
    }

    const Json& m_root;
    const int m_depthLimit;
    mutable int m_valuesLeft = mostValues;
};

} // namespace

Json smallestValue(const Json& schema)
{
    // Shallow values first: a recursive alternative would otherwise be followed to the end.
    for (int limit = 6; limit <= deepest; limit += 6) {
        try {
            return Builder(schema, limit).value(schema, 0);
        } catch (const TooDeep&) {
        }
    }
    throw ConfigurationError(QStringLiteral("The schema can only be met by an endless value."),
        QStringLiteral("Make one of its recursive properties optional."));
}

} // namespace llmcache
