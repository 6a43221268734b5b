#include "cache/textmatches.h"

#include "cache/chunkfilter.h"

namespace llmcache::ui {

QStringList TextMatches::take(const PackedEntries& entries, const EntryFilter& filter, qint64 nowMs, int most)
{
    QStringList fingerprints;
    m_asked.resize(std::max<std::size_t>(m_asked.size(), entries.rows()), false);
    ChunkFilter chunkFilter(filter, entries.texts(), nowMs);
    while (m_next < entries.rows() && fingerprints.size() < most) {
        const quint32 first = m_next - m_next % EntryChunk::capacity;
        const EntryChunk& chunk = entries.chunk(first);
        const ChunkFilter::Rows rows = chunkFilter.matches(chunk);
        const quint32 end = first + static_cast<quint32>(chunk.size);
        for (; m_next < end && fingerprints.size() < most; ++m_next) {
            if (!rows[PackedEntries::slot(m_next)] || m_asked[m_next])
                continue;
            m_asked[m_next] = true;
            fingerprints.append(entries.fingerprint(m_next));
        }
    }
    return fingerprints;
}

void TextMatches::setFound(quint32 row)
{
    if (row >= m_found.size())
        m_found.resize(row + 1, false);
    m_found[row] = true;
}

void TextMatches::forget(quint32 row)
{
    if (row < m_asked.size())
        m_asked[row] = false;
    if (row < m_found.size())
        m_found[row] = false;
    m_next = std::min(m_next, row);
}

double TextMatches::progress(const PackedEntries& entries) const
{
    return entries.rows() > 0 ? double(m_next) / double(entries.rows()) : 0;
}

} // namespace llmcache::ui
