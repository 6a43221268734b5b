#pragma once

#include "agent/agent.h"

namespace llmcache {

/// Names of the settings, as agent files have them ("top_k"), that a model does not take: a run leaves them
/// out. With `thinking` on, some models take no sampling. Empty for a provider that is not known. No I/O.
QStringList untakenSettings(const ModelRef& model, const Json& thinking);

} // namespace llmcache
