#pragma once

#include "agent/agent.h"

namespace llmcache {

/// Outcome of checking an answer against an output type.
struct Validation {
    Json value; ///< the answer, with Pydantic's lax coercions applied where they made it fit
    QStringList violations; ///< "/age: expected integer, got text "x""; empty when the value fits
    bool valid() const { return violations.isEmpty(); }
};

/// Checks `value` against a JSON Schema (draft 7 and the subset of 2020-12 that Pydantic emits).
/// A schema that is itself broken throws ConfigurationError.
Validation validateOutput(const Json& schema, const Json& value);
/// Throws ConfigurationError that names the first fault when `schema` is no usable JSON Schema.
void checkSchema(const Json& schema, const QString& what);

} // namespace llmcache
