#pragma once

#include "redis/client.h"

#include <QStringList>

namespace llmcache {

/// What the user of a connection may not do.
struct MissingRights {
    QStringList commands{}; ///< lower case, that a store needs
    QStringList comforts{}; ///< lower case, that it can do without
    bool keys = false; ///< the keys of the workspace
    bool channels = false; ///< the channels of the workspace
    QString problem{}; ///< why the server refuses to write, though it may be asked to
    bool isEmpty() const { return commands.isEmpty() && !keys && !channels && problem.isEmpty(); }
    /// The rules of an ACL that give what is missing.
    QString rules(const QString& workspace) const;
};

/// Tries each command that a store needs, on keys "llmcache:<workspace>:test:…" that are gone afterwards; of
/// a reader none that writes. Errors as redis::Client.
QCoro::Task<MissingRights> probePermissions(redis::Client* client, QString workspace, bool readOnly);

} // namespace llmcache
