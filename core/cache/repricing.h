#pragma once

#include "store/ledgerupkeep.h"

namespace llmcache {

class Session;

/// What can be done to the ledger of a session. Throws ConfigurationError where the connection is read-only,
/// and UsageError where the store can do nothing of the kind.
LedgerUpkeep& upkeepOf(Session& session);

/// Prices the calls of a range by the session's prices of now: shows the difference, or applies it. Covers
/// all runs that have ended. The session must outlive the task. Errors, progress and cancelling as
/// LedgerUpkeep.
QCoro::Task<Repricing> repriceCalls(Session* session, qint64 fromMs, qint64 toMs, bool applies,
    LedgerProgress progress, std::stop_token stop);

} // namespace llmcache
