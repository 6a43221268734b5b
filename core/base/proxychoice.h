#pragma once

#include <QString>

namespace llmcache {

/// How providers and price lists are reached: "" = as the system says, "none" = directly, or the address of a
/// proxy, http://host:port or socks5://host:port. Stores are always reached directly.
///
/// Checks it and puts it in force for connections that are made from now on, in the whole program. Throws
/// ConfigurationError, which changes nothing.
void useProxy(const QString& choice);

} // namespace llmcache
