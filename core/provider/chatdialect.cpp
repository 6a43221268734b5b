#include "provider/openaichat.h"

#include "provider/modelfamily.h"

namespace llmcache {

namespace {

bool ignoresForcedTools(const QString& model)
{
    const QString name = model.section(QLatin1Char('/'), -1).toLower();
    return name.startsWith(QLatin1String("qwen")) || name.startsWith(QLatin1String("qwq"))
        || name.startsWith(QLatin1String("gpt-oss")) || name.startsWith(QLatin1String("kimi"))
        || name.startsWith(QLatin1String("moonshot")) || name.startsWith(QLatin1String("deepseek-reasoner"))
        || name.startsWith(QLatin1String("deepseek-r1")) || name.startsWith(QLatin1String("deepseek-v4"));
}

} // namespace

ChatDialect chatDialect(const QString& prefix, const QString& model)
{
    ChatDialect dialect;
    const bool openAi = prefix == QLatin1String("openai") || prefix == QLatin1String("openai-chat")
        || prefix == QLatin1String("azure");
    if (openAi || prefix == QLatin1String("github")) {
        const QString name = model.section(QLatin1Char('/'), -1);
        dialect.reasoning = ChatDialect::Reasoning::OpenAi;
        dialect.thinkTags = !openAi;
        dialect.strict = openAi;
        dialect.azure = prefix == QLatin1String("azure");
        if (name.startsWith(QLatin1String("o1-mini")) || name.startsWith(QLatin1String("o1-preview")))
            dialect.systemRole = "user";
    } else if (prefix == QLatin1String("openrouter")) {
        dialect.maxTokens = "max_tokens";
        dialect.reasoning = ChatDialect::Reasoning::OpenRouter;
        dialect.reportsCost = true;
    } else if (prefix == QLatin1String("groq")) {
        dialect.maxTokens = "max_tokens";
        dialect.reasoning = ChatDialect::Reasoning::Groq;
        dialect.streamUsage = false;
    } else if (prefix == QLatin1String("mistral")) {
        dialect.maxTokens = "max_tokens";
        dialect.seed = "random_seed";
        dialect.forcedTool = "any";
        dialect.shortToolIds = true;
        dialect.streamUsage = false;
        dialect.jsonSchema = false;
        dialect.reasoning = ChatDialect::Reasoning::Mistral;
    } else if (prefix == QLatin1String("huggingface")) {
        dialect.maxTokens = "max_tokens";
        dialect.jsonSchema = false;
        dialect.reasoning = ChatDialect::Reasoning::None;
    } else if (prefix == QLatin1String("deepseek")) {
        dialect.maxTokens = "max_tokens";
        dialect.seed = nullptr;
        dialect.jsonSchema = false;
        dialect.reasoning = ChatDialect::Reasoning::None;
        dialect.returnsReasoning = true;
    } else if (prefix == QLatin1String("moonshotai")) {
        dialect.reasoning = ChatDialect::Reasoning::None;
        dialect.returnsReasoning = true;
    } else if (prefix == QLatin1String("xai") || prefix == QLatin1String("grok")) {
        dialect.outputExcludesReasoning = true;
        if (!model.startsWith(QLatin1String("grok-3-mini")))
            dialect.reasoning = ChatDialect::Reasoning::None;
    } else if (prefix == QLatin1String("ollama") || prefix == QLatin1String("together")
        || prefix == QLatin1String("fireworks") || prefix == QLatin1String("litellm")) {
        // Servers that are known by the older name only.
        dialect.maxTokens = "max_tokens";
    }
    if (ignoresForcedTools(model))
        dialect.forcedTool = nullptr;
    return dialect;
}

} // namespace llmcache
