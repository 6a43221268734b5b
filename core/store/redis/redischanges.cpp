#include "base/error.h"
#include "redis/script.h"
#include "store/entryid.h"
#include "store/redis/redisstore_p.h"

#include <QDateTime>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// Entries that are read or changed before the replies are awaited, to bound the memory of huge batches.
constexpr std::size_t batchSize = 500;

enum ChangeReply : qint64 { AbsentReply, DoneReply, ConflictReply };

/// KEYS: entry, and its revisions when something is kept. ARGV: kind, expected revision ("0" = none), expiry
/// ("" = as it is, "never", ms), what is kept, how many are kept, for how many ms, then fields and values.
const redis::Script& changeScript()
{
    static const redis::Script script(R"lua(
local revision = redis.call('HGET', KEYS[1], 'rev')
if not revision then
    if ARGV[1] ~= 'put' then return 0 end
    revision = redis.call('EXISTS', KEYS[1]) == 0 and '0' or '?'
end
if revision ~= ARGV[2] then return 2 end
if KEYS[2] then
    redis.call('LPUSH', KEYS[2], ARGV[4])
    redis.call('LTRIM', KEYS[2], 0, ARGV[5] - 1)
    redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
local isUpdate = ARGV[1] == 'update'
if not isUpdate and revision ~= '0' then redis.call('UNLINK', KEYS[1]) end
if #ARGV > 6 then redis.call('HSET', KEYS[1], unpack(ARGV, 7)) end
if ARGV[3] == 'never' then
    if isUpdate then redis.call('PERSIST', KEYS[1]) end
elseif ARGV[3] ~= '' then
    redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
return 1
)lua");
    return script;
}

/// KEYS: entries. ARGV: the revision that is expected of each. A digit of ChangeReply for each. Where one
/// server holds all keys this takes a tenth of the time of one script a key, also since all are removed by
/// one command.
const redis::Script& removeScript()
{
    static const redis::Script script(R"lua(
local outcomes = {}
local removed = {}
for i = 1, #KEYS do
    local revision = redis.pcall('HGET', KEYS[i], 'rev')
    if not revision then
        outcomes[i] = 0
    elseif revision ~= ARGV[i] then
        outcomes[i] = 2
    else
        removed[#removed + 1] = KEYS[i]
        outcomes[i] = 1
    end
end
if #removed > 0 and redis.call('UNLINK', unpack(removed)) < #removed then
    local seen = {}
    for i = 1, #KEYS do
        if outcomes[i] == 1 and seen[KEYS[i]] then outcomes[i] = 0 end
        seen[KEYS[i]] = true
    end
end
return table.concat(outcomes)
)lua");
    return script;
}

/// KEYS: entries that there must not be yet. ARGV: for each its expiry ("never", ms), how many arguments
/// follow, and those: fields and values. A digit of ChangeReply for each.
const redis::Script& addScript()
{
    static const redis::Script script(R"lua(
local outcomes = {}
local at = 1
for i = 1, #KEYS do
    local first = at + 2
    at = first + ARGV[at + 1]
    if redis.call('EXISTS', KEYS[i]) == 1 then
        outcomes[i] = 2
    else
        redis.call('HSET', KEYS[i], unpack(ARGV, first, at - 1))
        if ARGV[first - 2] ~= 'never' then redis.call('PEXPIREAT', KEYS[i], ARGV[first - 2]) end
        outcomes[i] = 1
    end
end
return table.concat(outcomes)
)lua");
    return script;
}

ChangeOutcome outcomeOf(qint64 reply)
{
    return reply == DoneReply  ? ChangeOutcome::Done
        : reply == AbsentReply ? ChangeOutcome::Absent
                               : ChangeOutcome::Conflict;
}

/// The fields, the time to live, and the time that this is counted from: for servers before Redis 7. Asked
/// until both are of the same millisecond.
const redis::Script& readScript()
{
    static const redis::Script script(R"lua(
local left, now
for attempt = 1, 20 do
    now = redis.call('TIME')
    left = redis.call('PTTL', KEYS[1])
    local after = redis.call('TIME')
    if now[1] == after[1] and math.floor(now[2] / 1000) == math.floor(after[2] / 1000) then break end
end
return {redis.call('HGETALL', KEYS[1]), left, now}
)lua",
        redis::Command::Resend::Once);
    return script;
}

bool isPlainRemoval(const EntryChange& change)
{
    return change.kind == EntryChange::Kind::Remove && change.kept.isEmpty()
        && !isPythonKey(change.fingerprint);
}

bool isPlainAddition(const EntryChange& change)
{
    return change.kind == EntryChange::Kind::Put && change.expectedRevision == 0 && change.kept.isEmpty()
        && !change.fields.isEmpty() && !isPythonKey(change.fingerprint);
}

EntryFields fieldsFrom(const redis::Reply& hash)
{
    QList<EntryField> fields;
    fields.reserve(static_cast<qsizetype>(hash.items.size() / 2));
    for (std::size_t i = 0; i + 1 < hash.items.size(); i += 2)
        fields.append({hash.items[i].bytes, hash.items[i + 1].bytes});
    return EntryFields(std::move(fields));
}

} // namespace

