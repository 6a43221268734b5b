#pragma once

#include <qcorotask.h>

#include <stop_token>

namespace llmcache {

class Session;

/// Fills an empty workspace with made-up agents, entries and calls of two months, to look at: some thousand
/// entries and ten times as many calls, always the same for the same day. Errors as Store; throws Cancelled.
QCoro::Task<> fillSampleWorkspace(Session* session, std::stop_token stop = {});

} // namespace llmcache
