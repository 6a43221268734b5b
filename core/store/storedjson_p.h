#pragma once

#include "base/error.h"
#include "base/json.h"

namespace llmcache::redisstore {

/// JSON that this program wrote earlier; anything wrong with it is damage, not configuration.
inline Json parseStored(const QByteArray& text, const QString& what)
{
    const QString remedy = QStringLiteral("Delete it, or refresh it with a new run.");
    try {
        return parseJson(text, what);
    } catch (const ConfigurationError& error) {
        throw CacheError(error.message(), remedy);
    }
}

} // namespace llmcache::redisstore
