#include "provider/replyjson.h"

#include <algorithm>

namespace llmcache {

std::optional<Json> readJson(QByteArrayView text)
{
    constexpr int deepest = 512;
    return tryParseJson(text, deepest);
}

qint64 tokenCount(const Json& usage, const char* key)
{
    constexpr qint64 most = 1'000'000'000'000;
    return std::clamp<qint64>(integerMember(usage, key), 0, most);
}

} // namespace llmcache
