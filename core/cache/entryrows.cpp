#include "cache/entryrows.h"

#include "base/error.h"

namespace llmcache {

namespace {

constexpr qsizetype readTogether = 100;

} // namespace

QCoro::Task<RowsNow> readRows(Store* store, QStringList fingerprints, std::stop_token stop)
{
    RowsNow now;
    std::exception_ptr lost;
    for (qsizetype from = 0; from < fingerprints.size() && !lost; from += readTogether) {
        if (stop.stop_requested())
            throw Cancelled();
        const QStringList batch = fingerprints.mid(from, readTogether);
        std::vector<QCoro::Task<std::optional<Entry>>> lookups;
        for (const QString& fingerprint : batch)
            lookups.push_back(store->lookup(fingerprint, EntryParts::Meta));
        // All of them are awaited, whatever happens to one: a store must outlive its tasks.
        for (std::size_t at = 0; at < lookups.size(); ++at) {
            try {
                auto& lookup = lookups[at];
                std::optional<Entry> entry = co_await lookup;
                if (entry)
                    now.rows.push_back(std::move(entry->meta));
                else
                    now.gone.append(batch[static_cast<qsizetype>(at)]);
            } catch (const CacheError& error) {
                qWarning("%s", error.what());
            } catch (...) {
                lost = std::current_exception();
            }
        }
    }
    if (lost)
        std::rethrow_exception(lost);
    co_return now;
}

} // namespace llmcache