QByteArray kindArgument(EntryChange::Kind kind)
{
    switch (kind) {
    case EntryChange::Kind::Remove:
        return QByteArrayLiteral("remove");
    case EntryChange::Kind::Put:
        return QByteArrayLiteral("put");
    case EntryChange::Kind::Update:
        return QByteArrayLiteral("update");
    }
    Q_UNREACHABLE();
}

QByteArray expiryArgument(const EntryChange& change)
{
    const bool keeps = change.kind == EntryChange::Kind::Remove
        || (change.kind == EntryChange::Kind::Update && !change.setsExpiry);
    if (keeps)
        return {};
    return change.expiresMs ? QByteArray::number(*change.expiresMs) : QByteArrayLiteral("never");
}

QCoro::Task<std::vector<EntryImage>> RedisStore::readImages(QStringList fingerprints)
{
    QStringList python;
    fingerprints.removeIf([&python](const QString& id) {
        if (!isPythonKey(id))
            return false;
        python.append(id);
        return true;
    });
    std::vector<EntryImage> images;
    if (!python.isEmpty()) {
        auto reading = readPythonImages(std::move(python));
        images = co_await reading;
    }
    for (std::size_t start = 0; start < static_cast<std::size_t>(fingerprints.size()); start += batchSize) {
        const QStringList batch =
            fingerprints.mid(static_cast<qsizetype>(start), static_cast<qsizetype>(batchSize));
        if (!m_knowsExpireTime) {
            auto byScript = readImagesByScript(batch);
            std::vector<EntryImage> part = co_await byScript;
            std::move(part.begin(), part.end(), std::back_inserter(images));
            continue;
        }
        std::vector<redis::Pending> hashes;
        std::vector<redis::Pending> times;
        for (const QString& fingerprint : batch) {
            const QByteArray key = m_keys.entry(fingerprint);
            redis::Command readHash = redis::Command::idempotent("HGETALL", key);
            redis::Command readTime = redis::Command::idempotent("PEXPIRETIME", key);
            hashes.push_back(m_client->command(std::move(readHash)));
            times.push_back(m_client->command(std::move(readTime)));
            if (hashes.size() % flushAfter == 0)
                m_client->flush();
        }
        bool known = true;
        std::vector<EntryImage> part;
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            const redis::Reply hash = co_await hashes[i];
            const redis::Reply time = co_await times[i];
            if (time.isError("ERR")) { // no such command
                known = false;
                continue;
            }
            if (hash.isError("WRONGTYPE"))
                continue; // somebody else's key under a name of ours
            checked(hash);
            checked(time);
            if (hash.items.empty())
                continue;
            EntryImage image{batch.at(static_cast<qsizetype>(i)), fieldsFrom(hash), {}};
            if (time.toInteger() >= 0)
                image.expiresMs = time.toInteger();
            part.push_back(std::move(image));
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

QCoro::Task<std::vector<EntryImage>> RedisStore::readImagesByScript(QStringList fingerprints)
{
    std::vector<QCoro::Task<redis::Reply>> tasks;
    tasks.reserve(static_cast<std::size_t>(fingerprints.size()));
    for (const QString& fingerprint : fingerprints)
        tasks.push_back(readScript().run(m_client.get(), {m_keys.entry(fingerprint)}, {}));
    std::vector<EntryImage> images;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        const redis::Reply reply = co_await tasks[i];
        if (reply.isError() && reply.bytes.contains("WRONGTYPE"))
            continue;
        checked(reply);
        if (reply.items.size() != 3 || reply.items[0].items.empty() || reply.items[2].items.size() != 2)
            continue;
        EntryImage image{fingerprints.at(static_cast<qsizetype>(i)), fieldsFrom(reply.items[0]), {}};
        const qint64 nowMs =
            reply.items[2].items[0].toInteger() * 1000 + reply.items[2].items[1].toInteger() / 1000;
        if (reply.items[1].toInteger() >= 0)
            image.expiresMs = nowMs + reply.items[1].toInteger();
        images.push_back(std::move(image));
    }
    co_return images;
}

QCoro::Task<std::vector<ChangeOutcome>> RedisStore::removeTogether(std::vector<EntryChange> changes)
{
    // The server does nothing else meanwhile.
    constexpr std::size_t share = 200;
    std::vector<QCoro::Task<redis::Reply>> tasks;
    for (std::size_t start = 0; start < changes.size(); start += share) {
        QList<QByteArray> keys;
        QList<QByteArray> revisions;
        for (std::size_t i = start; i < std::min(start + share, changes.size()); ++i) {
            keys << m_keys.entry(changes[i].fingerprint);
            revisions << QByteArray::number(changes[i].expectedRevision);
        }
        tasks.push_back(removeScript().run(m_client.get(), std::move(keys), std::move(revisions)));
    }
    auto collecting = outcomesOf(std::move(tasks));
    co_return co_await collecting;
}

QCoro::Task<std::vector<ChangeOutcome>> RedisStore::addTogether(std::vector<EntryChange> changes)
{
    // The server does nothing else meanwhile.
    constexpr qsizetype shareEntries = 50;
    constexpr qint64 shareBytes = 256 * 1024;
    std::vector<QCoro::Task<redis::Reply>> tasks;
    QList<QByteArray> keys;
    QList<QByteArray> arguments;
    qint64 bytes = 0;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        const EntryChange& change = changes[i];
        keys << m_keys.entry(change.fingerprint);
        arguments << expiryArgument(change) << QByteArray::number(2 * change.fields.size());
        for (const EntryField& field : change.fields)
            arguments << field.name << field.value;
        bytes += change.fields.valueBytes();
        if (keys.size() < shareEntries && bytes < shareBytes && i + 1 < changes.size())
            continue;
        tasks.push_back(
            addScript().run(m_client.get(), std::exchange(keys, {}), std::exchange(arguments, {})));
        m_client->flush(); // the server works while the next ones are put together
        bytes = 0;
    }
    auto collecting = outcomesOf(std::move(tasks));
    co_return co_await collecting;
}

