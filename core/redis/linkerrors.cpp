#include "redis/linkerrors_p.h"

#include "base/error.h"

#include <QFile>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>
#include <QSslSocket>

namespace llmcache::redis {

namespace {

QString checkAddress()
{
    return QStringLiteral("Check that it is running and that the address in the store's URL is right.");
}

QString seconds(std::chrono::milliseconds time)
{
    return QString::number(static_cast<double>(time.count()) / 1000.0) + QStringLiteral(" s");
}

std::shared_ptr<const Error> connectionError(const QString& message, const QString& remedy)
{
    return std::make_shared<ConnectionError>(message, remedy);
}

std::shared_ptr<const Error> configurationError(const QString& message, const QString& remedy)
{
    return std::make_shared<ConfigurationError>(message, remedy);
}

std::shared_ptr<const Error> brokenError(const QString& server)
{
    return connectionError(QStringLiteral("The connection to the Redis server at %1 broke.").arg(server),
        QStringLiteral("The next call connects again; check that the server is running."));
}

bool readFile(const QString& name, QByteArray& bytes)
{
    QFile file(name);
    if (!file.open(QIODevice::ReadOnly))
        return false;
    bytes = file.readAll();
    return true;
}

std::shared_ptr<const Error> fileError(const QString& parameter, const QString& file, const QString& problem)
{
    return configurationError(
        QStringLiteral("The file %1, %2 of the store's URL, %3.").arg(file, parameter, problem),
        QStringLiteral("Name a readable PEM file."));
}

} // namespace

std::shared_ptr<const Error> connectTimeoutError(const ConnectionSettings& settings, bool wasReached)
{
    const QString server = settings.endpoint.display();
    if (wasReached)
        return connectionError(
            QStringLiteral("The Redis server at %1 took the connection and did not answer within %2.")
                .arg(server, seconds(settings.connectTimeout)),
            settings.tls.enabled
                ? QStringLiteral("Check that this port speaks TLS; for one that does not, write redis://.")
                : QStringLiteral("It may be overloaded, or this port belongs to something else."));
    return connectionError(QStringLiteral("The Redis server at %1 could not be reached within %2.")
                               .arg(server, seconds(settings.connectTimeout)),
        QStringLiteral("Check the address in the store's URL, the network and firewalls."));
}

std::shared_ptr<const Error> commandTimeoutError(const QString& server, std::chrono::milliseconds timeout)
{
    return connectionError(
        QStringLiteral("The Redis server at %1 did not answer within %2.").arg(server, seconds(timeout)),
        QStringLiteral("It may be overloaded or busy with a script; try again in a moment."));
}

std::shared_ptr<const Error> socketError(const ConnectionSettings& settings,
    QAbstractSocket::SocketError error, const QString& reason, bool wasReady)
{
    const QString server = settings.endpoint.display();
    if (wasReady)
        return brokenError(server);
    switch (error) {
    case QAbstractSocket::ConnectionRefusedError:
        return connectionError(
            QStringLiteral("The Redis server at %1 refused the connection.").arg(server), checkAddress());
    case QAbstractSocket::HostNotFoundError:
        return connectionError(
            QStringLiteral("The host of the Redis server at %1 was not found.").arg(server),
            QStringLiteral("Check the host in the store's URL, and the name server."));
    case QAbstractSocket::RemoteHostClosedError:
        return connectionError(
            QStringLiteral("The Redis server at %1 closed the connection at once.").arg(server),
            settings.tls.enabled
                ? QStringLiteral("Check that this port speaks TLS, and whether it wants a client certificate "
                                 "(cert and key in the store's URL).")
                : QStringLiteral(
                    "Check whether this port speaks TLS only (then write rediss://), and how many "
                    "clients the server takes."));
    default:
        return connectionError(
            QStringLiteral("The Redis server at %1 could not be reached: %2.").arg(server, reason),
            checkAddress());
    }
}

std::shared_ptr<const Error> localSocketError(const ConnectionSettings& settings,
    QLocalSocket::LocalSocketError error, const QString& reason, bool wasReady)
{
    const QString path = settings.endpoint.display();
    if (wasReady)
        return brokenError(path);
    switch (error) {
    case QLocalSocket::ServerNotFoundError:
        return connectionError(QStringLiteral("There is no Redis socket at %1.").arg(path), checkAddress());
    case QLocalSocket::ConnectionRefusedError:
        return connectionError(
            QStringLiteral("Nobody answers at the Redis socket %1.").arg(path), checkAddress());
    case QLocalSocket::SocketAccessError:
        return configurationError(QStringLiteral("The Redis socket %1 may not be used by you.").arg(path),
            QStringLiteral("Ask for access to it (unixsocketperm of the server, or its group)."));
    case QLocalSocket::PeerClosedError:
        return connectionError(
            QStringLiteral("The Redis server behind %1 closed the connection at once.").arg(path),
            QStringLiteral("Check how many clients the server takes."));
    default:
        return connectionError(
            QStringLiteral("The Redis socket %1 could not be reached: %2.").arg(path, reason),
            checkAddress());
    }
}

std::shared_ptr<const Error> tlsHandshakeError(
    const ConnectionSettings& settings, const QStringList& certificateProblems, const QString& reason)
{
    const QString server = settings.endpoint.display();
    if (certificateProblems.isEmpty())
        return connectionError(
            QStringLiteral("The TLS handshake with the Redis server at %1 failed: %2.").arg(server, reason),
            QStringLiteral(
                "Check that this port speaks TLS, and whether it wants a client certificate (cert and "
                "key in the store's URL)."));
    return configurationError(QStringLiteral("The certificate of the Redis server at %1 was not accepted: %2")
                                  .arg(server, certificateProblems.join(QLatin1Char(' '))),
        QStringLiteral(
            "Name its authority with ca=FILE in the store's URL, use the host name that the certificate "
            "is for, or renew it."));
}

std::shared_ptr<const Error> loginError(const ConnectionSettings& settings, const Reply& reply)
{
    const QString server = settings.endpoint.display();
    if (reply.isError("LOADING") || reply.isError("MASTERDOWN"))
        return errorOf(reply, server);
    if (reply.bytes.contains("without any password"))
        return configurationError(
            QStringLiteral("The Redis server at %1 has no password, but the store's URL has one.")
                .arg(server),
            QStringLiteral("Take the password out of the URL, or set one on the server."));
    // Whatever else it says, its words are not shown: they could repeat what was sent.
    return configurationError(
        QStringLiteral("The Redis server at %1 did not accept user and password.").arg(server),
        QStringLiteral("Correct them in the store's URL; special characters are percent-encoded there."));
}

std::shared_ptr<const Error> selectError(const ConnectionSettings& settings, const Reply& reply)
{
    const QString server = settings.endpoint.display();
    if (reply.bytes.contains("DB index") || reply.bytes.contains("cluster mode"))
        return configurationError(
            QStringLiteral("The Redis server at %1 has no database %2.").arg(server).arg(settings.database),
            QStringLiteral("Use a smaller number in the store's URL; servers have 16 unless configured "
                           "otherwise, and clusters one."));
    return errorOf(reply, server);
}

std::shared_ptr<const Error> notMasterError(const ConnectionSettings& settings)
{
    return connectionError(
        QStringLiteral("The Redis server at %1 is a replica where the master was expected.")
            .arg(settings.endpoint.display()),
        QStringLiteral("A failover may be under way; try again in a moment."));
}

std::shared_ptr<const Error> protocolError(const ConnectionSettings& settings)
{
    return connectionError(QStringLiteral("What listens at %1 does not answer like a Redis server.")
                               .arg(settings.endpoint.display()),
        QStringLiteral("Check host and port in the store's URL, and any proxy in between."));
}

std::shared_ptr<const Error> closedError(const QString& server)
{
    return connectionError(QStringLiteral("The connection to the Redis server at %1 was closed.").arg(server),
        QStringLiteral("The store was closed or replaced while this call was running."));
}

std::shared_ptr<const Error> prepareTls(QSslSocket& socket, const ConnectionSettings& settings)
{
    if (!QSslSocket::supportsSsl())
        return configurationError(
            QStringLiteral("This installation of Qt has no TLS, which rediss:// needs."),
            QStringLiteral("Install the TLS plugin of Qt and OpenSSL."));
    const TlsOptions& tls = settings.tls;
    QSslConfiguration configuration = socket.sslConfiguration();
    QByteArray bytes;
    if (!tls.caFile.isEmpty()) {
        if (!readFile(tls.caFile, bytes))
            return fileError(QStringLiteral("ca"), tls.caFile, QStringLiteral("can't be read"));
        const QList<QSslCertificate> authorities = QSslCertificate::fromData(bytes, QSsl::Pem);
        if (authorities.isEmpty())
            return fileError(QStringLiteral("ca"), tls.caFile, QStringLiteral("holds no PEM certificate"));
        configuration.setCaCertificates(authorities);
    }
    if (!tls.certificateFile.isEmpty()) {
        if (!readFile(tls.certificateFile, bytes))
            return fileError(QStringLiteral("cert"), tls.certificateFile, QStringLiteral("can't be read"));
        const QList<QSslCertificate> chain = QSslCertificate::fromData(bytes, QSsl::Pem);
        if (chain.isEmpty())
            return fileError(
                QStringLiteral("cert"), tls.certificateFile, QStringLiteral("holds no PEM certificate"));
        configuration.setLocalCertificateChain(chain);
        if (!readFile(tls.keyFile, bytes))
            return fileError(QStringLiteral("key"), tls.keyFile, QStringLiteral("can't be read"));
        QSslKey key;
        for (const QSsl::KeyAlgorithm algorithm : {QSsl::Rsa, QSsl::Ec, QSsl::Dsa}) {
            key = QSslKey(bytes, algorithm, QSsl::Pem);
            if (!key.isNull())
                break;
        }
        if (key.isNull())
            return fileError(QStringLiteral("key"), tls.keyFile,
                QStringLiteral("holds no PEM private key that can be read without a passphrase"));
        configuration.setPrivateKey(key);
    }
    configuration.setPeerVerifyMode(tls.verify ? QSslSocket::VerifyPeer : QSslSocket::VerifyNone);
    socket.setSslConfiguration(configuration);
    socket.setPeerVerifyName(settings.endpoint.host);
    return nullptr;
}

} // namespace llmcache::redis
