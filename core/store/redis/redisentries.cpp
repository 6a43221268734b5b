#include "base/error.h"
#include "base/worker.h"
#include "redis/script.h"
#include "store/entryid.h"
#include "store/pythonentry.h"
#include "store/redis/redisstore_p.h"
#include "store/storedjson_p.h"

#include <qcorofuture.h>

#include <QDateTime>

#include <algorithm>
#include <limits>

namespace llmcache::redisstore {

namespace {

/// Commands that are sent before their replies are awaited, to bound the memory of huge batches.
constexpr qsizetype batchSize = 1000;

qint64 nowMs()
{
    return QDateTime::currentMSecsSinceEpoch();
}

/// KEYS: entry, lock. ARGV: lock token or "", TTL in ms or "", channel, format, meta, request, response.
/// A user without rights on the channel still commits: waiters then find out by polling.
const redis::Script& commitScript()
{
    static const redis::Script script(R"lua(
local revision = 1
local before = redis.call('HGET', KEYS[1], 'rev')
if before then revision = (tonumber(before) or 0) + 1 end
redis.call('HSET', KEYS[1], 'v', ARGV[4], 'rev', string.format('%.0f', revision), 'meta', ARGV[5],
    'request', ARGV[6], 'response', ARGV[7], 'hits', '0', 'used', '0')
if ARGV[2] == '' then
    redis.call('PERSIST', KEYS[1])
else
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) == ARGV[1] then
    redis.call('DEL', KEYS[2])
end
redis.pcall('PUBLISH', ARGV[3], '')
return revision
)lua");
    return script;
}

QByteArray ttlArgument(std::optional<std::chrono::seconds> ttl)
{
    // A lifetime beyond what the server's clock can count is no limit at all.
    if (!ttl || ttl->count() > (std::numeric_limits<qint64>::max() - nowMs()) / 1000)
        return {};
    return QByteArray::number(std::chrono::milliseconds(*ttl).count());
}

/// Items: format, revision, meta, hits, last use.
EntryMeta metaFrom(const std::vector<redis::Reply>& items, qint64 ttlMs, const QString& fingerprint)
{
    const qint64 format = items[0].toInteger();
    if (format != entryFormat)
        throw CacheError(
            QStringLiteral("Entry %1 has a format that this program does not know.").arg(fingerprint),
            QStringLiteral("Update the program, or delete the entry."));
    EntryMeta meta = entryMetaFromText(items[2].bytes, fingerprint);
    meta.revision = items[1].toInteger(1);
    meta.hits = items[3].toInteger();
    meta.lastUsedMs = items[4].toInteger();
    if (ttlMs >= 0)
        meta.expiresMs = nowMs() + ttlMs;
    return meta;
}

/// Items as of metaFrom(), then the response and the request as far as they were asked for.
Entry entryFrom(EntryMeta meta, const std::vector<redis::Reply>& items)
{
    constexpr std::size_t responseAt = 5;
    Entry entry;
    entry.meta = std::move(meta);
    if (items.size() > responseAt)
        responseFromText(unpackField(items[responseAt].bytes), entry);
    if (items.size() > responseAt + 1)
        entry.request = parseStored(unpackField(items[responseAt + 1].bytes),
            QStringLiteral("The request of entry %1").arg(entry.meta.fingerprint));
    return entry;
}

} // namespace

