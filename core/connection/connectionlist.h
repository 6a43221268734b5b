#pragma once

#include "connection/connectionprofile.h"

#include <functional>
#include <optional>
#include <vector>

namespace llmcache {

/// The connections that a user keeps, in `connections.json` of the data folder: for its owner alone (0600),
/// without secrets.
///
/// Several processes may change the file at the same time; it is written aside and renamed. Every call reads
/// or writes it and blocks for a moment. Calls are safe from any thread, and throw ConfigurationError that
/// names the file and what is wrong with it; nothing is changed then.
class ConnectionList {
public:
    /// The folder is made with the first change when it is missing.
    explicit ConnectionList(QString folder);

    QString path() const;
    /// In the order that people see.
    std::vector<ConnectionProfile> load() const;
    /// The profile with this name, whatever the case of its letters, or with this id.
    std::optional<ConnectionProfile> find(const QString& nameOrId) const;
    /// Throws when another profile has this one's name. Whether it is there already.
    bool check(const ConnectionProfile& profile) const;
    /// Puts a profile in the place of the one with its id, or at the end. Throws also when another has its
    /// name.
    void save(const ConnectionProfile& profile);
    /// Puts it at `position`, or at the end: how a removal is undone.
    void insert(const ConnectionProfile& profile, std::size_t position);
    /// Whether there was one.
    bool remove(const QString& id);

private:
    void change(const std::function<void(std::vector<ConnectionProfile>&)>& edit);

    QString m_folder;
};

} // namespace llmcache
