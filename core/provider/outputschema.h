#pragma once

#include "agent/agent.h"

namespace llmcache {

/// An output type as it goes over the wire.
struct WireOutput {
    OutputMode mode = OutputMode::Auto; ///< the one in use; Auto only for text
    Json schema; ///< its root is an object
    QString name; ///< only letters, digits, underscores and hyphens
    QString description;
    bool wrapped = false; ///< the answer stands in a member "response"
    bool isText() const { return schema.is_null(); }
};

/// Prepares an output type for a mode. Roots that are no objects are wrapped, references at the root are
/// resolved.
WireOutput wireOutput(const OutputType& output, OutputMode mode);

/// Whether OpenAI's strict mode takes the schema without changing what it accepts.
bool fitsStrictMode(const Json& schema);
/// The schema for strict mode: no titles and defaults, no additional properties.
Json strictSchema(Json schema);
/// Sets `additionalProperties` to false in every object that does not allow them.
Json closedSchema(Json schema);
/// Removes the named keywords from every subschema.
Json withoutKeywords(Json schema, const QStringList& keywords);

/// Writes `const` as an `enum` of one.
Json constAsEnum(Json schema);

/// The instruction for prompted mode.
QString promptedInstruction(const WireOutput& output);

/// The JSON value that `text` is or holds: alone, in a fenced block, or between other words.
std::optional<Json> jsonInText(const QString& text);
/// Takes a wrapped answer out of its "response".
Json unwrapped(const WireOutput& output, Json value);

} // namespace llmcache
