#pragma once

#include "base/json.h"

#include <simdjson.h>

namespace llmcache {

/// A value that simdjson has read, as ours. False when it is nested deeper than `depthLeft`.
bool jsonFromDom(const simdjson::dom::element& from, Json& to, int depthLeft);

} // namespace llmcache
