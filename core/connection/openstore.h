#pragma once

#include "store/store.h"

namespace llmcache {

/// Opens the store that a URL names; the embedded file for an empty one. Throws ConfigurationError. Does not
/// connect yet.
std::unique_ptr<Store> openStore(const QString& url, const QString& workspace, const QString& dataFolder);

} // namespace llmcache