QCoro::Task<std::optional<Entry>> RedisStore::lookup(QString fingerprint, EntryParts parts)
{
    if (isPythonKey(fingerprint)) {
        auto looking = lookupPython(fingerprint, parts);
        std::optional<Entry> entry = co_await looking;
        co_return entry;
    }
    const QByteArray key = m_keys.entry(fingerprint);
    redis::Command readFields = redis::Command::idempotent("HMGET", key, "v", "rev", "meta", "hits", "used");
    if (parts != EntryParts::Meta)
        readFields << QByteArrayLiteral("response");
    if (parts == EntryParts::All)
        readFields << QByteArrayLiteral("request");
    const auto fieldCount = static_cast<std::size_t>(readFields.arguments().size() - 2);
    redis::Command readTtl = redis::Command::idempotent("PTTL", key);
    redis::Pending pendingFields = m_client->command(std::move(readFields));
    redis::Pending pendingTtl = m_client->command(std::move(readTtl));
    const redis::Reply fields = checked(co_await pendingFields);
    const redis::Reply ttl = checked(co_await pendingTtl);
    constexpr qint64 absent = -2;
    if (fields.items.size() != fieldCount || fields.items[0].isNil() || ttl.toInteger() == absent)
        co_return std::nullopt;
    EntryMeta meta = metaFrom(fields.items, ttl.toInteger(), fingerprint);
    // A large value would hold up whoever else is on this event loop.
    constexpr qsizetype large = 128 * 1024;
    qsizetype size = 0;
    for (const redis::Reply& item : fields.items)
        size += item.bytes.size();
    if (size <= large) {
        Entry entry = entryFrom(std::move(meta), fields.items);
        co_return std::move(entry);
    }
    // A pointer, since what comes from another thread is copied.
    auto decode = [meta, items = fields.items] { return std::make_shared<Entry>(entryFrom(meta, items)); };
    QFuture<std::shared_ptr<Entry>> future = runOn(*QThreadPool::globalInstance(), std::move(decode));
    const std::shared_ptr<Entry> entry = co_await future;
    co_return std::move(*entry);
}

QCoro::Task<std::optional<RawEntry>> RedisStore::rawEntry(QString fingerprint)
{
    const QByteArray key = m_keys.entry(fingerprint);
    redis::Command type = redis::Command::idempotent("TYPE", key);
    redis::Command encoding = redis::Command::idempotent("OBJECT", "ENCODING", key);
    // Of all fields: from a sample of them the server only guesses, now and then less than the values hold.
    redis::Command memory = redis::Command::idempotent("MEMORY", "USAGE", key, "SAMPLES", 0);
    encoding.setKeyIndex(2);
    memory.setKeyIndex(2);
    redis::Pending pendingType = m_client->command(std::move(type));
    redis::Pending pendingEncoding = m_client->command(std::move(encoding));
    redis::Pending pendingMemory = m_client->command(std::move(memory));
    auto reading = readRawFields(this, fingerprint);
    std::optional<RawEntry> raw = co_await reading;
    const redis::Reply typeReply = checked(co_await pendingType);
    // These a user of the server may not be allowed to ask.
    const redis::Reply encodingReply = co_await pendingEncoding;
    const redis::Reply memoryReply = co_await pendingMemory;
    if (!raw)
        co_return std::nullopt;
    raw->key = QString::fromUtf8(key);
    raw->type = QString::fromUtf8(typeReply.bytes);
    if (!encodingReply.isError())
        raw->encoding = QString::fromUtf8(encodingReply.bytes);
    if (!memoryReply.isError() && !memoryReply.isNil())
        raw->memoryBytes = memoryReply.toInteger(-1);
    co_return raw;
}

QCoro::Task<qint64> RedisStore::commit(Commit commit)
{
    const QString fingerprint = commit.entry.meta.fingerprint;
    if (fingerprint.isEmpty())
        throw CacheError(QStringLiteral("An entry without a fingerprint can't be stored."));
    const EntryFields fields = toFields(commit.entry, 0); // the script counts the revision
    QList<QByteArray> keys{m_keys.entry(fingerprint), m_keys.lock(fingerprint)};
    QList<QByteArray> arguments{commit.lockToken.toUtf8(), ttlArgument(commit.ttl), m_keys.done(fingerprint),
        fields["v"], fields["meta"], fields["request"], fields["response"]};
    auto task = commitScript().run(m_client.get(), std::move(keys), std::move(arguments));
    const redis::Reply reply = checked(co_await task);
    co_return reply.toInteger();
}

QCoro::Task<qint64> RedisStore::removeEntries(QStringList fingerprints)
{
    qint64 removed = 0;
    for (qsizetype start = 0; start < fingerprints.size(); start += batchSize) {
        std::vector<redis::Pending> pendings;
        for (qsizetype i = start; i < std::min(start + batchSize, fingerprints.size()); ++i) {
            redis::Command unlink = redis::Command::once("UNLINK", m_keys.entry(fingerprints.at(i)));
            pendings.push_back(m_client->command(std::move(unlink)));
        }
        for (redis::Pending& pending : pendings) {
            const redis::Reply reply = checked(co_await pending);
            removed += reply.toInteger();
        }
    }
    co_return removed;
}

