#pragma once

#include "cache/session.h"
#include "commandline.h"

namespace llmcache::app {

/// What a command works on. The session is opened, not yet connected.
struct CommandContext {
    Session* session = nullptr;
    QStringList words; ///< after the command's own name
    QString agentsFolder; ///< of the project, empty without one
    bool verbose = false;
};

/// A command and its help. `name` may have two words ("entries list").
struct Command {
    QString name;
    QString synopsis;
    QString summary;
    std::vector<OptionSpec> options;
    int mostOperands = 0;
    /// Returns the exit code; throws Error.
    std::function<QCoro::Task<int>(CommandContext, Arguments)> run;
};

/// All commands, in the order of the help.
const std::vector<Command>& commands();
/// Options that take no value, of all commands: a name means the same in each of them.
QSet<QString> flagNames();
std::vector<Command> runCommands();
std::vector<Command> explainCommands();
std::vector<Command> entryCommands();
std::vector<Command> watchCommands();
std::vector<Command> indexCommands();
std::vector<Command> changeCommands();
std::vector<Command> editCommands();
std::vector<Command> transferCommands();
std::vector<Command> agentCommands();
std::vector<Command> costCommands();
std::vector<Command> ledgerCommands();
std::vector<Command> priceCommands();
std::vector<Command> keyCommands();
std::vector<Command> requestCommands();
std::vector<Command> connectionCommands();
std::vector<Command> pickleCommands();

/// The command that the words name; throws UsageError that lists the known ones.
const Command& findCommand(const QStringList& words);
QString helpText();
QString helpText(const Command& command);

/// Session settings from global options and environment. Throws ConfigurationError.
SessionConfig sessionConfig(const CommandLine& line);
/// Runs a command to its end. Prints errors as `llmcache: KIND: text` and returns the exit code.
QCoro::Task<int> runCommand(CommandLine line);

/// "7d", "12h", "30m", "2026-11-01", "2026-11-01T14:00", "all" as UTC milliseconds. Throws UsageError that
/// names the option.
qint64 parseTime(const QString& text, const QString& option, qint64 nowMs, const QByteArray& timeZone);

} // namespace llmcache::app
