#pragma once

#include "base/json.h"
#include "connection/storeaddress.h"

#include <QStringList>

namespace llmcache {

/// What an open connection is called, and how careful to be with it.
struct ConnectionTraits {
    QString name{}; ///< empty for a store that was named by its URL alone
    bool readOnly = false; ///< the store refuses every change
    bool production = false; ///< marked in the window; much is deleted only after its name was typed
    bool writeForPython = false; ///< answers are also written as pyai-caching keeps them
    friend bool operator==(const ConnectionTraits&, const ConnectionTraits&) = default;
};

/// A store that somebody comes back to. Holds no secret: the password is in the keychain, under secretName(),
/// or in an environment variable. A value.
struct ConnectionProfile {
    QString id{}; ///< made by newId(); stays the same when everything else changes
    ConnectionTraits traits{};
    QString colour{}; ///< a name of colours()
    StoreAddress address{};
    QString workspace = QStringLiteral("default");
    QString passwordVariable{}; ///< environment variable of the password; empty = keychain

    static QString newId();
    /// Names of colours that a profile may have, "blue" first.
    static const QStringList& colours();
    /// Names that the keychain has the passwords under.
    QString secretName() const;
    QString sentinelSecretName() const;
    friend bool operator==(const ConnectionProfile&, const ConnectionProfile&) = default;
};

/// The form of the file. `what` names the input in errors.
Json toJson(const ConnectionProfile& profile);
/// Throws ConfigurationError: also for a field that is unknown, and for a password.
ConnectionProfile connectionFromJson(const Json& json, const QString& what);
/// Throws ConfigurationError for a name or workspace that can't be, or an address that makes no URL.
void checkConnection(const ConnectionProfile& profile);
/// Throws ConfigurationError for what is no workspace name.
void checkWorkspaceName(const QString& workspace);

} // namespace llmcache
