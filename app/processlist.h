#pragma once

namespace llmcache::app {

/// Overwrites the passwords of store URLs (`--store redis://user:password@host`) in the program's arguments,
/// so that `ps` and /proc do not show them to other users of the machine for as long as the program runs.
/// Call it first in main(), after copying what is needed. Elsewhere than on Linux the system may keep another
/// copy.
void maskPasswords(int argc, char** argv);

} // namespace llmcache::app
