#include "provider/replyjson.h"

#include <algorithm>

namespace llmcache {

namespace {

constexpr int deepest = 512;

bool isTooDeep(QByteArrayView text)
{
    int depth = 0;
    bool inString = false;
    for (qsizetype i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                inString = false;
        } else if (c == '"') {
            inString = true;
        } else if (c == '{' || c == '[') {
            if (++depth > deepest)
                return true;
        } else if (c == '}' || c == ']') {
            --depth;
        }
    }
    return false;
}

} // namespace

std::optional<Json> readJson(QByteArrayView text)
{
    if (isTooDeep(text))
        return std::nullopt;
    Json value = Json::parse(text.begin(), text.end(), nullptr, false);
    if (value.is_discarded())
        return std::nullopt;
    return value;
}

qint64 tokenCount(const Json& usage, const char* key)
{
    constexpr qint64 most = 1'000'000'000'000;
    return std::clamp<qint64>(integerMember(usage, key), 0, most);
}

} // namespace llmcache
