#pragma once

#include "redis/client.h"
#include "waitfortask.h"

#include <qcorotask.h>

#include <QTest>

#include <vector>

namespace llmcache::test {

/// Waits for one reply.
inline QCoro::Task<redis::Reply> replyOf(redis::Client* client, redis::Command command)
{
    redis::Reply reply = co_await client->command(std::move(command));
    co_return reply;
}

inline redis::Reply ask(redis::Client& client, redis::Command command)
{
    return waitForTask(replyOf(&client, std::move(command)));
}

inline QCoro::Task<bool> thenTrue(QCoro::Task<>* task)
{
    co_await *task;
    co_return true;
}

/// waitForTask for tasks without a value as well.
template <typename T>
T await(QCoro::Task<T> task)
{
    if constexpr (std::is_void_v<T>)
        waitForTask(thenTrue(&task));
    else
        return waitForTask(std::move(task));
}

/// What awaiting a command threw: kind and text, or "no error".
inline QCoro::Task<QString> outcomeOf(redis::Client* client, redis::Command command)
{
    try {
        const redis::Reply reply = co_await client->command(std::move(command));
        redis::checked(reply, client->display());
        co_return QStringLiteral("no error");
    } catch (const Error& error) {
        co_return error.kind() + QStringLiteral(": ") + error.text();
    }
}

inline QString askForError(redis::Client& client, redis::Command command)
{
    return waitForTask(outcomeOf(&client, std::move(command)));
}

/// Waits for all replies that were asked for together.
inline QCoro::Task<std::vector<redis::Reply>> collect(std::vector<redis::Pending> pendings)
{
    std::vector<redis::Reply> replies;
    for (redis::Pending& pending : pendings) {
        redis::Reply reply = co_await pending;
        replies.push_back(std::move(reply));
    }
    co_return replies;
}

} // namespace llmcache::test
