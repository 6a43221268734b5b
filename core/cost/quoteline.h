#pragma once

#include "cost/pricetable.h"

namespace llmcache {

/// Answers one line of `llmcache prices quote`: JSON in, JSON out, without a line feed.
///
/// In: `{"model": "provider:model" or "model", "provider"?, "at"?: ISO time, "usage": {…}}` or
/// `{"protocol", "provider"?, "model"?, "at"?, "response": {provider reply or its usage object}}`; other
/// fields are ignored. Without "at" the prices of `nowMs` (default: now) apply; a time without a zone is UTC.
///
/// Out: `{"provider", "model", "matched", "usage", "input_usd", "output_usd", "total_usd", "unpriced",
/// "source"}` with exact decimal strings; unpriced amounts are null, `unpriced` names the counts without a
/// price and `problem` says why. Bad input gives `{"error": …}`. Never throws; safe from any thread.
QByteArray quoteLine(const PriceTable& table, const QByteArray& jsonLine, std::optional<qint64> nowMs = {});

} // namespace llmcache
