#include "base/error.h"
#include "redis/script.h"
#include "store/entryid.h"
#include "store/pythonentry.h"
#include "store/redis/redisstore_p.h"

#include <QDateTime>

// Entries of pyai-caching: a pickle as a plain value under a key of their own. Each key may be in another
// slot of a cluster, so scripts here have one key.

namespace llmcache::redisstore {

namespace {

/// Entries that are read or changed before the replies are awaited, to bound the memory of huge batches.
constexpr qsizetype batchSize = 500;
/// Keys that a search for pickles looks at, which takes a server a quarter of a second; and bytes of one of
/// them.
constexpr qint64 mostVisited = 200'000;
constexpr qint64 largestVisited = 256 * 1024;
/// What a server can count.
constexpr std::chrono::seconds mostOriginTtl = std::chrono::hours(24 * 366);

/// KEYS: entry. ARGV: kind, expected revision ("0" = none), expiry ("" = as it is, "never", ms), and the
/// pickle when it changes. As the script for our own entries; the revision is drawn from the value
/// (pythonRevision).
const redis::Script& changeScript()
{
    static const redis::Script script(R"lua(
local value = redis.pcall('GET', KEYS[1])
if type(value) == 'table' then return 2 end
local revision = '0'
if value then
    local digits = tonumber(string.sub(redis.sha1hex(value), 1, 8), 16)
    revision = string.format('%.0f', digits == 0 and 1 or digits)
elseif ARGV[1] ~= 'put' then
    return 0
end
if revision ~= ARGV[2] then return 2 end
if ARGV[1] == 'remove' then
    redis.call('UNLINK', KEYS[1])
    return 1
end
if ARGV[4] then redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL') end
if ARGV[3] == 'never' then
    redis.call('PERSIST', KEYS[1])
elseif ARGV[3] ~= '' then
    redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
return 1
)lua");
    return script;
}

/// KEYS: lock. ARGV: token. Nobody is told of it: Python programs do not listen.
const redis::Script& releaseScript()
{
    static const redis::Script script(R"lua(
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
)lua",
        redis::Command::Resend::Once);
    return script;
}

/// An empty object for what is damaged: it is a convenience.
Json storedRequest(const QByteArray& field)
{
    try {
        const std::optional<Json> request = tryParseJson(unpackField(field));
        if (request && request->is_object())
            return *request;
    } catch (const CacheError& error) {
        qWarning("%s", error.what());
    }
    return Json::object();
}

qint64 nowMs()
{
    return QDateTime::currentMSecsSinceEpoch();
}

} // namespace

QCoro::Task<std::optional<Entry>> RedisStore::lookupFirst(QStringList ids, EntryParts parts)
{
    // All are asked for before the first answer is awaited, which makes it one round trip.
    std::vector<QCoro::Task<std::optional<Entry>>> lookups;
    lookups.reserve(static_cast<std::size_t>(ids.size()));
    for (const QString& id : ids)
        lookups.push_back(lookup(id, parts));
    m_client->flushIfIdle(); // whoever asked prepares for the answer meanwhile
    std::optional<Entry> found;
    std::exception_ptr failure;
    for (auto& looking : lookups) {
        try {
            std::optional<Entry> entry = co_await looking;
            if (entry && !found)
                found = std::move(entry);
        } catch (...) {
            if (!failure)
                failure = std::current_exception();
        }
    }
    if (!found && failure)
        std::rethrow_exception(failure);
    co_return found;
}

