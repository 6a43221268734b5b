#include "cache/packedentries.h"

#include "store/entryid.h"

#include <QCryptographicHash>
#include <QHash>

#include <atomic>

namespace llmcache::ui {

namespace {

quint32 narrow(qint64 value)
{
    return static_cast<quint32>(std::clamp<qint64>(value, 0, std::numeric_limits<quint32>::max()));
}

const QString& pythonPrefix()
{
    static const QString prefix = QStringLiteral("pyai-cache:v3:");
    return prefix;
}

std::optional<std::array<quint8, 32>> digestOf(const QString& id)
{
    std::array<quint8, 32> digest{};
    QString fingerprint = id;
    if (id.startsWith(pythonPrefix()))
        fingerprint = id.mid(pythonPrefix().size()); // a hash, like a fingerprint
    else if (isPythonKey(id))
        fingerprint =
            QString::fromLatin1(QCryptographicHash::hash(id.toUtf8(), QCryptographicHash::Sha256).toHex());
    if (fingerprint.size() != 64)
        return std::nullopt;
    for (qsizetype i = 0; i < 64; ++i) {
        const char16_t c = fingerprint.at(i).unicode();
        int nibble = 0;
        if (c >= u'0' && c <= u'9')
            nibble = c - u'0';
        else if (c >= u'a' && c <= u'f')
            nibble = c - u'a' + 10;
        else
            return std::nullopt;
        auto& byte = digest[static_cast<std::size_t>(i / 2)];
        byte = static_cast<quint8>(byte << 4 | nibble);
    }
    return digest;
}

QString fingerprintOf(const EntryChunk& chunk, quint32 row, const QHash<quint32, QString>& oldKeys)
{
    const std::size_t slot = PackedEntries::slot(row);
    const auto& digest = chunk.fingerprints[slot];
    const auto bytes = QByteArray::fromRawData(
        reinterpret_cast<const char*>(digest.data()), static_cast<qsizetype>(digest.size()));
    QString digits = QString::fromLatin1(bytes.toHex());
    if ((chunk.flags[slot] & EntryChunk::Python) == 0)
        return digits;
    const auto old = oldKeys.constFind(row);
    return old == oldKeys.cend() ? pythonPrefix() + digits : *old;
}

/// Redis tells how long a key has left, not until when: each reading is another by what it took to come.
bool isOtherExpiry(qint64 before, qint64 after)
{
    constexpr qint64 noiseMs = 1000;
    return before != after
        && (before == EntryChunk::neverExpires || after == EntryChunk::neverExpires
            || std::abs(before - after) > noiseMs);
}

} // namespace

std::optional<PackedEntries::Upsert> PackedEntries::upsert(const EntryMeta& entry)
{
    const auto digest = digestOf(entry.fingerprint);
    if (!digest)
        return std::nullopt;
    if (const auto known = find(*digest)) {
        const std::size_t at = slot(*known);
        const EntryChunk& before = chunk(*known);
        const bool revived = isRemoved(*known);
        const bool rewritten =
            revived || before.revision[at] != narrow(entry.revision) || before.created[at] != entry.createdMs;
        const bool changed = rewritten || before.hits[at] != narrow(entry.hits)
            || before.used[at] != entry.lastUsedMs
            || isOtherExpiry(before.expires[at], entry.expiresMs.value_or(EntryChunk::neverExpires));
        if (!changed)
            return Upsert{*known, false, false};
        EntryChunk& target = writableChunk(*known);
        const auto kept = static_cast<quint8>(rewritten ? 0 : before.flags[at] & EntryChunk::Invalid);
        fill(target, at, entry);
        target.flags[at] = static_cast<quint8>(target.flags[at] | kept);
        if (rewritten) {
            target.prompts.replace(static_cast<int>(at), entry.promptExcerpt);
            target.answers.replace(static_cast<int>(at), entry.answerExcerpt);
        }
        if (revived)
            ++m_live;
        return Upsert{*known, revived, true};
    }

    const quint32 row = m_rows;
    if (slot(row) == 0)
        m_chunks.push_back(std::make_shared<EntryChunk>());
    EntryChunk& target = writableChunk(row);
    target.fingerprints[slot(row)] = *digest;
    fill(target, slot(row), entry);
    target.prompts.append(entry.promptExcerpt);
    target.answers.append(entry.answerExcerpt);
    if (++target.size == EntryChunk::capacity) {
        target.prompts.seal();
        target.answers.seal();
    }
    if (entry.python && !entry.fingerprint.startsWith(pythonPrefix()))
        m_oldKeys.insert(row, entry.fingerprint);
    ++m_rows;
    ++m_live;
    index(*digest, row);
    return Upsert{row, true, true};
}

void PackedEntries::fill(EntryChunk& target, std::size_t at, const EntryMeta& entry)
{
    target.created[at] = entry.createdMs;
    target.used[at] = entry.lastUsedMs;
    target.expires[at] = entry.expiresMs.value_or(EntryChunk::neverExpires);
    target.cost[at] = entry.cost ? entry.cost->picodollars() : EntryChunk::unpriced;
    target.tokens[at] = narrow(entry.usage.totalTokens());
    target.bytes[at] = narrow(entry.bytes);
    target.hits[at] = narrow(entry.hits);
    target.revision[at] = narrow(entry.revision);
    target.agent[at] = m_pool.intern(entry.agent);
    target.model[at] = m_pool.intern(entry.model);
    target.task[at] = m_pool.intern(entry.task);
    target.author[at] = m_pool.intern(entry.author);
    target.tags[at] = m_pool.intern(entry.tags.join(tagSeparator));
    target.flags[at] = static_cast<quint8>((entry.pinned ? EntryChunk::Pinned : 0)
        | (entry.human ? EntryChunk::Human : 0) | (entry.python ? EntryChunk::Python : 0));
}

void PackedEntries::remove(quint32 row)
{
    if (isRemoved(row))
        return;
    auto& flags = writableChunk(row).flags[slot(row)];
    flags = static_cast<quint8>(flags | EntryChunk::Removed);
    --m_live;
}

bool PackedEntries::setInvalid(quint32 row, bool invalid)
{
    const quint8 before = chunk(row).flags[slot(row)];
    const auto after = static_cast<quint8>(
        invalid ? before | EntryChunk::Invalid : before & static_cast<quint8>(~EntryChunk::Invalid));
    if (after == before)
        return false;
    writableChunk(row).flags[slot(row)] = after;
    return true;
}

void PackedEntries::clear()
{
    *this = PackedEntries();
}

EntryChunk& PackedEntries::writableChunk(quint32 row)
{
    auto& held = m_chunks[row / EntryChunk::capacity];
    if (held.use_count() > 1)
        held = std::make_shared<EntryChunk>(*held);
    // use_count() is a relaxed read: what the last reader did with the chunk must be over before we write.
    std::atomic_thread_fence(std::memory_order_acquire);
    return *held;
}

QString PackedEntries::fingerprint(quint32 row) const
{
    return fingerprintOf(chunk(row), row, m_oldKeys);
}

bool EntrySnapshot::isRemoved(quint32 row) const
{
    return (chunk(row).flags[PackedEntries::slot(row)] & EntryChunk::Removed) != 0;
}

QString EntrySnapshot::fingerprint(quint32 row) const
{
    return fingerprintOf(chunk(row), row, oldKeys);
}

std::size_t PackedEntries::hashOf(const Digest& digest)
{
    // A digest is a hash already, but nobody has checked that the keys in the store are digests: ones that
    // begin alike would make every look-up a walk over all rows.
    return qHashBits(digest.data(), digest.size(), QHashSeed::globalSeed());
}

std::optional<quint32> PackedEntries::find(const QString& fingerprint) const
{
    const auto digest = digestOf(fingerprint);
    if (!digest)
        return std::nullopt;
    const auto row = find(*digest);
    return row && !isRemoved(*row) ? row : std::nullopt;
}

std::optional<quint32> PackedEntries::find(const Digest& digest) const
{
    const auto row = find(digest, m_buckets);
    return row ? row : find(digest, m_oldBuckets);
}

std::optional<quint32> PackedEntries::find(const Digest& digest, const std::vector<quint32>& buckets) const
{
    if (buckets.empty())
        return std::nullopt;
    const std::size_t mask = buckets.size() - 1;
    for (std::size_t at = hashOf(digest) & mask; buckets[at] != 0; at = (at + 1) & mask) {
        const quint32 row = buckets[at] - 1;
        if (chunk(row).fingerprints[slot(row)] == digest)
            return row;
    }
    return std::nullopt;
}

void PackedEntries::put(const Digest& digest, quint32 row)
{
    const std::size_t mask = m_buckets.size() - 1;
    std::size_t at = hashOf(digest) & mask;
    while (m_buckets[at] != 0)
        at = (at + 1) & mask;
    m_buckets[at] = row + 1;
}

void PackedEntries::index(const Digest& digest, quint32 row)
{
    constexpr std::size_t fewestBuckets = 1024;
    if (std::size_t(m_rows) * 4 > m_buckets.size() * 3) {
        m_oldBuckets = std::move(m_buckets);
        m_buckets = std::vector<quint32>(std::max(fewestBuckets, m_oldBuckets.size() * 2), 0U);
        m_moved = 0;
        m_moveEnd = row;
    }
    put(digest, row);
    // A few at a time: all at once a million rows would keep the window waiting. They are through long before
    // there are twice as many.
    constexpr quint32 together = 16;
    for (const quint32 end = std::min(m_moveEnd, m_moved + together); m_moved < end; ++m_moved)
        put(chunk(m_moved).fingerprints[slot(m_moved)], m_moved);
    if (m_moved == m_moveEnd)
        m_oldBuckets = {};
}

EntrySnapshot PackedEntries::snapshot() const
{
    EntrySnapshot snapshot;
    snapshot.chunks.assign(m_chunks.begin(), m_chunks.end());
    snapshot.pool = m_pool.texts();
    snapshot.oldKeys = m_oldKeys;
    snapshot.rows = m_rows;
    return snapshot;
}

qint64 PackedEntries::memoryBytes() const
{
    auto bytes = static_cast<qint64>(m_buckets.capacity() + m_oldBuckets.capacity())
        * static_cast<qint64>(sizeof(quint32));
    bytes += qint64(m_chunks.capacity() * sizeof(m_chunks[0]));
    for (const auto& held : m_chunks)
        bytes += qint64(sizeof(EntryChunk)) + held->prompts.memoryBytes() + held->answers.memoryBytes();
    return bytes + m_pool.memoryBytes();
}

} // namespace llmcache::ui
