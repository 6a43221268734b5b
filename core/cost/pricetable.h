#pragma once

#include "base/usage.h"
#include "cost/modelcosts.h"

#include <QStringList>

#include <memory>
#include <optional>
#include <vector>

namespace llmcache {

/// A price applied: one line of the arithmetic.
struct PriceLine {
    QString bucket; ///< "input", "cache read", "cache write", "cache write 1 h", "output", "input audio",
                    ///< "requests", …
    qint64 count = 0;
    Money each; ///< per unit
    Money amount;
};

/// What a usage costs.
struct Quote {
    std::optional<Money> total; ///< nothing = unpriced
    Money input; ///< part of total: input, cache and input audio
    Money output;
    std::vector<PriceLine> lines; ///< disjoint classes; amounts add up to total
    QString matchedProvider;
    QString matchedModel; ///< id in the table
    QString source; ///< "custom", "table 2026-11-23", "provider"; empty when unpriced
    QString problem; ///< why it is unpriced, for people
    QStringList unpriced; ///< buckets that were used and have no price, in the words of the lines

    /// Adds the quote of another request of the same run. Unpriced if either is.
    Quote& operator+=(const Quote& other);
};

/// What is known about a model, for completion and display.
struct ModelInfo {
    QString provider;
    QString model;
    QString name;
    qint64 contextWindow = 0; ///< tokens; 0 = unknown
    QString inputPerMillion; ///< dollars, decimal text; empty = unknown
    QString outputPerMillion;
};

/// One price of a model, for people.
struct ListedPrice {
    QString price; ///< "input", "output above 200000", "cache_read from 2026-01-01", "input between 00:30 and
                   ///< 16:30" (UTC)
    QString dollars; ///< decimal text, per million tokens or per thousand requests or searches
    bool perThousand = false; ///< requests and searches
};

/// The dated prices of one model, for many calls: what PriceTable::quote() says of the total, without the
/// rest. A value; const calls are safe from any thread.
class ModelPrices {
public:
    ModelPrices();
    /// Nothing when it is unpriced or impossible.
    std::optional<Money> costOf(const Usage& usage, qint64 atMs) const;
    /// Whether the price depends on how many tokens a request has.
    bool hasTiers(qint64 atMs) const;
    const QString& source() const; ///< as in Quote

private:
    friend class PriceTable;
    struct Private;
    std::shared_ptr<const Private> d;
};

/// Dated prices of models. A value; immutable once loaded apart from the custom costs. Const calls are safe
/// from any thread; setCustomCosts() must not run beside them on the same object.
class PriceTable {
public:
    /// The table built into the program.
    static PriceTable builtIn();
    /// Reads a table in the project's schema (resources/prices.json, described in README). Throws
    /// ConfigurationError that names line or model and field.
    static PriceTable fromJson(const QByteArray& text, const QString& what);

    PriceTable();
    PriceTable(const PriceTable&);
    PriceTable(PriceTable&&) noexcept;
    PriceTable& operator=(const PriceTable&);
    PriceTable& operator=(PriceTable&&) noexcept;
    ~PriceTable();

    /// Prices `usage` of `model` (`provider:model`, or a bare model id) at UTC time `atMs`. Custom costs win.
    /// An unknown model is an unpriced quote, never a guess. Throws CacheError for an impossible usage (cache
    /// reads above input, negative counts).
    ///
    /// `usage` should be that of one provider request, because tiers and fees go by request; add the quotes
    /// of several. `utcOffsetSeconds` says on which calendar the dates of the table are read. `isBatch`: it
    /// was asked for in a batch, which costs less; unpriced where it is not known how much, as with custom
    /// costs.
    Quote quote(const QString& model, const Usage& usage, qint64 atMs, int utcOffsetSeconds = 0,
        bool isBatch = false) const;
    /// The prices of a model by themselves, as they are now.
    ModelPrices pricesOf(const QString& model) const;
    /// Throws ConfigurationError that names the model and the number that is no price.
    void setCustomCosts(const CustomCosts& costs);
    /// The same, over the custom costs that are set and win where they name the same model.
    void addCustomCosts(const CustomCosts& costs);
    const CustomCosts& customCosts() const;
    /// All models of the table, by provider and id, with the base prices of now.
    std::vector<ModelInfo> models() const;
    std::optional<ModelInfo> find(const QString& model) const;
    /// Every price of a model, by date, tier and kind; custom costs instead of the table's where they win.
    /// Empty for an unknown model.
    std::vector<ListedPrice> prices(const QString& model) const;
    QString version() const;
    /// The table in the project's schema, as fromJson() reads it; without the custom costs.
    QByteArray toJson() const;

private:
    struct Private;
    std::shared_ptr<Private> d;
};

} // namespace llmcache
