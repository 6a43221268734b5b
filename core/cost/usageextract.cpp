#include "cost/usageextract.h"

#include "base/error.h"

#include <QStringList>

#include <array>
#include <cmath>

namespace llmcache {

namespace {

/// Reads counts of one usage object and names them in errors.
class Counts {
public:
    Counts(const Json& object, QString protocol)
        : m_object(object)
        , m_protocol(std::move(protocol))
    {
    }

    /// The count at `path` ("prompt_tokens_details", "cached_tokens"); 0 when it is absent or null.
    qint64 at(std::initializer_list<const char*> path) const
    {
        const Json* value = find(path);
        return value ? count(*value, path) : 0;
    }

    qint64 required(const char* name) const
    {
        const Json* value = find({name});
        if (!value)
            refuse(QStringLiteral("has no %1").arg(QLatin1String(name)));
        return count(*value, {name});
    }

    bool has(std::initializer_list<const char*> path) const { return find(path) != nullptr; }

    /// Gemini's lists of {"modality": …, "tokenCount": …}.
    qint64 ofModality(const char* list, const char* modality) const
    {
        const Json* items = find({list});
        if (!items)
            return 0;
        if (!items->is_array())
            refuse(QStringLiteral("has a %1 that is no list").arg(QLatin1String(list)));
        qint64 sum = 0;
        for (const Json& item : *items) {
            const Json* value = findMember(item, "tokenCount");
            if (value && !value->is_null() && stringMember(item, "modality") == QLatin1String(modality))
                sum += count(*value, {list, "tokenCount"});
        }
        return sum;
    }

    [[noreturn]] void refuse(const QString& problem) const
    {
        throw CacheError(QStringLiteral("The usage of the %1 reply %2.").arg(m_protocol, problem),
            QStringLiteral("Give the provider's reply or its usage object as it came."));
    }

private:
    const Json* find(std::initializer_list<const char*> path) const
    {
        const Json* value = &m_object;
        for (const char* name : path) {
            value = findMember(*value, name);
            if (!value || value->is_null())
                return nullptr;
        }
        return value;
    }

    qint64 count(const Json& value, std::initializer_list<const char*> path) const
    {
        constexpr qint64 beyondReason = 1'000'000'000'000'000;
        // Cohere sends whole numbers as 542.0.
        const double number = value.is_number() ? value.get<double>() : -1;
        if (number < 0 || number > static_cast<double>(beyondReason) || std::trunc(number) != number) {
            QStringList names;
            for (const char* name : path)
                names += QLatin1String(name);
            refuse(QStringLiteral("has a %1 that is no count: %2")
                       .arg(names.join(QLatin1Char('.')), QString::fromUtf8(toJsonText(value)).left(40)));
        }
        return static_cast<qint64>(number);
    }

