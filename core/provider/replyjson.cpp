#include "provider/replyjson.h"

#include <algorithm>

namespace llmcache {

std::optional<Json> readJson(QByteArrayView text)
{
    return tryParseJson(text, storableDepth);
}

std::optional<Json> takeJson(QByteArray& text)
{
    return tryTakeJson(text, storableDepth);
}

qint64 tokenCount(const Json& usage, const char* key)
{
    constexpr qint64 most = 1'000'000'000'000;
    return std::clamp<qint64>(integerMember(usage, key), 0, most);
}

} // namespace llmcache
