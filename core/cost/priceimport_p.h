#pragma once

#include "base/json.h"

#include <QStringList>

#include <vector>

namespace llmcache::price {

/// Something wrong at a place of the source: keys and indexes from the root.
struct ImportProblem {
    QStringList path;
    QString model; ///< "openai gpt-4o"; empty when it is not about a model
    QString text;
};

/// A model of the source in the project's schema.
struct ImportedModel {
    QString provider; ///< id in our table
    QString providerName;
    Json model; ///< id, name?, context_window?, aliases?, match?, prices
    QStringList path; ///< where it stands in the source
    Json providerFields; ///< prefixes, rules and so on of the provider, when the source has them
};

struct ImportedTable {
    std::vector<ImportedModel> models;
    QStringList notes;
};

/// Converters report problems here; throws unless doubtful models are left out.
class ImportProblems {
public:
    virtual ~ImportProblems() = default;
    virtual void report(const ImportProblem& problem) = 0;
};

/// These read one source each; a model with a problem is reported and, should report() return, left out.
ImportedTable readGenaiPrices(const Json& json, ImportProblems& problems);
ImportedTable readLiteLlm(const Json& json, ImportProblems& problems);

/// `number` (JSON) times 10^`shift` as decimal text, rounded to six decimals, the finest that prices have:
/// other tables carry noise such as 0.18000000000000002. Empty for what is no price (negative, not finite,
/// no number, or so small that rounding would make it free).
QString priceText(const Json& number, int shift);

} // namespace llmcache::price
