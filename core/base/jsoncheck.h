#pragma once

#include <QByteArrayView>

namespace llmcache {

/// Whether tryParseJson() would give an object, many times faster than to ask it.
bool isJsonObject(QByteArrayView text, int maxDepth = 256);

} // namespace llmcache