    const Json& m_object;
    QString m_protocol;
};

Usage anthropicUsage(const Counts& counts)
{
    Usage usage;
    usage.cacheReadTokens = counts.at({"cache_read_input_tokens"});
    usage.cacheWrite1hTokens = counts.at({"cache_creation", "ephemeral_1h_input_tokens"});
    usage.cacheWriteTokens = counts.has({"cache_creation_input_tokens"})
        ? counts.at({"cache_creation_input_tokens"})
        : usage.cacheWrite1hTokens + counts.at({"cache_creation", "ephemeral_5m_input_tokens"});
    usage.inputTokens = counts.required("input_tokens") + usage.cacheReadTokens + usage.cacheWriteTokens;
    usage.outputTokens = counts.required("output_tokens");
    usage.reasoningTokens = counts.at({"output_tokens_details", "thinking_tokens"});
    usage.webSearches = counts.at({"server_tool_use", "web_search_requests"});
    return usage;
}

Usage chatUsage(const Counts& counts, const QString& provider)
{
    Usage usage;
    usage.inputTokens = counts.required("prompt_tokens");
    usage.outputTokens = counts.required("completion_tokens");
    // DeepSeek and Moonshot have names of their own, of old.
    usage.cacheReadTokens = counts.has({"prompt_tokens_details", "cached_tokens"})
        ? counts.at({"prompt_tokens_details", "cached_tokens"})
        : std::max(counts.at({"prompt_cache_hit_tokens"}), counts.at({"cached_tokens"}));
    usage.cacheWriteTokens = counts.at({"prompt_tokens_details", "cache_write_tokens"});
    usage.inputAudioTokens = counts.at({"prompt_tokens_details", "audio_tokens"});
    usage.outputAudioTokens = counts.at({"completion_tokens_details", "audio_tokens"});
    usage.reasoningTokens = counts.at({"completion_tokens_details", "reasoning_tokens"});
    static const QStringList reasoningApart{
        QStringLiteral("xai"), QStringLiteral("x-ai"), QStringLiteral("grok")};
    const bool totalIncludesReasoning = counts.at({"total_tokens"}) == usage.inputTokens + usage.outputTokens;
    if (reasoningApart.contains(provider, Qt::CaseInsensitive) && !totalIncludesReasoning)
        usage.outputTokens += usage.reasoningTokens;
    return usage;
}

Usage responsesUsage(const Counts& counts)
{
    Usage usage;
    usage.inputTokens = counts.required("input_tokens");
    usage.outputTokens = counts.required("output_tokens");
    usage.cacheReadTokens = counts.at({"input_tokens_details", "cached_tokens"});
    usage.cacheWriteTokens = counts.at({"input_tokens_details", "cache_write_tokens"});
    usage.inputAudioTokens = counts.at({"input_tokens_details", "audio_tokens"});
    usage.outputAudioTokens = counts.at({"output_tokens_details", "audio_tokens"});
    usage.reasoningTokens = counts.at({"output_tokens_details", "reasoning_tokens"});
    return usage;
}

Usage geminiUsage(const Counts& counts)
{
    Usage usage;
    usage.inputTokens = counts.at({"promptTokenCount"}) + counts.at({"toolUsePromptTokenCount"});
    usage.cacheReadTokens = counts.at({"cachedContentTokenCount"});
    usage.reasoningTokens = counts.at({"thoughtsTokenCount"});
    usage.outputTokens = counts.at({"candidatesTokenCount"}) + usage.reasoningTokens;
    usage.inputAudioTokens = counts.ofModality("promptTokensDetails", "AUDIO")
        + counts.ofModality("toolUsePromptTokensDetails", "AUDIO");
    usage.cacheReadAudioTokens = counts.ofModality("cacheTokensDetails", "AUDIO");
    usage.outputAudioTokens = counts.ofModality("candidatesTokensDetails", "AUDIO");
    return usage;
}

Usage cohereUsage(const Counts& counts)
{
    Usage usage;
    // What is billed leaves out tokens of Cohere's own preamble; older replies have nothing else.
    const char* group = counts.has({"tokens"}) ? "tokens" : "billed_units";
    if (!counts.has({group}))
        counts.refuse(QStringLiteral("has no tokens"));
    usage.inputTokens = counts.at({group, "input_tokens"});
    usage.outputTokens = counts.at({group, "output_tokens"});
    usage.cacheReadTokens = counts.at({"cached_tokens"});
    return usage;
}

struct Protocol {
    const char* name;
    const char* member; ///< where a reply has its usage object
    std::array<const char*, 2> marks; ///< counts by which a bare usage object is known
};
constexpr std::array protocols{
    Protocol{"anthropic-messages", "usage", {"input_tokens", "output_tokens"}},
    Protocol{"openai-chat", "usage", {"prompt_tokens", "completion_tokens"}},
    Protocol{"openai-responses", "usage", {"input_tokens", "output_tokens"}},
    Protocol{"gemini", "usageMetadata", {"promptTokenCount", "totalTokenCount"}},
    Protocol{"cohere", "usage", {"tokens", "billed_units"}},
};

const Json* usageObject(const Protocol& protocol, const Json& response)
{
    const Json* usage = findMember(response, protocol.member);
    for (const char* wrapper : {"response", "message", "x_groq"}) { // events of a stream
        const Json* inner = findMember(response, wrapper);
        if (!usage && inner)
            usage = findMember(*inner, protocol.member);
    }
    if (usage)
        return usage->is_object() ? usage : nullptr;
    for (const char* mark : protocol.marks) {
        if (findMember(response, mark))
            return &response;
    }
    return nullptr;
}

} // namespace

QStringList usageProtocols()
{
    QStringList names;
    for (const Protocol& protocol : protocols)
        names += QLatin1String(protocol.name);
    return names;
}

Usage extractUsage(const QString& protocol, const Json& response, const QString& provider)
{
    const auto known = std::find_if(protocols.begin(), protocols.end(),
        [&](const Protocol& one) { return protocol == QLatin1String(one.name); });
    if (known == protocols.end())
        throw ConfigurationError(QStringLiteral("There is no protocol \"%1\".").arg(protocol.left(60)),
            QStringLiteral("Use one of %1.").arg(usageProtocols().join(QStringLiteral(", "))));
    const Json* object = usageObject(*known, response);
    if (!object)
        throw CacheError(QStringLiteral("The %1 reply has no usage.").arg(protocol),
            QStringLiteral("Give the provider's reply or its usage object as it came."));
    const Counts counts(*object, protocol);
    Usage usage;
    switch (known - protocols.begin()) {
    case 0:
        usage = anthropicUsage(counts);
        break;
    case 1:
        usage = chatUsage(counts, provider);
        break;
    case 2:
        usage = responsesUsage(counts);
        break;
    case 3:
        usage = geminiUsage(counts);
        break;
    default:
        usage = cohereUsage(counts);
    }
    usage.requests = 1;
    usage.raw = *object;
    return usage;
}

} // namespace llmcache
