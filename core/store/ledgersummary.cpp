#include "store/ledgersummary.h"

#include "base/error.h"
#include "store/localtime_p.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace llmcache {

namespace {

void saturatingAdd(qint64& sum, qint64 value)
{
    if (__builtin_add_overflow(sum, value, &sum))
        sum = std::numeric_limits<qint64>::max();
}

constexpr std::size_t outcomeCount = 7;
using GroupKey = std::array<qint64, LedgerQuery::mostGroups>;
/// In place of a value that is not among the top; no name and no bucket has this number.
constexpr qint64 otherValue = -1;

struct GroupKeyHash {
    std::size_t operator()(const GroupKey& key) const
    {
        quint64 hash = 0x9e3779b97f4a7c15ULL;
        for (const qint64 part : key) {
            hash ^= static_cast<quint64>(part);
            hash *= 0xff51afd7ed558ccdULL;
            hash ^= hash >> 32;
        }
        return static_cast<std::size_t>(hash);
    }
};

struct Group {
    LedgerSums sums;
    Distributions distributions;
    qint64 firstMs = std::numeric_limits<qint64>::max();
    void merge(const Group& other)
    {
        sums += other.sums;
        distributions += other.distributions;
        firstMs = std::min(firstMs, other.firstMs);
    }
};
using Groups = std::unordered_map<GroupKey, Group, GroupKeyHash>;

void spread(Distributions& distributions, const CallFigures& call)
{
    switch (call.outcome) {
    case Outcome::Hit:
    case Outcome::Shared:
        distributions.hitLatency.add(call.latencyMs);
        return;
    case Outcome::Failed:
    case Outcome::Cancelled:
        return;
    case Outcome::Miss:
    case Outcome::Refreshed:
    case Outcome::Bypassed:
        break;
    }
    distributions.paidLatency.add(call.latencyMs);
    if (call.firstTokenMs >= 0)
        distributions.firstToken.add(call.firstTokenMs);
    if (call.isPriced)
        distributions.billed.add(call.cost.picodollars());
}

quint32 nameOf(const CallFigures& call, Dimension dimension)
{
    switch (dimension) {
    case Dimension::Model:
    case Dimension::Provider:
        return call.model;
    case Dimension::Task:
        return call.task;
    case Dimension::Agent:
        return call.agent;
    case Dimension::User:
        return call.user;
    case Dimension::Host:
        return call.host;
    case Dimension::Tag:
        return call.tags;
    case Dimension::Outcome:
        return static_cast<quint32>(call.outcome);
    default:
        return 0;
    }
}

/// A filter, decided once a name.
class NameFilter {
public:
    NameFilter(Dimension dimension, QStringList values, const NameTable& names)
        : m_dimension(dimension)
        , m_values(std::move(values))
        , m_names(names)
    {
    }
    bool accepts(const CallFigures& call)
    {
        const quint32 name = nameOf(call, m_dimension);
        if (name >= m_decided.size())
            m_decided.resize(name + 1, Unknown);
        if (m_decided[name] == Unknown)
            m_decided[name] = decide(name) ? Passes : Fails;
        return m_decided[name] == Passes;
    }

private:
    enum Decision : signed char { Unknown, Passes, Fails };
    bool decide(quint32 name) const
    {
        if (m_dimension == Dimension::Outcome)
            return m_values.contains(outcomeName(static_cast<Outcome>(name)));
        const QString& text = m_names.text(name);
        if (m_dimension == Dimension::Provider)
            return m_values.contains(text.section(QLatin1Char(':'), 0, 0));
        if (m_dimension != Dimension::Tag)
            return m_values.contains(text);
        const QStringList tags = tagsOfSet(text);
        if (tags.isEmpty())
            return m_values.contains(QString());
        return std::any_of(
            tags.begin(), tags.end(), [this](const QString& tag) { return m_values.contains(tag); });
    }
    Dimension m_dimension;
    QStringList m_values;
    const NameTable& m_names;
    std::vector<signed char> m_decided; ///< by name
};

} // namespace

