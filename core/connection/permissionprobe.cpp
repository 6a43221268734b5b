#include "connection/permissionprobe_p.h"

#include <QCryptographicHash>
#include <QUuid>

namespace llmcache {

namespace {

struct Trial {
    QList<QByteArray> words;
    int keyIndex = 1;
    bool isComfort = false;
};

const QByteArray script = QByteArrayLiteral("return 1");

std::vector<Trial> readingTrials(const QByteArray& key)
{
    std::vector<Trial> trials{
        {{"HGET", key + ":hash", "field"}},
        {{"HMGET", key + ":hash", "field"}},
        {{"HGETALL", key + ":hash"}},
        {{"PTTL", key + ":hash"}},
        {{"EXISTS", key + ":hash"}},
        {{"GET", key + ":text"}},
        {{"LRANGE", key + ":list", "0", "0"}},
        {{"ZRANGEBYSCORE", key + ":set", "0", "0"}},
        {{"XRANGE", key + ":stream", "-", "+", "COUNT", "1"}},
        {{"XREVRANGE", key + ":stream", "+", "-", "COUNT", "1"}},
        {{"SCAN", "0", "COUNT", "1"}, -1},
        {{"DBSIZE"}, -1, true},
        {{"INFO", "server"}, -1, true},
        {{"CONFIG", "GET", "notify-keyspace-events"}, -1, true},
    };
    return trials;
}

/// In an order in which each finds what it needs.
std::vector<Trial> writingTrials(const QByteArray& key)
{
    const QByteArray channel = QByteArray(key).replace(":test:", ":done:");
    const QByteArray time = QByteArrayLiteral("10000"); // milliseconds
    return {
        {{"HSET", key + ":hash", "field", "1"}},
        {{"HINCRBY", key + ":hash", "field", "1"}},
        {{"PEXPIRE", key + ":hash", time}},
        {{"PERSIST", key + ":hash"}},
        {{"PEXPIREAT", key + ":hash", "4102444800000"}},
        {{"PEXPIRE", key + ":hash", time}},
        {{"HDEL", key + ":hash", "other"}},
        {{"SET", key + ":text", "1", "PX", time}},
        {{"LPUSH", key + ":list", "1"}},
        {{"LTRIM", key + ":list", "0", "0"}},
        {{"ZADD", key + ":set", "1", "member"}},
        {{"XADD", key + ":stream", "*", "field", "1"}},
        {{"XINFO", "STREAM", key + ":stream"}},
        {{"XDEL", key + ":stream", "1-1"}},
        {{"TIME"}, -1},
        {{"EVAL", script, "1", key + ":hash"}, 3},
        {{"EVALSHA", QCryptographicHash::hash(script, QCryptographicHash::Sha1).toHex(), "1", key + ":hash"},
            3},
        {{"PUBLISH", channel, "test"}},
        {{"DEL", key + ":hash", key + ":text", key + ":list"}},
        {{"UNLINK", key + ":set", key + ":stream"}},
        // Whichever of the two is allowed takes all of them.
        {{"DEL", key + ":set", key + ":stream"}},
        {{"UNLINK", key + ":hash", key + ":text", key + ":list"}},
    };
}

/// Nothing is written that could not be taken away.
std::vector<Trial> cleaningTrials(const QByteArray& key)
{
    return {{{"DEL", key + ":hash"}}, {{"UNLINK", key + ":hash"}}};
}

void note(const Trial& trial, const redis::Reply& reply, MissingRights& missing)
{
    if (!reply.isError())
        return;
    const QString command = QString::fromLatin1(trial.words.front()).toLower();
    if (reply.isError("NOPERM")) {
        QStringList& list = trial.isComfort ? missing.comforts : missing.commands;
        if (reply.bytes.contains("channel"))
            missing.channels = true;
        else if (reply.bytes.contains("key") && !reply.bytes.contains("run the"))
            missing.keys = true;
        else if (!list.contains(command))
            list.append(command);
    } else if (reply.isError("OOM") && missing.problem.isEmpty()) {
        missing.problem = QStringLiteral("its memory is full");
    } else if (reply.isError("READONLY") && missing.problem.isEmpty()) {
        missing.problem = QStringLiteral("it is a replica, which takes no writes");
    } else if (reply.isError("MISCONF") && missing.problem.isEmpty()) {
        missing.problem = QStringLiteral("it can't save its data to disk and takes no writes");
    }
}

QCoro::Task<MissingRights> tryAll(redis::Client* client, std::vector<Trial> trials)
{
    std::vector<redis::Pending> pending;
    for (const Trial& trial : trials) {
        redis::Command command(trial.words);
        command.setKeyIndex(trial.keyIndex);
        pending.push_back(client->command(std::move(command)));
    }
    MissingRights missing;
    for (std::size_t at = 0; at < trials.size(); ++at) {
        const redis::Reply reply = co_await pending[at];
        note(trials[at], reply, missing);
    }
    co_return missing;
}

void add(MissingRights& sum, const MissingRights& more)
{
    sum.commands += more.commands;
    sum.comforts += more.comforts;
    sum.commands.removeDuplicates();
    sum.keys = sum.keys || more.keys;
    sum.channels = sum.channels || more.channels;
    if (sum.problem.isEmpty())
        sum.problem = more.problem;
}

} // namespace

QString MissingRights::rules(const QString& workspace) const
{
    QStringList rules;
    for (const QString& command : commands)
        rules.append(QLatin1Char('+') + command);
    if (keys)
        rules.append(QStringLiteral("~llmcache:%1:*").arg(workspace));
    if (channels)
        rules.append(QStringLiteral("&llmcache:%1:*").arg(workspace));
    return rules.join(QLatin1Char(' '));
}

QCoro::Task<MissingRights> probePermissions(redis::Client* client, QString workspace, bool readOnly)
{
    const QByteArray key = "llmcache:" + workspace.toUtf8() + ":test:{"
        + QUuid::createUuid().toByteArray(QUuid::WithoutBraces) + '}';
    auto reading = readingTrials(key);
    MissingRights missing = co_await tryAll(client, std::move(reading));
    if (readOnly)
        co_return missing;
    auto cleaning = cleaningTrials(key);
    const MissingRights cleans = co_await tryAll(client, std::move(cleaning));
    add(missing, cleans);
    if (cleans.commands.size() == 2 || cleans.keys)
        co_return missing;
    auto writing = writingTrials(key);
    const MissingRights writes = co_await tryAll(client, std::move(writing));
    add(missing, writes);
    co_return missing;
}

} // namespace llmcache
