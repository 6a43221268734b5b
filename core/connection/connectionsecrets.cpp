#include "connection/connectionsecrets.h"

#include "base/error.h"
#include "provider/keyring.h"

namespace llmcache {

QCoro::Task<StoreSecrets> loadSecrets(KeyRing* keys, ConnectionProfile profile)
{
    StoreSecrets secrets;
    if (!profile.address.isRedis())
        co_return secrets;
    QStringList names{profile.sentinelSecretName()};
    if (profile.passwordVariable.isEmpty())
        names.append(profile.secretName());
    co_await keys->load(std::move(names));
    secrets.sentinelPassword = keys->value(profile.sentinelSecretName());
    secrets.password = profile.passwordVariable.isEmpty()
        ? keys->value(profile.secretName())
        : qEnvironmentVariable(profile.passwordVariable.toLatin1().constData());
    co_return secrets;
}

QCoro::Task<> storeSecrets(KeyRing* keys, ConnectionProfile profile, StoreSecrets secrets)
{
    if (!secrets.password.isEmpty() && profile.passwordVariable.isEmpty()) {
        QString name = profile.secretName();
        QString password = secrets.password;
        co_await keys->store(std::move(name), std::move(password));
    }
    if (!secrets.sentinelPassword.isEmpty()) {
        QString name = profile.sentinelSecretName();
        QString password = secrets.sentinelPassword;
        co_await keys->store(std::move(name), std::move(password));
    }
}

QCoro::Task<> removeSecrets(KeyRing* keys, ConnectionProfile profile)
{
    QString name = profile.secretName();
    co_await keys->remove(std::move(name));
    QString sentinelName = profile.sentinelSecretName();
    co_await keys->remove(std::move(sentinelName));
}

void keepSecretsForSession(KeyRing* keys, const ConnectionProfile& profile, const StoreSecrets& secrets)
{
    if (!secrets.password.isEmpty() && profile.passwordVariable.isEmpty())
        keys->keepForSession(profile.secretName(), secrets.password);
    if (!secrets.sentinelPassword.isEmpty())
        keys->keepForSession(profile.sentinelSecretName(), secrets.sentinelPassword);
}

QCoro::Task<QString> connectionUrl(KeyRing* keys, ConnectionProfile profile)
{
    ConnectionProfile copy = profile;
    const StoreSecrets secrets = co_await loadSecrets(keys, std::move(copy));
    if (!profile.passwordVariable.isEmpty() && secrets.password.isEmpty())
        throw ConfigurationError(QStringLiteral("The password of the connection \"%1\" is to be in the "
                                                "environment variable %2, which is not set.")
                                     .arg(profile.traits.name, profile.passwordVariable),
            QStringLiteral("Set it before the program starts, or keep the password in the keychain."));
    if (!profile.address.user.isEmpty() && secrets.password.isEmpty())
        throw ConfigurationError(
            QStringLiteral("There is no password for the connection \"%1\".").arg(profile.traits.name),
            keys->problem().isEmpty() ? QStringLiteral("Give it in the connection's settings.")
                                      : keys->problem());
    co_return profile.address.urlWith(secrets);
}

} // namespace llmcache
