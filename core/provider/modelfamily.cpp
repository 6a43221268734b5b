#include "provider/modelfamily.h"

#include <QRegularExpression>

#include <algorithm>

namespace llmcache {

OpenAiModel openAiModel(const QString& name)
{
    const QString bare = name.section(QLatin1Char('/'), -1).toLower();
    OpenAiModel model;
    static const QRegularExpression series(QStringLiteral("^o\\d"));
    static const QRegularExpression generation(QStringLiteral("^gpt-(\\d+)(?:\\.(\\d+))?"));
    if (series.match(bare).hasMatch()) {
        model.reasons = true;
        return model;
    }
    const auto match = generation.match(bare);
    if (match.hasMatch() && match.captured(1).toInt() >= 5 && !bare.contains(QLatin1String("-chat"))) {
        model.reasons = true;
        model.canSkipReasoning = match.captured(1).toInt() > 5 || match.captured(2).toInt() >= 1;
    }
    return model;
}

ClaudeModel claudeModel(const QString& name)
{
    ClaudeModel model;
    // claude-opus-4-1-20250805, claude-sonnet-5; the older claude-3-5-haiku has the number first.
    static const QRegularExpression current(
        QStringLiteral("claude-([a-z]+)-(\\d{1,2})(?:[-.](\\d{1,2}))?(?!\\d)"));
    const auto match = current.match(name.toLower());
    if (!match.hasMatch())
        return model;
    const QString family = match.captured(1);
    const int version = match.captured(2).toInt() * 100 + match.captured(3).toInt();
    model.adaptiveThinking = version >= 406;
    model.nativeSchemas = version >= 405 || (family == QLatin1String("opus") && version >= 401);
    model.refusesSampling = version >= 500 || (family == QLatin1String("opus") && version >= 407);
    return model;
}

qint64 claudeThinkingBudget(const Json& thinking)
{
    constexpr qint64 least = 1024;
    if (thinking.is_number())
        return std::max(least, static_cast<qint64>(std::min(thinking.get<double>(), 1e9)));
    const QString effort = thinkingEffort(thinking);
    return effort == QLatin1String("low") ? 2048 : effort == QLatin1String("medium") ? 10'000 : 16'384;
}

GeminiModel geminiModel(const QString& name)
{
    GeminiModel model;
    static const QRegularExpression version(QStringLiteral("gemini-(\\d+)(?:\\.(\\d+))?"));
    const auto match = version.match(name.toLower());
    const int number = match.captured(1).toInt() * 100 + match.captured(2).toInt();
    if (!match.hasMatch())
        return model;
    model.thinkingBudgets = number >= 205 && number < 300;
    model.thinkingLevels = number >= 300;
    return model;
}

bool readsTextAlone(const QString& name)
{
    // What stands before the family: the maker as a folder, or as Bedrock writes it, with a region.
    static const QRegularExpression maker(QStringLiteral("^(?:(?:us|us-gov|eu|apac|global)\\.)?"
                                                         "(?:ai21|amazon|anthropic|cohere|deepseek|meta|"
                                                         "mistral|openai|qwen|writer)\\."));
    static const QRegularExpression families(QStringLiteral(
        "^(?:gpt-3\\.5|gpt-4(?:-32k)?(?:-0314|-0613)?$|gpt-oss|o1-mini|o1-preview|o3-mini|text-davinci|"
        "claude-(?:2|instant|v1)|nova-micro|titan-text|command(?:-r|-light|$)|codestral|mixtral|open-mixtral|"
        "mistral-7b|open-mistral|mistral-nemo|mistral-tiny|deepseek-(?:chat|coder|reasoner|r1|v[23])|r1-|"
        "(?:meta-)?llama-?v?[23](?!\\d)(?!.*(?:vision|11b|90b))|gemma-?2?-(?:2|7|9|27)b|"
        "qwen-?(?:2|2\\.5|3)-(?!vl|omni)|qwq|grok-(?:beta|2-1212|3)|kimi-k2(?:-|$)|moonshot-v1-\\d+k$|"
        "glm-4\\.[5-7](?:-|$)|minimax-m[12](?:\\.|-|$)|phi-(?:2|3|3\\.5)(?:-mini|-medium|-small|$)|"
        "phi-4(?:-mini|-reasoning|$)|wizardlm)"));
    QString bare = name.section(QLatin1Char('/'), -1).toLower();
    bare.remove(maker);
    return families.match(bare).hasMatch();
}

QString thinkingEffort(const Json& thinking)
{
    if (thinking.is_string())
        return toQString(thinking.get_ref<const std::string&>());
    if (!thinking.is_number())
        return {};
    const double tokens = thinking.get<double>();
    return tokens <= 2048  ? QStringLiteral("low")
        : tokens <= 12'000 ? QStringLiteral("medium")
                           : QStringLiteral("high");
}

} // namespace llmcache
