#pragma once

#include "base/json.h"
#include "base/usage.h"
#include "interop/picklevalue.h"

#include <vector>

namespace llmcache {

/// What Python makes of an answer.
struct PythonOutputType {
    /// "app.models.UserProfile": a Pydantic model. Empty for str, dict, list and so on, which are what JSON
    /// has.
    QString classPath;
    /// The JSON Schema that Pydantic prints for it, or null. What it calls "$defs" are classes of the module
    /// of `classPath` unless `examples` know better, and Pydantic models: a dataclass prints the same schema,
    /// so that only an example tells one. What has "enum" or "const" there is an Enum. Formats (date-time,
    /// date, time, duration, uuid, binary), unique items and fixed items become the types that Pydantic
    /// prints so.
    Json schema;
    /// Answers of the same class in entries that Python wrote: they tell the classes of what is in it. The
    /// first that has something at a place counts.
    std::vector<PickleValue> examples;
};

/// A CachedResult of pyai-caching, as protocol 4, that `cached_agent_run` takes for a hit.
struct PythonResultParts {
    Json output; ///< text, or JSON
    PythonOutputType type;
    Usage usage;
    QString model; ///< without the provider
    QString cost; ///< decimal dollars; 0 where there is no price, as Python knows none without
};

/// Throws ConfigurationError for an answer that does not fit the type, with the place in it ("/home/zip").
QByteArray writePythonResult(const PythonResultParts& parts);

} // namespace llmcache