QCoro::Task<std::optional<Entry>> RedisStore::lookupPython(QString key, EntryParts parts)
{
    const QByteArray name = key.toUtf8();
    redis::Command readValue = redis::Command::idempotent("GET", name);
    redis::Command readTtl = redis::Command::idempotent("PTTL", name);
    redis::Pending pendingValue = m_client->command(std::move(readValue));
    redis::Pending pendingTtl = m_client->command(std::move(readTtl));
    // Who runs the request knows it.
    std::optional<redis::Pending> pendingOrigin;
    std::optional<redis::Pending> pendingRequest;
    if (parts != EntryParts::Answer) {
        redis::Command readOrigin = redis::Command::idempotent("GET", m_keys.asked(key));
        pendingOrigin = m_client->command(std::move(readOrigin));
    }
    if (parts == EntryParts::All) {
        redis::Command readRequest = redis::Command::idempotent("GET", m_keys.askedFor(key));
        pendingRequest = m_client->command(std::move(readRequest));
    }
    redis::Reply value = co_await pendingValue;
    redis::Reply ttl = co_await pendingTtl;
    redis::Reply origin;
    if (pendingOrigin)
        origin = co_await *pendingOrigin;
    redis::Reply request;
    if (pendingRequest)
        request = co_await *pendingRequest;
    // A user who may not see keys of Python programs has none.
    if (value.isNil() || value.isError("WRONGTYPE") || value.isError("NOPERM"))
        co_return std::nullopt;
    ttl = checked(std::move(ttl));
    value = checked(std::move(value));
    Entry entry;
    if (parts == EntryParts::Meta)
        entry.meta = pythonMeta(key, value.bytes);
    else
        entry = pythonEntry(key, value.bytes);
    addOrigin(entry.meta, origin.bytes);
    if (!request.bytes.isEmpty() && !request.isError())
        entry.request = storedRequest(request.bytes);
    if (ttl.toInteger() >= 0)
        entry.meta.expiresMs = nowMs() + ttl.toInteger();
    co_return entry;
}

QCoro::Task<> RedisStore::putForPython(
    QStringList keys, QByteArray pickle, std::optional<std::chrono::seconds> ttl)
{
    std::vector<redis::Pending> pendings;
    for (const QString& key : keys) {
        redis::Command set = redis::Command::idempotent("SET", key.toUtf8(), pickle);
        if (ttl)
            set << QByteArrayLiteral("EX") << QByteArray::number(std::max<qint64>(1, ttl->count()));
        pendings.push_back(m_client->command(std::move(set)));
    }
    std::optional<redis::Reply> refused;
    for (redis::Pending& pending : pendings) {
        redis::Reply reply = co_await pending;
        if (reply.isError() && !refused)
            refused = std::move(reply);
    }
    if (refused)
        checked(std::move(*refused));
}

QCoro::Task<> RedisStore::rememberOrigin(
    QStringList keys, PythonOrigin origin, std::optional<std::chrono::seconds> ttl)
{
    const QByteArray seconds =
        QByteArray::number(std::max<qint64>(1, std::min(ttl.value_or(defaultTtl), mostOriginTtl).count()));
    const QByteArray text = originText(origin.agent, origin.task, stringMember(origin.request, "prompt"));
    const QByteArray request = packField(toJsonText(origin.request));
    std::vector<redis::Pending> pendings;
    for (const QString& key : keys) {
        redis::Command setOrigin = redis::Command::idempotent("SET", m_keys.asked(key), text, "EX", seconds);
        redis::Command setRequest =
            redis::Command::idempotent("SET", m_keys.askedFor(key), request, "EX", seconds);
        pendings.push_back(m_client->command(std::move(setOrigin)));
        pendings.push_back(m_client->command(std::move(setRequest)));
    }
    for (redis::Pending& pending : pendings)
        checked(co_await pending);
}

QCoro::Task<> RedisStore::visitPickles(std::function<bool(const QByteArray&)> wanted)
{
    auto left = std::make_shared<qint64>(mostVisited);
    const QList<QByteArray> nodes = co_await m_client->nodes();
    for (const QByteArray& node : nodes) {
        auto visiting = visitPicklesOf(node, left, wanted);
        const bool goesOn = co_await visiting;
        if (!goesOn)
            break;
    }
}

