#pragma once

#include "store/store.h"

namespace llmcache {

/// What entries are now.
struct RowsNow {
    std::vector<EntryMeta> rows;
    QStringList gone;
};

/// Reads the metadata of these entries. Damaged ones are neither there nor gone. Throws Cancelled when it was
/// stopped, errors as Store. `store` must outlive the task.
QCoro::Task<RowsNow> readRows(Store* store, QStringList fingerprints, std::stop_token stop);

} // namespace llmcache
