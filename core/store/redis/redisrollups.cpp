#include "store/redis/redisrollups_p.h"

#include <algorithm>

namespace llmcache::redisstore {

namespace {

/// A sum in a hash: one letter in front of the pair's values.
struct SumLetter {
    char letter;
    qint64 CostSums::*count; ///< null for money
    Money CostSums::*money;
};

constexpr std::array sumLetters{
    SumLetter{'n', &CostSums::calls, nullptr},
    SumLetter{'h', &CostSums::hits, nullptr},
    SumLetter{'m', &CostSums::misses, nullptr},
    SumLetter{'f', &CostSums::failures, nullptr},
    SumLetter{'u', &CostSums::unpriced, nullptr},
    SumLetter{'c', nullptr, &CostSums::cost},
    SumLetter{'a', nullptr, &CostSums::avoided},
    SumLetter{'i', &CostSums::inputTokens, nullptr},
    SumLetter{'o', &CostSums::outputTokens, nullptr},
    SumLetter{'r', &CostSums::cacheReadTokens, nullptr},
    SumLetter{'w', &CostSums::cacheWriteTokens, nullptr},
    SumLetter{'t', &CostSums::reasoningTokens, nullptr},
};

bool covers(const RollupPair& pair, Dimension dimension)
{
    const Dimension stored = dimension == Dimension::Provider ? Dimension::Model : dimension;
    return isTimeDimension(dimension) || stored == pair.first || stored == pair.second;
}

} // namespace

std::optional<std::size_t> rollupFor(const CostQuery& query)
{
    for (std::size_t i = 0; i < rollupPairs.size(); ++i) {
        const RollupPair& pair = rollupPairs[i];
        const bool groups = std::all_of(query.groupBy.begin(), query.groupBy.end(),
            [&pair](Dimension dimension) { return covers(pair, dimension); });
        const bool filters = std::all_of(query.filters.begin(), query.filters.end(),
            [&pair](const auto& filter) { return covers(pair, filter.first); });
        if (groups && filters)
            return i;
    }
    return std::nullopt;
}

QByteArray pairField(const Call& call, const RollupPair& pair)
{
    const QByteArray first = dimensionValue(call, pair.first).toUtf8();
    return QByteArray::number(first.size()) + ':' + first + dimensionValue(call, pair.second).toUtf8();
}

QList<QByteArray> increments(const CostSums& sums)
{
    QList<QByteArray> list;
    for (const SumLetter& sum : sumLetters) {
        const qint64 amount = sum.count ? sums.*sum.count : (sums.*sum.money).picodollars();
        if (amount != 0)
            list << QByteArray(1, sum.letter) << QByteArray::number(amount);
    }
    return list;
}

void RollupReader::add(const QByteArray& field, const QByteArray& value)
{
    bool ok = false;
    const qint64 amount = value.toLongLong(&ok);
    if (!ok || field.isEmpty())
        return;
    for (const SumLetter& sum : sumLetters) {
        if (field.front() != sum.letter)
            continue;
        CostSums& sums = m_sums[field.mid(1)];
        if (sum.count)
            sums.*sum.count = amount;
        else
            sums.*sum.money = Money::fromPicodollars(amount);
    }
}

std::vector<RollupRow> RollupReader::rows() const
{
    std::vector<RollupRow> rows;
    for (auto it = m_sums.cbegin(); it != m_sums.cend(); ++it) {
        const auto colon = it.key().indexOf(':');
        bool ok = false;
        const qsizetype length = it.key().left(colon).toLongLong(&ok);
        if (colon < 0 || !ok || length < 0 || length > it.key().size() - colon - 1)
            continue;
        rows.push_back({QString::fromUtf8(it.key().mid(colon + 1, length)),
            QString::fromUtf8(it.key().mid(colon + 1 + length)), it.value()});
    }
    return rows;
}

} // namespace llmcache::redisstore
