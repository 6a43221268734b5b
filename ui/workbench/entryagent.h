#pragma once

#include "agent/agent.h"
#include "cache/request.h"
#include "store/entry.h"

namespace llmcache::ui {

/// The agent that would send an entry's request again. What the request does not hold (description, retries,
/// TTL and the like) is taken from `base`, the agent of that name as it is today.
Agent agentFromEntry(const Entry& entry, const Request& request, const Agent& base);

} // namespace llmcache::ui
