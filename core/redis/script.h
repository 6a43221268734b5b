#pragma once

#include "redis/client.h"

namespace llmcache::redis {

/// A Lua script that runs on the server, atomically. A value; cheap to copy.
class Script {
public:
    /// `resend`: whether running it twice does the same as running it once.
    explicit Script(QByteArray source, Command::Resend resend = Command::Resend::Never);

    /// Runs it by its hash, and by its text where the server does not know it yet. The reply may be an error,
    /// see checked(). The client must outlive the task.
    QCoro::Task<Reply> run(Client* client, QList<QByteArray> keys, QList<QByteArray> arguments) const;
    const QByteArray& sha1() const { return m_sha1; }

private:
    Command command(const char* verb, const QByteArray& what, const QList<QByteArray>& keys,
        const QList<QByteArray>& arguments) const;

    QByteArray m_source;
    QByteArray m_sha1;
    Command::Resend m_resend;
};

} // namespace llmcache::redis
