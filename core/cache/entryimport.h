#pragma once

#include "store/store.h"
#include "store/undojournal.h"

#include <functional>

namespace llmcache {

/// What becomes of an entry that the store has already.
enum class OnConflict {
    Skip, ///< the store's stays
    Replace, ///< the file's, as one more revision
    Newer, ///< the one that was created later
};

struct ImportReport {
    qint64 lines = 0; ///< of the file, without empty ones
    qint64 checked = 0; ///< lines that have been looked at; all of them before the first entry is written
    qint64 imported = 0; ///< entries written, or with `dryRun` those that would be
    qint64 replaced = 0; ///< of those, the ones that were there
    qint64 kept = 0; ///< entries that the store has and that stayed
    qint64 expired = 0; ///< entries that would have expired by now
    qint64 malformed = 0; ///< lines that are no entries
    QString problem; ///< why the file could not be read to its end; empty when it was
    qint64 forgotten = 0; ///< changes of the last 24 hours that can't be undone any more: see BulkReport
    QString undoId; ///< by which the replacements can be undone; empty when there were none
    qint64 replacedBytes = 0; ///< with `dryRun`: of the entries that would be replaced
    UndoRoom room; ///< with `dryRun`: to keep those
};

struct ImportOptions {
    OnConflict onConflict = OnConflict::Skip;
    bool strict = false; ///< import nothing when a line is malformed or the file is torn
    bool dryRun = false;
    qint64 nowMs = 0;
    QString by{}; ///< who does it, for the record
    UndoJournal* journal = nullptr; ///< keeps what is replaced; must outlive the task
    /// Memory for what was understood while the file was checked; what is beyond is read a second time.
    qint64 mostKeptBytes = 128 * 1024 * 1024;
    /// Called for each malformed line, counted from 1, with what is wrong.
    std::function<void(qint64 line, const QString& problem)> malformed{};
    std::function<void(const ImportReport&)> progress{};
    std::stop_token stop{};
};

/// Stores the entries of a file that exportEntries() wrote, compressed or not; "-" is the standard input.
/// The whole file is checked before the first entry is written. Entries keep their expiry, hits and last
/// use. An import that was interrupted may be run again: what is in the store already, stays.
///
/// Throws Cancelled when it was stopped, ConfigurationError for a file that can't be read or, with `strict`,
/// has malformed lines, errors as Store and UndoJournal. `store` must outlive the task.
QCoro::Task<ImportReport> importEntries(Store* store, QString path, ImportOptions options);

} // namespace llmcache
