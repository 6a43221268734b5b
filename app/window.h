#pragma once

#include "commandline.h"

namespace llmcache::app {

/// Opens the workbench and runs until it is closed. Returns the exit code; throws ConfigurationError for a
/// store or workspace that can't be.
int runWindow(int& argc, char** argv, const CommandLine& line);

} // namespace llmcache::app
