#pragma once

#include "provider/provider.h"

namespace llmcache {

/// A row of the table with what only the registry needs.
struct PrefixRow {
    ProviderPrefix prefix;
    QStringList baseUrlVariables; ///< first that is set wins
};

const std::vector<PrefixRow>& prefixRows();
/// Nothing for an unknown prefix.
const PrefixRow* findPrefix(const QString& prefix);

} // namespace llmcache
