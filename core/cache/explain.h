#pragma once

#include "cache/request.h"
#include "cache/requestdiff.h"
#include "cache/run.h"
#include "store/undojournal.h"

namespace llmcache {

/// Why a run did not answer from the cache.
struct Explanation {
    enum class Reason {
        Bypassed, ///< it was told not to read
        Present, ///< an entry is there; it would hit
        Expired, ///< there was an entry, whose lifetime ended
        Invalidated, ///< there was an entry, which somebody deleted
        Gone, ///< there was an entry; neither its age nor what is known of deletions says why it went
        NotStored, ///< the same was asked before, and the answer was not stored
        Changed, ///< never asked; an entry with a similar request is there
        NeverStored, ///< never asked, and nothing like it is there
    };
    Reason reason = Reason::NeverStored;
    QString verdict; ///< one line for people: "temperature 0.2 → 0.3", "expired 3 h ago", …
    QString fingerprint;
    Json request; ///< the one that missed, canonical
    std::optional<EntryMeta>
        nearest; ///< the entry with the most similar request; for Changed, if there is any
    Json nearestRequest;
    std::vector<RequestDifference> differences; ///< from the nearest request to this one
    qint64 scanned = 0; ///< entries looked at
    qint64 total = -1; ///< entries that there are to look at, as far as known
};
/// "bypassed", "present", "expired", "invalidated", "gone", "not_stored", "changed", "never_stored".
QString reasonName(Explanation::Reason reason);

struct ExplainOptions {
    CachePolicy policy = CachePolicy::Use;
    QString agent; ///< of the run; entries of the same one are looked at first
    QString task;
    std::optional<std::chrono::seconds> ttl; ///< how long entries of the agent live; nothing = 15 days
    qint64 nowMs = 0;
    /// When the run began that is to be explained: what was stored since is not looked at. 0 = now.
    qint64 asOfMs = 0;
    UndoJournal* journal = nullptr; ///< who deleted what; may be null
    /// The best explanation so far, again and again while entries are scanned.
    std::function<void(const Explanation&)> progress{};
    std::stop_token stop{};
};

/// Explains why `request` is or was a miss. First asks the ledger what became of the same request earlier,
/// then looks for the nearest entry: among those that the agent used last, which takes a few round trips, and
/// then among all (a scan of the metadata, and a comparison with the requests of those that look most alike).
/// Throws Cancelled when stopped, errors as Store. `store` and the journal must outlive the task.
QCoro::Task<Explanation> explainMiss(Store* store, Request request, ExplainOptions options);

} // namespace llmcache
