#pragma once

#include "agent/agent.h"
#include "store/entry.h"

namespace llmcache {

/// Whether an answer is one that its agent would accept today.
struct SchemaCheck {
    enum class State {
        NoSchema, ///< asked for text, and is text
        Fits,
        DoesNotFit,
        Unreadable, ///< the schema or the request is broken: see `violations`
    };
    State state = State::NoSchema;
    bool againstAgent =
        false; ///< the agent as it is now; false = there is none, and the request's own was used
    QString schemaName; ///< of the output type that was checked against
    Json schema; ///< null for text
    Json storedSchema; ///< the one that was asked with; null for text
    bool schemaChanged = false; ///< `schema` is another one than `storedSchema`
    QStringList violations;
};

/// Checks an entry's answer against the present output type of `agent`, or of its own request where there is
/// none. Never throws; pure, made for a worker thread.
SchemaCheck checkAnswer(const Entry& entry, const std::optional<Agent>& agent);

} // namespace llmcache
