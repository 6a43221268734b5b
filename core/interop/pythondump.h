#pragma once

#include "base/json.h"
#include "interop/picklevalue.h"

namespace llmcache {

/// What a value is as JSON, the way `model_dump(mode="json")` of Pydantic has it: a model is an object of its
/// fields, a datetime is ISO 8601, an Enum its value, a set a list, bytes UTF-8, and a secret asterisks. What
/// Pydantic would refuse (an object of another class) is an object of its attributes, or its text. Integers
/// beyond 64 bits are text.
///
/// Shared values are written out wherever they stand. Throws CacheError for a value that holds itself, is
/// nested more than storableDepth levels deep, or becomes larger than `maxBytes`.
Json pythonDump(const PickleValue& value, qint64 maxBytes = 256 * 1024 * 1024);

/// repr() of a float: "1.0", "1e-07", "nan".
QByteArray pythonFloatText(double number);

} // namespace llmcache
