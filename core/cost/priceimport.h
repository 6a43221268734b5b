#pragma once

#include "cost/pricetable.h"

#include <QDate>

namespace llmcache {

/// What priceFormat() recognises.
enum class PriceFormat {
    Own, ///< the project's schema
    GenaiPrices, ///< data.json of genai-prices, versions 1 and 2, slim or not
    LiteLlm, ///< model_prices_and_context_window.json
};
/// "price table", "genai-prices", "LiteLLM".
QString priceFormatName(PriceFormat format);

struct PriceImportOptions {
    QString version; ///< of the new table; empty = the day of `from` or today
    /// The new prices hold from this day on and the old ones stay for earlier calls. Without a day they
    /// correct what is in force today. A source with dates of its own replaces all dates of its models.
    QDate from;
    /// Leaves out models with unknown fields, bad or absurd prices, with a note, instead of refusing the
    /// file.
    bool leaveOutDoubtful = false;
};

/// One price that is new or another.
struct PriceChange {
    QString provider;
    QString model;
    QString price; ///< "input", "output above 200000", "input from 2026-01-01"
    QString before; ///< dollars per million tokens or thousand requests; empty = there was none
    QString after; ///< empty = there is none any more
    friend bool operator==(const PriceChange&, const PriceChange&) = default;
};

/// A table that is ready to be used, and what would change.
struct PriceImport {
    PriceFormat format = PriceFormat::Own;
    QByteArray table; ///< in the project's schema, for PriceTable::fromJson()
    std::vector<PriceChange> changes; ///< by provider, model and price
    int modelsRead = 0;
    int modelsAdded = 0;
    int modelsChanged = 0;
    QStringList notes; ///< models of the source that were left out, and why
};

/// Lays the prices of a public table over `current`. Models that the source doesn't have stay as they are,
/// and so do names, aliases and match rules of models that `current` has. Nothing is changed in place.
///
/// Throws ConfigurationError, naming the line, the model and the field, for text that is no price table, for
/// unknown fields, negative or unreadable prices, and prices that are more than 100 times or less than a
/// hundredth of the current ones.
PriceImport importPrices(const QByteArray& text, const QString& what, const PriceTable& current,
    const PriceImportOptions& options = {});

} // namespace llmcache
