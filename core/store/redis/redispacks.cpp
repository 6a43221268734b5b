#include "base/error.h"
#include "store/callpack.h"
#include "store/ledgersummary.h"
#include "store/redis/redisrollups_p.h"
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

/// A pack as it is kept: the id of the last call in it, a line feed, the pack. Packs are of the first calls
/// of a stream, in its order; whoever makes one from a stream that has grown meanwhile only makes it shorter.
struct PackedHour {
    QByteArray upTo;
    QByteArray pack;
    static PackedHour fromField(const QByteArray& field)
    {
        const qsizetype end = field.indexOf('\n');
        if (end < 0)
            return {};
        return {field.left(end), field.mid(end + 1)};
    }
    QByteArray toField() const { return upTo + '\n' + pack; }
    QByteArray start() const { return upTo.isEmpty() ? QByteArray("-") : '(' + upTo; }
};

struct Late {
    std::vector<CallFigures> calls;
    QByteArray lastId;
};

void take(const redis::Reply& reply, NameTable& names, Late& late)
{
    for (const redis::Reply& item : reply.items) {
        if (item.items.size() != 2)
            continue;
        late.calls.push_back(figuresOf(callFrom(item.items[1]), names));
        late.lastId = item.items[0].bytes;
    }
}

} // namespace

QCoro::Task<> RedisStore::addHours(
    int shard, QList<qint64> hours, std::shared_ptr<LedgerSummary> summary, std::shared_ptr<NameTable> names)
{
    const qint64 thisHour = QDateTime::currentMSecsSinceEpoch() / hourMs;
    for (qsizetype start = 0; start < hours.size(); start += hoursAtOnce) {
        const QList<qint64> some = hours.mid(start, hoursAtOnce);
        redis::Command readPacks = redis::Command::idempotent("HMGET", m_keys.packs(shard));
        for (const qint64 hour : some)
            readPacks << QByteArray::number(hour);
        const redis::Reply packs = checked(co_await m_client->command(std::move(readPacks)));
        std::vector<PackedHour> packed;
        std::vector<redis::Pending> pendings;
        for (qsizetype i = 0; i < some.size(); ++i) {
            const auto at = static_cast<std::size_t>(i);
            packed.push_back(
                at < packs.items.size() ? PackedHour::fromField(packs.items[at].bytes) : PackedHour());
            redis::Command readLate = redis::Command::idempotent(
                "XRANGE", m_keys.calls(shard, some[i]), packed.back().start(), "+", "COUNT", streamPage);
            pendings.push_back(m_client->command(std::move(readLate)));
        }
        for (qsizetype i = 0; i < some.size(); ++i) {
            const auto at = static_cast<std::size_t>(i);
            redis::Reply reply = checked(co_await pendings[at]);
            Late late;
            take(reply, *names, late);
            while (reply.items.size() == std::size_t(streamPage)) {
                redis::Command readMore = redis::Command::idempotent("XRANGE", m_keys.calls(shard, some[i]),
                    QByteArray('(' + late.lastId), "+", "COUNT", streamPage);
                reply = checked(co_await m_client->command(std::move(readMore)));
                take(reply, *names, late);
            }
            const bool repacks = m_packs && some[i] < thisHour
                && late.calls.size() > (packed[at].pack.isEmpty() ? 0 : mostLate);
            PackWriter writer(*names);
            if (!packed[at].pack.isEmpty()) {
                PackReader reader(packed[at].pack, *names);
                CallFigures call;
                while (reader.next(call)) {
                    summary->add(call);
                    if (repacks)
                        writer.add(0, call);
                }
            }
            for (const CallFigures& call : late.calls) {
                summary->add(call);
                if (repacks)
                    writer.add(0, call);
            }
            if (!repacks)
                continue;
            const PackedHour renewed{late.lastId, writer.finish()};
            redis::Command store = redis::Command::idempotent(
                "HSET", m_keys.packs(shard), QByteArray::number(some[i]), renewed.toField());
            // A server that is full or only reads answers with an error; the report is right all the same.
            co_await m_client->command(std::move(store));
        }
    }
}

} // namespace llmcache::redisstore
