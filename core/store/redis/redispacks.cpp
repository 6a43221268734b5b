#include "store/redis/redispacks_p.h"

#include "base/error.h"
#include "redis/script.h"
#include "store/redis/redisstore_p.h"

#include <QDateTime>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// Calls that come with one reply.
constexpr int streamPage = 500;
constexpr QByteArrayView packVersion("3 ");
constexpr QByteArrayView firstPackVersion("2 "); // without the number of a change

/// Keeps a pack in place of the one that it was made from. KEYS: packs, changes. ARGV: hour, the last id in
/// the pack that is replaced (empty for none), the new one, the time in microseconds if others must read the
/// hour again. Returns 0 where somebody else was quicker.
const redis::Script& packScript()
{
    static const redis::Script script(QByteArray(countChangeFunction) + R"lua(
local now = redis.call('HGET', KEYS[1], ARGV[1])
if (now and string.match(now, '^[23] ([%d-]+)[ \n]') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] ~= '' then countChange(KEYS[2], ARGV[1], ARGV[4]) end
return 1
)lua");
    return script;
}

} // namespace

const char* const countChangeFunction = R"lua(
local function countChange(changes, hour, microseconds)
    local last = redis.call('ZREVRANGE', changes, 0, 0, 'WITHSCORES')[2]
    local number = math.max((tonumber(last) or 0) + 1, tonumber(microseconds))
    redis.call('ZADD', changes, string.format('%.0f', number), hour)
end
)lua";

QByteArray changeArgument()
{
    return QByteArray::number(QDateTime::currentMSecsSinceEpoch() * 1000);
}

qint64 callKey(const QByteArray& streamId, qint64 hour)
{
    constexpr int numberBits = 40; // 22 are left for the milliseconds of an hour
    const qsizetype dash = streamId.indexOf('-');
    const auto ms = static_cast<quint64>(streamId.left(dash).toLongLong() - hour * hourMs);
    return static_cast<qint64>((ms << numberBits) | streamId.mid(dash + 1).toULongLong());
}

PackedHour PackedHour::fromField(const QByteArray& field)
{
    const qsizetype end = field.indexOf('\n');
    if (end < 0 || !(field.startsWith(packVersion) || field.startsWith(firstPackVersion)))
        return {};
    const QByteArray head = field.mid(packVersion.size(), end - packVersion.size());
    const qsizetype space = head.indexOf(' ');
    if (space < 0)
        return {head, {}, field.mid(end + 1)};
    return {head.left(space), head.mid(space + 1), field.mid(end + 1)};
}

QByteArray PackedHour::toField() const
{
    return packVersion.toByteArray() + upTo + ' ' + change + '\n' + pack;
}

void StoredHour::add(redis::Reply entries)
{
    for (redis::Reply& item : entries.items) {
        if (item.items.size() == 2)
            late.push_back(std::move(item));
    }
}

QByteArray StoredHour::lastId() const
{
    return late.empty() ? packed.upTo : late.back().items[0].bytes;
}

void StoredHour::read(NameTable& names,
    const std::function<void(qint64 key, const CallFigures& call, const NewPrice& price)>& take) const
{
    std::optional<OverlayReader> overlay;
    if (!prices.isEmpty())
        overlay.emplace(prices);
    const auto nextPrice = [&overlay] { return overlay ? overlay->next() : NewPrice(); };
    if (!packed.pack.isEmpty()) {
        PackReader reader(packed.pack, names);
        CallFigures call;
        while (reader.next(call))
            take(reader.key(), call, nextPrice());
    }
    for (const redis::Reply& item : late)
        take(callKey(item.items[0].bytes, hour), figuresOf(callFrom(item.items[1]), names), nextPrice());
}

