#include "agent/agent.h"

#include "base/error.h"

namespace llmcache {

ModelRef ModelRef::parse(const QString& reference)
{
    const QString text = reference.trimmed();
    const auto colon = text.indexOf(QLatin1Char(':'));
    if (colon < 0) {
        struct Guess {
            QLatin1String start;
            QLatin1String provider;
        };
        // The bare names that PydanticAI 1.x accepts.
        static constexpr Guess guesses[] = {
            {QLatin1String("gpt"), QLatin1String("openai")},
            {QLatin1String("o1"), QLatin1String("openai")},
            {QLatin1String("o3"), QLatin1String("openai")},
            {QLatin1String("claude"), QLatin1String("anthropic")},
            {QLatin1String("gemini"), QLatin1String("google-gla")},
        };
        for (const Guess& guess : guesses) {
            if (text.startsWith(guess.start))
                return {guess.provider, text};
        }
    }
    if (colon <= 0 || colon == text.size() - 1)
        throw ConfigurationError(
            QStringLiteral("The model \"%1\" is no provider:model reference.").arg(reference),
            QStringLiteral("Write it like anthropic:claude-haiku-4-5 or openai:gpt-5-mini."));
    return {text.left(colon), text.mid(colon + 1)};
}

SystemPrompt::SystemPrompt(const QString& text)
{
    if (!text.isEmpty())
        append(text);
}

SystemPrompt::SystemPrompt(QStringList texts)
    : QStringList(std::move(texts))
{
}

SystemPrompt::SystemPrompt(const char* utf8)
    : SystemPrompt(QString::fromUtf8(utf8))
{
}

QString outputModeName(OutputMode mode)
{
    switch (mode) {
    case OutputMode::Auto:
        return QStringLiteral("auto");
    case OutputMode::Tool:
        return QStringLiteral("tool");
    case OutputMode::Native:
        return QStringLiteral("native");
    case OutputMode::Prompted:
        return QStringLiteral("prompted");
    }
    return {};
}

OutputType OutputType::json(QString name, Json schema, OutputMode mode)
{
    OutputType output;
    output.name = std::move(name);
    output.schema = std::move(schema);
    output.mode = mode;
    return output;
}

} // namespace llmcache
