#pragma once

#include <QByteArray>
#include <QString>

namespace llmcache::redisstore {

/// Names of everything that a workspace keeps in Redis:
///
///     llmcache:<workspace>:entry:{<fingerprint>}       hash v, rev, meta, request, response, hits, used
///     llmcache:<workspace>:revisions:{<fingerprint>}   list of what edits replaced, the newest first
///     llmcache:<workspace>:lock:{<fingerprint>}        token of the holder
///     llmcache:<workspace>:done:{<fingerprint>}        channel; and, for a minute, how a holder failed
///     llmcache:<workspace>:asked:{<id>}                agent, task, prompt that an entry of pyai-caching
///                                                      answers
///     llmcache:<workspace>:askedfor:{<id>}             the request that it answers, as in an entry
///     llmcache:<workspace>:cooldown:{<key>}            who was told to wait; lives as long as the wait
///     llmcache:<workspace>:agents                      hash of agents by name
///     llmcache:<workspace>:call:{<shard>}:<id>         the call was recorded (for two days)
///     llmcache:<workspace>:calls:{<shard>}:<hour>      stream of calls
///     llmcache:<workspace>:hours:{<shard>}             sorted set of the hours that have calls
///     llmcache:<workspace>:changes:{<shard>}           sorted set of the same hours by a number that grows
///     with
///                                                      each change of any of them
///     llmcache:<workspace>:packs:{<shard>}             hash of packs of calls by hour, made by readers
///     llmcache:<workspace>:repricings                  hash of the repricings that are applied, by number
///     llmcache:<workspace>:prices:{<shard>}:<number>   hash of the prices that one lays over packs, by hour
///
/// An entry of pyai-caching has the key that is its id, and "lock:" before that is its lock; revisions of it
/// and what it answers are kept under the SHA-256 of its id.
///
/// An hour is a number of hours since 1970 (UTC). Braces and percent signs of the workspace are
/// percent-encoded: a cluster finds the slot by the first braces in a key.
class Keys {
public:
    /// The ledger's parts, which a cluster may keep on different servers.
    static constexpr int shardCount = 8;
    static constexpr qsizetype fingerprintLength = 64;

    explicit Keys(const QString& workspace);

    QByteArray entry(const QString& fingerprint) const;
    QByteArray entry(const QByteArray& fingerprint) const;
    QByteArray revisions(const QString& fingerprint) const;
    QByteArray lock(const QString& fingerprint) const;
    QByteArray done(const QString& fingerprint) const;
    QByteArray asked(const QString& pythonKey) const;
    QByteArray askedFor(const QString& pythonKey) const;
    QByteArray cooldown(const QString& key) const;
    QByteArray agents() const { return m_prefix + "agents"; }
    QByteArray recorded(int shard, const QByteArray& id) const;
    QByteArray calls(int shard, qint64 hour) const;
    QByteArray hours(int shard) const;
    QByteArray changes(int shard) const;
    QByteArray packs(int shard) const;
    QByteArray repricings() const { return m_prefix + "repricings"; }
    QByteArray prices(int shard, qint64 repricing) const;

    /// SCAN pattern for our own entries and those of pyai-caching alike (and little else): one scan of all
    /// keys is what a listing costs. isPythonKey() and fingerprintOf() tell them apart.
    static QByteArray anyEntryPattern() { return QByteArrayLiteral("[lpAv][lyg0]*"); }
    /// SCAN pattern for the entries whose fingerprint starts with `prefix` (hex digits).
    QByteArray entryPattern(const QByteArray& prefix) const;
    /// The fingerprint in an entry's key, which it is a part of; empty when the key is none.
    QByteArrayView fingerprintOf(const QByteArray& entryKey) const;
    /// The ledger's part that a call belongs to; the same for the same id, always.
    static int shardOf(const QByteArray& callId);

private:
    QByteArray m_prefix;
};

} // namespace llmcache::redisstore