QCoro::Task<bool> RedisStore::visitPicklesOf(
    QByteArray node, std::shared_ptr<qint64> left, std::function<bool(const QByteArray&)> wanted)
{
    constexpr qint64 scanSize = 1000;
    QByteArray position = "0";
    do {
        redis::Command scan = redis::Command::idempotent(
            "SCAN", position, "MATCH", QByteArrayLiteral("pyai-cache:*"), "COUNT", scanSize);
        scan.setNode(node);
        const redis::Reply reply = checked(co_await m_client->command(std::move(scan)));
        if (reply.items.size() != 2)
            co_return false;
        std::vector<redis::Pending> values;
        for (const redis::Reply& key : reply.items[1].items) {
            redis::Command read = redis::Command::idempotent("GETRANGE", key.bytes, 0, largestVisited);
            values.push_back(m_client->command(std::move(read)));
        }
        bool goesOn = true;
        for (redis::Pending& value : values) {
            const redis::Reply pickle = co_await value;
            const bool isWhole = !pickle.isError() && pickle.bytes.size() <= largestVisited;
            goesOn = goesOn && (!isWhole || pickle.bytes.isEmpty() || wanted(pickle.bytes));
        }
        *left -= scanSize;
        if (!goesOn || *left <= 0)
            co_return false;
        position = reply.items[0].bytes;
    } while (position != "0");
    co_return true;
}

QCoro::Task<std::vector<EntryImage>> RedisStore::readPythonImages(QStringList keys)
{
    std::vector<EntryImage> images;
    for (qsizetype start = 0; start < keys.size(); start += batchSize) {
        const QStringList batch = keys.mid(start, batchSize);
        std::vector<redis::Pending> values;
        std::vector<redis::Pending> times;
        for (const QString& key : batch) {
            const QByteArray name = key.toUtf8();
            redis::Command readValue = redis::Command::idempotent("GET", name);
            redis::Command readTime = m_knowsExpireTime ? redis::Command::idempotent("PEXPIRETIME", name)
                                                        : redis::Command::idempotent("PTTL", name);
            values.push_back(m_client->command(std::move(readValue)));
            times.push_back(m_client->command(std::move(readTime)));
        }
        bool known = true;
        std::vector<EntryImage> part;
        for (std::size_t i = 0; i < values.size(); ++i) {
            redis::Reply value = co_await values[i];
            const redis::Reply time = co_await times[i];
            if (time.isError("ERR")) { // no such command
                known = false;
                continue;
            }
            if (value.isNil() || value.isError("WRONGTYPE"))
                continue;
            value = checked(std::move(value));
            checked(time);
            std::optional<qint64> expiresMs;
            if (time.toInteger() >= 0)
                expiresMs = m_knowsExpireTime ? time.toInteger() : nowMs() + time.toInteger();
            part.push_back(
                pythonImage(batch.at(static_cast<qsizetype>(i)), std::move(value.bytes), expiresMs));
        }
        if (!known) {
            m_knowsExpireTime = false;
            start -= batchSize; // again, the other way
            continue;
        }
        std::move(part.begin(), part.end(), std::back_inserter(images));
    }
    co_return images;
}

QCoro::Task<redis::Reply> RedisStore::changePython(EntryChange change)
{
    QList<QByteArray> keys{change.fingerprint.toUtf8()};
    QList<QByteArray> arguments{
        kindArgument(change.kind), QByteArray::number(change.expectedRevision), expiryArgument(change)};
    if (change.fields.contains(pickleField))
        arguments << change.fields.value(pickleField);
    const QByteArray revisions = m_keys.revisions(change.fingerprint);
    auto changing = changeScript().run(m_client.get(), std::move(keys), std::move(arguments));
    const redis::Reply reply = co_await changing;
    if (reply.toInteger() == 1 && !change.kept.isEmpty()) {
        // Another slot: not in one script. What is kept is in the journal too.
        redis::Command push = redis::Command::once("LPUSH", revisions, change.kept);
        redis::Command trim = redis::Command::once("LTRIM", revisions, 0, mostRevisions - 1);
        redis::Command expire =
            redis::Command::once("PEXPIRE", revisions, std::chrono::milliseconds(revisionTime).count());
        redis::Pending pushing = m_client->command(std::move(push));
        redis::Pending trimming = m_client->command(std::move(trim));
        redis::Pending expiring = m_client->command(std::move(expire));
        co_await pushing;
        co_await trimming;
        co_await expiring;
    }
    co_return reply;
}

QCoro::Task<> RedisStore::releasePythonLock(QString key, QString token)
{
    QList<QByteArray> keys{m_keys.lock(key)};
    QList<QByteArray> arguments{token.toUtf8()};
    auto releasing = releaseScript().run(m_client.get(), std::move(keys), std::move(arguments));
    checked(co_await releasing);
}

} // namespace llmcache::redisstore
