#include "base/proxychoice.h"

#include "base/error.h"

#include <QNetworkProxy>
#include <QUrl>

namespace llmcache {

namespace {

QNetworkProxy proxyAt(const QString& address)
{
    const QUrl url(address, QUrl::StrictMode);
    const bool isSocks = url.scheme() == QLatin1String("socks5");
    if (!url.isValid() || (!isSocks && url.scheme() != QLatin1String("http")) || url.host().isEmpty())
        throw ConfigurationError(
            QStringLiteral("\"%1\" is no address of a proxy.").arg(url.toDisplayString(QUrl::RemoveUserInfo)),
            QStringLiteral("Write it like http://host:8080 or socks5://host:1080."));
    if (!url.userInfo().isEmpty())
        throw ConfigurationError(QStringLiteral("A proxy with a password can't be kept in the settings."),
            QStringLiteral("Set it up in your system or in https_proxy, and choose the system's proxy."));
    constexpr int httpPort = 8080;
    constexpr int socksPort = 1080;
    const int port = url.port(isSocks ? socksPort : httpPort);
    return {isSocks ? QNetworkProxy::Socks5Proxy : QNetworkProxy::HttpProxy, url.host(),
        static_cast<quint16>(port)};
}

} // namespace

void useProxy(const QString& choice)
{
    // Read by SystemProxies; whatever is to be reached directly says so at its socket.
    if (choice.isEmpty())
        QNetworkProxy::setApplicationProxy(QNetworkProxy(QNetworkProxy::DefaultProxy));
    else if (choice == QLatin1String("none"))
        QNetworkProxy::setApplicationProxy(QNetworkProxy(QNetworkProxy::NoProxy));
    else
        QNetworkProxy::setApplicationProxy(proxyAt(choice));
}

} // namespace llmcache
