#pragma once

#include "cache/entrycolumns.h"
#include "cache/packedentries.h"

#include <QVariant>

namespace llmcache::ui {

/// Exact values of a row, unformatted: what is sorted by, copied and exported.
struct EntryCells {
    const EntryChunk& chunk;
    std::size_t slot;
    const QList<QString>& pool;
    qint64 nowMs;
    /// Not of the prompt and the answer, whose texts are packed.
    QVariant exact(EntryColumn column) const;
};

/// Metadata as far as a chunk keeps it (usage: the total as input tokens), without fingerprint and excerpts.
EntryMeta metaOf(const EntryChunk& chunk, std::size_t slot, const QList<QString>& pool);
/// Cost times hits; nothing = unpriced.
std::optional<Money> savedOf(const EntryChunk& chunk, std::size_t slot);
/// "answer edited by hand, pinned: kept without TTL".
QString flagNames(quint8 flags);
/// Tags as they are joined in the pool, for people.
QString tagNames(QString joined);

} // namespace llmcache::ui
