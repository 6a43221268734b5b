#pragma once

#include "cost/pricetable.h"

namespace llmcache {

/// The prices that a user has set, in two files of a folder: `prices.json`, a table that stands in for the
/// built-in one, and `custom-prices.json`, custom costs by model, which win over either table. README
/// describes both.
///
/// Several processes may change them at the same time; a file is written aside and renamed. Every call reads
/// or writes files and blocks for a moment. Calls are safe from any thread, and throw ConfigurationError that
/// names the file and what is wrong with it; nothing is changed then.
class PriceFiles {
public:
    /// The folder is made with the first change when it is missing.
    explicit PriceFiles(QString folder);

    /// What is in force: the user's table, or the built-in one, with the custom costs.
    PriceTable load() const;
    /// Whether there is a table of the user's.
    bool hasTable() const;
    CustomCosts customCosts() const;

    /// Sets what a model costs, `provider:model` or a model id alone. Also throws for a number that is no
    /// price.
    void setCosts(const QString& model, const ModelCosts& costs);
    /// Takes the custom costs of a model away, whatever the case of its letters. Whether there were any.
    bool removeCosts(const QString& model);
    /// Puts a table in the project's schema, such as PriceImport::table, into force.
    void useTable(const QByteArray& table);
    /// Goes back to the built-in table. Whether there was another.
    bool useBuiltInTable();

private:
    QString tablePath() const;
    QString customPath() const;
    void write(const QString& path, const QByteArray& text) const;

    QString m_folder;
};

} // namespace llmcache
