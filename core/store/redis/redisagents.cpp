#include "agent/agentjson.h"
#include "base/error.h"
#include "redis/script.h"
#include "store/agentversions.h"
#include "store/redis/redisstore_p.h"
#include "store/storedjson_p.h"

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// The saves of agents, a hash by version name, in the slot that the agents have in a cluster.
QByteArray versionsKey(const QByteArray& agents)
{
    return agents.left(agents.lastIndexOf(':')) + ":agentversions:{" + agents + '}';
}

/// KEYS: agents, versions. ARGV: name, expected revision (-1: any), the JSON after the revision, what a
/// version is called before its number, how many are kept. Returns the revision written, or minus one minus
/// the revision that was there instead. One that is made again goes on where the deleted one ended. The
/// revision is always the first member, which is all that the script must understand of the JSON.
const redis::Script& saveScript()
{
    static const redis::Script script(R"lua(
local before = redis.call('HGET', KEYS[1], ARGV[1])
local revision = 0
if before then revision = tonumber(string.match(before, '^{"revision":(%d+)')) or 0 end
local expected = tonumber(ARGV[2])
if expected >= 0 and expected ~= revision then return -1 - revision end
if not before then
    for _, name in ipairs(redis.call('HKEYS', KEYS[2])) do
        if string.sub(name, 1, #ARGV[4]) == ARGV[4] then
            revision = math.max(revision, tonumber(string.sub(name, #ARGV[4] + 1)) or 0)
        end
    end
end
local text = string.format('{"revision":%.0f', revision + 1) .. ARGV[3]
redis.call('HSET', KEYS[1], ARGV[1], text)
redis.call('HSET', KEYS[2], string.format('%s%.0f', ARGV[4], revision + 1), text)
redis.call('HDEL', KEYS[2], string.format('%s%.0f', ARGV[4], revision + 1 - tonumber(ARGV[5])))
return revision + 1
)lua");
    return script;
}

StoredAgent agentFrom(const QByteArray& text, const QString& name)
{
    const QString what = QStringLiteral("The stored agent %1").arg(name);
    const Json json = parseStored(text, what);
    const Json* const definition = findMember(json, "agent");
    if (!definition)
        throw CacheError(
            what + QStringLiteral(" has no definition."), QStringLiteral("Save the agent again."));
    StoredAgent stored;
    try {
        stored.agent = agentFromJson(*definition, QStringLiteral("stored agent %1").arg(name));
    } catch (const ConfigurationError& error) {
        throw CacheError(what + QStringLiteral(" can't be read: ") + error.message(),
            QStringLiteral("Update the program, or save the agent again."));
    }
    stored.revision = integerMember(json, "revision");
    stored.savedMs = integerMember(json, "saved_ms");
    stored.savedBy = stringMember(json, "saved_by");
    return stored;
}

} // namespace

QCoro::Task<std::vector<StoredAgent>> RedisStore::listAgents()
{
    redis::Command readAll = redis::Command::idempotent("HGETALL", m_keys.agents());
    const redis::Reply reply = checked(co_await m_client->command(std::move(readAll)));
    std::vector<StoredAgent> agents;
    for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
        try {
            agents.push_back(agentFrom(reply.items[i + 1].bytes, QString::fromUtf8(reply.items[i].bytes)));
        } catch (const CacheError& error) {
            // One that a newer version wrote must not hide the others; loading it says what is wrong.
            qWarning("%s", error.what());
        }
    }
    std::sort(agents.begin(), agents.end(),
        [](const StoredAgent& left, const StoredAgent& right) { return left.agent.name < right.agent.name; });
    co_return agents;
}

QCoro::Task<std::optional<StoredAgent>> RedisStore::loadAgent(QString name)
{
    const QByteArray key = isAgentVersionName(name) ? versionsKey(m_keys.agents()) : m_keys.agents();
    redis::Command read = redis::Command::idempotent("HGET", key, name.toUtf8());
    const redis::Reply reply = checked(co_await m_client->command(std::move(read)));
    if (reply.isNil())
        co_return std::nullopt;
    co_return agentFrom(reply.bytes, name);
}

QCoro::Task<StoredAgent> RedisStore::saveAgent(
    Agent agent, qint64 expectedRevision, QString savedBy, qint64 savedMs)
{
    if (agent.name.isEmpty())
        throw CacheError(
            QStringLiteral("An agent without a name can't be saved."), QStringLiteral("Give it a name."));
    if (isAgentVersionName(agent.name))
        throw CacheError(QStringLiteral("The name of an agent can't begin with a control character."),
            QStringLiteral("Give it another name."));
    Json rest = Json::object();
    rest["saved_ms"] = savedMs;
    rest["saved_by"] = toUtf8(savedBy);
    rest["agent"] = toJson(agent);
    QList<QByteArray> keys{m_keys.agents(), versionsKey(m_keys.agents())};
    QByteArray versionName = agentVersionName(agent.name, 0).toUtf8();
    versionName.chop(1);
    QList<QByteArray> arguments{agent.name.toUtf8(),
        QByteArray::number(std::max<qint64>(-1, expectedRevision)), ',' + toJsonText(rest).mid(1),
        versionName, QByteArray::number(mostAgentVersions)};
    auto task = saveScript().run(m_client.get(), std::move(keys), std::move(arguments));
    const redis::Reply reply = checked(co_await task);
    const qint64 revision = reply.toInteger();
    if (revision == -1)
        throw CacheError(QStringLiteral("The agent %1 was deleted meanwhile.").arg(agent.name),
            QStringLiteral("Save it as a new one."));
    if (revision < 0 && expectedRevision == 0)
        throw CacheError(QStringLiteral("There is an agent %1 already.").arg(agent.name),
            QStringLiteral("Choose another name, or open that agent and change it."));
    if (revision < 0)
        throw CacheError(QStringLiteral("The agent %1 was changed meanwhile (revision %2, expected %3).")
                             .arg(agent.name)
                             .arg(-1 - revision)
                             .arg(expectedRevision),
            QStringLiteral("Load it again and repeat the change."));
    StoredAgent stored;
    stored.agent = std::move(agent);
    stored.revision = revision;
    stored.savedMs = savedMs;
    stored.savedBy = std::move(savedBy);
    co_return stored;
}

QCoro::Task<bool> RedisStore::removeAgent(QString name)
{
    redis::Command remove = redis::Command::once("HDEL", m_keys.agents(), name.toUtf8());
    const redis::Reply reply = checked(co_await m_client->command(std::move(remove)));
    co_return reply.toInteger() == 1;
}

} // namespace llmcache::redisstore
