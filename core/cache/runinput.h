#pragma once

#include "cache/run.h"

namespace llmcache {

/// A run as it was started by somebody at a desk: enough to start it again, and to put it back into the
/// window exactly as it was. Of the options it has history, attachments, variables, task, policy and sample.
struct RunInput {
    Agent agent;
    qint64 agentRevision = 0; ///< of the saved agent that it was made from; 0 = none
    QString prompt; ///< with its placeholders
    RunOptions options;
};

/// Keeps all of it: runInputFromJson(toJson(input)) is the same.
Json toJson(const RunInput& input);
/// Throws ConfigurationError for anything else.
RunInput runInputFromJson(const Json& json);

} // namespace llmcache
