#pragma once

#include "store/keptcalls.h"
#include "store/ledgerquery.h"
#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"

#include <QFuture>
#include <QThreadPool>

namespace llmcache {
class LedgerSummary;
}

namespace llmcache::redisstore {

/// A pack that a reader has made.
struct RenewedPack {
    qint64 hour = 0;
    QByteArray replaced; ///< the last id in the one before
    PackedHour pack;
};

/// Answers reports away from the thread of the store, which is often that of a window: decodes what the store
/// reads, keeps it, and adds it up. Its jobs run one after the other on a thread of its own.
class ReportDesk {
public:
    ReportDesk();
    /// Waits for its jobs.
    ~ReportDesk();
    ReportDesk(const ReportDesk&) = delete;
    ReportDesk& operator=(const ReportDesk&) = delete;

    /// Begins a report. The future throws what LedgerSummary's constructor does.
    QFuture<std::shared_ptr<LedgerSummary>> begin(LedgerQuery query);
    /// Forgets hours whose calls have changed; all of them for nothing.
    void forget(std::optional<HoursByShard> hours);
    /// Adds hours that are kept as of `version`, which stands for the prices that are laid over them; returns
    /// those that have to be read.
    QFuture<HoursByShard> addKept(
        std::shared_ptr<LedgerSummary> summary, HoursByShard hours, QByteArray version);
    /// Adds hours that were read, and keeps them. Makes packs of those of them before `packBefore` that have
    /// calls outside of theirs.
    QFuture<std::vector<RenewedPack>> add(std::shared_ptr<LedgerSummary> summary, int shard,
        std::vector<StoredHour> hours, QByteArray version, qint64 packBefore);
    QFuture<LedgerReport> finish(std::shared_ptr<LedgerSummary> summary);

private:
    CallCache m_cache;
    const std::shared_ptr<int> m_open =
        std::make_shared<int>(); ///< shared with each report that is under way
    QThreadPool m_thread; // last: its jobs use the others
};

} // namespace llmcache::redisstore
