#pragma once

#include "store/listing.h"
#include "store/store.h"

#include <optional>

namespace llmcache {

/// How many entries are read at a time: fewer where they are huge, so that they do not pile up.
class BatchSize {
public:
    explicit BatchSize(qsizetype largest)
        : m_largest(largest)
        , m_size(std::max<qsizetype>(1, largest / 4)) // until the size of the entries is known
    {
    }
    qsizetype next() const { return m_size; }
    void note(const std::vector<EntryImage>& images);

private:
    qsizetype m_largest;
    qsizetype m_size;
};

/// Reads entries batch by batch, and one batch ahead: the store works while whoever reads computes. The store
/// must outlive it, and drain() be awaited before it goes.
class ImageReader {
public:
    virtual ~ImageReader() = default;
    virtual bool atEnd() const = 0;
    /// The next batch, those of it that are there. Errors as Store.
    virtual QCoro::Task<std::vector<EntryImage>> next() = 0;
    /// How far a listing has come with that batch, as ImagePage; of entries that were asked for there is
    /// nothing to note.
    virtual void noteProgress(qint64& scanned, qint64& total) const = 0;
    /// Awaits what is still being read, without its errors.
    virtual QCoro::Task<> drain() = 0;
};

/// Of the entries that are asked for.
class ImagesAhead final : public ImageReader {
public:
    ImagesAhead(Store* store, QStringList fingerprints, qsizetype largestBatch);

    bool atEnd() const override { return !m_coming && m_at >= m_fingerprints.size(); }
    QCoro::Task<std::vector<EntryImage>> next() override;
    void noteProgress(qint64&, qint64&) const override { }
    QCoro::Task<> drain() override;
    /// What the batch that next() gave last was asked for: a run of the fingerprints.
    const QStringList& asked() const { return m_asked; }

private:
    QCoro::Task<std::vector<EntryImage>> begin();

    Store* m_store;
    QStringList m_fingerprints;
    BatchSize m_batch;
    qsizetype m_at = 0;
    QStringList m_asked;
    QStringList m_askedAhead; ///< of m_coming
    std::optional<QCoro::Task<std::vector<EntryImage>>> m_coming;
};

/// Of all entries from a position on, which moves along and must outlive this.
class ListingAhead final : public ImageReader {
public:
    ListingAhead(Store* store, ListingPosition* position, qsizetype largestBatch);

    bool atEnd() const override { return !m_coming; }
    QCoro::Task<std::vector<EntryImage>> next() override;
    void noteProgress(qint64& scanned, qint64& total) const override
    {
        scanned = m_scanned;
        total = m_total;
    }
    QCoro::Task<> drain() override;

private:
    void begin();

    Store* m_store;
    ListingPosition* m_position;
    BatchSize m_batch;
    qint64 m_scanned = 0;
    qint64 m_total = -1;
    std::optional<QCoro::Task<ImagePage>> m_coming;
};

} // namespace llmcache
