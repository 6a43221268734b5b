#include "base/usage.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace llmcache {

namespace {

struct Field {
    const char* name;
    qint64 Usage::*count;
    bool always;
};

/// Stores may hold anything; sums of thousands of these do not overflow.
constexpr qint64 mostCount = 1'000'000'000'000'000;

constexpr std::array fields{
    Field{"input_tokens", &Usage::inputTokens, true},
    Field{"output_tokens", &Usage::outputTokens, true},
    Field{"cache_read_tokens", &Usage::cacheReadTokens, true},
    Field{"cache_write_tokens", &Usage::cacheWriteTokens, true},
    Field{"reasoning_tokens", &Usage::reasoningTokens, true},
    Field{"cache_write_1h_tokens", &Usage::cacheWrite1hTokens, false},
    Field{"input_audio_tokens", &Usage::inputAudioTokens, false},
    Field{"cache_read_audio_tokens", &Usage::cacheReadAudioTokens, false},
    Field{"output_audio_tokens", &Usage::outputAudioTokens, false},
    Field{"web_searches", &Usage::webSearches, false},
    Field{"requests", &Usage::requests, false},
};

} // namespace

Usage& Usage::operator+=(const Usage& other)
{
    for (const Field& field : fields)
        this->*field.count += other.*field.count;
    if (raw.is_null()) {
        raw = other.raw;
    } else if (!other.raw.is_null()) {
        if (!raw.is_array())
            raw = Json::array({std::move(raw)});
        if (other.raw.is_array())
            raw.insert(raw.end(), other.raw.begin(), other.raw.end());
        else
            raw.push_back(other.raw);
    }
    return *this;
}

bool setCount(Usage& usage, std::string_view name, qint64 count)
{
    const auto* const field =
        std::find_if(fields.begin(), fields.end(), [name](const Field& each) { return name == each.name; });
    if (field == fields.end())
        return false;
    usage.*field->count = std::min(count, mostCount);
    return true;
}

Json toJson(const Usage& usage)
{
    Json json = Json::object();
    for (const Field& field : fields) {
        if (field.always || usage.*field.count != 0)
            json[field.name] = usage.*field.count;
    }
    return json;
}

Usage usageFromJson(const Json& json)
{
    Usage usage;
    for (const Field& field : fields) {
        usage.*field.count = integerMember(json, field.name);
        if (usage.*field.count < 0)
            throw CacheError(QStringLiteral("The usage has a negative %1.").arg(QLatin1String(field.name)));
        usage.*field.count = std::min(usage.*field.count, mostCount);
    }
    return usage;
}

} // namespace llmcache
