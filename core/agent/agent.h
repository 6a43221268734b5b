#pragma once

#include "base/json.h"

#include <QString>
#include <QStringList>

#include <chrono>
#include <optional>
#include <vector>

namespace llmcache {

/// A model reference, `provider:model`, split at the first colon.
struct ModelRef {
    QString provider;
    QString model;
    /// Throws ConfigurationError when either half is missing. Bare names of the PydanticAI 1.x kind
    /// (gpt*, o1*, o3*, claude*, gemini*) get their provider.
    static ModelRef parse(const QString& reference);
    QString toString() const { return provider + QLatin1Char(':') + model; }
    friend bool operator==(const ModelRef&, const ModelRef&) = default;
};

/// One or several system prompts, in order.
class SystemPrompt : public QStringList {
public:
    SystemPrompt() = default;
    SystemPrompt(const QString& text);
    SystemPrompt(QStringList texts);
    SystemPrompt(const char* utf8);
};

enum class OutputMode { Auto, Tool, Native, Prompted };
QString outputModeName(OutputMode mode);

/// What an agent answers with: text, or JSON that fits a schema.
struct OutputType {
    QString name; ///< of the schema; empty for text
    QString description;
    Json schema; ///< JSON Schema, kept verbatim; null for text
    OutputMode mode = OutputMode::Auto;
    QString pythonType; ///< class path for pyai-caching entries, such as "app.models.UserProfile"

    static OutputType text() { return {}; }
    static OutputType json(QString name, Json schema, OutputMode mode = OutputMode::Auto);
    bool isText() const { return schema.is_null(); }
    friend bool operator==(const OutputType&, const OutputType&) = default;
};

/// Model settings; what is not set is left to the provider.
struct ModelSettings {
    std::optional<double> temperature;
    std::optional<qint64> maxTokens;
    std::optional<double> topP;
    std::optional<qint64> topK;
    std::optional<qint64> seed;
    QStringList stopSequences;
    Json thinking; ///< null, "low" | "medium" | "high", or a token budget
    std::optional<std::chrono::milliseconds> timeout; ///< total; not part of the fingerprint
    Json extraHeaders; ///< object of texts, or null
    Json extraBody; ///< object merged into the request body, or null
    friend bool operator==(const ModelSettings&, const ModelSettings&) = default;
};

/// A tool with canned answers, so that tool-calling agents can be iterated on.
struct ToolDefinition {
    struct Answer {
        Json when; ///< arguments that must be equal; members not named here do not matter
        Json value;
        friend bool operator==(const Answer&, const Answer&) = default;
    };
    QString name;
    QString description;
    Json parameters = Json::object(); ///< JSON Schema
    std::vector<Answer> answers; ///< first match wins
    std::optional<Json> fallback;
    friend bool operator==(const ToolDefinition&, const ToolDefinition&) = default;
};

/// A named definition of how to ask a model (every member has an initialiser, so that designated ones compile
/// without warnings). A plain value; see agentjson.h for the file format.
struct Agent {
    QString name{};
    QString model{}; ///< `provider:model`
    SystemPrompt systemPrompt{};
    QString instructions{};
    OutputType output = OutputType::text();
    ModelSettings settings{};
    std::vector<ToolDefinition> tools{};
    int outputRetries = 1; ///< further requests when the output does not fit
    std::optional<std::chrono::seconds> ttl{}; ///< of entries; 0 = never expires; default 15 days
    QString task{}; ///< default task name
    QStringList tags{};
    QString baseUrl{}; ///< instead of the provider's own endpoint
    friend bool operator==(const Agent&, const Agent&) = default;
};

/// An agent as a workspace keeps it.
struct StoredAgent {
    Agent agent;
    qint64 revision = 0; ///< counts saves from 1
    qint64 savedMs = 0; ///< UTC milliseconds
    QString savedBy{};
};

} // namespace llmcache
