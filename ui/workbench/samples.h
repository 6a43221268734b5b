#pragma once

#include "cache/session.h"

namespace llmcache::ui {

/// The two agents that answer offline, for a workspace that has none yet.
std::vector<Agent> sampleAgents();
std::vector<StoredAgent> unsavedSamples();
/// The agents of a workspace. Where it has none, the samples: saved to it when it is the user's own, left
/// unsaved in a team's store, which is not written to unasked.
QCoro::Task<std::vector<StoredAgent>> agentsOrSamples(Session* session);
/// A prompt to begin with.
QString samplePrompt();

} // namespace llmcache::ui
