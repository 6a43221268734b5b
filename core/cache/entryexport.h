#pragma once

#include "store/entryfilter.h"
#include "store/store.h"

#include <functional>

namespace llmcache {

struct ExportReport {
    qint64 scanned = 0; ///< keys looked at
    qint64 total = -1; ///< keys that there are to look at, as far as known
    qint64 written = 0; ///< entries
    qint64 kept = 0; ///< entries that were in the unfinished file already
    qint64 damaged = 0; ///< entries that can't be read
};

struct ExportOptions {
    EntryFilter filter{}; ///< which entries
    qint64 nowMs = 0; ///< what ages and TTLs are counted from
    bool resume = false; ///< goes on with what an interrupted export left
    std::function<void(const ExportReport&)> progress{};
    std::stop_token stop{};
};

/// Writes entries to a file of one JSON object a line (see entryToLine), compressed as the ending of its name
/// says (".gz", ".zst"), for the owner alone. The file is there as a whole or not at all: until it is
/// complete it is called `path` + ".part", which stays when the export is interrupted, and which
/// `options.resume` completes. "-" is the standard output, uncompressed.
///
/// Throws Cancelled when it was stopped, ConfigurationError for a file that can't be written, errors as
/// Store. `store` must outlive the task.
QCoro::Task<ExportReport> exportEntries(Store* store, QString path, ExportOptions options);

} // namespace llmcache
