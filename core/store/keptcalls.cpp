#include "store/keptcalls.h"

#include <array>

namespace llmcache {

namespace {

struct Narrowed {
    qint64 CallFigures::*from;
    qint32 KeptCall::*to;
};
constexpr std::array narrowed{
    Narrowed{&CallFigures::inputTokens, &KeptCall::inputTokens},
    Narrowed{&CallFigures::outputTokens, &KeptCall::outputTokens},
    Narrowed{&CallFigures::cacheReadTokens, &KeptCall::cacheReadTokens},
    Narrowed{&CallFigures::cacheWriteTokens, &KeptCall::cacheWriteTokens},
    Narrowed{&CallFigures::reasoningTokens, &KeptCall::reasoningTokens},
    Narrowed{&CallFigures::latencyMs, &KeptCall::latencyMs},
    Narrowed{&CallFigures::firstTokenMs, &KeptCall::firstTokenMs},
    Narrowed{&CallFigures::attempts, &KeptCall::attempts},
};

/// What reports add up and a KeptCall leaves out.
constexpr std::array rare{
    &CallFigures::cacheWrite1hTokens,
    &CallFigures::inputAudioTokens,
    &CallFigures::outputAudioTokens,
    &CallFigures::webSearches,
    &CallFigures::waitedMs,
    &CallFigures::rateLimits,
};

/// False where something does not fit.
bool narrow(const CallFigures& call, KeptCall& kept)
{
    for (const auto member : rare) {
        if (call.*member != 0)
            return false;
    }
    for (const Narrowed& member : narrowed) {
        kept.*member.to = static_cast<qint32>(call.*member.from);
        if (kept.*member.to != call.*member.from)
            return false;
    }
    kept.timeMs = call.timeMs;
    kept.cost = call.cost;
    kept.avoided = call.avoided;
    kept.model = call.model;
    kept.task = call.task;
    kept.agent = call.agent;
    kept.user = call.user;
    kept.host = call.host;
    kept.tags = call.tags;
    kept.outcome = call.outcome;
    kept.isPriced = call.isPriced;
    kept.isAvoidedKnown = call.isAvoidedKnown;
    kept.isRepriced = call.isRepriced;
    return true;
}

} // namespace

void CallBlock::add(const CallFigures& call)
{
    m_firstMs = std::min(m_firstMs, call.timeMs);
    m_lastMs = std::max(m_lastMs, call.timeMs);
    KeptCall kept;
    if (narrow(call, kept))
        m_usual.push_back(kept);
    else
        m_others.push_back(call);
}

qsizetype CallBlock::bytes() const
{
    const auto size = [](const auto& calls) {
        return static_cast<qsizetype>(calls.capacity()) * static_cast<qsizetype>(sizeof(calls.front()));
    };
    return static_cast<qsizetype>(sizeof(CallBlock)) + size(m_usual) + size(m_others);
}

CallCache::CallCache(qsizetype mostBytes)
    : m_parts(mostBytes)
    , m_names(std::make_unique<NameTable>())
{
}

std::shared_ptr<const CallBlock> CallCache::find(quint64 part, const QByteArray& version) const
{
    const Part* const kept = m_parts.object(part);
    return kept && kept->version == version ? kept->block : nullptr;
}

void CallCache::keep(quint64 part, const QByteArray& version, std::shared_ptr<const CallBlock> block)
{
    const qsizetype bytes = block->bytes();
    m_parts.insert(part, new Part{version, std::move(block)}, bytes);
}

void CallCache::clear()
{
    m_parts.clear();
    m_names = std::make_unique<NameTable>();
}

} // namespace llmcache
