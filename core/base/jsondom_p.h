#pragma once

#include "base/json.h"

#include <simdjson.h>

namespace llmcache {

/// The value of an element whose type is known.
template <typename Value>
Value valueOf(const simdjson::dom::element& element)
{
    Value value{};
    [[maybe_unused]] const simdjson::error_code error = element.get(value);
    Q_ASSERT(error == simdjson::SUCCESS);
    return value;
}

/// A value that simdjson has read, as ours. False when it is nested deeper than `depthLeft`.
bool jsonFromDom(const simdjson::dom::element& from, Json& to, int depthLeft);

} // namespace llmcache
