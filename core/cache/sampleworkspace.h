#pragma once

#include <qcorotask.h>

#include <functional>
#include <stop_token>

namespace llmcache {

class Session;

/// Fills a workspace that is empty, or in which it was interrupted, with made-up agents, entries and calls of
/// two months, to look at: more than three thousand entries and some twenty-five thousand calls, always the
/// same for the same day. `progress` is told how far it is. Errors as Store; throws Cancelled.
QCoro::Task<> fillSampleWorkspace(
    Session* session, std::stop_token stop = {}, std::function<void(int percent)> progress = {});

} // namespace llmcache
