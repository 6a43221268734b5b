#include "store/sqlite/sqlitestore_p.h"

#include "store/sqlite/ledgerreport_p.h"
#include "store/sqlite/ledgertable_p.h"
#include "store/sqlite/packtable_p.h"

#include <qcorofuture.h>

#include <algorithm>

namespace llmcache::sqlite {

QCoro::Task<qint64> SqliteStore::recordCalls(std::vector<Call> calls)
{
    return run([this, calls = std::move(calls)](Database& database) {
        m_mayPack = true;
        return sqlite::recordCalls(database, calls);
    });
}

QCoro::Task<std::vector<Call>> SqliteStore::listCalls(CallQuery query)
{
    return run([query = callPageQueryOf(query)](Database& database) {
        return query.limit > 0 ? sqlite::pageOf(database, query).calls : std::vector<Call>();
    });
}

QCoro::Task<LedgerReport> SqliteStore::report(LedgerQuery query)
{
    // What has no pack yet, such as a ledger of an earlier version, gets one step by step, so that others
    // have their turn.
    bool packing = m_packs;
    while (packing) {
        auto pack = [](Database& database) { return sqlite::packSomeCalls(database, sqlite::packSize); };
        auto task = run(std::move(pack));
        packing = co_await task;
    }
    auto work = [query = std::move(query)](
                    Database& database) { return sqlite::beginReport(database, query); };
    auto task = run(std::move(work));
    sqlite::BegunReport begun = co_await task;
    const auto summing = reportOn(m_summing, std::move(begun.summary), std::move(begun.kept));
    co_return co_await summing;
}

QCoro::Task<CallPage> SqliteStore::callPage(CallPageQuery query)
{
    return run([query = std::move(query)](Database& database) { return sqlite::pageOf(database, query); });
}

QCoro::Task<Repricing> SqliteStore::previewRepricing(
    RepricingRequest request, LedgerProgress progress, std::stop_token stop)
{
    return reprice(std::move(request), false, std::move(progress), std::move(stop));
}

QCoro::Task<Repricing> SqliteStore::applyRepricing(
    RepricingRequest request, LedgerProgress progress, std::stop_token stop)
{
    return reprice(std::move(request), true, std::move(progress), std::move(stop));
}

QCoro::Task<std::vector<AppliedRepricing>> SqliteStore::repricings()
{
    return run([](Database& database) { return sqlite::repricingsOf(database); });
}

QCoro::Task<std::optional<AppliedRepricing>> SqliteStore::undoRepricing()
{
    return run([](Database& database) { return sqlite::undoRepricing(database); });
}

QCoro::Task<LedgerRebuild> SqliteStore::rebuildPacks(LedgerProgress progress, std::stop_token stop)
{
    const auto job = std::make_shared<sqlite::RebuildJob>();
    for (bool more = true; more;) {
        if (stop.stop_requested())
            throw Cancelled();
        auto step = [job](Database& database) { return job->step(database); };
        auto task = run(std::move(step));
        more = co_await task;
        if (progress)
            progress(job->result().calls, job->total());
    }
    co_return job->result();
}

QCoro::Task<Repricing> SqliteStore::reprice(
    RepricingRequest request, bool applies, LedgerProgress progress, std::stop_token stop)
{
    const auto job = std::make_shared<sqlite::RepricingJob>(std::move(request), applies);
    for (bool more = true; more;) {
        auto step = [job](Database& database) { return job->step(database); };
        auto task = run(std::move(step));
        more = co_await task;
        if (progress)
            progress(job->done(), job->total());
        if (more && stop.stop_requested()) {
            auto abandon = [job](Database& database) {
                job->abandon(database);
                return true;
            };
            auto abandoning = run(std::move(abandon));
            co_await abandoning;
            throw Cancelled();
        }
    }
    co_return job->result();
}

QCoro::Task<qint64> SqliteStore::archiveCalls(
    qint64 beforeMs, CallSink sink, ArchiveEnd end, LedgerProgress progress, std::stop_token stop)
{
    // Reports of what is archived are made of packs alone.
    for (bool packing = true; packing;) {
        auto pack = [](Database& database) { return sqlite::packSomeCalls(database, 1); };
        auto task = run(std::move(pack));
        packing = co_await task;
    }
    auto count = [beforeMs](Database& database) { return sqlite::countCallsBefore(database, beforeMs); };
    auto counting = run(std::move(count));
    const qint64 total = co_await counting;
    const auto place = std::make_shared<sqlite::ArchivePlace>();
    qint64 given = 0;
    for (;;) {
        if (stop.stop_requested())
            throw Cancelled();
        auto read = [beforeMs, place](
                        Database& database) { return sqlite::callsToArchive(database, beforeMs, *place); };
        auto reading = run(std::move(read));
        const std::vector<Call> calls = co_await reading;
        if (calls.empty())
            break;
        std::for_each(calls.begin(), calls.end(), sink);
        given += static_cast<qint64>(calls.size());
        if (progress)
            progress(given, total);
    }
    end();
    for (qint64 removed = 1; removed > 0;) {
        auto remove = [beforeMs, place](
                          Database& database) { return sqlite::removeArchived(database, beforeMs, *place); };
        auto removing = run(std::move(remove));
        removed = co_await removing;
    }
    co_return given;
}

} // namespace llmcache::sqlite
