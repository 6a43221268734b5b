#pragma once

#include "base/json.h"
#include "interop/picklevalue.h"

namespace llmcache {

/// A pickle as a typed tree in JSON: nothing that it says is lost.
///
/// None, bool, int of up to 64 bits, finite float, str, list and dicts with texts as keys are what JSON has
/// for them. Anything else is an object with "$type": the name of the type or the path of the class.
/// `{"$type": "tuple", "items": […]}` and likewise for set, frozenset; `{"$type": "dict", "entries": [[key,
/// value], …]}`;
/// `{"$type": "bytes", "base64": "…"}`; `{"$type": "int", "value": "123…"}`; `{"$type": "float", "value":
/// "nan"}`;
/// `{"$type": "str", "literal": "'\ud800'"}`; `{"$type": "global", "name": "module.name"}`.
/// Objects have what there is to them: "value" (a datetime, Decimal, Enum, UUID, …), "fields", "fields_set",
/// "extra", "private" (Pydantic), "attributes", "arguments", "keywords", "state", "items", "entries". What
/// stands at several places has an "$id" at the first, and is `{"$ref": id}` at the others.
///
/// Throws CacheError when the text would be beyond `maxBytes`.
Json pickleToJson(const PickleDocument& document, qint64 maxBytes = qint64(1024) * 1024 * 1024);

/// The same tree for people: a line a value, indented. Controls are escaped. Ends with a line that says so
/// where it is longer than `maxLines`.
QString pickleToText(const PickleDocument& document, qint64 maxLines = 100'000);

} // namespace llmcache
