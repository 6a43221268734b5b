#pragma once

#include "cost/pricetable.h"

namespace llmcache::price {

class Rates;

/// Throws CacheError that names the two counts when `usage` can't be: a part above its whole, a count that
/// is negative or beyond all reason.
void checkUsage(const Usage& usage);

/// Cuts `usage` into disjoint classes, prices them and fills total, input, output, lines, unpriced and
/// problem of `quote`. A class without a price of its own bills at its parent's. `model` names it in
/// problem. Throws CacheError when the classes overlap or the amount passes what Money can hold.
void applyRates(const Rates& rates, const Usage& usage, const QString& model, Quote& quote);

/// The same without words: whether checkUsage() lets it pass, and the total of applyRates(), or nothing where
/// that throws or knows none.
bool isPossible(const Usage& usage);
std::optional<Money> costAt(const Rates& rates, const Usage& usage);

} // namespace llmcache::price
