#pragma once

#include "base/json.h"

namespace llmcache {

/// A JSON Schema that an example fits: objects with all their members required, lists with a schema for what
/// all their items have in common (members that only some items have are optional), whole numbers as
/// integers. A null says nothing of the type. A beginning, to be edited.
Json schemaFromExample(const Json& example);

} // namespace llmcache
