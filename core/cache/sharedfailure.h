#pragma once

#include "base/error.h"

namespace llmcache {

/// Whether the same request fails in the same way whenever it is sent again: what waiters need not repeat.
/// Neither what time cures, nor a reply that broke off.
bool isPermanent(const ProviderError& error);

/// What waiters in other processes are told of a permanent failure; empty for any other.
QString sharedFailure(const ProviderError& error, const QString& account);

/// The failure that a holder told of, as the waiter's own; nothing when it is none of the waiter's: it
/// concerns the holder's account (key, money) and the waiter has another.
std::optional<ProviderError> failureFromShared(const QString& text, const QString& account);

} // namespace llmcache
