#include "storechoice.h"

#include "base/error.h"
#include "commands.h"
#include "connection/connectionlist.h"
#include "connection/connectionsecrets.h"
#include "connection/projectfile.h"

#include <QDir>

#include <algorithm>

namespace llmcache::app {

namespace {

void useProfile(StoreChoice& choice, const ConnectionProfile& profile)
{
    choice.profile = profile;
    choice.config.storeUrl = profile.address.url();
    choice.config.workspace = profile.workspace;
    choice.config.connection = profile.traits;
}

/// A project names a store without its password; a connection of the user's own has that.
void useProject(StoreChoice& choice, const ProjectFile& project, const ConnectionList& connections)
{
    choice.config.storeUrl = project.store;
    choice.source = project.path;
    const StoreAddress address = StoreAddress::fromUrl(project.store);
    const std::vector<ConnectionProfile> list = connections.load();
    const auto known = std::find_if(list.begin(), list.end(), [&address](const ConnectionProfile& one) {
        return one.address.url() == address.url()
            && (address.user.isEmpty() || one.address.user == address.user);
    });
    if (known != list.end())
        useProfile(choice, *known);
}

} // namespace

StoreChoice chooseStore(const CommandLine& line)
{
    StoreChoice choice;
    choice.config = sessionConfig(line);
    const ConnectionList connections(choice.config.dataFolder);
    const std::optional<ProjectFile> project = ProjectFile::find(QDir::currentPath());
    if (project) {
        choice.agentsFolder = project->agentsFolder;
        choice.workspace = project->workspace;
    }
    if (!line.store.isEmpty()) {
        if (!line.connection.isEmpty())
            throw UsageError(QStringLiteral("--store and --connection are both given."),
                QStringLiteral("Leave one of them out."));
        choice.source = QStringLiteral("--store");
    } else if (!line.connection.isEmpty()) {
        const auto profile = connections.find(line.connection);
        if (!profile)
            throw ConfigurationError(QStringLiteral("There is no connection \"%1\".").arg(line.connection),
                QStringLiteral("\"llmcache connections list\" shows them."));
        useProfile(choice, *profile);
        // The connection was asked for, and it names a workspace; the project did not ask for this store.
        choice.workspace.clear();
        choice.source = QStringLiteral("--connection");
    } else if (!choice.config.storeUrl.isEmpty()) {
        choice.source = QStringLiteral("LLM_CACHE_REDIS_URL");
    } else if (project && !project->store.isEmpty()) {
        useProject(choice, *project, connections);
    }
    if (!line.workspace.isEmpty())
        choice.workspace = line.workspace;
    if (!choice.workspace.isEmpty())
        choice.config.workspace = choice.workspace;
    choice.readOnly = line.readOnly;
    choice.config.connection.readOnly = choice.config.connection.readOnly || line.readOnly;
    return choice;
}

QCoro::Task<SessionConfig> openable(StoreChoice choice, KeyRing* keys)
{
    if (choice.profile) {
        ConnectionProfile profile = *choice.profile;
        choice.config.storeUrl = co_await connectionUrl(keys, std::move(profile));
    }
    co_return choice.config;
}

} // namespace llmcache::app
