#pragma once

#include <QString>

#include <optional>

namespace llmcache {

/// What a project says about its cache, in `.llmcache.json`:
///
///     {"workspace": "…", "store": "redis://…", "agents": "folder"}
///
/// Every field may be left out. A password does not belong there, since the file is shared.
struct ProjectFile {
    QString path{}; ///< of the file
    QString workspace{};
    QString store{}; ///< URL without password
    QString agentsFolder{}; ///< absolute; holds NAME.agent.json files

    /// Looks in `folder` and those above it; the nearest file counts. Throws ConfigurationError for one that
    /// can't be read, has unknown fields or a password, or belongs to somebody else. Blocks for a moment.
    static std::optional<ProjectFile> find(const QString& folder);
};

} // namespace llmcache
