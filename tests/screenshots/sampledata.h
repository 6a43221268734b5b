#pragma once

#include "cache/session.h"

namespace llmcache::screenshots {

/// Answers the prompt that the workbench shows; takes the place of a real provider.
std::unique_ptr<Provider> cannedProvider();

} // namespace llmcache::screenshots
