#include "store/ledgersummary.h"

#include "base/error.h"
#include "base/worker.h"
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

/// As Money adds, without a call: reports add up millions.
void saturatingAdd(Money& sum, Money value)
{
    qint64 picodollars = 0;
    if (__builtin_add_overflow(sum.picodollars(), value.picodollars(), &picodollars))
        sum += value;
    else
        sum = Money::fromPicodollars(picodollars);
}

constexpr std::size_t outcomeCount = 7;
struct GroupKey : std::array<qint64, LedgerQuery::mostGroups> {
    /// That of the array is a call of memcmp(), and there are two for each call of the ledger.
    friend bool operator==(const GroupKey& left, const GroupKey& right)
    {
        bool same = true;
        for (std::size_t i = 0; i < left.size(); ++i)
            same = same && left[i] == right[i];
        return same;
    }
};
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

// A call is a CallFigures or a UsualFigures from here on.

template <typename AnyCall>
void spread(Distributions& distributions, const AnyCall& call)
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

template <typename AnyCall>
quint32 nameOf(const AnyCall& call, Dimension dimension)
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
    template <typename AnyCall>
    bool accepts(const AnyCall& call)
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

template <typename AnyCall>
void addCall(LedgerSums& sums, const AnyCall& call)
{
    sums.outcomes[static_cast<std::size_t>(call.outcome)] += 1;
    saturatingAdd(sums.billed, call.cost);
    saturatingAdd(sums.avoided, call.avoided);
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

} // namespace

void addTo(LedgerSums& sums, const CallFigures& call)
{
    addCall(sums, call);
}

struct LedgerSummary::Private {
    Private(LedgerQuery asked, std::shared_ptr<const NameTable> table)
        : query(std::move(asked))
        , sharedNames(std::move(table))
        , names(*sharedNames)
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
            else
                nameGroup = i;
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
    template <typename AnyCall>
    qint64 valueOf(const AnyCall& call, std::size_t group)
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

    template <typename AnyCall>
    void addTo(Group& group, const AnyCall& call) const
    {
        addCall(group.sums, call);
        if (query.distributions)
            spread(group.distributions, call);
        group.firstMs = std::min(group.firstMs, call.timeMs);
    }

    /// Calls come mostly in the order of time, so that from one to the next just a name differs: names lead
    /// to their groups by a list of them.
    Group& groupOf(const GroupKey& key)
    {
        constexpr qint64 mostListed = 1024; // there is a list for each bucket of time
        const qint64 name = nameGroup ? key[*nameGroup] : 0;
        if (!nameGroup || name >= mostListed) {
            if (!last || lastKey != key) {
                last = &groups[key]; // stays where it is
                lastKey = key;
            }
            return *last;
        }
        GroupKey place = key;
        place[*nameGroup] = 0;
        if (!lastList || listPlace != place) {
            lastList = &lists[place];
            listPlace = place;
        }
        const auto at = static_cast<std::size_t>(name);
        if (at >= lastList->size())
            lastList->resize(at + 1, nullptr);
        Group*& listed = (*lastList)[at];
        if (!listed)
            listed = &groups[key];
        return *listed;
    }

    template <typename AnyCall>
    void add(const AnyCall& call)
    {
        const CallSelection& selection = query.selection;
        if (call.timeMs < selection.fromMs || call.timeMs >= selection.toMs
            || static_cast<std::size_t>(call.outcome) >= outcomeCount)
            return;
        for (NameFilter& filter : filters) {
            if (!filter.accepts(call))
                return;
        }
        lastMs = std::max(lastMs, call.timeMs);
        hasRepriced = hasRepriced || call.isRepriced;
        GroupKey key{};
        for (std::size_t i = 0; i < query.groupBy.size(); ++i)
            key[i] = valueOf(call, i);
        if (!tagGroup) {
            addTo(groupOf(key), call);
            return;
        }
        addTo(total, call); // the rows would count it several times
        for (const quint32 tag : tagsOf(call.tags)) {
            key[*tagGroup] = tag;
            addTo(groupOf(key), call);
        }
    }

    const std::vector<quint32>& tagsOf(quint32 set)
    {
        std::vector<quint32>& tags = tagSets[set];
        if (tags.empty()) {
            const QStringList texts = tagsOfSet(names.text(set));
            for (const QString& text : texts)
                tags.push_back(tagNames.idOf(text));
            if (tags.empty())
                tags.push_back(0);
        }
        return tags;
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
    std::shared_ptr<const NameTable> sharedNames;
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
    std::optional<std::size_t> nameGroup; ///< a grouping that is not by time
    std::unordered_map<GroupKey, std::vector<Group*>, GroupKeyHash> lists; ///< by name, see groupOf()
    std::vector<Group*>* lastList = nullptr;
    GroupKey listPlace{};
    Group total;
    qint64 lastMs = 0;
    bool hasRepriced = false;
};

LedgerSummary::LedgerSummary(LedgerQuery query, std::shared_ptr<const NameTable> names)
    : d(std::make_unique<Private>(std::move(query), std::move(names)))
{
}

LedgerSummary::~LedgerSummary() = default;

const LedgerQuery& LedgerSummary::query() const
{
    return d->query;
}

void LedgerSummary::add(const CallFigures& call)
{
    d->add(call);
}

void LedgerSummary::add(const CallBlock& block)
{
    if (!block.overlaps(d->query.selection.fromMs, d->query.selection.toMs))
        return;
    block.forEach([this](const auto& call) { d->add(call); });
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

QFuture<LedgerReport> reportOn(
    QThreadPool& threads, std::shared_ptr<LedgerSummary> summary, CallBlocks blocks)
{
    return runOn(threads, [summary = std::move(summary), blocks = std::move(blocks)] {
        for (const auto& block : blocks)
            summary->add(*block);
        return summary->report();
    });
}

LedgerReport withTop(LedgerReport report, const TopValues& top)
{
    std::sort(report.rows.begin(), report.rows.end(), [&top](const LedgerRow& left, const LedgerRow& right) {
        const qint64 one = measureOf(left.sums, top.by);
        const qint64 other = measureOf(right.sums, top.by);
        return one != other ? one > other : left.keys.front().text < right.keys.front().text;
    });
    const auto count = static_cast<std::size_t>(std::max(top.count, 0));
    if (report.rows.size() <= count)
        return report;
    LedgerRow others;
    others.keys.push_back({LedgerKey::Kind::Other});
    for (std::size_t at = count; at < report.rows.size(); ++at) {
        others.sums += report.rows[at].sums;
        others.distributions += report.rows[at].distributions;
    }
    report.rows.resize(count);
    report.rows.push_back(std::move(others));
    return report;
}

} // namespace llmcache
