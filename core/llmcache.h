#pragma once

/// Everything a program needs that runs agents through the cache:
///
///     Agent profiler {.name = "profiler", .model = "anthropic:claude-haiku-4-5",
///         .systemPrompt = "You read transcripts.", .output = OutputType::json("UserProfile", schema)};
///     RunResult result = co_await cachedAgentRun(profiler, "Make a profile on the user");

#include "agent/agentjson.h"
#include "base/error.h"
#include "cache/bulkchange.h"
#include "cache/entryedit.h"
#include "cache/run.h"
#include "cache/session.h"
