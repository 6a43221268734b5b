#pragma once

#include "store/callfigures.h"

#include <QCache>

#include <algorithm>
#include <memory>
#include <optional>

namespace llmcache {

/// A call as reports add it up, where it has nothing but what most calls have. Members have the names and
/// meanings of those of CallFigures.
struct UsualFigures {
    qint64 timeMs = 0;
    Money cost;
    Money avoided;
    quint32 model = 0;
    quint32 task = 0;
    quint32 agent = 0;
    quint32 user = 0;
    quint32 host = 0;
    quint32 tags = 0;
    qint64 inputTokens = 0;
    qint64 outputTokens = 0;
    qint64 cacheReadTokens = 0;
    qint64 cacheWriteTokens = 0;
    qint64 reasoningTokens = 0;
    qint64 latencyMs = 0;
    qint64 firstTokenMs = -1;
    qint64 attempts = 0;
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

/// UsualFigures in a quarter of the memory of CallFigures.
class KeptCall {
public:
    /// Nothing where a number has no place. `baseMs` is a time within weeks of the call's.
    static std::optional<KeptCall> of(const CallFigures& call, qint64 baseMs);
    UsualFigures figures(qint64 baseMs) const
    {
        UsualFigures call;
        call.timeMs = baseMs + m_sinceBaseMs;
        (m_isAvoided ? call.avoided : call.cost) = m_money;
        call.model = m_model;
        call.task = m_task;
        call.agent = m_agent;
        call.user = m_user;
        call.host = m_host;
        call.tags = m_tags;
        call.inputTokens = m_inputTokens;
        call.outputTokens = m_outputTokens;
        call.cacheReadTokens = m_cacheReadTokens;
        call.cacheWriteTokens = m_cacheWriteTokens;
        call.reasoningTokens = m_reasoningTokens;
        call.latencyMs = m_latencyMs;
        call.firstTokenMs = m_firstTokenMs;
        call.attempts = m_attempts;
        call.outcome = static_cast<Outcome>(m_outcome);
        call.isPriced = m_isPriced;
        call.isAvoidedKnown = m_isAvoidedKnown;
        call.isRepriced = m_isRepriced;
        return call;
    }

private:
    Money m_money; ///< billed or avoided: no usual call has both
    qint32 m_sinceBaseMs = 0;
    qint32 m_inputTokens = 0;
    qint32 m_outputTokens = 0;
    qint32 m_cacheReadTokens = 0;
    qint32 m_cacheWriteTokens = 0;
    qint32 m_reasoningTokens = 0;
    qint32 m_latencyMs = 0;
    qint32 m_firstTokenMs = 0;
    quint16 m_model = 0;
    quint16 m_task = 0;
    quint16 m_agent = 0;
    quint16 m_user = 0;
    quint16 m_host = 0;
    quint16 m_tags = 0;
    quint8 m_attempts = 0;
    static constexpr quint8 outcomeMask = 0x0f;
    quint8 m_outcome : 4 = 0;
    bool m_isAvoided : 1 = false;
    bool m_isPriced : 1 = false;
    bool m_isAvoidedKnown : 1 = false;
    bool m_isRepriced : 1 = false;
};

/// Some calls of a ledger, decoded.
class CallBlock {
public:
    void reserve(qint64 calls)
    {
        m_usual.reserve(static_cast<std::size_t>(std::clamp(calls, qint64{0}, mostReserved)));
    }
    void add(const CallFigures& call);
    /// Gives back memory that no call needs, once all are added.
    void squeeze()
    {
        m_usual.shrink_to_fit();
        m_others.shrink_to_fit();
    }
    /// Calls `take` with the UsualFigures or the CallFigures of each.
    template <typename Take>
    void forEach(Take take) const
    {
        for (const KeptCall& call : m_usual)
            take(call.figures(m_baseMs));
        for (const CallFigures& call : m_others)
            take(call);
    }
    bool overlaps(qint64 fromMs, qint64 toMs) const { return m_lastMs >= fromMs && m_firstMs < toMs; }
    qsizetype bytes() const;

private:
    static constexpr qint64 mostReserved = 10'000; ///< a damaged pack may claim any number
    std::vector<KeptCall> m_usual;
    std::vector<CallFigures> m_others; ///< with numbers that a KeptCall has no place for
    qint64 m_baseMs = 0; ///< of m_usual
    qint64 m_firstMs = std::numeric_limits<qint64>::max();
    qint64 m_lastMs = std::numeric_limits<qint64>::min();
};

using CallBlocks = std::vector<std::shared_ptr<const CallBlock>>;

/// Keeps the parts of a ledger that reports asked for last, so that another question about the same month is
/// answered from memory: some 10 ms for a million calls, where reading and decoding them takes ten times
/// that. Used by one thread at a time; blocks and names are for any.
class CallCache {
public:
    explicit CallCache(qsizetype mostBytes = defaultMostBytes);
    /// Those of all calls that are kept, and of those that are summed up beside them. Who uses them after
    /// others have had their turn with the cache keeps the pointer.
    const std::shared_ptr<NameTable>& names() const { return m_names; }
    /// A part of the ledger; nothing when it is not kept, or not as of `version`.
    std::shared_ptr<const CallBlock> find(quint64 part, const QByteArray& version) const;
    void keep(quint64 part, const QByteArray& version, std::shared_ptr<const CallBlock> block);
    void forget(quint64 part) { m_parts.remove(part); }
    void forgetAll() { m_parts.clear(); }
    /// Forgets everything, names too, when there are so many of them that it is time to begin anew and nobody
    /// uses them.
    void clearIfWorn();

private:
    static constexpr qsizetype defaultMostBytes = qsizetype{128} * 1024 * 1024;
    static constexpr quint32 mostNames = 200'000;
    struct Part {
        QByteArray version;
        std::shared_ptr<const CallBlock> block;
    };
    QCache<quint64, Part> m_parts;
    std::shared_ptr<NameTable> m_names;
};

} // namespace llmcache
