#include "cache/arrangement.h"

#include "cache/chunkfilter.h"
#include "cache/shares.h"

#include <QCollator>

#include <algorithm>
#include <array>
#include <mutex>
#include <numeric>
#include <optional>

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
    case EntryColumn::Tags:
        return rank[chunk.tags[slot]];
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

/// Sorts by the prompt or the answer, eight bytes at a time: many prompts begin alike, and comparing whole
/// texts would visit them again and again.
class TextSorter {
public:
    /// Looks at the texts in the order of the rows, in which they lie in memory: in any other, each of a
    /// million is waited for.
    TextSorter(
        const EntrySnapshot& snapshot, const ArrangementOrder& order, const std::vector<Item>& itemsByRow)
        : m_texts(snapshot.chunks.size())
    {
        inShares(m_texts.size(), order.isUrgent, [&](std::size_t from, std::size_t to) {
            for (std::size_t at = from; at < to; ++at) {
                const EntryChunk& chunk = *snapshot.chunks[at];
                m_texts[at] = (order.column == EntryColumn::Prompt ? chunk.prompts : chunk.answers).unpack();
                lowerAscii(m_texts[at].bytes);
            }
        });
        readKeys(itemsByRow, order.isUrgent);
    }

    /// Sorts those items, in whatever order they are; equal texts keep theirs.
    void sort(std::vector<Item>& items, bool descending, const std::stop_token& stop) const
    {
        for (Item& item : items)
            item.key = descending ? ~m_keys[item.row] : m_keys[item.row];
        sortByKey(items, 0, items.size(), m_depth, descending, stop);
    }

private:
    void readKeys(const std::vector<Item>& items, bool isUrgent)
    {
        if (items.empty())
            return;
        const QByteArrayView first = at(items.front().row);
        std::mutex mutex;
        m_depth = first.size();
        inShares(items.size(), isUrgent, [&](std::size_t from, std::size_t to) {
            const qsizetype common = commonPrefix(first, items, from, to, 0);
            const std::lock_guard lock(mutex);
            m_depth = std::min(m_depth, common);
        });
        m_keys.resize(m_texts.size() * capacity);
        inShares(items.size(), isUrgent, [&](std::size_t from, std::size_t to) {
            for (std::size_t at = from; at < to; ++at)
                m_keys[items[at].row] = key(items[at].row, m_depth);
        });
    }

    /// Sorts a run whose texts are the same up to `depth`.
    void sortRun(std::vector<Item>& items, std::size_t from, std::size_t to, qsizetype depth, bool descending,
        const std::stop_token& stop) const
    {
        if (stop.stop_requested())
            return;
        depth = commonPrefix(at(items[from].row), items, from, to, depth);
        for (std::size_t at = from; at < to; ++at)
            items[at].key = descending ? ~key(items[at].row, depth) : key(items[at].row, depth);
        sortByKey(items, from, to, depth, descending, stop);
    }

    void sortByKey(std::vector<Item>& items, std::size_t from, std::size_t to, qsizetype depth,
        bool descending, const std::stop_token& stop) const
    {
        const auto begin = items.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = items.begin() + static_cast<std::ptrdiff_t>(to);
        constexpr std::size_t worthCounting = 2000;
        if (to - from > worthCounting) {
            std::vector<Item> run(begin, end);
            radixSort(run, stop);
            std::copy(run.begin(), run.end(), begin);
        } else {
            std::stable_sort(
                begin, end, [](const Item& left, const Item& right) { return left.key < right.key; });
        }
        for (std::size_t first = from; first < to;) {
            std::size_t last = first + 1;
            while (last < to && items[last].key == items[first].key)
                ++last;
            // A last byte that is not 0 means that there may be more of the text.
            const quint64 bytes = descending ? ~items[first].key : items[first].key;
            if (last - first > 1 && (bytes & 0xff) != 0)
                sortRun(items, first, last, depth + step, descending, stop);
            first = last;
        }
    }

    /// How far all texts of a run are the same as `first`. Those of a template may be so for most of their
    /// length.
    qsizetype commonPrefix(QByteArrayView first, const std::vector<Item>& items, std::size_t from,
        std::size_t to, qsizetype depth) const
    {
        qsizetype common = first.size();
        for (std::size_t item = from; item < to && common > depth; ++item) {
            const QByteArrayView text = at(items[item].row);
            const auto limit = std::min(common, text.size());
            if (limit <= depth)
                return depth;
            const auto mismatch =
                std::mismatch(first.begin() + depth, first.begin() + limit, text.begin() + depth);
            common = mismatch.first - first.begin();
        }
        return std::max(common, depth);
    }

    /// Eight bytes of the text from `depth` on, the first one counting most.
    quint64 key(quint32 row, qsizetype depth) const
    {
        const QByteArrayView text = at(row);
        quint64 key = 0;
        for (qsizetype i = depth; i < depth + step; ++i)
            key = key << 8 | (i < text.size() ? static_cast<quint8>(text[i]) : 0U);
        return key;
    }

    QByteArrayView at(quint32 row) const
    {
        return m_texts[row / capacity].at(static_cast<int>(row % capacity));
    }
    static constexpr qsizetype step = 8;
    std::vector<PackedTexts::Unpacked> m_texts;
    qsizetype m_depth = 0; ///< how far all texts are the same
    std::vector<quint64> m_keys; ///< by row: the eight bytes from there on
};

