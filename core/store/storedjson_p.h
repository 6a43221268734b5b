#pragma once

#include "base/error.h"
#include "base/json.h"

namespace llmcache {

/// JSON that this program wrote earlier; anything wrong with it is damage, not configuration.
inline Json parseStored(const QByteArray& text, const QString& what)
{
    const QString remedy = QStringLiteral("Delete it, or refresh it with a new run.");
    try {
        return parseJson(text, what);
    } catch (const ConfigurationError& error) {
        throw CacheError(error.message(), remedy);
    } catch (const Json::exception&) {
        throw CacheError(QStringLiteral("%1 has a number that is out of range.").arg(what), remedy);
    }
}

struct Entry;
/// As responseFromJson() of the text, and quicker. Throws CacheError also for what is no JSON.
void responseFromText(const QByteArray& text, Entry& entry);

} // namespace llmcache
