#pragma once

#include "base/json.h"

namespace llmcache {

/// The smallest value that a JSON Schema accepts, as far as its keywords are these: type, enum, const,
/// default, required, properties, items, prefixItems, minItems, minLength, minimum, maximum and their
/// exclusive forms, multipleOf, format, anyOf, oneOf, allOf, $ref. The same schema gives the same value.
/// Throws ConfigurationError for a schema that can only be met by an endless value.
Json smallestValue(const Json& schema);

} // namespace llmcache
