#include "cache/imagesahead_p.h"

#include <algorithm>

namespace llmcache {

namespace {

/// Of stored bytes in a batch.
constexpr qint64 batchBytes = 16 * 1024 * 1024;

template <typename Value>
QCoro::Task<> awaitQuietly(QCoro::Task<Value> coming)
{
    try {
        co_await coming;
    } catch (...) {
        // Nobody waits for it any more.
    }
}

} // namespace

void BatchSize::note(const std::vector<EntryImage>& images)
{
    if (images.empty())
        return;
    qint64 bytes = 1;
    for (const EntryImage& image : images)
        bytes += image.fields.valueBytes();
    const auto fit = static_cast<qsizetype>(batchBytes * static_cast<qint64>(images.size()) / bytes);
    m_size = std::clamp<qsizetype>(fit, 1, m_largest);
}

ImagesAhead::ImagesAhead(Store* store, QStringList fingerprints, qsizetype largestBatch)
    : m_store(store)
    , m_fingerprints(std::move(fingerprints))
    , m_batch(largestBatch)
{
}

QCoro::Task<std::vector<EntryImage>> ImagesAhead::begin()
{
    const qsizetype from = std::exchange(m_at, m_at + m_batch.next());
    m_askedAhead = m_fingerprints.mid(from, m_batch.next());
    return m_store->readImages(m_askedAhead);
}

QCoro::Task<std::vector<EntryImage>> ImagesAhead::next()
{
    auto coming = m_coming ? *std::exchange(m_coming, std::nullopt) : begin();
    m_asked = m_askedAhead;
    if (m_at < m_fingerprints.size())
        m_coming = begin();
    std::vector<EntryImage> images = co_await coming;
    m_batch.note(images);
    co_return images;
}

QCoro::Task<> ImagesAhead::drain()
{
    if (!m_coming)
        co_return;
    auto awaiting = awaitQuietly(*std::exchange(m_coming, std::nullopt));
    co_await awaiting;
}

ListingAhead::ListingAhead(Store* store, ListingPosition* position, qsizetype largestBatch)
    : m_store(store)
    , m_position(position)
    , m_batch(largestBatch)
{
    begin();
}

void ListingAhead::begin()
{
    m_coming = m_store->listImages(m_position->cursor, static_cast<int>(m_batch.next()));
}

QCoro::Task<std::vector<EntryImage>> ListingAhead::next()
{
    auto coming = *std::exchange(m_coming, std::nullopt);
    ImagePage page = co_await coming;
    m_position->cursor = page.cursor;
    m_scanned = page.scanned;
    m_total = page.total;
    m_batch.note(page.images);
    // Where the next page begins is known only now; it comes while whoever reads works on this one.
    if (!page.cursor.isEmpty())
        begin();
    co_return std::move(page.images);
}

QCoro::Task<> ListingAhead::drain()
{
    if (!m_coming)
        co_return;
    auto awaiting = awaitQuietly(*std::exchange(m_coming, std::nullopt));
    co_await awaiting;
}

} // namespace llmcache
