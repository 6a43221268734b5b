#pragma once

#include <QHostAddress>
#include <QNetworkProxyFactory>

namespace llmcache {

/// The proxy of useProxy(), else the system's, read anew for each connection; never for this machine itself.
class SystemProxies final : public QNetworkProxyFactory {
public:
    QList<QNetworkProxy> queryProxy(const QNetworkProxyQuery& query) override
    {
        const QString host = query.peerHostName();
        if (host == QLatin1String("localhost") || QHostAddress(host).isLoopback())
            return {QNetworkProxy(QNetworkProxy::NoProxy)};
        const QNetworkProxy chosen = QNetworkProxy::applicationProxy();
        if (chosen.type() != QNetworkProxy::DefaultProxy)
            return {chosen};
        return systemProxyForQuery(query);
    }
};

} // namespace llmcache