void addTo(LedgerSums& sums, const CallFigures& call)
{
    sums.outcomes[static_cast<std::size_t>(call.outcome)] += 1;
    sums.billed += call.cost;
    sums.avoided += call.avoided;
    saturatingAdd(sums.latencyMs, call.latencyMs);
    if (call.attempts > 0) {
        saturatingAdd(sums.attempts, call.attempts);
        sums.sendingCalls += 1;
        sums.retriedCalls += call.attempts > 1 ? 1 : 0;
    }
    if (call.rateLimits > 0) {
        saturatingAdd(sums.rateLimits, call.rateLimits);
        sums.rateLimitedCalls += 1;
    }
    saturatingAdd(sums.waitedMs, call.waitedMs);
    switch (call.outcome) {
    case Outcome::Hit:
    case Outcome::Shared:
        sums.avoidedUnknown += call.isAvoidedKnown ? 0 : 1;
        // Its tokens are the entry's and were paid by somebody else.
        saturatingAdd(sums.servedTokens, call.inputTokens);
        saturatingAdd(sums.servedTokens, call.outputTokens);
        return;
    case Outcome::Miss:
    case Outcome::Refreshed:
    case Outcome::Bypassed:
        sums.unpriced += call.isPriced ? 0 : 1;
        break;
    case Outcome::Failed:
        sums.failed += 1;
        [[fallthrough]];
    case Outcome::Cancelled:
        // Who never sent a request paid nothing, whatever the price.
        sums.unpriced += call.isPriced || call.attempts == 0 ? 0 : 1;
        break;
    }
    saturatingAdd(sums.inputTokens, call.inputTokens);
    saturatingAdd(sums.outputTokens, call.outputTokens);
    saturatingAdd(sums.cacheReadTokens, call.cacheReadTokens);
    saturatingAdd(sums.cacheWriteTokens, call.cacheWriteTokens);
    saturatingAdd(sums.cacheWrite1hTokens, call.cacheWrite1hTokens);
    saturatingAdd(sums.reasoningTokens, call.reasoningTokens);
    saturatingAdd(sums.inputAudioTokens, call.inputAudioTokens);
    saturatingAdd(sums.outputAudioTokens, call.outputAudioTokens);
    saturatingAdd(sums.webSearches, call.webSearches);
}

struct LedgerSummary::Private {
    Private(LedgerQuery asked, const NameTable& table)
        : query(std::move(asked))
        , names(table)
    {
        requireSound(query.selection);
        if (query.groupBy.size() > LedgerQuery::mostGroups)
            throw ConfigurationError(
                QStringLiteral("A report can't have more than %1 groupings.").arg(LedgerQuery::mostGroups));
        const QTimeZone zone = timeZoneOf(query.timeZone);
        for (std::size_t i = 0; i < query.groupBy.size(); ++i) {
            const Dimension dimension = query.groupBy[i];
            if (std::count(query.groupBy.begin(), query.groupBy.end(), dimension) > 1)
                throw ConfigurationError(
                    QStringLiteral("A report can't be grouped by %1 twice.").arg(dimensionName(dimension)));
            if (isTimeDimension(dimension))
                buckets[i].emplace(zone, dimension);
            if (dimension == Dimension::Tag)
                tagGroup = i;
        }
        for (const TopValues& top : query.top) {
            const auto group = std::find(query.groupBy.begin(), query.groupBy.end(), top.dimension);
            if (group == query.groupBy.end() || isTimeDimension(top.dimension))
                throw ConfigurationError(QStringLiteral(
                    "The highest values of %1 can't be told in a report that is not grouped by it.")
                                             .arg(dimensionName(top.dimension)));
        }
        for (const auto& [dimension, values] : query.selection.filters)
            filters.emplace_back(dimension, values, names);
    }

