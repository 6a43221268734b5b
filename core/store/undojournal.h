#pragma once

#include "store/entryimage.h"
#include "store/store.h"

#include <QThreadPool>

#include <chrono>
#include <map>
#include <memory>

class QLockFile;

namespace llmcache {

/// An entry as it was before a change.
struct UndoEntry {
    EntryImage before;
    qint64 revisionAfter = 0; ///< what the change made of it; 0 = it was deleted
    QByteArray
        contentAfter{}; ///< contentDigest() then, by which later changes that were undone do not matter
};

/// What is kept to undo a change of an entry.
UndoEntry undoEntryFor(const EntryImage& before, const EntryChange& change);

/// What is known of a change without reading all of it.
struct UndoSummary {
    QString id;
    StoreInfo where;
    QString action; ///< "delete", "edit", …: for people
    QString by; ///< who did it
    qint64 timeMs = 0; ///< UTC
    qint64 entries = 0;
    qint64 bytes = 0; ///< on the disk
};

/// What it takes to keep a change that has yet to be made.
struct UndoRoom {
    qint64 forgotten = 0; ///< earlier changes, still within UndoJournal::promised, that would have to go
    bool fits = true; ///< the change alone is not more than the journal may hold
};

/// A folder that keeps what deletions and edits of entries replaced, so that they can be undone, also after
/// a restart.
///
/// A change is a file of its own (0600, in a folder of 0700): a header and blocks of entries, each with a
/// checksum and synced before the store is told, so that after a crash everything that is gone from the
/// store is in the file; what follows a torn block never happened. Several processes may share a folder.
///
/// Changes are kept for 24 hours at least, however many there are, unless they are more than `maxBytes`
/// together: then the oldest go, and whoever makes the change that takes their place is told.
///
/// Used from one thread with an event loop; file work happens on a thread of its own, in order. Must
/// outlive its tasks. All tasks throw ConfigurationError for a folder or file that can't be used, and
/// CacheError for a file that is damaged.
class UndoJournal {
public:
    static constexpr qint64 defaultMaxBytes = qint64(2) * 1024 * 1024 * 1024;
    static constexpr std::chrono::hours promised{24};
    static constexpr int mostChanges = 100; ///< when some of them are older than that

    /// The folder is created with the first change.
    explicit UndoJournal(QString folder, qint64 maxBytes = defaultMaxBytes);
    ~UndoJournal();
    UndoJournal(const UndoJournal&) = delete;
    UndoJournal& operator=(const UndoJournal&) = delete;

    /// Begins the record of a change; returns its id.
    QCoro::Task<QString> begin(StoreInfo where, QString action, QString by, qint64 nowMs);
    /// Keeps entries, which are on the disk when the task is done. Makes room by forgetting the oldest
    /// changes, and returns how many of them were within `promised`; a ConfigurationError, and nothing
    /// forgotten, when this one alone is larger than the journal may be.
    QCoro::Task<qint64> append(QString id, std::vector<UndoEntry> entries);
    /// What it would take to keep a change of so many bytes: an estimate, since others may be writing.
    QCoro::Task<UndoRoom> roomFor(qint64 bytes, qint64 nowMs);
    /// The change is complete. One without entries is forgotten.
    QCoro::Task<> end(QString id);

    /// The changes of a store, the newest first. Files that can't be read are left out.
    QCoro::Task<std::vector<UndoSummary>> list(StoreInfo where);
    /// Entries of a change from `position`, which moves on: 0 to begin, -1 after the last. Damage ends the
    /// list.
    QCoro::Task<std::vector<UndoEntry>> read(QString id, qint64* position);
    /// Keeps others from undoing or forgetting a change; false when somebody else is at it.
    QCoro::Task<bool> claim(QString id);
    QCoro::Task<> release(QString id);
    QCoro::Task<> forget(QString id);

private:
    QString path(const QString& id) const;
    qint64 makeRoom(const QString& keep, qint64 wanted);
    bool lock(const QString& id);
    void unlock(const QString& id);

    const QString m_folder;
    const qint64 m_maxBytes;
    std::map<QString, std::unique_ptr<QLockFile>> m_locks; ///< on the journal's thread only
    QThreadPool m_thread; // last: its jobs use all of the above
};

/// The payload of a block, for files and fuzzers; throws CacheError for what is none.
QByteArray undoBlockToBytes(const std::vector<UndoEntry>& entries);
std::vector<UndoEntry> undoBlockFromBytes(const QByteArray& bytes);

} // namespace llmcache