QCoro::Task<std::vector<ChangeOutcome>> RedisStore::outcomesOf(
    std::vector<QCoro::Task<redis::Reply>> tasks) const
{
    std::vector<ChangeOutcome> outcomes;
    std::optional<redis::Reply> refused;
    for (QCoro::Task<redis::Reply>& task : tasks) {
        redis::Reply reply = co_await task;
        if (reply.isError()) {
            refused = refused ? std::move(refused) : std::move(reply);
            continue;
        }
        for (const char digit : std::as_const(reply.bytes))
            outcomes.push_back(outcomeOf(digit - '0'));
    }
    if (refused)
        checked(std::move(*refused));
    co_return outcomes;
}

QCoro::Task<std::vector<ChangeOutcome>> RedisStore::changeEntries(std::vector<EntryChange> changes)
{
    // Keys of several slots can't be one script's.
    const bool isOneServer = m_url.kind() != redis::RedisUrl::Kind::Cluster;
    if (isOneServer && std::all_of(changes.begin(), changes.end(), isPlainRemoval)) {
        auto removing = removeTogether(std::move(changes));
        co_return co_await removing;
    }
    if (isOneServer && std::all_of(changes.begin(), changes.end(), isPlainAddition)) {
        auto adding = addTogether(std::move(changes));
        co_return co_await adding;
    }
    std::vector<ChangeOutcome> outcomes;
    outcomes.reserve(changes.size());
    const QByteArray keptMs = QByteArray::number(std::chrono::milliseconds(revisionTime).count());
    for (std::size_t start = 0; start < changes.size(); start += batchSize) {
        std::vector<QCoro::Task<redis::Reply>> tasks;
        for (std::size_t i = start; i < std::min(start + batchSize, changes.size()); ++i) {
            const EntryChange& change = changes[i];
            if (isPythonKey(change.fingerprint)) {
                tasks.push_back(changePython(change));
                continue;
            }
            QList<QByteArray> keys{m_keys.entry(change.fingerprint)};
            if (!change.kept.isEmpty())
                keys.append(m_keys.revisions(change.fingerprint));
            QList<QByteArray> arguments{kindArgument(change.kind),
                QByteArray::number(change.expectedRevision), expiryArgument(change), change.kept,
                QByteArray::number(mostRevisions), keptMs};
            for (const EntryField& field : change.fields)
                arguments << field.name << field.value;
            tasks.push_back(changeScript().run(m_client.get(), std::move(keys), std::move(arguments)));
        }
        std::optional<redis::Reply> refused;
        for (QCoro::Task<redis::Reply>& task : tasks) {
            redis::Reply reply = co_await task;
            if (reply.isError() && reply.bytes.contains("WRONGTYPE")) {
                outcomes.push_back(ChangeOutcome::Conflict); // somebody else's key under a name of ours
                continue;
            }
            if (reply.isError() && !refused)
                refused = reply;
            outcomes.push_back(outcomeOf(reply.toInteger()));
        }
        if (refused)
            checked(std::move(*refused));
    }
    co_return outcomes;
}

QCoro::Task<std::vector<EntryImage>> RedisStore::revisions(QString fingerprint)
{
    redis::Command read =
        redis::Command::idempotent("LRANGE", m_keys.revisions(fingerprint), 0, mostRevisions - 1);
    const redis::Reply reply = checked(co_await m_client->command(std::move(read)));
    std::vector<EntryImage> images;
    for (const redis::Reply& item : reply.items) {
        try {
            images.push_back(imageFromBytes(item.bytes));
        } catch (const CacheError& error) {
            // One damaged revision must not hide the others.
            qWarning("%s", error.what());
        }
    }
    co_return images;
}

} // namespace llmcache::redisstore
