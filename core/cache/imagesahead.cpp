#include "cache/imagesahead_p.h"

#include <algorithm>

namespace llmcache {

namespace {

/// Of stored bytes in a batch, so that huge entries do not pile up.
constexpr qint64 batchBytes = 16 * 1024 * 1024;

} // namespace

ImagesAhead::ImagesAhead(Store* store, QStringList fingerprints, qsizetype largestBatch)
    : m_store(store)
    , m_fingerprints(std::move(fingerprints))
    , m_largestBatch(largestBatch)
    , m_batch(std::max<qsizetype>(1, largestBatch / 4)) // until their size is known
{
}

QCoro::Task<std::vector<EntryImage>> ImagesAhead::begin()
{
    const qsizetype from = std::exchange(m_at, m_at + m_batch);
    m_askedAhead = m_fingerprints.mid(from, m_batch);
    return m_store->readImages(m_askedAhead);
}

QCoro::Task<std::vector<EntryImage>> ImagesAhead::next()
{
    auto coming = m_coming ? *std::exchange(m_coming, std::nullopt) : begin();
    m_asked = m_askedAhead;
    if (m_at < m_fingerprints.size())
        m_coming = begin();
    std::vector<EntryImage> images = co_await coming;
    qint64 bytes = 1;
    for (const EntryImage& image : images) {
        for (const QByteArray& field : image.fields)
            bytes += field.size();
    }
    const auto fit = static_cast<qsizetype>(batchBytes * static_cast<qint64>(images.size()) / bytes);
    if (!images.empty())
        m_batch = std::clamp<qsizetype>(fit, 1, m_largestBatch);
    co_return images;
}

QCoro::Task<> ImagesAhead::drain()
{
    if (!m_coming)
        co_return;
    auto coming = *std::exchange(m_coming, std::nullopt);
    try {
        co_await coming;
    } catch (...) {
        // Nobody waits for it any more.
    }
}

} // namespace llmcache
