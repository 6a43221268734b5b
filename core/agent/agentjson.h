#pragma once

#include "agent/agent.h"

namespace llmcache {

/// Reads the agent file format (`.agent.json`, described in README). `what` names the source in errors.
/// Unknown fields, wrong types and out-of-range values are a ConfigurationError that names the field.
Agent agentFromJson(const Json& json, const QString& what);
/// Parses a file's bytes; see agentFromJson.
Agent parseAgent(const QByteArray& text, const QString& what);
/// The file format; fields at their default are left out, so that agentFromJson(toJson(a)) == a.
Json toJson(const Agent& agent);
/// The output type alone, as in an agent's "output".
Json toJson(const OutputType& output);
/// The settings alone, as in an agent's "settings"; an empty object when nothing is set.
Json toJson(const ModelSettings& settings);
/// One tool, as in an agent's "tools".
Json toJson(const ToolDefinition& tool);
/// Readers of the same parts, for requests that were stored; errors as agentFromJson.
OutputType outputTypeFromJson(const Json& json, const QString& what);
ModelSettings modelSettingsFromJson(const Json& json, const QString& what);
std::vector<ToolDefinition> toolsFromJson(const Json& json, const QString& what);

} // namespace llmcache
