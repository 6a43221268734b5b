#pragma once

#include "cache/entrycolumns.h"
#include "cache/packedentries.h"

#include <stop_token>

namespace llmcache::ui {

// Rows of the table as text. Pure, made for a worker thread; incomplete once stopped.

/// A header line and the rows, as RFC 4180 has it: the columns in this order, then the fingerprint.
QByteArray entriesToCsv(const EntrySnapshot& snapshot, const std::vector<quint32>& rows,
    const std::vector<EntryColumn>& columns, qint64 nowMs, const std::stop_token& stop);
/// The same separated by tabs, for the clipboard.
QString entriesToTsv(const EntrySnapshot& snapshot, const std::vector<quint32>& rows,
    const std::vector<EntryColumn>& columns, qint64 nowMs, const std::stop_token& stop);
/// A JSON list of the entries' metadata, as it is stored and exported.
QString entriesToJson(
    const EntrySnapshot& snapshot, const std::vector<quint32>& rows, const std::stop_token& stop);

} // namespace llmcache::ui
