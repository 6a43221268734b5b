#pragma once

#include "redis/endpoint.h"

#include <QList>

namespace llmcache::redis {

/// A parsed Redis URL. A value.
///
///     redis://[[user]:[password]@]host[:port][/db]          rediss://… the same over TLS
///     redis+unix:///path/to/socket[?db=0]                   password as user info: redis+unix://:pw@/path
///     redis+sentinel://[[user]:[password]@]host[:port][,host[:port]]…/master[/db]
///     redis+cluster://[[user]:[password]@]host[:port][,…]
///     rediss+sentinel://…, rediss+cluster://…               the same over TLS
///
/// Query of the TLS forms: `ca`, `cert`, `key` (PEM files) and `verify` (`full` or `none`). Query of the
/// Sentinel forms: `sentinel_user`, `sentinel_password`. Query of all: `db`. User, password and values may be
/// percent-encoded; an IPv6 address stands in brackets.
class RedisUrl {
public:
    enum class Kind { Single, Sentinel, Cluster };

    /// Throws ConfigurationError that names the wrong part, and never shows user, password or port text.
    static RedisUrl parse(const QString& url);

    Kind kind() const { return m_kind; }
    /// One for a single server, the sentinels, or the first nodes of a cluster to ask.
    const QList<Endpoint>& endpoints() const { return m_endpoints; }
    const QString& user() const { return m_user; }
    const QString& password() const { return m_password; }
    const QString& sentinelUser() const { return m_sentinelUser; }
    const QString& sentinelPassword() const { return m_sentinelPassword; }
    /// The master's name, for Sentinel.
    const QString& masterName() const { return m_masterName; }
    int database() const { return m_database; }
    const TlsOptions& tls() const { return m_tls; }
    /// Certificates are not checked: worth a loud mark wherever the store is shown.
    bool isUnverified() const { return m_tls.enabled && !m_tls.verify; }

    /// For people: "host:port/db", without user info and query.
    QString display() const;
    /// Settings for a connection to one endpoint with the user of the data servers.
    ConnectionSettings settingsFor(const Endpoint& endpoint) const;
    /// Settings for asking a sentinel.
    ConnectionSettings sentinelSettingsFor(const Endpoint& endpoint) const;

private:
    Kind m_kind = Kind::Single;
    QList<Endpoint> m_endpoints;
    QString m_user;
    QString m_password;
    QString m_sentinelUser;
    QString m_sentinelPassword;
    QString m_masterName;
    int m_database = 0;
    TlsOptions m_tls;
    friend class RedisUrlParser;
};

} // namespace llmcache::redis
