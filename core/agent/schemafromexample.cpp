#include "agent/schemafromexample.h"

#include <algorithm>

namespace llmcache {

namespace {

Json typed(const char* type)
{
    Json schema = Json::object();
    schema["type"] = type;
    return schema;
}

/// A schema that fits what either of two fits.
Json merged(const Json& left, const Json& right)
{
    if (left == right)
        return left;
    // What fits anything stays so.
    if (left.empty() || right.empty())
        return Json::object();
    const QString one = stringMember(left, "type");
    const QString other = stringMember(right, "type");
    if (one == QLatin1String("object") && other == one) {
        Json schema = typed("object");
        schema["properties"] = left["properties"];
        Json required = Json::array();
        for (const auto& [key, property] : right["properties"].items()) {
            Json& mine = schema["properties"][key];
            mine = mine.is_null() ? property : merged(mine, property);
        }
        for (const Json& key : left["required"]) {
            const auto& others = right["required"];
            if (std::find(others.begin(), others.end(), key) != others.end())
                required.push_back(key);
        }
        schema["required"] = std::move(required);
        return schema;
    }
    if (one == QLatin1String("array") && other == one) {
        Json schema = typed("array");
        const Json nothing = Json::object();
        schema["items"] = merged(left.value("items", nothing), right.value("items", nothing));
        return schema;
    }
    const bool bothNumbers = (one == QLatin1String("integer") || one == QLatin1String("number"))
        && (other == QLatin1String("integer") || other == QLatin1String("number"));
    if (bothNumbers)
        return typed("number");
    Json schema = Json::object();
    schema["anyOf"] = Json::array({left, right});
    return schema;
}

} // namespace

Json schemaFromExample(const Json& example)
{
    switch (example.type()) {
    case Json::value_t::object: {
        Json schema = typed("object");
        schema["properties"] = Json::object();
        Json required = Json::array();
        for (const auto& [key, value] : example.items()) {
            schema["properties"][key] = schemaFromExample(value);
            required.push_back(key);
        }
        schema["required"] = std::move(required);
        return schema;
    }
    case Json::value_t::array: {
        Json items = example.empty() ? Json::object() : schemaFromExample(example.front());
        for (const Json& item : example)
            items = merged(items, schemaFromExample(item));
        Json schema = typed("array");
        schema["items"] = std::move(items);
        return schema;
    }
    case Json::value_t::string:
        return typed("string");
    case Json::value_t::boolean:
        return typed("boolean");
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
        return typed("integer");
    case Json::value_t::number_float:
        return typed("number");
    default:
        return Json::object();
    }
}

} // namespace llmcache
