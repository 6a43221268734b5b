#pragma once

#include "cost/priceimport.h"

#include <qcorotask.h>

#include <stop_token>

namespace llmcache {

/// Reads a price table from a file or an http(s) address, of 64 MiB at most, and lays it over `current`, see
/// importPrices(). Files are read and tables compared on another thread.
///
/// Throws as importPrices(), ConfigurationError that names a file or an address that can't be read and says
/// why, and Cancelled soon after `stop` is requested.
QCoro::Task<PriceImport> importPricesFrom(
    QString fileOrUrl, PriceTable current, PriceImportOptions options, std::stop_token stop);

} // namespace llmcache
