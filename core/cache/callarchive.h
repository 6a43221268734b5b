#pragma once

#include "cache/session.h"
#include "store/ledgerupkeep.h"

namespace llmcache {

/// Where an archive of calls goes that nobody named: a new file in the folder "archive" of the data folder,
/// with the workspace and the time in its name. Makes the folder; throws ConfigurationError when it can't.
QString archivePath(const SessionConfig& config, qint64 nowMs);

/// Moves the calls before `beforeMs` (UTC milliseconds) into the new file `path`: JSON, one a line,
/// compressed as its name says. They leave the ledger once all are safe on the disk; reports keep their sums.
/// Returns how many there were; without any no file is left. Thread and lifetime as for Store. Throws
/// ConfigurationError when the file exists or can't be written, and Cancelled: nothing is removed from the
/// ledger then, and no file is left. Throws CacheError likewise, but once the file is complete it stays: some
/// of its calls may be in it alone, the others are archived again the next time.
QCoro::Task<qint64> archiveToFile(
    LedgerUpkeep* upkeep, qint64 beforeMs, QString path, LedgerProgress progress, std::stop_token stop);

struct KeptCalls {
    qint64 archived = 0;
    QString path; ///< of the archive; empty when nothing was archived
};
/// Keeps the calls of the last `days` whole days (UTC) in the ledger of `session` and archives the older
/// ones, in archivePath(). By whole days, so that a program that does it at every start writes one file a
/// day. Nothing happens in a read-only session. Errors as archiveToFile().
QCoro::Task<KeptCalls> keepCalls(
    Session* session, int days, qint64 nowMs, LedgerProgress progress, std::stop_token stop);

} // namespace llmcache
