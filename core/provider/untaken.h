#pragma once

#include "agent/agent.h"
#include "agent/message.h"

namespace llmcache {

/// Names of the settings, as agent files have them ("top_k"), that a model does not take: a run leaves them
/// out. With `thinking` on, some models take no sampling. Empty for a provider that is not known. No I/O.
QStringList untakenSettings(const ModelRef& model, const Json& thinking);

/// Why a model will refuse the first of the attachments that it does not take, for people; empty when it
/// takes them all, as far as its protocol and its name tell. No I/O.
QString untakenAttachment(const ModelRef& model, const std::vector<Attachment>& attachments);

} // namespace llmcache
