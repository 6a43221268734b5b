#include "cache/arrangement.h"

#include "cache/chunkfilter.h"

#include <QCollator>

#include <algorithm>
#include <array>
#include <numeric>

namespace llmcache::ui {

namespace {

constexpr std::size_t capacity = EntryChunk::capacity;

struct Item {
    quint64 key;
    quint32 row;
};

/// Maps signed numbers to unsigned ones in the same order.
quint64 ordered(qint64 value)
{
    return static_cast<quint64>(value) ^ (quint64{1} << 63);
}

/// Stable, least significant byte first. Bytes that are the same in all keys cost nothing, which is most of
/// them for times, counts and interned texts.
void radixSort(std::vector<Item>& items, const std::stop_token& stop)
{
    constexpr std::size_t digits = 8;
    constexpr std::size_t values = 256;
    auto counts = std::make_unique<std::array<std::array<quint32, values>, digits>>();
    for (const Item& item : items) {
        for (std::size_t digit = 0; digit < digits; ++digit)
            ++(*counts)[digit][(item.key >> (8 * digit)) & 0xff];
    }
    std::vector<Item> other(items.size());
    for (std::size_t digit = 0; digit < digits && !stop.stop_requested(); ++digit) {
        auto& count = (*counts)[digit];
        if (std::any_of(count.begin(), count.end(), [&](quint32 n) { return n == items.size(); }))
            continue;
        quint32 sum = 0;
        for (quint32& n : count)
            sum += std::exchange(n, sum);
        for (const Item& item : items)
            other[count[(item.key >> (8 * digit)) & 0xff]++] = item;
        items.swap(other);
    }
}

/// Rank of each text of the pool as people would sort them.
std::vector<quint32> ranks(const QList<QString>& pool)
{
    QCollator collator;
    collator.setCaseSensitivity(Qt::CaseInsensitive);
    collator.setNumericMode(true);
    std::vector<quint32> numbers(static_cast<std::size_t>(pool.size()));
    std::iota(numbers.begin(), numbers.end(), 0U);
    std::sort(numbers.begin(), numbers.end(),
        [&](quint32 left, quint32 right) { return collator.compare(pool.at(left), pool.at(right)) < 0; });
    std::vector<quint32> rank(numbers.size());
    for (std::size_t at = 0; at < numbers.size(); ++at)
        rank[numbers[at]] = static_cast<quint32>(at);
    return rank;
}

quint64 keyOf(const EntryChunk& chunk, std::size_t slot, EntryColumn column, const std::vector<quint32>& rank)
{
    switch (column) {
    case EntryColumn::Agent:
        return rank[chunk.agent[slot]];
    case EntryColumn::Model:
        return rank[chunk.model[slot]];
    case EntryColumn::Task:
        return rank[chunk.task[slot]];
    case EntryColumn::Author:
        return rank[chunk.author[slot]];
    case EntryColumn::Flags:
        return chunk.flags[slot];
    case EntryColumn::Age:
        return ~ordered(chunk.created[slot]);
    case EntryColumn::Created:
        return ordered(chunk.created[slot]);
    case EntryColumn::Used:
        return ordered(chunk.used[slot]);
    case EntryColumn::Ttl:
        return ordered(chunk.expires[slot]);
    case EntryColumn::Cost:
        return ordered(chunk.cost[slot]);
    case EntryColumn::Saved:
        return ordered(chunk.cost[slot] == EntryChunk::unpriced
                ? chunk.cost[slot]
                : (Money::fromPicodollars(chunk.cost[slot]) * chunk.hits[slot]).picodollars());
    case EntryColumn::Hits:
        return chunk.hits[slot];
    case EntryColumn::Size:
        return chunk.bytes[slot];
    case EntryColumn::Tokens:
        return chunk.tokens[slot];
    case EntryColumn::Prompt:
    case EntryColumn::Answer:
        break; // sorted by their text
    }
    return 0;
}

/// Sorts by the prompt or the answer: by the first eight bytes, then, where these are equal, by the rest.
class TextSorter {
public:
    TextSorter(const EntrySnapshot& snapshot, EntryColumn column)
        : m_column(column)
        , m_texts(snapshot.chunks.size())
    {
        for (std::size_t at = 0; at < m_texts.size(); ++at) {
            const EntryChunk& chunk = *snapshot.chunks[at];
            m_texts[at] = (column == EntryColumn::Prompt ? chunk.prompts : chunk.answers).unpack();
            for (char& c : m_texts[at].bytes)
                c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
    }

    quint64 key(quint32 row) const
    {
        const QByteArrayView text = at(row);
        quint64 key = 0;
        for (qsizetype i = 0; i < 8; ++i)
            key = key << 8 | (i < text.size() ? static_cast<quint8>(text[i]) : 0U);
        return key;
    }

    void sortTies(std::vector<Item>& items, bool descending, const std::stop_token& stop) const
    {
        auto from = items.begin();
        while (from != items.end() && !stop.stop_requested()) {
            const auto to =
                std::find_if(from, items.end(), [&](const Item& item) { return item.key != from->key; });
            if (to - from > 1)
                std::stable_sort(from, to, [&](const Item& left, const Item& right) {
                    const int order = at(left.row).compare(at(right.row));
                    return descending ? order > 0 : order < 0;
                });
            from = to;
        }
    }

private:
    QByteArrayView at(quint32 row) const
    {
        return m_texts[row / capacity].at(static_cast<int>(row % capacity));
    }
    EntryColumn m_column;
    std::vector<PackedTexts::Unpacked> m_texts;
};

} // namespace

void EntrySums::add(const EntryChunk& chunk, std::size_t slot)
{
    ++entries;
    bytes += chunk.bytes[slot];
    hits += chunk.hits[slot];
    if (chunk.cost[slot] == EntryChunk::unpriced)
        ++unpriced;
    else
        cost += Money::fromPicodollars(chunk.cost[slot]);
}

Arrangement arrange(const EntrySnapshot& snapshot, const ArrangementOrder& order, const std::stop_token& stop)
{
    Arrangement result;
    std::vector<Item> items;
    items.reserve(snapshot.rows);
    ChunkFilter filter(order.filter, snapshot.pool, order.nowMs);
    for (std::size_t at = 0; at < snapshot.chunks.size() && !stop.stop_requested(); ++at) {
        const EntryChunk& chunk = *snapshot.chunks[at];
        const ChunkFilter::Rows rows = filter.matches(chunk);
        if (rows.none())
            continue;
        for (std::size_t slot = 0; slot < static_cast<std::size_t>(chunk.size); ++slot) {
            if (!rows[slot])
                continue;
            items.push_back({~ordered(chunk.created[slot]), static_cast<quint32>(at * capacity + slot)});
            result.sums.add(chunk, slot);
        }
    }
    radixSort(items, stop); // newest first

    const bool descending = order.order == Qt::DescendingOrder;
    const bool byText = order.column == EntryColumn::Prompt || order.column == EntryColumn::Answer;
    const auto sortBy = [&](auto key) {
        for (Item& item : items)
            item.key = descending ? ~key(item.row) : key(item.row);
        radixSort(items, stop);
    };
    if (stop.stop_requested()) {
        // nothing more to do
    } else if (byText) {
        const TextSorter texts(snapshot, order.column);
        sortBy([&](quint32 row) { return texts.key(row); });
        texts.sortTies(items, descending, stop);
    } else if (order.column != EntryColumn::Age || descending) {
        const std::vector<quint32> rank = ranks(snapshot.pool);
        sortBy([&](quint32 row) {
            return keyOf(*snapshot.chunks[row / capacity], row % capacity, order.column, rank);
        });
    }

    result.stopped = stop.stop_requested();
    result.rows.reserve(items.size());
    for (const Item& item : items)
        result.rows.push_back(item.row);
    return result;
}

} // namespace llmcache::ui
