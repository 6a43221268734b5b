#pragma once

#include "base/json.h"

#include <QStringList>

#include <optional>

namespace llmcache {

/// What a Python program gives to cached_agent_run() of pyai-caching, as far as its cache key holds it.
struct PythonCall {
    /// What programs may do differently without changing the answer.
    struct Spelling {
        std::optional<QString> agentName; ///< nothing for an agent without a name
        Json runArguments =
            Json::object(); ///< keyword arguments beside message_history, such as model_settings
    };

    QString modelName; ///< without the provider
    QStringList systemPrompts; ///< given as system_prompt=
    QString prompt;
    Json outputSchema; ///< model_json_schema() of the output type; null for str, lists, unions and others
    Json history; ///< message_history= as a list of plain dicts; null when it is not given
};

inline constexpr QByteArrayView pythonKeyPrefix = "pyai-cache:v3:";

/// The text that pyai-caching 0.4 hashes. `isCertain` becomes false where the text depends on the version of
/// Python (see pythonRepr).
QByteArray pythonPayload(const PythonCall& call, const PythonCall::Spelling& spelling, bool& isCertain);
/// The key of an entry: the prefix and the SHA-256 of its payload.
QByteArray pythonKey(const QByteArray& payload);

} // namespace llmcache
