#pragma once

#include "connection/connectionprofile.h"

#include <qcorotask.h>

namespace llmcache {

class KeyRing;

// The passwords of a connection: in an environment variable that the profile names, in the keychain, or in
// memory until the program ends.

/// Reads them. What is not there is empty; why the keychain could not be read is in KeyRing::problem().
QCoro::Task<StoreSecrets> loadSecrets(KeyRing* keys, ConnectionProfile profile);
/// Puts them into the keychain; where one is empty, what is there stays. Throws ConfigurationError when there
/// is no keychain, or it refuses.
QCoro::Task<> storeSecrets(KeyRing* keys, ConnectionProfile profile, StoreSecrets secrets);
/// Takes them out of the keychain and memory. Errors as storeSecrets().
QCoro::Task<> removeSecrets(KeyRing* keys, ConnectionProfile profile);
/// Keeps them until the program ends.
void keepSecretsForSession(KeyRing* keys, const ConnectionProfile& profile, const StoreSecrets& secrets);
/// The store URL of a profile with its passwords, as a session takes it. Throws ConfigurationError for one
/// that needs a password that is nowhere.
QCoro::Task<QString> connectionUrl(KeyRing* keys, ConnectionProfile profile);

} // namespace llmcache