/// The column's numbers in the pool.
const EntryChunk::Column<quint32>& internedColumn(const EntryChunk& chunk, EntryColumn column)
{
    switch (column) {
    case EntryColumn::Model:
        return chunk.model;
    case EntryColumn::Task:
        return chunk.task;
    case EntryColumn::Author:
        return chunk.author;
    default:
        return chunk.agent;
    }
}

/// Sums by the text of one column.
class Grouping {
public:
    Grouping(const EntrySnapshot& snapshot, const ArrangementOrder& order)
        : m_by(order.groupBy)
    {
        if (!m_by)
            return;
        m_groups.resize(static_cast<std::size_t>(snapshot.pool.size()));
        for (qsizetype number = 0; number < snapshot.pool.size(); ++number)
            m_groups[static_cast<std::size_t>(number)].name = snapshot.pool.at(number);
        if (order.group)
            m_only =
                static_cast<quint32>(snapshot.pool.indexOf(*order.group)); // none: a number that none has
        m_hasOnly = order.group.has_value();
    }

    /// Whether the row is wanted.
    bool add(const EntryChunk& chunk, std::size_t slot)
    {
        if (!m_by)
            return true;
        const quint32 number = internedColumn(chunk, *m_by)[slot];
        EntryGroup& group = m_groups[number];
        group.sums.add(chunk, slot);
        group.hits += chunk.hits[slot];
        if (const auto cost = chunk.costAt(slot))
            group.saved += *cost * chunk.hits[slot];
        return !m_hasOnly || number == m_only;
    }

    std::vector<EntryGroup> take()
    {
        std::erase_if(m_groups, [](const EntryGroup& group) { return group.sums.entries == 0; });
        return std::move(m_groups);
    }

private:
    std::optional<EntryColumn> m_by;
    std::vector<EntryGroup> m_groups; ///< by number in the pool
    quint32 m_only = 0;
    bool m_hasOnly = false;
};

} // namespace

void EntrySums::add(const EntryChunk& chunk, std::size_t slot)
{
    ++entries;
    bytes += chunk.bytes[slot];
    if (chunk.cost[slot] == EntryChunk::unpriced)
        ++unpriced;
    else
        cost += Money::fromPicodollars(chunk.cost[slot]);
}

void EntrySums::remove(const EntryChunk& chunk, std::size_t slot)
{
    --entries;
    bytes -= chunk.bytes[slot];
    if (chunk.cost[slot] == EntryChunk::unpriced)
        --unpriced;
    else
        cost = cost - Money::fromPicodollars(chunk.cost[slot]);
}

Arrangement arrange(const EntrySnapshot& snapshot, const ArrangementOrder& order, const std::stop_token& stop)
{
    Arrangement result;
    std::vector<ChunkFilter::Rows> matches(snapshot.chunks.size());
    const ChunkFilter prepared(order.filter, snapshot.pool, order.nowMs);
    inShares(matches.size(), order.isUrgent, [&](std::size_t from, std::size_t to) {
        ChunkFilter filter = prepared;
        for (std::size_t at = from; at < to && !stop.stop_requested(); ++at)
            matches[at] = filter.matches(*snapshot.chunks[at]);
    });
    std::vector<Item> items;
    items.reserve(snapshot.rows);
    Grouping grouping(snapshot, order);
    for (std::size_t at = 0; at < snapshot.chunks.size() && !stop.stop_requested(); ++at) {
        const EntryChunk& chunk = *snapshot.chunks[at];
        const ChunkFilter::Rows& rows = matches[at];
        if (rows.none())
            continue;
        for (std::size_t slot = 0; slot < static_cast<std::size_t>(chunk.size); ++slot) {
            const std::size_t row = at * capacity + slot;
            if (!rows[slot] || (order.found && (row >= order.found->size() || !(*order.found)[row])))
                continue;
            if (!grouping.add(chunk, slot))
                continue;
            items.push_back({~ordered(chunk.created[slot]), static_cast<quint32>(row)});
            result.sums.add(chunk, slot);
        }
    }
    result.groups = grouping.take();
    const bool byText = order.column == EntryColumn::Prompt || order.column == EntryColumn::Answer;
    std::optional<TextSorter> texts;
    if (byText && !stop.stop_requested())
        texts.emplace(snapshot, order, items);
    radixSort(items, stop); // newest first

    const bool descending = order.order == Qt::DescendingOrder;
    const auto sortBy = [&](auto key) {
        for (Item& item : items)
            item.key = descending ? ~key(item.row) : key(item.row);
        radixSort(items, stop);
    };
    if (stop.stop_requested()) {
        // nothing more to do
    } else if (texts) {
        texts->sort(items, descending, stop);
    } else if (order.column != EntryColumn::Age || descending) {
        const std::vector<quint32> rank = ranks(snapshot.pool);
        sortBy([&](quint32 row) {
            return keyOf(snapshot.chunk(row), PackedEntries::slot(row), order.column, rank);
        });
    }

    result.stopped = stop.stop_requested();
    result.rows.reserve(items.size());
    for (const Item& item : items)
        result.rows.push_back(item.row);
    return result;
}

} // namespace llmcache::ui
