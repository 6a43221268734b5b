#include "redis/reply.h"

#include "base/error.h"

namespace llmcache::redis {

namespace {

/// How an error code of the server is told.
struct Explanation {
    enum class Kind { Connection, Configuration, Cache };
    const char* code;
    Kind kind;
    const char* message; ///< %1 is the server
    const char* remedy;
};

constexpr Explanation explanations[] = {
    {"NOAUTH", Explanation::Kind::Configuration, "The Redis server at %1 wants a password.",
        "Put user and password into the store's URL."},
    {"WRONGPASS", Explanation::Kind::Configuration,
        "The Redis server at %1 did not accept user and password.",
        "Correct them in the store's URL; special characters are percent-encoded there."},
    {"NOPERM", Explanation::Kind::Configuration, "The user may not do this on the Redis server at %1",
        "Ask for this permission in the user's ACL."},
    {"LOADING", Explanation::Kind::Connection, "The Redis server at %1 is still loading its data.",
        "Try again in a moment."},
    {"MASTERDOWN", Explanation::Kind::Connection, "The Redis server at %1 is a replica that lost its master.",
        "Try again in a moment, or name the master in the store's URL."},
    {"CLUSTERDOWN", Explanation::Kind::Connection, "The Redis cluster at %1 is down.",
        "Try again in a moment; a part of its slots has no live master."},
    {"TRYAGAIN", Explanation::Kind::Connection, "The Redis cluster at %1 is moving these keys.",
        "Try again in a moment."},
    {"BUSY", Explanation::Kind::Connection, "The Redis server at %1 is busy with somebody's script.",
        "Try again in a moment; SCRIPT KILL ends a script that hangs."},
    {"READONLY", Explanation::Kind::Cache, "The Redis server at %1 is a replica and takes no writes.",
        "Name the master in the store's URL, or use redis+sentinel://."},
    {"OOM", Explanation::Kind::Cache, "The Redis server at %1 is out of memory and takes no writes.",
        "Delete entries, raise maxmemory, or set an eviction policy such as volatile-lru."},
    {"MISCONF", Explanation::Kind::Cache,
        "The Redis server at %1 takes no writes because it can't save its data to disk.",
        "Look into the server's log; its disk may be full."},
    {"NOREPLICAS", Explanation::Kind::Cache,
        "The Redis server at %1 takes no writes because too few replicas are connected.",
        "Bring the replicas back, or lower min-replicas-to-write."},
    {"NOSCRIPT", Explanation::Kind::Cache,
        "The Redis server at %1 does not know a script that was just sent.",
        "Try again; it may have been restarted in between."},
    {"CROSSSLOT", Explanation::Kind::Cache,
        "The Redis server at %1 is part of a cluster, and the keys lie in different slots.",
        "Write the store's URL as redis+cluster://."},
    {"MOVED", Explanation::Kind::Configuration,
        "The Redis server at %1 is part of a cluster and does not hold this key.",
        "Write the store's URL as redis+cluster://."},
    {"WRONGTYPE", Explanation::Kind::Cache, "A key on the Redis server at %1 holds another kind of value.",
        "Another program uses this workspace's names; choose another workspace or database."},
};

/// What the server itself says, without its code, cut to a readable length; it may echo arguments, so
/// nothing of AUTH ever comes here.
QString detail(const Reply& reply)
{
    constexpr qsizetype longest = 200;
    return QString::fromUtf8(reply.bytes.left(longest)).simplified();
}

} // namespace

bool Reply::isError(QByteArrayView code) const
{
    return isError() && bytes.startsWith(code) && (bytes.size() == code.size() || bytes[code.size()] == ' ');
}

qint64 Reply::toInteger(qint64 fallback) const
{
    if (type == Type::Integer)
        return integer;
    if (type != Type::Bytes && type != Type::Status)
        return fallback;
    bool ok = false;
    const qint64 number = bytes.toLongLong(&ok);
    return ok ? number : fallback;
}

namespace {

/// A script that fails inside carries the code within its text up to Redis 6.2 ("ERR Error running script
/// (call to f_1): @user_script:7: -OOM command not allowed ..."), and has words of its own for what the user
/// may not do. The reply as later versions would send it.
Reply withCodeInFront(const Reply& reply)
{
    Reply result = reply;
    if (!reply.isError("ERR"))
        return result;
    if (reply.bytes.contains("The user executing the script can't")) {
        result.bytes = "NOPERM " + reply.bytes.mid(reply.bytes.indexOf("The user executing"));
        return result;
    }
    // Valkey 8: "ERR ACL failure in script: User a has no permissions to run the 'hset' command
    // script: 5050ac..., on @user_script:5."
    const QByteArray failure = "ERR ACL failure in script: ";
    if (reply.bytes.startsWith(failure)) {
        const QByteArray words = reply.bytes.mid(failure.size());
        result.bytes = "NOPERM " + words.left(words.indexOf(" script: "));
        return result;
    }
    if (!reply.bytes.startsWith("ERR Error running script"))
        return result;
    for (const Explanation& explanation : explanations) {
        const QByteArray marked = QByteArray("-") + explanation.code + ' ';
        const auto at = reply.bytes.indexOf(marked);
        if (at < 0)
            continue;
        result.bytes = reply.bytes.mid(at + 1);
        break;
    }
    return result;
}

} // namespace

std::shared_ptr<const Error> errorOf(const Reply& given, const QString& server)
{
    const Reply reply = withCodeInFront(given);
    for (const Explanation& explanation : explanations) {
        if (!reply.isError(explanation.code))
            continue;
        QString message = QString::fromUtf8(explanation.message).arg(server);
        const QString remedy = QString::fromUtf8(explanation.remedy);
        // The server's own words name the missing permission ("... to run the 'xadd' command").
        if (reply.isError("NOPERM"))
            message += QStringLiteral(": ") + detail(reply) + QLatin1Char('.');
        switch (explanation.kind) {
        case Explanation::Kind::Connection:
            return std::make_shared<ConnectionError>(message, remedy);
        case Explanation::Kind::Configuration:
            return std::make_shared<ConfigurationError>(message, remedy);
        case Explanation::Kind::Cache:
            return std::make_shared<CacheError>(message, remedy);
        }
    }
    return std::make_shared<CacheError>(
        QStringLiteral("The Redis server at %1 refused a command: %2.").arg(server, detail(reply)),
        QStringLiteral("Check that it is a Redis 6.2 or newer, and look into its log."));
}

Reply checked(Reply reply, const QString& server)
{
    if (reply.isError())
        errorOf(reply, server)->raise();
    return reply;
}

} // namespace llmcache::redis
