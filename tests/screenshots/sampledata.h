#pragma once

#include "cache/session.h"

namespace llmcache::screenshots {

/// Fills a workspace with agents, entries and a month of calls as a small team might make them. The same
/// every time but for the dates, which end now.
QCoro::Task<> fillWorkspace(Session* session);

/// Answers the prompt that the workbench shows; takes the place of a real provider.
std::unique_ptr<Provider> cannedProvider();

Agent profilerAgent();

} // namespace llmcache::screenshots
