#pragma once

#include "commands.h"

namespace llmcache::app {

/// The options that say what is asked: agent, prompt, variables, history, … of `run` and `explain`.
std::vector<OptionSpec> requestOptions();

/// The agent that `--agent` names, with `--model`: a file when it looks like one, one of the project's
/// folder, or one of the workspace. Throws UsageError, ConfigurationError; errors as Store.
QCoro::Task<Agent> resolveAgent(Session* session, Arguments arguments, QString agentsFolder);
/// `--prompt`, or standard input for "-". Throws UsageError.
QString promptOf(const Arguments& arguments);
/// The rest of what `run` takes, also of what only some commands list. Throws UsageError, ConfigurationError.
RunOptions runOptions(const Arguments& arguments);

} // namespace llmcache::app