    /// The number that stands for a call's value in a key.
    qint64 valueOf(const CallFigures& call, std::size_t group)
    {
        if (buckets[group])
            return buckets[group]->bucketOf(call.timeMs);
        const Dimension dimension = query.groupBy[group];
        const quint32 name = nameOf(call, dimension);
        if (dimension != Dimension::Provider)
            return name;
        if (name >= providers.size())
            providers.resize(name + 1, -1);
        if (providers[name] < 0)
            providers[name] = providerNames.idOf(names.text(name).section(QLatin1Char(':'), 0, 0));
        return providers[name];
    }

    void addTo(Group& group, const CallFigures& call) const
    {
        llmcache::addTo(group.sums, call);
        if (query.distributions)
            spread(group.distributions, call);
        group.firstMs = std::min(group.firstMs, call.timeMs);
    }

    Group& groupOf(const GroupKey& key)
    {
        if (last && lastKey == key)
            return *last;
        last = &groups[key]; // stays where it is
        lastKey = key;
        return *last;
    }

    LedgerKey keyOf(std::size_t group, qint64 value, qint64 insideMs) const
    {
        LedgerKey key;
        if (value == otherValue) {
            key.kind = LedgerKey::Kind::Other;
            return key;
        }
        if (auto bucket = buckets[group]) {
            key.kind = LedgerKey::Kind::Time;
            key.text = bucket->textOf(value);
            key.startMs = bucket->startMs(value, insideMs);
            return key;
        }
        const auto name = static_cast<quint32>(value);
        switch (query.groupBy[group]) {
        case Dimension::Outcome:
            key.text = outcomeName(static_cast<Outcome>(name));
            break;
        case Dimension::Provider:
            key.text = providerNames.text(name);
            break;
        case Dimension::Tag:
            key.text = tagNames.text(name);
            break;
        default:
            key.text = names.text(name);
        }
        return key;
    }

    /// Merges the groups of values that are not among the highest.
    Groups keepTop(Groups all, const TopValues& top) const
    {
        const auto group = static_cast<std::size_t>(
            std::find(query.groupBy.begin(), query.groupBy.end(), top.dimension) - query.groupBy.begin());
        std::unordered_map<qint64, LedgerSums> totals;
        for (const auto& [key, sums] : all)
            totals[key[group]] += sums.sums;
        if (totals.size() <= static_cast<std::size_t>(std::max(top.count, 0)))
            return all;
        std::vector<qint64> values;
        for (const auto& [value, sums] : totals)
            values.push_back(value);
        std::sort(values.begin(), values.end(), [&](qint64 left, qint64 right) {
            const qint64 one = measureOf(totals[left], top.by);
            const qint64 other = measureOf(totals[right], top.by);
            if (one != other)
                return one > other;
            return keyOf(group, left, 0).text < keyOf(group, right, 0).text;
        });
        values.resize(static_cast<std::size_t>(std::max(top.count, 0)));
        const auto isKept = [&values](qint64 value) {
            return std::find(values.begin(), values.end(), value) != values.end();
        };
        Groups kept;
        for (const auto& [key, sums] : all) {
            GroupKey place = key;
            if (!isKept(key[group]))
                place[group] = otherValue;
            kept[place].merge(sums);
        }
        return kept;
    }

    LedgerQuery query;
    const NameTable& names;
    std::vector<NameFilter> filters;
    std::array<std::optional<LocalBuckets>, LedgerQuery::mostGroups> buckets;
    std::optional<std::size_t> tagGroup;
    std::vector<qint64> providers; ///< by the name of the model
    NameTable providerNames;
    NameTable tagNames;
    std::unordered_map<quint32, std::vector<quint32>> tagSets;
    Groups groups;
    Group* last = nullptr;
    GroupKey lastKey{};
    Group total;
    qint64 lastMs = 0;
    bool hasRepriced = false;
};

LedgerSummary::LedgerSummary(LedgerQuery query, const NameTable& names)
    : d(std::make_unique<Private>(std::move(query), names))
{
}

