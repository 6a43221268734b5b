#include "redis/script.h"

#include <QCryptographicHash>

namespace llmcache::redis {

Script::Script(QByteArray source, Command::Resend resend)
    : m_source(std::move(source))
    , m_sha1(QCryptographicHash::hash(m_source, QCryptographicHash::Sha1).toHex())
    , m_resend(resend)
{
}

QCoro::Task<Reply> Script::run(Client* client, QList<QByteArray> keys, QList<QByteArray> arguments) const
{
    const Script script = *this; // the caller's may be gone when the reply comes
    Command byHash = script.command("EVALSHA", script.m_sha1, keys, arguments);
    Reply reply = co_await client->command(std::move(byHash));
    if (reply.isError("NOSCRIPT")) {
        // EVAL also teaches it to the server, for the next time.
        Command byText = script.command("EVAL", script.m_source, keys, arguments);
        reply = co_await client->command(std::move(byText));
    }
    co_return reply;
}

Command Script::command(const char* verb, const QByteArray& what, const QList<QByteArray>& keys,
    const QList<QByteArray>& arguments) const
{
    QList<QByteArray> all;
    all.reserve(3 + keys.size() + arguments.size());
    all << QByteArray(verb) << what << QByteArray::number(keys.size());
    all += keys;
    all += arguments;
    Command command(std::move(all), m_resend);
    command.setKeyIndex(keys.isEmpty() ? -1 : 3);
    return command;
}

} // namespace llmcache::redis