RowsOnTheirWay RedisStore::askForRows(QList<QByteArray> fingerprints) const
{
    RowsOnTheirWay rows;
    rows.since.start();
    for (const QByteArray& fingerprint : std::as_const(fingerprints)) {
        const QByteArray key = m_keys.entry(fingerprint);
        redis::Command readFields = isPythonKey(QByteArrayView(fingerprint))
            ? redis::Command::idempotent("GET", key)
            : redis::Command::idempotent("HMGET", key, "v", "rev", "meta", "hits", "used");
        redis::Command readTtl = redis::Command::idempotent("PTTL", key);
        rows.fields.push_back(m_client->command(std::move(readFields)));
        rows.ttls.push_back(m_client->command(std::move(readTtl)));
        if (rows.ttls.size() % flushAfter == 0)
            m_client->flush();
        if (!isPythonKey(QByteArrayView(fingerprint)))
            continue;
        redis::Command readOrigin =
            redis::Command::idempotent("GET", m_keys.asked(QString::fromUtf8(fingerprint)));
        rows.origins.push_back(m_client->command(std::move(readOrigin)));
    }
    rows.fingerprints = std::move(fingerprints);
    return rows;
}

namespace {

/// What the server said of an entry, not yet understood.
struct FoundRow {
    QString id; ///< fingerprint, or key of pyai-caching
    redis::Reply values;
    redis::Reply origin;
    std::optional<qint64> expiresMs;
};

EntryMeta metaFrom(const FoundRow& row)
{
    EntryMeta meta;
    if (isPythonKey(row.id)) {
        meta = pythonMeta(row.id, row.values.bytes);
        addOrigin(meta, row.origin.bytes);
    } else {
        meta = metaFrom(row.values.items, -1, row.id);
    }
    meta.expiresMs = row.expiresMs;
    return meta;
}

std::vector<EntryMeta> metasFrom(const std::vector<FoundRow>& rows)
{
    std::vector<EntryMeta> metas;
    metas.reserve(rows.size());
    for (const FoundRow& row : rows) {
        try {
            metas.push_back(metaFrom(row));
        } catch (const CacheError& error) {
            // One damaged entry must not hide the others.
            qWarning("%s", error.what());
        }
    }
    return metas;
}

} // namespace

QCoro::Task<std::vector<EntryMeta>> RedisStore::readRows(RowsOnTheirWay asked)
{
    std::vector<FoundRow> rows;
    rows.reserve(asked.fields.size());
    std::size_t origins = 0;
    for (std::size_t i = 0; i < asked.fields.size(); ++i) {
        FoundRow row{QString::fromUtf8(asked.fingerprints.at(static_cast<qsizetype>(i))), {}, {}, {}};
        row.values = co_await asked.fields[i];
        const redis::Reply ttl = co_await asked.ttls[i];
        const bool isPython = isPythonKey(row.id);
        if (isPython)
            row.origin = co_await asked.origins[origins++];
        if (row.values.isError("WRONGTYPE"))
            continue; // somebody else's key under a name of ours
        if (row.values.isError("NOPERM") && isPython)
            continue; // which this user may not see
        row.values = checked(std::move(row.values));
        const bool isThere =
            isPython ? !row.values.isNil() : row.values.items.size() == 5 && !row.values.items[0].isNil();
        if (!isThere)
            continue; // deleted or expired since the scan
        if (ttl.toInteger(-1) >= 0)
            row.expiresMs = nowMs() + ttl.toInteger();
        rows.push_back(std::move(row));
    }
    // The next page comes in meanwhile.
    constexpr std::size_t few = 100;
    if (rows.size() <= few)
        co_return metasFrom(rows);
    auto decode = [rows = std::move(rows)] {
        return std::make_shared<std::vector<EntryMeta>>(metasFrom(rows));
    };
    QFuture<std::shared_ptr<std::vector<EntryMeta>>> future =
        runOn(*QThreadPool::globalInstance(), std::move(decode));
    const std::shared_ptr<std::vector<EntryMeta>> metas = co_await future;
    co_return std::move(*metas);
}

} // namespace llmcache::redisstore