LedgerSummary::~LedgerSummary() = default;

const LedgerQuery& LedgerSummary::query() const
{
    return d->query;
}

void LedgerSummary::add(const CallFigures& call)
{
    const CallSelection& selection = d->query.selection;
    if (call.timeMs < selection.fromMs || call.timeMs >= selection.toMs
        || static_cast<std::size_t>(call.outcome) >= outcomeCount)
        return;
    for (NameFilter& filter : d->filters) {
        if (!filter.accepts(call))
            return;
    }
    d->lastMs = std::max(d->lastMs, call.timeMs);
    d->hasRepriced = d->hasRepriced || call.isRepriced;
    GroupKey key{};
    for (std::size_t i = 0; i < d->query.groupBy.size(); ++i)
        key[i] = d->valueOf(call, i);
    if (!d->tagGroup) {
        d->addTo(d->groupOf(key), call);
        return;
    }
    d->addTo(d->total, call); // the rows would count it several times
    auto& tags = d->tagSets[call.tags];
    if (tags.empty()) {
        const QStringList texts = tagsOfSet(d->names.text(call.tags));
        for (const QString& text : texts)
            tags.push_back(d->tagNames.idOf(text));
        if (tags.empty())
            tags.push_back(0);
    }
    for (const quint32 tag : tags) {
        key[*d->tagGroup] = tag;
        d->addTo(d->groupOf(key), call);
    }
}

LedgerReport LedgerSummary::report() const
{
    Groups groups = d->groups;
    for (const TopValues& top : d->query.top)
        groups = d->keepTop(std::move(groups), top);
    Group total = d->total;
    LedgerReport report;
    report.rows.reserve(groups.size());
    std::array<std::map<qint64, LedgerKey>, LedgerQuery::mostGroups> keys; // texts of times are not cheap
    for (const auto& [key, group] : groups) {
        LedgerRow& row = report.rows.emplace_back();
        for (std::size_t i = 0; i < d->query.groupBy.size(); ++i) {
            auto known = keys[i].find(key[i]);
            if (known == keys[i].end())
                known = keys[i].emplace(key[i], d->keyOf(i, key[i], group.firstMs)).first;
            row.keys.push_back(known->second);
        }
        row.sums = group.sums;
        row.distributions = group.distributions;
        if (!d->tagGroup)
            total.merge(group);
        else
            total.firstMs = std::min(total.firstMs, group.firstMs);
    }
    const bool byTime = !d->query.groupBy.empty() && isTimeDimension(d->query.groupBy.front());
    const auto isOther = [](const LedgerKey& key) { return key.kind == LedgerKey::Kind::Other; };
    std::sort(report.rows.begin(), report.rows.end(), [&](const LedgerRow& left, const LedgerRow& right) {
        if (byTime && left.keys.front().startMs != right.keys.front().startMs)
            return left.keys.front().startMs < right.keys.front().startMs;
        const auto leftOthers = std::count_if(left.keys.begin(), left.keys.end(), isOther);
        const auto rightOthers = std::count_if(right.keys.begin(), right.keys.end(), isOther);
        if (leftOthers != rightOthers)
            return leftOthers < rightOthers;
        const qint64 one = measureOf(left.sums, d->query.orderBy);
        const qint64 other = measureOf(right.sums, d->query.orderBy);
        if (one != other)
            return one > other;
        return std::lexicographical_compare(left.keys.begin(), left.keys.end(), right.keys.begin(),
            right.keys.end(), [](const LedgerKey& a, const LedgerKey& b) { return a.text < b.text; });
    });
    report.total.sums = total.sums;
    report.total.distributions = total.distributions;
    if (total.sums.calls() > 0) {
        report.firstMs = total.firstMs;
        report.lastMs = d->lastMs;
    }
    report.hasRepriced = d->hasRepriced;
    return report;
}

} // namespace llmcache
