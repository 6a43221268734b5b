#pragma once

#include "cache/packedtexts.h"
#include "cache/textpool.h"
#include "store/entry.h"

#include <QHash>

#include <array>
#include <memory>
#include <optional>
#include <vector>

namespace llmcache::ui {

/// Metadata of up to 256 entries, column by column.
struct EntryChunk {
    static constexpr int capacity = PackedTexts::capacity;
    static constexpr qint64 neverExpires = std::numeric_limits<qint64>::max();
    static constexpr qint64 unpriced = std::numeric_limits<qint64>::min();
    enum Flag : quint8 { Pinned = 1, Human = 2, Python = 4, Removed = 8, Invalid = 16 };

    template <typename T>
    using Column = std::array<T, capacity>;

    int size = 0;
    Column<std::array<quint8, 32>> fingerprints;
    Column<qint64> created; ///< UTC milliseconds
    Column<qint64> used; ///< 0 = never
    Column<qint64> expires; ///< or neverExpires
    Column<qint64> cost; ///< picodollars, or unpriced
    Column<quint32> tokens;
    Column<quint32> bytes;
    Column<quint32> hits;
    Column<quint32> revision;
    Column<quint32> agent; ///< numbers in the pool, likewise below
    Column<quint32> model;
    Column<quint32> task;
    Column<quint32> author;
    Column<quint32> tags; ///< joined with TagSeparator
    Column<quint8> flags;
    PackedTexts prompts;
    PackedTexts answers;

    /// Nothing = unpriced.
    std::optional<Money> costAt(std::size_t slot) const
    {
        if (cost[slot] == unpriced)
            return std::nullopt;
        return Money::fromPicodollars(cost[slot]);
    }
};
inline constexpr QChar tagSeparator(0x1f);

/// The entries at one moment, to be read on any thread.
struct EntrySnapshot {
    std::vector<std::shared_ptr<const EntryChunk>> chunks;
    QList<QString> pool;
    QHash<quint32, QString> oldKeys; ///< see PackedEntries
    quint32 rows = 0; ///< removed ones included

    const EntryChunk& chunk(quint32 row) const { return *chunks[row / EntryChunk::capacity]; }
    bool isRemoved(quint32 row) const;
    /// The fingerprint, or the key of an entry of pyai-caching.
    QString fingerprint(quint32 row) const;
};

/// Metadata of all entries that were listed, about 200 bytes a row. Rows are numbered in the order they
/// came and keep their number; removed ones leave a hole. Used on one thread; snapshots may be read on
/// others meanwhile, since a chunk that a snapshot holds is copied before it changes.
class PackedEntries {
public:
    struct Upsert {
        quint32 row = 0;
        bool inserted = false;
        bool changed = false; ///< always true for an inserted row
    };
    /// Adds the entry, or updates the row that has its fingerprint. Nothing for what has no valid one.
    std::optional<Upsert> upsert(const EntryMeta& entry);
    void remove(quint32 row);
    /// Whether the answer does not fit its schema, as somebody found out; forgotten when the entry is
    /// rewritten. False where that was known.
    bool setInvalid(quint32 row, bool invalid);
    void clear();

    quint32 rows() const { return m_rows; }
    qint64 liveRows() const { return m_live; }
    bool isRemoved(quint32 row) const { return (chunk(row).flags[slot(row)] & EntryChunk::Removed) != 0; }
    std::optional<quint32> find(const QString& fingerprint) const;

    const EntryChunk& chunk(quint32 row) const { return *m_chunks[row / EntryChunk::capacity]; }
    static std::size_t slot(quint32 row) { return row % EntryChunk::capacity; }
    const QString& text(quint32 poolNumber) const { return m_pool.at(poolNumber); }
    QString fingerprint(quint32 row) const;
    /// By pool number.
    const QList<QString>& texts() const { return m_pool.texts(); }

    EntrySnapshot snapshot() const;
    /// Bytes of all containers, counted.
    qint64 memoryBytes() const;

private:
    using Digest = std::array<quint8, 32>;
    EntryChunk& writableChunk(quint32 row);
    void fill(EntryChunk& chunk, std::size_t at, const EntryMeta& entry);
    static std::size_t hashOf(const Digest& digest);
    std::optional<quint32> find(const Digest& digest) const;
    std::optional<quint32> find(const Digest& digest, const std::vector<quint32>& buckets) const;
    void put(const Digest& digest, quint32 row);
    void index(const Digest& digest, quint32 row);

    std::vector<std::shared_ptr<EntryChunk>> m_chunks;
    TextPool m_pool;
    QHash<quint32, QString> m_oldKeys; ///< of entries of pyai-caching before 0.4, by row: no digest says them
    std::vector<quint32> m_buckets; ///< row + 1 by fingerprint, 0 = free; a power of two
    std::vector<quint32> m_oldBuckets; ///< the smaller ones before, while their rows move
    quint32 m_moved = 0; ///< rows below are in m_buckets
    quint32 m_moveEnd = 0; ///< so are these and those above
    quint32 m_rows = 0;
    qint64 m_live = 0;
};

} // namespace llmcache::ui
