#pragma once

#include "redis/reply.h"
#include "store/callpack.h"

#include <QByteArray>

#include <functional>
#include <vector>

namespace llmcache::redisstore {

inline constexpr qint64 hourMs = 3'600'000;
inline constexpr qint64 latestTimeMs = 253'402'300'799'999; // the end of the year 9999

// Packs of calls, see store/callpack.h: one an hour and shard, of the first calls of its stream in its order.
// A pack only ever grows, so what is laid over its calls one by one stays in its place.

/// A function for scripts, countChange(changes, hour, microseconds): gives an hour of a shard a number above
/// all that were given before, so that readers know what to read again. Numbers follow the clock: when they
/// are lost, the next ones are none that somebody remembers.
extern const char* const countChangeFunction;
/// What scripts give it as the time.
QByteArray changeArgument();

/// The key of a call in its pack: its id in the stream, which begins with a time of that hour.
qint64 callKey(const QByteArray& streamId, qint64 hour);

/// A pack as it is kept: a version, the id of the last call in it, a space, the number of the hour's last
/// change that is in it (if that is known), a line feed, the pack.
struct PackedHour {
    QByteArray upTo;
    QByteArray change;
    QByteArray pack;
    /// Empty for what is no pack, or one of an earlier version: it is made again.
    static PackedHour fromField(const QByteArray& field);
    QByteArray toField() const;
    /// Where the calls begin that are not in it, as XRANGE wants it.
    QByteArray start() const { return upTo.isEmpty() ? QByteArray("-") : '(' + upTo; }
};

/// All that a shard has of an hour: the pack, the calls that came after it, and prices laid over both.
struct StoredHour {
    qint64 hour = 0;
    PackedHour packed;
    std::vector<redis::Reply> late; ///< entries of the stream
    /// The number of the last change of the hour, as of before its calls were read; empty where nobody
    /// counted.
    QByteArray change;
    QByteArray prices; ///< empty = as charged
    qint64 repricing = 0; ///< that they are of

    /// Whether there can be calls that are not in the pack.
    bool mayHaveLate() const { return change.isEmpty() || change != packed.change; }
    /// Adds calls from a part of the stream.
    void add(redis::Reply entries);
    /// The id of the last call.
    QByteArray lastId() const;
    /// `pack`, made of all calls here, as it is kept.
    PackedHour renewed(QByteArray pack) const { return {lastId(), change, std::move(pack)}; }
    /// Gives every call to `take`, in the order of the stream, with what prices are laid over it. Throws
    /// CacheError for a damaged pack.
    void read(NameTable& names,
        const std::function<void(qint64 key, const CallFigures& call, const NewPrice& price)>& take) const;
};

} // namespace llmcache::redisstore
