#pragma once

#include "cache/bulkpreview.h"
#include "store/entryfilter.h"
#include "store/store.h"

namespace llmcache::app {

/// A filter as the Cache view takes it, with days in the system's time zone. Throws FilterError.
EntryFilter filterFrom(const QString& text, qint64 nowMs);

/// The metadata of all entries that pass a filter, in no order. Errors as Store.
QCoro::Task<std::vector<EntryMeta>> matchingEntries(Store* store, EntryFilter filter, qint64 nowMs);

/// A whole fingerprint, or that of the one entry whose fingerprint starts with these 4 digits or more. Throws
/// UsageError for what is no fingerprint or several, CacheError when there is none.
QCoro::Task<QString> resolveFingerprint(Store* store, QString prefix);
/// The metadata of an entry for `--json`.
Json rowJson(const EntryMeta& meta);

EntryWeight weightOf(const std::vector<EntryMeta>& rows, qint64 nowMs);
QString weightText(const EntryWeight& weight);
Json toJson(const EntryWeight& weight);

/// "1 entry", "2 entries".
QString entriesText(qint64 count);
/// That so many earlier changes can't be undone any more; empty for none.
QString forgottenText(qint64 changes);
/// What keeping a change would cost in undo of others; empty for nothing.
QString roomText(const UndoRoom& room);
/// One after another, without the empty ones.
QString sentences(QStringList parts);

} // namespace llmcache::app
