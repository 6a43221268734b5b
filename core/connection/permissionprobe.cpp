#include "connection/permissionprobe_p.h"

#include "base/gate.h"
#include "redis/subscriber.h"
#include "store/redis/rediskeys_p.h"

#include <QCryptographicHash>
#include <QTimer>
#include <QUuid>

namespace llmcache {

namespace {

struct Trial {
    QList<QByteArray> words;
    int keyIndex = 1;
    bool isComfort = false;
};

/// Of a server that can be reached.
constexpr std::chrono::milliseconds longestSubscribing{1000};

const QByteArray script = QByteArrayLiteral("return 1");

std::vector<Trial> readingTrials(const QByteArray& key)
{
    std::vector<Trial> trials{
        {{"HGET", key + ":hash", "field"}},
        {{"HMGET", key + ":hash", "field"}},
        {{"HGETALL", key + ":hash"}},
        {{"HLEN", key + ":hash"}},
        {{"TYPE", key + ":hash"}},
        {{"PTTL", key + ":hash"}},
        {{"PEXPIRETIME", key + ":hash"}},
        {{"EXISTS", key + ":hash"}},
        {{"GET", key + ":text"}},
        {{"GETRANGE", key + ":text", "0", "1"}},
        {{"LRANGE", key + ":list", "0", "0"}},
        {{"ZRANGEBYSCORE", key + ":set", "0", "0"}},
        {{"ZREVRANGE", key + ":set", "0", "0"}},
        {{"XRANGE", key + ":stream", "-", "+", "COUNT", "1"}},
        {{"XREVRANGE", key + ":stream", "+", "-", "COUNT", "1"}},
        {{"SCAN", "0", "COUNT", "1"}, -1},
        {{"DBSIZE"}, -1, true},
        {{"INFO", "server"}, -1, true},
        {{"OBJECT", "ENCODING", key + ":hash"}, 2, true},
        {{"MEMORY", "USAGE", key + ":hash"}, 2, true},
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

/// As pyai-caching names an entry and its lock, with what is no digest.
std::vector<Trial> pythonTrials(const QByteArray& id)
{
    const QByteArray time = QByteArrayLiteral("10000"); // milliseconds
    std::vector<Trial> trials;
    for (const QByteArray& key : {"pyai-cache:test-" + id, "lock:pyai-cache:test-" + id}) {
        trials.push_back({{"SET", key, "1", "PX", time}});
        trials.push_back({{"GET", key}});
        trials.push_back({{"DEL", key}});
        trials.push_back({{"UNLINK", key}}); // whichever of the two is allowed
    }
    return trials;
}

/// How a rule names a command: those with subcommands one by one, since "+config" would give CONFIG SET.
QString ruleOf(const Trial& trial)
{
    QString rule = QString::fromLatin1(trial.words.front()).toLower();
    static const QStringList withSubcommands{QStringLiteral("config"), QStringLiteral("memory"),
        QStringLiteral("object"), QStringLiteral("xinfo")};
    if (withSubcommands.contains(rule))
        rule += QLatin1Char('|') + QString::fromLatin1(trial.words.at(1)).toLower();
    return rule;
}

void note(const Trial& trial, const redis::Reply& reply, MissingRights& missing)
{
    if (!reply.isError())
        return;
    const QString command = ruleOf(trial);
    if (command == QLatin1String("pexpiretime") && reply.isError("ERR"))
        missing.countsTime = true;
    if (reply.isError("NOPERM")) {
        QStringList& list = trial.isComfort ? missing.comforts : missing.commands;
        if (command == QLatin1String("config|get"))
            missing.settings = true;
        else if (reply.bytes.contains("channel"))
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
    sum.settings = sum.settings || more.settings;
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
    if (pythonKeys)
        rules.append(QStringLiteral("~pyai-cache:* ~lock:pyai-cache:*"));
    return rules.join(QLatin1Char(' '));
}

QByteArray newsPattern(const WantedRights& wanted)
{
    return "__keyspace@" + QByteArray::number(wanted.database)
        + "__:" + redisstore::Keys(wanted.workspace).entryPattern(QByteArray());
}

namespace {

/// Whether the server confirms a subscription of a pattern, or of a channel.
QCoro::Task<bool> hears(redis::Client* client, QByteArray name, bool isPattern)
{
    // Before the handler, which opens it.
    Gate gate;
    const auto subscriber = client->makeSubscriber();
    bool active = false;
    const auto handler = [&gate, &active](redis::Subscriber::Event event, const QByteArray&) {
        active = active || event == redis::Subscriber::Event::Active;
        gate.open();
    };
    std::unique_ptr<redis::Subscription> subscription;
    if (isPattern)
        subscription = subscriber->subscribePattern(name, handler);
    else
        subscription = subscriber->subscribe(name, handler);
    QTimer::singleShot(longestSubscribing, &gate, [&gate] { gate.open(); });
    auto passing = gate.passed();
    co_await passing;
    co_return active;
}

} // namespace

QCoro::Task<MissingRights> probePermissions(redis::Client* client, WantedRights wanted)
{
    const QByteArray id = QUuid::createUuid().toByteArray(QUuid::WithoutBraces);
    const QByteArray key = "llmcache:" + wanted.workspace.toUtf8() + ":test:{" + id + '}';
    auto reading = readingTrials(key);
    MissingRights missing = co_await tryAll(client, std::move(reading));
    QByteArray news = newsPattern(wanted);
    auto hearing = hears(client, std::move(news), true);
    missing.news = !co_await hearing;
    if (wanted.readOnly)
        co_return missing;
    auto cleaning = cleaningTrials(key);
    const MissingRights cleans = co_await tryAll(client, std::move(cleaning));
    add(missing, cleans);
    if (cleans.commands.size() == 2 || cleans.keys)
        co_return missing;
    auto writing = writingTrials(key);
    if (missing.countsTime)
        writing.insert(writing.begin(), {{"TIME"}, -1});
    const MissingRights writes = co_await tryAll(client, std::move(writing));
    add(missing, writes);
    if (!missing.channels) {
        QByteArray channel = QByteArray(key).replace(":test:", ":done:");
        auto waiting = hears(client, std::move(channel), false);
        // Who waits for another's answer polls without.
        if (!co_await waiting)
            missing.comforts.append(QStringLiteral("subscribe"));
    }
    if (wanted.forPython) {
        auto python = pythonTrials(id);
        const MissingRights shared = co_await tryAll(client, std::move(python));
        missing.pythonKeys = shared.keys;
    }
    co_return missing;
}

} // namespace llmcache
