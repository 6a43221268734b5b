#include "cache/run.h"

namespace llmcache {

namespace {

struct PolicyName {
    CachePolicy policy;
    const char* name;
};
constexpr PolicyName policyNames[] = {
    {CachePolicy::Use, "use"},
    {CachePolicy::Refresh, "refresh"},
    {CachePolicy::Bypass, "bypass"},
    {CachePolicy::Only, "only"},
    {CachePolicy::ReadOnly, "read-only"},
};

Json moneyJson(const std::optional<Money>& money)
{
    return money ? Json(toUtf8(money->toDecimal())) : Json(nullptr);
}

} // namespace

QString cachePolicyName(CachePolicy policy)
{
    for (const PolicyName& candidate : policyNames) {
        if (candidate.policy == policy)
            return QLatin1String(candidate.name);
    }
    return {};
}

std::optional<CachePolicy> cachePolicyFromName(const QString& name)
{
    for (const PolicyName& candidate : policyNames) {
        if (name == QLatin1String(candidate.name))
            return candidate.policy;
    }
    return std::nullopt;
}

namespace {

QString sourceName(const RunResult& result)
{
    const std::optional<EntryMeta>& entry = result.data().entry;
    if (entry && entry->python)
        return QStringLiteral("python");
    return result.cached() ? QStringLiteral("cache") : QStringLiteral("provider");
}

} // namespace

Json toJson(const RunResult& result)
{
    const RunData& data = result.data();
    Json json = Json::object();
    json["output"] = data.output;
    json["cached"] = result.cached();
    json["outcome"] = toUtf8(outcomeName(data.outcome));
    json["source"] = toUtf8(sourceName(result));
    json["fingerprint"] = toUtf8(data.fingerprint);
    json["agent"] = toUtf8(data.agent);
    json["model"] = toUtf8(data.model);
    json["task"] = toUtf8(data.task);
    json["usage"] = toJson(data.usage);
    json["cost_usd"] = moneyJson(data.cost);
    json["avoided_cost_usd"] = moneyJson(data.avoidedCost);
    json["latency_ms"] = static_cast<double>(data.latency.count()) / 1000.0;
    json["attempts"] = data.attempts;
    json["finish_reason"] = toUtf8(data.finishReason);
    if (data.stale)
        json["stale"] = true;
    json["stored"] = data.stored;
    json["store"] = toUtf8(data.store.kind + QLatin1Char(' ') + data.store.name);
    json["workspace"] = toUtf8(data.store.workspace);
    json["messages"] = toJson(data.messages);
    json["warnings"] = Json::array();
    for (const QString& warning : data.warnings)
        json["warnings"].push_back(toUtf8(warning));
    return json;
}

} // namespace llmcache
