#pragma once

#include "cache/entrycolumns.h"
#include "cache/packedentries.h"

#include <QVariant>

#include <stop_token>

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

/// Cost times hits; nothing = unpriced.
std::optional<Money> savedOf(const EntryChunk& chunk, std::size_t slot);
/// "answer edited by hand, pinned: kept without TTL".
QString flagNames(quint8 flags);
/// Tags as they are joined in the pool, for people.
QString tagNames(QString joined);

/// A header line and the rows, as RFC 4180 has it. Pure, made for a worker thread; incomplete once stopped.
QByteArray entriesToCsv(const EntrySnapshot& snapshot, const std::vector<quint32>& rows,
    const std::vector<EntryColumn>& columns, qint64 nowMs, const std::stop_token& stop);

} // namespace llmcache::ui
