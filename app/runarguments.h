#pragma once

#include "commands.h"

namespace llmcache::app {

/// The options that say what is asked: agent, prompt, variables, history, … of `run` and `explain`.
std::vector<OptionSpec> requestOptions();

/// The bytes of a file that `what` names in errors ("The agent file"); at most 64 MB. Throws
/// ConfigurationError.
QByteArray readFile(const QString& path, const QString& what);
/// Whether a value of `--agent` is a file, by its looks or because there is one.
bool isAgentFile(const QString& nameOrFile);
/// The agent that `--agent` names, with `--model`: a file when it looks like one, one of the project's
/// folder, or one of the workspace. Throws UsageError, ConfigurationError; errors as Store.
QCoro::Task<Agent> resolveAgent(Session* session, Arguments arguments, QString agentsFolder);
/// `--prompt`, or standard input for "-". Throws UsageError.
QString promptOf(const Arguments& arguments);
/// The rest of what `run` takes, also of what only some commands list. Throws UsageError, ConfigurationError.
RunOptions runOptions(const Arguments& arguments);

} // namespace llmcache::app
