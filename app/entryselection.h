#pragma once

#include "store/entryfilter.h"
#include "store/store.h"

namespace llmcache::app {

/// A filter as the Cache view takes it, with days in the system's time zone. Throws FilterError.
EntryFilter filterFrom(const QString& text, qint64 nowMs);

/// The metadata of all entries that pass a filter, in no order. Errors as Store.
QCoro::Task<std::vector<EntryMeta>> matchingEntries(Store* store, EntryFilter filter, qint64 nowMs);

/// "1 entry", "2 entries".
QString entriesText(qint64 count);

} // namespace llmcache::app
