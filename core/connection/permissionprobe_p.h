#pragma once

#include "redis/client.h"

#include <QStringList>

namespace llmcache {

/// What the user of a connection may not do.
struct MissingRights {
    QStringList commands{}; ///< as rules name them ("xadd", "object|encoding"), that a store needs
    QStringList comforts{}; ///< the same, that it can do without
    bool keys = false; ///< the keys of the workspace
    bool channels = false; ///< the channels of the workspace
    bool pythonKeys = false; ///< the keys of pyai-caching, which are to be written
    bool settings = false; ///< what the server is set to: good to know, and never needed
    bool countsTime =
        false; ///< no lack: a server before Redis 7, on which moments of expiry are counted from TIME
    bool news = false; ///< what the server tells about changes of entries
    QString problem{}; ///< why the server refuses to write, though it may be asked to
    bool isEmpty() const
    {
        return commands.isEmpty() && !keys && !channels && !pythonKeys && problem.isEmpty();
    }
    /// The rules of an ACL that give what is missing.
    QString rules(const QString& workspace) const;
};

struct WantedRights {
    QString workspace;
    int database = 0;
    bool readOnly = false; ///< none that writes
    bool forPython = false; ///< the keys of pyai-caching, too
};

/// Tries each command that a store needs, on keys "llmcache:<workspace>:test:…" that are gone afterwards.
/// Errors as redis::Client. Takes a second where messages are not allowed.
QCoro::Task<MissingRights> probePermissions(redis::Client* client, WantedRights wanted);
/// The channel pattern of the news of entries. A server compares it with its rules to the letter.
QByteArray newsPattern(const WantedRights& wanted);

} // namespace llmcache
