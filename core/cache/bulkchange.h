#pragma once

#include "store/undojournal.h"

#include <functional>

namespace llmcache {

/// What is done to many entries.
struct BulkAction {
    enum class Kind {
        Delete,
        SetExpiry, ///< to `expiresMs`; a pinned entry is one no longer
        Pin, ///< marked, and never expires
        Unpin, ///< expires at `expiresMs`
        AddTag,
        RemoveTag,
    };
    Kind kind = Kind::Delete;
    std::optional<qint64> expiresMs{}; ///< UTC milliseconds; nothing = never
    QString tag{};
    QString reason{}; ///< of Pin, for people; may be empty

    /// "delete", "pin", …: for people and records.
    QString name() const;
};

/// An entry that is meant, as it was when it was chosen.
struct BulkTarget {
    QString fingerprint;
    qint64 revision = 0; ///< 0 = whatever is there
};

/// What became of one entry.
enum class BulkFate {
    Changed,
    Unaffected, ///< it was so already
    Absent, ///< it is gone
    Conflict, ///< somebody changed it since it was chosen, or the condition holds no more
    Unsuitable, ///< an entry of pyai-caching, which has no place for tags
    Expired, ///< of an undo: it would have expired by now
    Unknown, ///< the change failed before the store had said: never in a report
};

struct BulkResult {
    QString fingerprint;
    BulkFate fate = BulkFate::Changed;
};

/// How far a change has come.
struct BulkReport {
    qint64 asked = 0;
    qint64 changed = 0;
    qint64 unaffected = 0;
    qint64 absent = 0;
    qint64 conflicts = 0;
    qint64 unsuitable = 0;
    qint64 expired = 0;
    bool cancelled = false; ///< before the last entry
    /// Changes of the last 24 hours that can't be undone any more, as the record of this one took their room.
    qint64 forgotten = 0;
    QString undoId; ///< by which it can be undone; empty when nothing was kept

    qint64 done() const { return changed + unaffected + absent + conflicts + unsuitable + expired; }
    void count(BulkFate fate);
};

struct BulkOptions {
    QString by; ///< who does it, for the record
    qint64 nowMs = 0;
    UndoJournal* journal = nullptr; ///< null = it can't be undone; must outlive the task
    /// Whether an entry is still one that is meant, as it is now; empty = yes.
    std::function<bool(const EntryImage&)> stillApplies{};
    /// Called after each batch with all numbers and the batch's entries.
    std::function<void(const BulkReport&, const std::vector<BulkResult>&)> progress{};
    std::stop_token stop{}; ///< no batch begins after that
};

/// Changes entries batch by batch, each of them only if it is still what it was when it was chosen. What
/// they were is on the disk before the store is told. Errors as Store and UndoJournal: batches before are
/// done then, and can be undone. `store` must outlive the task.
QCoro::Task<BulkReport> changeMany(
    Store* store, std::vector<BulkTarget> targets, BulkAction action, BulkOptions options);

/// Makes what a change did not have happened: deleted entries come back byte for byte with the expiry they
/// had, changed ones become what they were, as one more revision. Entries that somebody has changed or
/// stored since are left alone (Conflict) unless `overwrite`, which keeps those in turn. What is right
/// already is Unaffected: an undo that was interrupted may be repeated. The record is forgotten when
/// nothing is left to do. Throws CacheError when another process is undoing the same. `options.journal` is
/// required; `stillApplies` is not used.
QCoro::Task<BulkReport> undoChange(Store* store, UndoSummary change, bool overwrite, BulkOptions options);

} // namespace llmcache
