#include "connection/connections.h"

#include "base/error.h"
#include "base/worker.h"
#include "connection/connectionsecrets.h"
#include "provider/keyring.h"

#include <qcorofuture.h>

#include <algorithm>

namespace llmcache {

Connections::Connections(QString folder, KeyRing* keys, QObject* parent)
    : QObject(parent)
    , m_folder(std::move(folder))
    , m_list(m_folder)
    , m_keys(keys)
{
    m_pool.setMaxThreadCount(1);
}

Connections::~Connections() = default;

QCoro::Task<std::vector<ConnectionProfile>> Connections::load()
{
    auto reading = runOn(m_pool, [list = m_list] { return list.load(); });
    co_return co_await reading;
}

QCoro::Task<> Connections::save(ConnectionProfile profile, StoreSecrets secrets, Keep keep)
{
    checkConnection(profile);
    if (!secrets.password.isEmpty() && !profile.passwordVariable.isEmpty())
        throw ConfigurationError(
            QStringLiteral("A password is given, and the variable %1 is named for it, too.")
                .arg(profile.passwordVariable),
            QStringLiteral("Leave one of the two out: a connection has its password from one place."));
    // Before a password is put anywhere: it would be nobody's, or another's.
    auto checking = runOn(m_pool, [list = m_list, profile] { return list.check(profile); });
    const bool isKnown = co_await checking;
    ConnectionProfile copy = profile;
    co_await keepSecrets(std::move(copy), std::move(secrets), keep);
    std::exception_ptr problem;
    try {
        auto writing = runOn(m_pool, [list = m_list, profile]() mutable {
            list.save(profile);
            return true;
        });
        co_await writing;
    } catch (...) {
        problem = std::current_exception();
    }
    if (problem) {
        if (!isKnown) {
            ConnectionProfile unsaved = profile;
            co_await removeSecrets(m_keys, std::move(unsaved));
        }
        std::rethrow_exception(problem);
    }
    Q_EMIT changed();
}

QCoro::Task<> Connections::forgetSecrets(ConnectionProfile profile)
{
    co_await removeSecrets(m_keys, std::move(profile));
    Q_EMIT changed();
}

QCoro::Task<> Connections::keepSecrets(ConnectionProfile profile, StoreSecrets secrets, Keep keep)
{
    if (keep == Keep::Keychain)
        co_await storeSecrets(m_keys, std::move(profile), std::move(secrets));
    else if (keep == Keep::Session)
        keepSecretsForSession(m_keys, profile, secrets);
}

QCoro::Task<std::optional<Connections::Removed>> Connections::remove(QString id)
{
    auto reading = runOn(m_pool, [list = m_list] { return list.load(); });
    const std::vector<ConnectionProfile> all = co_await reading;
    const auto found =
        std::find_if(all.begin(), all.end(), [&id](const ConnectionProfile& one) { return one.id == id; });
    if (found == all.end())
        co_return std::nullopt;
    Removed removed;
    removed.profile = *found;
    removed.position = static_cast<std::size_t>(found - all.begin());
    ConnectionProfile profile = removed.profile;
    ConnectionProfile copy = profile;
    removed.secrets = co_await loadSecrets(m_keys, std::move(copy));
    for (const QString& name : {profile.secretName(), profile.sentinelSecretName()}) {
        if (m_keys->place(name) == KeyRing::Place::Session)
            removed.keep = Keep::Session;
    }
    co_await removeSecrets(m_keys, std::move(profile));
    auto writing = runOn(m_pool, [list = m_list, id]() mutable { return list.remove(id); });
    co_await writing;
    Q_EMIT changed();
    co_return removed;
}

QCoro::Task<> Connections::putBack(Removed removed)
{
    ConnectionProfile profile = removed.profile;
    StoreSecrets secrets = removed.secrets;
    // What was to be forgotten with the session does not go into the keychain.
    co_await keepSecrets(std::move(profile), std::move(secrets), removed.keep);
    auto writing = runOn(m_pool, [list = m_list, removed]() mutable {
        list.insert(removed.profile, removed.position);
        return true;
    });
    co_await writing;
    Q_EMIT changed();
}

} // namespace llmcache
