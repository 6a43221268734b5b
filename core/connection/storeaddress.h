#pragma once

#include <QString>

namespace llmcache {

/// What a store asks for before it lets anybody in. In memory only.
struct StoreSecrets {
    QString password{};
    QString sentinelPassword{};
    bool isEmpty() const { return password.isEmpty() && sentinelPassword.isEmpty(); }
    friend bool operator==(const StoreSecrets&, const StoreSecrets&) = default;
};

/// Where a store is, part by part as a form shows it, without passwords. A value.
struct StoreAddress {
    enum class Kind { Embedded, File, Server, Socket, Sentinel, Cluster };
    Kind kind = Kind::Embedded;
    QString path{}; ///< of the SQLite file or the Unix socket
    QString hosts{}; ///< "host[:port]", several with commas for Sentinel and Cluster
    int database = 0;
    QString masterName{}; ///< for Sentinel
    QString user{};
    QString sentinelUser{};
    bool tls = false;
    bool verify = true; ///< false: any certificate is taken
    QString caFile{}; ///< PEM; empty = the system's authorities
    QString certificateFile{}; ///< of the client
    QString keyFile{};

    /// Reads a store URL, empty for the embedded file, in the forms that README lists. The passwords in it go
    /// to `secrets`; without it they are dropped. Throws ConfigurationError that names the wrong part and
    /// shows no secret.
    static StoreAddress fromUrl(const QString& url, StoreSecrets* secrets = nullptr);
    /// The URL without secrets, and without the user: what may be kept, shown and logged.
    QString url() const;
    /// The URL that a session takes. Throws ConfigurationError when the parts make no valid URL.
    QString urlWith(const StoreSecrets& secrets) const;
    bool isRedis() const { return kind != Kind::Embedded && kind != Kind::File; }
    friend bool operator==(const StoreAddress&, const StoreAddress&) = default;
};

} // namespace llmcache
