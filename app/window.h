#pragma once

#include "commandline.h"

class QSettings;

namespace llmcache::app {

/// Opens the workbench and runs until it is closed. Returns the exit code; throws ConfigurationError for a
/// store or workspace that can't be.
int runWindow(int& argc, char** argv, const CommandLine& line);

/// Times are shown in the zone of the settings. Call it before anything asks for the time: the environment is
/// not for several threads.
void useTimeZone(const QSettings& settings);

} // namespace llmcache::app
