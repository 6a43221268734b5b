#pragma once

#include "store/callfigures.h"

#include <QCache>

#include <algorithm>
#include <memory>

namespace llmcache {

/// A call as reports add it up, where it has nothing but what most calls have: half the size of CallFigures.
/// Members have the names and meanings of those.
struct KeptCall {
    qint64 timeMs = 0;
    Money cost;
    Money avoided;
    quint32 model = 0;
    quint32 task = 0;
    quint32 agent = 0;
    quint32 user = 0;
    quint32 host = 0;
    quint32 tags = 0;
    qint32 inputTokens = 0;
    qint32 outputTokens = 0;
    qint32 cacheReadTokens = 0;
    qint32 cacheWriteTokens = 0;
    qint32 reasoningTokens = 0;
    qint32 latencyMs = 0;
    qint32 firstTokenMs = -1;
    qint32 attempts = 0;
    Outcome outcome = Outcome::Miss;
    bool isPriced = false;
    bool isAvoidedKnown = false;
    bool isRepriced = false;
    static constexpr qint64 cacheWrite1hTokens = 0;
    static constexpr qint64 inputAudioTokens = 0;
    static constexpr qint64 outputAudioTokens = 0;
    static constexpr qint64 webSearches = 0;
    static constexpr qint64 waitedMs = 0;
    static constexpr qint64 rateLimits = 0;
};

/// Some calls of a ledger, decoded.
class CallBlock {
public:
    void reserve(qint64 calls)
    {
        m_usual.reserve(static_cast<std::size_t>(std::clamp(calls, qint64{0}, mostReserved)));
    }
    void add(const CallFigures& call);
    const std::vector<KeptCall>& usual() const { return m_usual; }
    /// Those with numbers that a KeptCall has no place for.
    const std::vector<CallFigures>& others() const { return m_others; }
    bool overlaps(qint64 fromMs, qint64 toMs) const { return m_lastMs >= fromMs && m_firstMs < toMs; }
    qsizetype bytes() const;

private:
    static constexpr qint64 mostReserved = 10'000; ///< a damaged pack may claim any number
    std::vector<KeptCall> m_usual;
    std::vector<CallFigures> m_others;
    qint64 m_firstMs = std::numeric_limits<qint64>::max();
    qint64 m_lastMs = std::numeric_limits<qint64>::min();
};

/// Keeps the parts of a ledger that reports asked for last, so that another question about the same month is
/// answered from memory: some 10 ms for a million calls, where reading and decoding them takes ten times
/// that. Used by one thread at a time.
class CallCache {
public:
    explicit CallCache(qsizetype mostBytes = defaultMostBytes);
    /// Those of all calls that are kept, and of those that are summed up beside them.
    NameTable& names() { return *m_names; }
    /// A part of the ledger; nothing when it is not kept, or not as of `version`.
    std::shared_ptr<const CallBlock> find(quint64 part, const QByteArray& version) const;
    void keep(quint64 part, const QByteArray& version, std::shared_ptr<const CallBlock> block);
    void forget(quint64 part) { m_parts.remove(part); }
    void forgetAll() { m_parts.clear(); }
    /// Forgets the names too: those that were given out before mean nothing any more.
    void clear();
    /// Whether there are so many names that it is time to begin anew, between two reports.
    bool isWorn() const { return m_names->size() > mostNames; }

private:
    static constexpr qsizetype defaultMostBytes = qsizetype{160} * 1024 * 1024;
    static constexpr quint32 mostNames = 200'000;
    struct Part {
        QByteArray version;
        std::shared_ptr<const CallBlock> block;
    };
    QCache<quint64, Part> m_parts;
    std::unique_ptr<NameTable> m_names;
};

} // namespace llmcache
