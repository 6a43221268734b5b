#pragma once

#include <QString>

#include <qcorotask.h>

#include <chrono>
#include <functional>

namespace llmcache::redis {

/// Where one server listens.
struct Endpoint {
    QString host; ///< name or address, IPv6 without brackets; empty for a Unix socket
    quint16 port = 6379;
    QString socketPath; ///< of a Unix socket
    /// "host:port", "[::1]:6379" or the socket's path.
    QString display() const;
    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// How to encrypt. Files are PEM and are read when a connection is made.
struct TlsOptions {
    bool enabled = false;
    bool verify = true; ///< false: any certificate is taken, for tests only
    QString caFile; ///< empty = the system's authorities
    QString certificateFile; ///< client certificate
    QString keyFile; ///< key of the client certificate
    friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

/// All that one connection needs to know.
struct ConnectionSettings {
    Endpoint endpoint;
    QString user;
    QString password;
    int database = 0;
    TlsOptions tls;
    bool mustBeMaster = false; ///< refuse a server that turns out to be a replica
    std::chrono::milliseconds connectTimeout{3'000}; ///< name, TCP, TLS and login together
    std::chrono::milliseconds commandTimeout{5'000}; ///< until the reply of a command
};

/// Finds the server to connect to, asked before each attempt (Sentinel knows which one is the master now).
using Resolver = std::function<QCoro::Task<Endpoint>()>;

} // namespace llmcache::redis
