#pragma once

#include "agent/agent.h"
#include "agent/message.h"

namespace llmcache {

/// Everything that can change an answer; the thing that is fingerprinted.
struct Request {
    ModelRef model;
    QString endpoint; ///< base URL when it is not the provider's default
    QStringList systemPrompts;
    QString instructions;
    History history;
    QString prompt;
    std::vector<Attachment> attachments;
    OutputType output;
    ModelSettings settings;
    std::vector<ToolDefinition> tools;
    int sample = 0; ///< number of the repeat; 0 for the first
    friend bool operator==(const Request&, const Request&) = default;
};

/// Canonical form as JSON; fields at their default are left out. Timeout, python_type, agent name and task
/// name do not change the answer and are not in it.
Json toJson(const Request& request);
/// Reads toJson's form back; throws CacheError for anything else.
Request requestFromJson(const Json& json);
/// SHA-256 of the canonical JSON text, 64 lower-case hex digits.
QString fingerprint(const Request& request);
/// The same for toJson() of a request.
QString fingerprint(const Json& request);

} // namespace llmcache
