#pragma once

#include "redis/endpoint.h"
#include "redis/reply.h"

#include <QAbstractSocket>
#include <QLocalSocket>

class QSslSocket;

namespace llmcache::redis {

// What can go wrong with a connection, in words for people. None of them holds a secret.

std::shared_ptr<const Error> connectTimeoutError(const ConnectionSettings& settings, bool wasReached);
std::shared_ptr<const Error> commandTimeoutError(const QString& server, std::chrono::milliseconds timeout);
/// `wasReady`: the connection was in use; otherwise it never got there.
std::shared_ptr<const Error> socketError(const ConnectionSettings& settings,
    QAbstractSocket::SocketError error, const QString& reason, bool wasReady);
std::shared_ptr<const Error> localSocketError(const ConnectionSettings& settings,
    QLocalSocket::LocalSocketError error, const QString& reason, bool wasReady);
std::shared_ptr<const Error> tlsHandshakeError(
    const ConnectionSettings& settings, const QStringList& certificateProblems, const QString& reason);
std::shared_ptr<const Error> loginError(const ConnectionSettings& settings, const Reply& reply);
std::shared_ptr<const Error> selectError(const ConnectionSettings& settings, const Reply& reply);
/// A replica answered where the master was expected.
std::shared_ptr<const Error> notMasterError(const ConnectionSettings& settings);
std::shared_ptr<const Error> protocolError(const ConnectionSettings& settings);
std::shared_ptr<const Error> closedError(const QString& server);

/// Loads authorities, certificate and key into the socket; an error when a file is no good.
std::shared_ptr<const Error> prepareTls(QSslSocket& socket, const ConnectionSettings& settings);

} // namespace llmcache::redis
