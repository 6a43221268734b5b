#pragma once

#include "base/json.h"

#include <QByteArrayView>

#include <optional>

namespace llmcache {

/// JSON from a provider or a model; nothing for text that is none, or that is nested more deeply
/// than storableDepth.
std::optional<Json> readJson(QByteArrayView text);
/// The same for a text that nobody needs any more, see tryTakeJson().
std::optional<Json> takeJson(QByteArray& text);

/// A count in a usage object; not negative, and small enough that sums of them can't overflow.
qint64 tokenCount(const Json& usage, const char* key);

} // namespace llmcache
