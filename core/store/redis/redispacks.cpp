#include "store/redis/redispacks_p.h"

#include "base/error.h"
#include "redis/script.h"
#include "store/ledgersummary.h"
#include "store/redis/redisstore_p.h"

#include <QDateTime>

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// Hours that are asked for together.
constexpr qsizetype hoursAtOnce = 128;
/// Calls that come with one reply.
constexpr int streamPage = 500;
/// So many calls outside of its pack make a new one worth while.
constexpr std::size_t mostLate = 20;

constexpr QByteArrayView packVersion("2 ");

/// Keeps a pack in place of the one that it was made from. KEYS: packs. ARGV: hour, the last id in the pack
/// that is replaced (empty for none), the new one. Returns 0 where somebody else was quicker.
const redis::Script& packScript()
{
    static const redis::Script script(R"lua(
local now = redis.call('HGET', KEYS[1], ARGV[1])
if (now and string.match(now, '^2 ([%d-]+)\n') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
)lua");
    return script;
}

} // namespace

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
    if (end < 0 || !field.startsWith(packVersion))
        return {};
    return {field.mid(packVersion.size(), end - packVersion.size()), field.mid(end + 1)};
}

QByteArray PackedHour::toField() const
{
    return packVersion.toByteArray() + upTo + '\n' + pack;
}

void StoredHour::add(const redis::Reply& entries, NameTable& names)
{
    for (const redis::Reply& item : entries.items) {
        if (item.items.size() != 2)
            continue;
        lastId = item.items[0].bytes;
        late.push_back({callKey(lastId, hour), figuresOf(callFrom(item.items[1]), names)});
    }
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
    for (const Late& one : late)
        take(one.key, one.call, nextPrice());
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
    co_return stored;
}

QCoro::Task<std::vector<StoredHour>> RedisStore::readHours(
    int shard, QList<qint64> hours, std::vector<qint64> repricings, std::shared_ptr<NameTable> names)
{
    auto reading = readPacks(shard, hours, std::move(repricings));
    std::vector<StoredHour> stored = co_await reading;
    std::vector<redis::Pending> pendings;
    for (const StoredHour& hour : stored) {
        redis::Command readLate = redis::Command::idempotent(
            "XRANGE", m_keys.calls(shard, hour.hour), hour.packed.start(), "+", "COUNT", streamPage);
        pendings.push_back(m_client->command(std::move(readLate)));
    }
    for (std::size_t at = 0; at < stored.size(); ++at) {
        StoredHour& hour = stored[at];
        redis::Reply reply = checked(co_await pendings[at]);
        hour.add(reply, *names);
        while (reply.items.size() == std::size_t(streamPage)) {
            redis::Command readMore = redis::Command::idempotent("XRANGE", m_keys.calls(shard, hour.hour),
                QByteArray('(' + hour.lastId), "+", "COUNT", streamPage);
            reply = checked(co_await m_client->command(std::move(readMore)));
            hour.add(reply, *names);
        }
    }
    co_return stored;
}

QCoro::Task<redis::Reply> RedisStore::writePack(
    int shard, qint64 hour, QByteArray replaced, PackedHour packed) const
{
    QList<QByteArray> keys{m_keys.packs(shard)};
    QList<QByteArray> arguments{QByteArray::number(hour), std::move(replaced), packed.toField()};
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
        const PackedHour packed{stored.lastId, writer.finish()};
        auto writing = writePack(shard, stored.hour, stored.packed.upTo, packed);
        const redis::Reply reply = checked(co_await writing);
        if (reply.toInteger() == 1) {
            stored.packed = packed;
            stored.late.clear();
            co_return stored;
        }
        const QList<qint64> hours{stored.hour};
        auto reading = readHours(shard, hours, repricings, names);
        std::vector<StoredHour> again = co_await reading;
        stored = std::move(again.front());
    }
    throw CacheError(QStringLiteral("The ledger in %1 changes too fast.").arg(server()),
        QStringLiteral("Try it again when less is recorded."));
}

QCoro::Task<> RedisStore::addHours(int shard, QList<qint64> hours, std::vector<qint64> repricings,
    std::shared_ptr<LedgerSummary> summary, std::shared_ptr<NameTable> names)
{
    const qint64 thisHour = QDateTime::currentMSecsSinceEpoch() / hourMs;
    for (qsizetype start = 0; start < hours.size(); start += hoursAtOnce) {
        const QList<qint64> some = hours.mid(start, hoursAtOnce);
        auto reading = readHours(shard, some, repricings, names);
        const std::vector<StoredHour> stored = co_await reading;
        for (const StoredHour& hour : stored) {
            const bool repacks = m_packs && hour.hour < thisHour
                && hour.late.size() > (hour.packed.pack.isEmpty() ? 0 : mostLate);
            PackWriter writer(*names);
            hour.read(*names, [&](qint64 key, const CallFigures& call, const NewPrice& price) {
                if (repacks)
                    writer.add(key, call);
                CallFigures figures = call;
                apply(price, figures);
                summary->add(figures);
            });
            if (!repacks)
                continue;
            const PackedHour renewed{hour.lastId, writer.finish()};
            // A server that is full or only reads answers with an error; the report is right all the same.
            auto writing = writePack(shard, hour.hour, hour.packed.upTo, renewed);
            co_await writing;
        }
    }
}

} // namespace llmcache::redisstore
