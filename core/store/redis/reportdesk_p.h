#pragma once

#include "store/ledgersummary.h"
#include "store/redis/redispacks_p.h"
#include "store/redis/redisstore_p.h"

#include <QFuture>
#include <QThreadPool>

namespace llmcache::redisstore {

/// A pack that a reader has made.
struct RenewedPack {
    qint64 hour = 0;
    QByteArray replaced; ///< the last id in the one before
    PackedHour pack;
};

struct DecodedHours {
    CallBlocks blocks;
    std::vector<RenewedPack> renewed;
};

/// Hours, some of which are kept.
struct FoundHours {
    CallBlocks kept;
    HoursByShard missing;
};

/// Answers reports away from the thread of the store, which is often that of a window: decodes what the store
/// reads, keeps it, and adds it up. What uses what is kept runs on a thread of its own, one after the other;
/// adding up takes all cores.
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
    /// Looks for hours that are kept as of `version`, which stands for the prices that are laid over them.
    QFuture<FoundHours> find(HoursByShard hours, QByteArray version);
    /// Decodes hours that were read, and keeps them. Makes packs of those of them before `packBefore` that
    /// have calls outside of theirs.
    QFuture<DecodedHours> decode(
        int shard, std::vector<StoredHour> hours, QByteArray version, qint64 packBefore);
    /// Adds hours to a report, while others are decoded. Not twice at once for the same report.
    QFuture<bool> add(std::shared_ptr<LedgerSummary> summary, CallBlocks blocks);
    /// Adds hours that were kept, and reports.
    QFuture<LedgerReport> finish(std::shared_ptr<LedgerSummary> summary, CallBlocks kept);

private:
    CallCache m_cache;
    QThreadPool m_summing;
    QThreadPool m_thread; // last: its jobs use the others
};

} // namespace llmcache::redisstore
