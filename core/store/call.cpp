#include "store/call.h"

#include "base/error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace llmcache {

namespace {

constexpr std::array outcomeNames{
    std::pair{Outcome::Hit, "hit"},
    std::pair{Outcome::Miss, "miss"},
    std::pair{Outcome::Shared, "shared"},
    std::pair{Outcome::Refreshed, "refreshed"},
    std::pair{Outcome::Bypassed, "bypassed"},
    std::pair{Outcome::Failed, "failed"},
    std::pair{Outcome::Cancelled, "cancelled"},
};

constexpr std::array dimensionNames{
    std::pair{Dimension::Model, "model"},
    std::pair{Dimension::Provider, "provider"},
    std::pair{Dimension::Task, "task"},
    std::pair{Dimension::Agent, "agent"},
    std::pair{Dimension::User, "user"},
    std::pair{Dimension::Outcome, "outcome"},
    std::pair{Dimension::Hour, "hour"},
    std::pair{Dimension::Day, "day"},
    std::pair{Dimension::Month, "month"},
    std::pair{Dimension::Minute, "minute"},
    std::pair{Dimension::Week, "week"},
    std::pair{Dimension::Host, "host"},
    std::pair{Dimension::Tag, "tag"},
};

template <typename Table, typename Value>
QString nameIn(const Table& table, Value value)
{
    for (const auto& [known, name] : table) {
        if (known == value)
            return QString::fromLatin1(name);
    }
    return {};
}

template <typename Value, typename Table>
std::optional<Value> valueIn(const Table& table, const QString& name)
{
    for (const auto& [value, known] : table) {
        if (name == QLatin1String(known))
            return value;
    }
    return std::nullopt;
}

Json moneyToJson(const std::optional<Money>& money)
{
    return money ? Json(toUtf8(money->toDecimal())) : Json();
}

std::optional<Money> moneyMember(const Json& json, const char* key)
{
    const Json* member = findMember(json, key);
    if (!member || member->is_null())
        return std::nullopt;
    // An amount that can't be read must not turn into "unpriced" unnoticed.
    const auto money = Money::fromDecimal(stringMember(json, key));
    if (!money)
        throw CacheError(QStringLiteral("A call of the ledger has a %1 that is no decimal number.")
                             .arg(QLatin1String(key)));
    return money;
}

} // namespace

QString outcomeName(Outcome outcome)
{
    return nameIn(outcomeNames, outcome);
}

std::optional<Outcome> outcomeFromName(const QString& name)
{
    return valueIn<Outcome>(outcomeNames, name);
}

QString dimensionName(Dimension dimension)
{
    return nameIn(dimensionNames, dimension);
}

std::optional<Dimension> dimensionFromName(const QString& name)
{
    return valueIn<Dimension>(dimensionNames, name);
}

bool isTimeDimension(Dimension dimension)
{
    switch (dimension) {
    case Dimension::Minute:
    case Dimension::Hour:
    case Dimension::Day:
    case Dimension::Week:
    case Dimension::Month:
        return true;
    default:
        return false;
    }
}

QString dimensionValue(const Call& call, Dimension dimension)
{
    switch (dimension) {
    case Dimension::Model:
        return call.model;
    case Dimension::Provider:
        return call.provider();
    case Dimension::Task:
        return call.task;
    case Dimension::Agent:
        return call.agent;
    case Dimension::User:
        return call.user;
    case Dimension::Outcome:
        return outcomeName(call.outcome);
    case Dimension::Host:
        return call.host;
    case Dimension::Tag: // there may be several
    case Dimension::Minute: // and these depend on the time zone of the question
    case Dimension::Hour:
    case Dimension::Day:
    case Dimension::Week:
    case Dimension::Month:
        break;
    }
    return {};
}

CostSums& CostSums::operator+=(const CostSums& other)
{
    // Saturating, as Money is: counts come from files that may be hostile.
    const auto add = [](qint64& sum, qint64 value) {
        if (__builtin_add_overflow(sum, value, &sum))
            sum = std::numeric_limits<qint64>::max();
    };
    add(calls, other.calls);
    add(hits, other.hits);
    add(misses, other.misses);
    add(failures, other.failures);
    add(unpriced, other.unpriced);
    cost += other.cost;
    avoided += other.avoided;
    add(inputTokens, other.inputTokens);
    add(outputTokens, other.outputTokens);
    add(cacheReadTokens, other.cacheReadTokens);
    add(cacheWriteTokens, other.cacheWriteTokens);
    add(reasoningTokens, other.reasoningTokens);
    return *this;
}

