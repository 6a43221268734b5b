#pragma once

#include "store/store.h"

#include <QThreadPool>

#include <functional>
#include <mutex>

namespace llmcache {

/// A folder that keeps commits and calls which a store could not take, until it can.
///
/// A record is a file of its own (0600, in a folder of 0700), written aside, synced and renamed, with a
/// checksum: after a crash it is there whole or not at all. Several processes may share a folder. Records
/// name the store that they belong to by the kind, name and workspace of StoreInfo.
///
/// Used from one thread with an event loop; file work happens on a thread of its own, in order. Must
/// outlive the tasks of replay(); its destructor waits until everything added is written.
class Spool {
public:
    static constexpr qint64 defaultMaxBytes = 64 * 1024 * 1024;

    /// The folder is created with the first record. Commits use at most nine tenths of `maxBytes`: the
    /// ledger's calls are small, and worth more than a cached answer.
    explicit Spool(QString folder, qint64 maxBytes = defaultMaxBytes);
    ~Spool();
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    /// Keeps a record; returns at once. What could not be written is told by problem().
    void add(StoreInfo where, const Commit& commit);
    void add(StoreInfo where, const Call& call);

    /// Gives the store the records that are its own, oldest first, and deletes those that it took. Returns
    /// how many that were. Calls are idempotent by id; an answer is not put over a newer one, and its
    /// lifetime counts from when it was spooled. What the store still refuses is kept; when the store can't
    /// be reached at all the replay ends. Damaged files are moved to the folder "damaged". Does nothing
    /// while another replay of this folder is running, here or in another process. Does not throw.
    QCoro::Task<int> replay(Store* store);

    /// Records that wait to be replayed, of all stores: those in the folder when it was last looked at, and
    /// those added since.
    qint64 pending() const;
    /// Why the last record could not be kept, or the last replay left records behind; empty when all is
    /// well. For people.
    QString problem() const;

private:
    struct Record;
    struct Batch;
    void enqueue(std::function<void()> work);
    void write(const Json& record, bool isCall);
    Batch readBatch(const StoreInfo& where, const QString& after);
    void quarantine(const QString& file);
    void removeFiles(const QStringList& files);
    void countFiles();
    void setProblem(const QString& problem);

    const QString m_folder;
    const qint64 m_maxBytes;
    bool m_replaying = false;
    mutable std::mutex m_mutex; // guards what follows
    qint64 m_queued = 0; // added and not written yet
    qint64 m_files = 0;
    qint64 m_bytes = 0; // of the files
    QString m_problem;
    QThreadPool m_thread; // last: its jobs use all of the above
};

} // namespace llmcache
