#pragma once

#include "agent/agent.h"
#include "agent/message.h"
#include "base/money.h"
#include "base/usage.h"

#include <qcorotask.h>

#include <QUrl>

#include <functional>
#include <memory>
#include <stop_token>

namespace llmcache {

/// What one provider request asks. The engine has already put history, prompt and retry feedback into
/// `messages` and decided where system prompts go.
struct ProviderRequest {
    ModelRef model;
    QUrl baseUrl; ///< overrides the provider's own
    QStringList
        systemPrompts; ///< for the first request of a conversation; empty when the history has its own
    QString instructions;
    History messages; ///< the last one is from the user or a tool
    OutputType output; ///< mode may be Auto: the provider chooses
    ModelSettings settings;
    std::vector<ToolDefinition> tools;
};

enum class FinishReason { Stop, Length, ToolCall, ContentFilter, Refusal, Error, Other };
QString finishReasonName(FinishReason reason);

/// What came back.
struct ProviderReply {
    Message message; ///< the assistant's turn, verbatim
    /// The answer for a JSON output type, as far as the reply holds one that parses: arguments of the output
    /// tool, or the JSON text.
    std::optional<Json> structured;
    QString outputToolCallId; ///< the call whose arguments `structured` is; empty in native and prompted mode
    Usage usage;
    FinishReason finishReason = FinishReason::Stop;
    QString rawFinishReason;
    QString model; ///< as the provider reported it
    QString requestId;
    std::optional<std::chrono::milliseconds> timeToFirstToken;
    std::optional<Money> reportedCost; ///< when the provider itself says what it charged
    QStringList dropped; ///< settings that this model does not take and that were left out
};

/// What a caller of one request brings along.
struct ProviderContext {
    std::function<void(const QString&)>
        onText; ///< deltas of the answer as they come; asks for streaming when set
    std::stop_token stop; ///< closes the connection at once; the task throws Cancelled
};

/// One wire protocol against one endpoint. Thread-affine; needs an event loop.
class Provider {
public:
    virtual ~Provider() = default;
    /// Sends one request, no retries. Throws ProviderError (failed), ConfigurationError (no key, unknown
    /// setting), Cancelled. The provider must outlive the task.
    virtual QCoro::Task<ProviderReply> complete(ProviderRequest request, ProviderContext context) = 0;
};

/// Where endpoints and keys come from.
struct ProviderConfig {
    QMap<QString, QUrl> baseUrls; ///< per prefix; wins over environment and defaults
    /// Value of an environment variable or a keychain item, by its environment name; empty = not set.
    std::function<QString(const QString& name)> secret{};
    /// Makes sure that `secret` knows these names, as far as they are set; may be empty. Must not throw.
    std::function<QCoro::Task<>(QStringList names)> loadSecrets{};
};

/// The name of the tool that carries a JSON answer, as PydanticAI has it.
inline const QString outputToolName = QStringLiteral("final_result");

/// One row of the table of prefixes.
struct ProviderPrefix {
    QString prefix;
    QString displayName;
    QString protocol; ///< "openai-chat", "anthropic-messages", "test", …
    QString defaultBaseUrl;
    QStringList keyVariables; ///< first that is set wins; empty = needs no key
    bool keyRequired = true;
};

/// Makes providers by prefix. Owns them; thread-affine.
class ProviderRegistry {
public:
    explicit ProviderRegistry(ProviderConfig config);
    ~ProviderRegistry();
    ProviderRegistry(const ProviderRegistry&) = delete;
    ProviderRegistry& operator=(const ProviderRegistry&) = delete;

    /// The provider for a prefix. Throws ConfigurationError: an unknown prefix (lists the known ones). The
    /// reference lives as long as the registry.
    Provider& provider(const QString& prefix);
    /// Replaces or adds a provider, for tests and programs with their own.
    void setProvider(const QString& prefix, std::unique_ptr<Provider> provider);
    /// Base URL in force for a prefix when it is not the default one; empty otherwise. Part of the
    /// fingerprint.
    QString endpointOverride(const QString& prefix) const;
    /// Fetches the key for a prefix from where it is kept; await it before a request. Does not throw.
    QCoro::Task<> prepare(QString prefix) const;
    /// A name for the account that pays: a digest of the key, never the key; empty when there is none.
    QString account(const QString& prefix) const;
    /// Whether a key for this prefix is there (true where none is needed).
    bool hasKey(const QString& prefix) const;
    static const std::vector<ProviderPrefix>& prefixes();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace llmcache
