#include "store/keptcalls.h"

#include <array>
#include <utility>

namespace llmcache {

namespace {

/// What reports add up and a KeptCall leaves out.
constexpr std::array rare{
    &CallFigures::cacheWrite1hTokens,
    &CallFigures::inputAudioTokens,
    &CallFigures::outputAudioTokens,
    &CallFigures::webSearches,
    &CallFigures::waitedMs,
    &CallFigures::rateLimits,
};

/// False where the number does not fit.
template <typename Narrow, typename Wide>
bool narrow(Narrow& narrowed, Wide number)
{
    narrowed = static_cast<Narrow>(number);
    return std::in_range<Narrow>(number);
}

} // namespace

std::optional<KeptCall> KeptCall::of(const CallFigures& call, qint64 baseMs)
{
    for (const auto member : rare) {
        if (call.*member != 0)
            return std::nullopt;
    }
    KeptCall kept;
    kept.m_isAvoided = call.cost == Money();
    kept.m_money = kept.m_isAvoided ? call.avoided : call.cost;
    kept.m_outcome = static_cast<quint8>(call.outcome) & KeptCall::outcomeMask;
    kept.m_isPriced = call.isPriced;
    kept.m_isAvoidedKnown = call.isAvoidedKnown;
    kept.m_isRepriced = call.isRepriced;
    qint64 sinceBaseMs = 0;
    const bool fits = (kept.m_isAvoided || call.avoided == Money())
        && kept.m_outcome == static_cast<quint8>(call.outcome)
        && !__builtin_sub_overflow(call.timeMs, baseMs, &sinceBaseMs)
        && narrow(kept.m_sinceBaseMs, sinceBaseMs) && narrow(kept.m_inputTokens, call.inputTokens)
        && narrow(kept.m_outputTokens, call.outputTokens)
        && narrow(kept.m_cacheReadTokens, call.cacheReadTokens)
        && narrow(kept.m_cacheWriteTokens, call.cacheWriteTokens)
        && narrow(kept.m_reasoningTokens, call.reasoningTokens) && narrow(kept.m_latencyMs, call.latencyMs)
        && narrow(kept.m_firstTokenMs, call.firstTokenMs) && narrow(kept.m_model, call.model)
        && narrow(kept.m_task, call.task) && narrow(kept.m_agent, call.agent)
        && narrow(kept.m_user, call.user) && narrow(kept.m_host, call.host) && narrow(kept.m_tags, call.tags)
        && narrow(kept.m_attempts, call.attempts);
    return fits ? std::optional(kept) : std::nullopt;
}

void CallBlock::add(const CallFigures& call)
{
    m_firstMs = std::min(m_firstMs, call.timeMs);
    m_lastMs = std::max(m_lastMs, call.timeMs);
    if (m_usual.empty())
        m_baseMs = call.timeMs;
    if (const std::optional<KeptCall> kept = KeptCall::of(call, m_baseMs))
        m_usual.push_back(*kept);
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
    , m_names(std::make_shared<NameTable>())
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

void CallCache::clearIfWorn()
{
    if (m_names->size() <= mostNames || m_names.use_count() > 1)
        return;
    m_parts.clear();
    m_names = std::make_shared<NameTable>();
}

} // namespace llmcache
