#pragma once

#include "cache/session.h"
#include "commandline.h"
#include "connection/connectionprofile.h"

namespace llmcache::app {

/// Which store is to be opened, and who said so. `config.storeUrl` has no secret of a profile yet.
struct StoreChoice {
    SessionConfig config;
    std::optional<ConnectionProfile> profile; ///< its passwords are still to be loaded
    bool readOnly = false; ///< --read-only: whatever the profile says
    QString workspace; ///< that the command line or the project names; empty = the profile's own
    QString source; ///< "--store", "LLM_CACHE_REDIS_URL", a file; empty for the embedded file
    QString agentsFolder; ///< of the project, for agents that are named; empty = none
};

/// For the command line: --store, --connection, LLM_CACHE_REDIS_URL, the project's file, the embedded file.
/// Throws ConfigurationError and UsageError. Reads small files.
StoreChoice chooseStore(const CommandLine& line);
/// The same with the passwords from keychain or environment. `keys` must outlive the task.
QCoro::Task<SessionConfig> openable(StoreChoice choice, KeyRing* keys);

} // namespace llmcache::app
