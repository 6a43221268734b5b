#include "connection/networkprobe_p.h"

#include "base/error.h"
#include "base/gate.h"
#include "redis/linkerrors_p.h"

#include <QDateTime>
#include <QElapsedTimer>
#include <QHostAddress>
#include <QHostInfo>
#include <QLocalSocket>
#include <QNetworkProxy>
#include <QSslCertificate>
#include <QSslCipher>
#include <QSslError>
#include <QSslSocket>
#include <QTimer>

namespace llmcache {

namespace {

std::chrono::microseconds elapsed(const QElapsedTimer& timer)
{
    return std::chrono::microseconds(timer.nsecsElapsed() / 1000);
}

/// Opens a gate when a stop is requested, for as long as it lives; the stop comes from the gate's thread.
class OpenOnStop {
public:
    OpenOnStop(std::stop_token stop, Gate& gate)
        : m_callback(std::move(stop), Open{&gate})
    {
    }

private:
    struct Open {
        Gate* gate;
        void operator()() const { gate->open(); }
    };
    std::stop_callback<Open> m_callback;
};

void throwIfStopped(const std::stop_token& stop)
{
    if (stop.stop_requested())
        throw Cancelled();
}

ProbeResult failed(const std::shared_ptr<const Error>& error)
{
    ProbeResult result;
    result.problem = error->message();
    result.remedy = error->remedy();
    return result;
}

QString organisation(const QSslCertificate& certificate, bool ofIssuer)
{
    for (const auto part : {QSslCertificate::CommonName, QSslCertificate::Organization}) {
        const QStringList names = ofIssuer ? certificate.issuerInfo(part) : certificate.subjectInfo(part);
        if (!names.isEmpty())
            return names.join(QStringLiteral(", "));
    }
    return QStringLiteral("no name");
}

void describeCertificate(const QSslSocket& socket, bool isVerified, ProbeResult& result)
{
    const QSslCertificate certificate = socket.peerCertificate();
    QStringList parts{
        QStringLiteral("%1, %2").arg(socket.sessionCipher().protocolString(), socket.sessionCipher().name())};
    if (!certificate.isNull()) {
        const QDateTime end = certificate.expiryDate().toUTC();
        parts << QStringLiteral("certificate of %1").arg(organisation(certificate, false));
        const QStringList names = certificate.subjectAlternativeNames().values();
        if (!names.isEmpty())
            parts << QStringLiteral("for %1").arg(names.join(QStringLiteral(", ")));
        parts << QStringLiteral("issued by %1").arg(organisation(certificate, true))
              << QStringLiteral("valid until %1").arg(end.toString(QStringLiteral("yyyy-MM-dd")));
        parts << QStringLiteral("SHA-256 %1")
                     .arg(QString::fromLatin1(
                         certificate.digest(QCryptographicHash::Sha256).toHex(':').left(23)))
                + QStringLiteral("…");
        constexpr qint64 soonDays = 30;
        const qint64 days = QDateTime::currentDateTimeUtc().daysTo(end);
        if (isVerified && days < soonDays)
            result.caution = QStringLiteral("The certificate ends in %1 days: have it renewed.").arg(days);
    }
    result.detail = parts.join(QStringLiteral("; "));
    if (!isVerified)
        result.caution = QStringLiteral("The certificate is not checked (verify=none): whoever is in between "
                                        "can read and change everything. Name the authority's file instead.");
}

} // namespace

QCoro::Task<ProbeResult> probeName(QString host, std::stop_token stop)
{
    throwIfStopped(stop);
    ProbeResult result;
    if (!QHostAddress(host).isNull()) {
        result.detail = QStringLiteral("%1 is an address").arg(host);
        co_return result;
    }
    Gate gate;
    const OpenOnStop onStop(stop, gate);
    QHostInfo found;
    QElapsedTimer timer;
    timer.start();
    const int lookup = QHostInfo::lookupHost(host, &gate, [&found, &gate](const QHostInfo& info) {
        found = info;
        gate.open();
    });
    QTimer::singleShot(std::chrono::seconds(5), &gate, &Gate::open);
    co_await gate.passed();
    QHostInfo::abortHostLookup(lookup);
    throwIfStopped(stop);
    result.took = elapsed(timer);
    QStringList addresses;
    for (const QHostAddress& address : found.addresses())
        addresses.append(address.toString());
    if (addresses.isEmpty()) {
        result.problem = found.errorString().isEmpty()
            ? QStringLiteral("The name server did not answer for %1.").arg(host)
            : QStringLiteral("There is no host %1.").arg(host);
        result.remedy = QStringLiteral("Check the spelling, the name server, and whether a VPN is needed.");
    }
    constexpr qsizetype shown = 3;
    result.detail = addresses.mid(0, shown).join(QStringLiteral(", "));
    if (addresses.size() > shown)
        result.detail += QStringLiteral(" and %1 more").arg(addresses.size() - shown);
    co_return result;
}

QCoro::Task<ProbeResult> probeReach(redis::ConnectionSettings settings, std::stop_token stop)
{
    throwIfStopped(stop);
    Gate gate;
    const OpenOnStop onStop(stop, gate);
    std::shared_ptr<const Error> error;
    bool reached = false;
    QElapsedTimer timer;
    timer.start();
    QTimer::singleShot(settings.connectTimeout, &gate, &Gate::open);
    const auto arrived = [&reached, &gate] {
        reached = true;
        gate.open();
    };
    QTcpSocket tcp;
    QLocalSocket local;
    if (settings.endpoint.socketPath.isEmpty()) {
        tcp.setProxy(QNetworkProxy(QNetworkProxy::NoProxy));
        QObject::connect(&tcp, &QAbstractSocket::connected, &gate, arrived);
        QObject::connect(&tcp, &QAbstractSocket::errorOccurred, &gate,
            [&error, &settings, &tcp, &gate](QAbstractSocket::SocketError code) {
                error = redis::socketError(settings, code, tcp.errorString(), false);
                gate.open();
            });
        tcp.connectToHost(settings.endpoint.host, settings.endpoint.port);
    } else {
        QObject::connect(&local, &QLocalSocket::connected, &gate, arrived);
        QObject::connect(&local, &QLocalSocket::errorOccurred, &gate,
            [&error, &settings, &local, &gate](QLocalSocket::LocalSocketError code) {
                error = redis::localSocketError(settings, code, local.errorString(), false);
                gate.open();
            });
        local.connectToServer(settings.endpoint.socketPath);
    }
    co_await gate.passed();
    throwIfStopped(stop);
    ProbeResult result;
    if (!reached)
        result = failed(error ? error : redis::connectTimeoutError(settings, false));
    else if (settings.endpoint.socketPath.isEmpty())
        result.detail = QStringLiteral("%1 port %2").arg(tcp.peerAddress().toString()).arg(tcp.peerPort());
    else
        result.detail = settings.endpoint.socketPath;
    result.took = elapsed(timer);
    tcp.abort();
    local.abort();
    co_return result;
}

QCoro::Task<ProbeResult> probeEncryption(redis::ConnectionSettings settings, std::stop_token stop)
{
    throwIfStopped(stop);
    QSslSocket socket;
    if (const auto error = redis::prepareTls(socket, settings))
        co_return failed(error);
    Gate gate;
    const OpenOnStop onStop(stop, gate);
    QStringList problems;
    std::shared_ptr<const Error> error;
    bool encrypted = false;
    QElapsedTimer timer;
    timer.start();
    QTimer::singleShot(settings.connectTimeout, &gate, &Gate::open);
    socket.setProxy(QNetworkProxy(QNetworkProxy::NoProxy));
    QObject::connect(&socket, &QSslSocket::encrypted, &gate, [&encrypted, &gate] {
        encrypted = true;
        gate.open();
    });
    QObject::connect(&socket, &QSslSocket::sslErrors, &gate, [&problems](const QList<QSslError>& errors) {
        for (const QSslError& one : errors)
            problems += one.errorString();
        problems.removeDuplicates();
    });
    QObject::connect(&socket, &QAbstractSocket::errorOccurred, &gate,
        [&error, &settings, &socket, &problems, &gate](QAbstractSocket::SocketError code) {
            error = code == QAbstractSocket::SslHandshakeFailedError
                ? redis::tlsHandshakeError(settings, problems, socket.errorString())
                : redis::socketError(settings, code, socket.errorString(), false);
            gate.open();
        });
    socket.connectToHostEncrypted(settings.endpoint.host, settings.endpoint.port);
    co_await gate.passed();
    throwIfStopped(stop);
    ProbeResult result;
    if (encrypted)
        describeCertificate(socket, settings.tls.verify, result);
    else
        result = failed(error ? error : redis::connectTimeoutError(settings, true));
    result.took = elapsed(timer);
    socket.abort();
    co_return result;
}

} // namespace llmcache
