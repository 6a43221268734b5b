#pragma once

#include "agent/agent.h"

namespace llmcache::ui {

/// The two agents that answer offline, for a workspace that has none yet.
std::vector<Agent> sampleAgents();
/// A prompt to begin with.
QString samplePrompt();

} // namespace llmcache::ui
