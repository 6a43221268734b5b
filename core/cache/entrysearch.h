#pragma once

#include "store/imagefilter.h"
#include "store/store.h"

#include <functional>

namespace llmcache {

/// How far a search has come.
struct SearchReport {
    qint64 scanned = 0; ///< keys looked at; of findEntries()
    qint64 total = -1; ///< keys that there are to look at, as far as known; of findEntries()
    qint64 read = 0; ///< entries whose texts were read, or ruled out by the store's index; of searchEntries()
    qint64 found = 0;
    std::optional<double> indexed; ///< share of the entries that the store's index knows; nothing where it
                                   ///< has none or it does not help
};

struct SearchOptions {
    qint64 nowMs = 0; ///< what ages and TTLs are counted from
    /// Called with what was found since the last call, in no order, and with nothing to show progress.
    std::function<void(const SearchReport&, const std::vector<EntryMeta>& found)> progress{};
    std::stop_token stop{}; ///< felt after a batch at the latest
};

/// What ImageFilter is to tell `is:invalid` by: answers that do not fit the output types of the agents as
/// they are now. Nothing for a filter that does not ask. Errors as Store.
QCoro::Task<ImageFilter::Check> validityCheck(Store* store, EntryFilter filter);

/// Those of these entries that pass a filter as they are stored now, whole texts included. Texts are decoded
/// on all cores. Entries that are gone or damaged are not found. Throws Cancelled when it was stopped, errors
/// as Store. `store` must outlive the task.
QCoro::Task<SearchReport> searchEntries(
    Store* store, QStringList fingerprints, EntryFilter filter, SearchOptions options);

/// A page of the entries that pass a filter: as Store::listEntries(), without those that do not. Texts are
/// read only of entries that the metadata do not decide. `options.progress` is not used.
QCoro::Task<EntryPage> findPage(Store* store, QByteArray cursor, EntryFilter filter, SearchOptions options);

/// All entries of a store that pass a filter, page by page. Otherwise as searchEntries().
QCoro::Task<SearchReport> findEntries(Store* store, EntryFilter filter, SearchOptions options);

} // namespace llmcache
