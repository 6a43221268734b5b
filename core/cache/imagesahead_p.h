#pragma once

#include "store/store.h"

#include <optional>

namespace llmcache {

/// Reads entries batch by batch, and one batch ahead: the store works while whoever reads computes. Batches
/// of huge entries are smaller. The store must outlive it, and drain() be awaited before it goes.
class ImagesAhead {
public:
    ImagesAhead(Store* store, QStringList fingerprints, qsizetype largestBatch);

    bool atEnd() const { return !m_coming && m_at >= m_fingerprints.size(); }
    /// The next batch, those of it that are there. Errors as Store.
    QCoro::Task<std::vector<EntryImage>> next();
    /// What the batch that next() gave last was asked for: a run of the fingerprints.
    const QStringList& asked() const { return m_asked; }
    /// Awaits what is still being read, without its errors.
    QCoro::Task<> drain();

private:
    QCoro::Task<std::vector<EntryImage>> begin();

    Store* m_store;
    QStringList m_fingerprints;
    qsizetype m_largestBatch;
    qsizetype m_batch;
    qsizetype m_at = 0;
    QStringList m_asked;
    QStringList m_askedAhead; ///< of m_coming
    std::optional<QCoro::Task<std::vector<EntryImage>>> m_coming;
};

} // namespace llmcache
