#pragma once

#include "store/callpack.h"
#include "store/keptcalls.h"
#include "store/repricer.h"

namespace llmcache {
class LedgerSummary;
}

namespace llmcache::sqlite {

class Database;

// Packs of calls, see store/callpack.h: each holds the calls of a workspace between two sequence numbers, so
// that what arrives late is in a later one and a pack never changes. Calls after the last pack are read from
// their rows. All throw CacheError.

/// Calls in a pack: few enough to make one between two hits.
inline constexpr qint64 packSize = 2048;

/// Makes the next pack if there are calls for it, `atLeast` of them; false when there are not.
bool packSomeCalls(Database& database, qint64 atLeast);

/// Reads the calls that the summary's query is about and adds them; its names are those of
/// Database::keptCalls(). Blocks that are kept there from earlier are returned, for another thread to add.
/// Needs a transaction.
CallBlocks addCalls(Database& database, LedgerSummary& summary);

/// Whether a repricing is applied.
bool hasRepricing(Database& database);
/// A price that is laid over a call, and the repricing that shows there.
struct LaidPrice {
    NewPrice price;
    qint64 repricing = 0;
};
/// What applied repricings say of calls, by their sequence numbers.
QHash<qint64, LaidPrice> newPricesOf(Database& database, std::vector<qint64> sequenceNumbers);

/// A repricing, step by step. Used by one thread at a time.
class RepricingJob {
public:
    RepricingJob(RepricingRequest request, bool apply);
    /// Does some more, for some tens of milliseconds; false when all is done.
    bool step(Database& database);
    /// Forgets what was written so far.
    void abandon(Database& database);
    qint64 done() const { return m_done; }
    qint64 total() const { return m_total; }
    Repricing result() const { return m_repricer.result(); }

private:
    void begin(Database& database);
    void finish(Database& database);
    RepricingRequest m_request;
    bool m_apply;
    NameTable m_names;
    Repricer m_repricer;
    bool m_begun = false;
    qint64 m_id = 0;
    qint64 m_lastPack = 0;
    qint64 m_done = 0;
    qint64 m_total = 0;
};
std::vector<AppliedRepricing> repricingsOf(Database& database);
std::optional<AppliedRepricing> undoRepricing(Database& database);

/// Makes packs again, step by step.
class RebuildJob {
public:
    bool step(Database& database);
    qint64 total() const { return m_total; }
    const LedgerRebuild& result() const { return m_result; }

private:
    void checkPack(Database& database, qint64 pack);
    bool m_begun = false;
    qint64 m_lastPack = 0;
    qint64 m_total = 0;
    LedgerRebuild m_result;
};

/// The next calls before `beforeMs` that may be archived, in the order of time, after a place that moves on;
/// empty when there are no more.
struct ArchivePlace {
    qint64 timeMs = -1;
    qint64 sequenceNumber = -1;
};
std::vector<Call> callsToArchive(Database& database, qint64 beforeMs, ArchivePlace& place);
/// Removes some of the calls up to a place; returns how many, 0 when there are no more.
qint64 removeArchived(Database& database, qint64 beforeMs, ArchivePlace upTo);
qint64 countCallsBefore(Database& database, qint64 beforeMs);

} // namespace llmcache::sqlite