CostSums sumsOf(const Call& call)
{
    CostSums sums;
    sums.calls = 1;
    sums.cost = call.cost.value_or(Money());
    sums.avoided = call.avoided.value_or(Money());
    switch (call.outcome) {
    case Outcome::Hit:
    case Outcome::Shared:
        sums.hits = 1;
        return sums; // its tokens are the entry's and were paid by somebody else
    case Outcome::Miss:
    case Outcome::Refreshed:
    case Outcome::Bypassed:
        sums.misses = 1;
        sums.unpriced = call.cost ? 0 : 1;
        break;
    case Outcome::Failed:
    case Outcome::Cancelled:
        // Who never sent a request paid nothing, whatever the price.
        sums.failures = 1;
        sums.unpriced = call.cost || call.attempts == 0 ? 0 : 1;
        break;
    }
    sums.inputTokens = call.usage.inputTokens;
    sums.outputTokens = call.usage.outputTokens;
    sums.cacheReadTokens = call.usage.cacheReadTokens;
    sums.cacheWriteTokens = call.usage.cacheWriteTokens;
    sums.reasoningTokens = call.usage.reasoningTokens;
    return sums;
}

Json toJson(const Call& call)
{
    Json json = Json::object();
    constexpr std::size_t mostMembers = 24;
    json.get_ref<Json::object_t&>().reserve(mostMembers); // thousands are written at once
    json["id"] = toUtf8(call.id);
    json["time_ms"] = call.timeMs;
    json["agent"] = toUtf8(call.agent);
    json["task"] = toUtf8(call.task);
    json["user"] = toUtf8(call.user);
    json["host"] = toUtf8(call.host);
    json["model"] = toUtf8(call.model);
    json["outcome"] = toUtf8(outcomeName(call.outcome));
    Json& usage = json["usage"] = toJson(call.usage);
    if (!call.usage.raw.is_null())
        usage["raw"] = call.usage.raw;
    json["cost_usd"] = moneyToJson(call.cost);
    json["avoided_cost_usd"] = moneyToJson(call.avoided);
    json["price_source"] = toUtf8(call.priceSource);
    json["latency_ms"] = static_cast<qint64>(call.latency.count());
    if (call.timeToFirstToken)
        json["time_to_first_token_ms"] = static_cast<qint64>(call.timeToFirstToken->count());
    if (call.unstored)
        json["stored"] = false;
    json["attempts"] = call.attempts;
    if (call.rateLimits != 0)
        json["rate_limits"] = call.rateLimits;
    json["waited_ms"] = static_cast<qint64>(call.waited.count());
    json["fingerprint"] = toUtf8(call.fingerprint);
    json["error"] = toUtf8(call.error);
    if (!call.tags.isEmpty()) {
        Json& tags = json["tags"] = Json::array();
        for (const QString& tag : call.tags)
            tags.push_back(toUtf8(tag));
    }
    return json;
}

Call callFromJson(const Json& json)
{
    Call call;
    call.id = stringMember(json, "id");
    if (call.id.isEmpty())
        throw CacheError(QStringLiteral("A call of the ledger has no id."));
    const auto outcome = outcomeFromName(stringMember(json, "outcome"));
    if (!outcome)
        throw CacheError(QStringLiteral("The call %1 of the ledger has an unknown outcome.").arg(call.id),
            QStringLiteral("It may come from a newer version of this program."));
    call.outcome = *outcome;
    call.timeMs = integerMember(json, "time_ms");
    call.agent = stringMember(json, "agent");
    call.task = stringMember(json, "task");
    call.user = stringMember(json, "user");
    call.host = stringMember(json, "host");
    call.model = stringMember(json, "model");
    if (const Json* usage = findMember(json, "usage")) {
        call.usage = usageFromJson(*usage);
        if (const Json* raw = findMember(*usage, "raw"))
            call.usage.raw = *raw;
    }
    call.cost = moneyMember(json, "cost_usd");
    call.avoided = moneyMember(json, "avoided_cost_usd");
    call.priceSource = stringMember(json, "price_source");
    call.latency = std::chrono::milliseconds(integerMember(json, "latency_ms"));
    if (findMember(json, "time_to_first_token_ms"))
        call.timeToFirstToken = std::chrono::milliseconds(integerMember(json, "time_to_first_token_ms"));
    if (const Json* const stored = findMember(json, "stored"))
        call.unstored = *stored == false;
    call.attempts = static_cast<int>(
        std::clamp<qint64>(integerMember(json, "attempts"), 0, std::numeric_limits<int>::max()));
    call.rateLimits = static_cast<int>(
        std::clamp<qint64>(integerMember(json, "rate_limits"), 0, std::numeric_limits<int>::max()));
    call.waited = std::chrono::milliseconds(integerMember(json, "waited_ms"));
    call.fingerprint = stringMember(json, "fingerprint");
    call.error = stringMember(json, "error");
    if (const Json* tags = findMember(json, "tags"); tags && tags->is_array()) {
        for (const Json& tag : *tags) {
            if (tag.is_string())
                call.tags.append(toQString(tag.get_ref<const std::string&>()));
        }
    }
    return call;
}

} // namespace llmcache
