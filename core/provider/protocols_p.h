#pragma once

#include "provider/httpprovider.h"
#include "provider/prefixes_p.h"

namespace llmcache {

/// The protocol that a prefix speaks; none for the offline one. `vertexPath` makes the beginning of the path
/// at Vertex AI from the base URL, `azureVersion` tells the version of Azure's API.
std::unique_ptr<WireProtocol> makeProtocol(const PrefixRow& row,
    std::function<QString(const QUrl& baseUrl)> vertexPath, std::function<QString()> azureVersion);

} // namespace llmcache