QCoro::Task<std::vector<StoredHour>> RedisStore::readPacks(
    int shard, QList<qint64> hours, std::vector<qint64> repricings)
{
    std::vector<StoredHour> stored(static_cast<std::size_t>(hours.size()));
    std::vector<redis::Pending> pendings;
    const auto ask = [&](const QByteArray& key) {
        redis::Command read = redis::Command::idempotent("HMGET", key);
        for (const qint64 hour : hours)
            read << QByteArray::number(hour);
        pendings.push_back(m_client->command(std::move(read)));
    };
    ask(m_keys.packs(shard));
    for (const qint64 repricing : repricings)
        ask(m_keys.prices(shard, repricing));
    redis::Command askChanges = redis::Command::idempotent("ZMSCORE", m_keys.changes(shard));
    for (const qint64 hour : hours)
        askChanges << QByteArray::number(hour);
    redis::Pending changesPending = m_client->command(std::move(askChanges));
    for (std::size_t at = 0; at < pendings.size(); ++at) {
        const redis::Reply reply = checked(co_await pendings[at]);
        for (std::size_t i = 0; i < std::min(stored.size(), reply.items.size()); ++i) {
            stored[i].hour = hours[static_cast<qsizetype>(i)];
            if (at == 0)
                stored[i].packed = PackedHour::fromField(reply.items[i].bytes);
            else if (stored[i].prices.isEmpty() && !reply.items[i].bytes.isEmpty()) {
                stored[i].prices = reply.items[i].bytes; // the newest repricing of the hour comes first
                stored[i].repricing = repricings[at - 1];
            }
        }
    }
    // An error is one of a server before 6.2, which has no such command.
    const redis::Reply changes = co_await changesPending;
    for (std::size_t i = 0; i < std::min(stored.size(), changes.items.size()); ++i)
        stored[i].change = changes.items[i].bytes;
    co_return stored;
}

QCoro::Task<std::vector<StoredHour>> RedisStore::readHours(
    int shard, QList<qint64> hours, std::vector<qint64> repricings)
{
    auto reading = readPacks(shard, hours, std::move(repricings));
    std::vector<StoredHour> stored = co_await reading;
    auto readingLate = readLate(shard, std::move(stored));
    co_return co_await readingLate;
}

QCoro::Task<std::vector<StoredHour>> RedisStore::readLate(int shard, std::vector<StoredHour> stored)
{
    const auto askFor = [&](const StoredHour& hour, const QByteArray& start) {
        redis::Command read = redis::Command::idempotent(
            "XRANGE", m_keys.calls(shard, hour.hour), start, "+", "COUNT", streamPage);
        return m_client->command(std::move(read));
    };
    std::vector<std::pair<StoredHour*, redis::Pending>> pendings;
    for (StoredHour& hour : stored) {
        if (hour.mayHaveLate())
            pendings.emplace_back(&hour, askFor(hour, hour.packed.start()));
    }
    for (auto& [hour, pending] : pendings) {
        redis::Reply reply = checked(co_await pending);
        for (;;) {
            const bool hasMore = reply.items.size() == std::size_t(streamPage);
            hour->add(std::move(reply));
            if (!hasMore)
                break;
            redis::Pending more = askFor(*hour, '(' + hour->lastId());
            reply = checked(co_await more);
        }
    }
    co_return stored;
}

QCoro::Task<redis::Reply> RedisStore::writePack(
    int shard, qint64 hour, QByteArray replaced, PackedHour packed, PackChange change) const
{
    QList<QByteArray> keys{m_keys.packs(shard), m_keys.changes(shard)};
    QList<QByteArray> arguments{QByteArray::number(hour), std::move(replaced), packed.toField(),
        change == PackChange::Repaired ? changeArgument() : QByteArray()};
    return packScript().run(m_client.get(), std::move(keys), std::move(arguments));
}

QCoro::Task<StoredHour> RedisStore::packHour(
    int shard, StoredHour stored, std::vector<qint64> repricings, std::shared_ptr<NameTable> names)
{
    constexpr int mostAttempts = 20;
    for (int attempt = 0; attempt < mostAttempts; ++attempt) {
        if (stored.late.empty())
            co_return stored;
        PackWriter writer(*names);
        stored.read(*names,
            [&writer](qint64 key, const CallFigures& call, const NewPrice&) { writer.add(key, call); });
        const PackedHour packed = stored.renewed(writer.finish());
        auto writing = writePack(shard, stored.hour, stored.packed.upTo, packed);
        const redis::Reply reply = checked(co_await writing);
        if (reply.toInteger() == 1) {
            stored.packed = packed;
            stored.late.clear();
            co_return stored;
        }
        const QList<qint64> hours{stored.hour};
        auto reading = readHours(shard, hours, repricings);
        std::vector<StoredHour> again = co_await reading;
        stored = std::move(again.front());
    }
    throw CacheError(QStringLiteral("The ledger in %1 changes too fast.").arg(server()),
        QStringLiteral("Try it again when less is recorded."));
}

} // namespace llmcache::redisstore
