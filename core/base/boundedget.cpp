#include "base/boundedget_p.h"

#include "base/error.h"
#include "base/gate.h"
#include "base/systemproxies_p.h"

#include <QNetworkAccessManager>

#include <algorithm>
#include <memory>

namespace llmcache {

namespace {

struct DropReply {
    void operator()(QNetworkReply* reply) const
    {
        reply->disconnect();
        reply->abort();
        reply->deleteLater();
    }
};

} // namespace

QString GetReply::problem() const
{
    switch (error) {
    case QNetworkReply::HostNotFoundError:
        return QStringLiteral("there is no host %1").arg(host);
    case QNetworkReply::ConnectionRefusedError:
        return QStringLiteral("%1 refuses the connection").arg(host);
    case QNetworkReply::OperationCanceledError:
        return QStringLiteral("%1 sent nothing for %2 s").arg(host).arg(timeoutMs / 1000);
    default:
        return {};
    }
}

QCoro::Task<GetReply> boundedGet(QNetworkRequest request, qint64 mostBytes, std::stop_token stop)
{
    QNetworkAccessManager manager;
    manager.setProxyFactory(new SystemProxies); // owned by the manager
    const std::unique_ptr<QNetworkReply, DropReply> reply(manager.get(request));
    Gate ended;
    GetReply result;
    QObject::connect(reply.get(), &QNetworkReply::finished, &ended, &Gate::open);
    QObject::connect(
        reply.get(), &QNetworkReply::readyRead, &ended, [&ended, &result, mostBytes, from = reply.get()] {
            result.isTooLarge = from->bytesAvailable() > mostBytes;
            if (result.isTooLarge)
                ended.open();
        });
    const std::stop_callback onStop(stop, [&ended] { ended.open(); });
    co_await ended.passed();
    if (stop.stop_requested())
        throw Cancelled();
    result.error = reply->error();
    result.errorText = reply->errorString();
    result.host = reply->url().host();
    result.timeoutMs = request.transferTimeout();
    result.status = reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    result.headers = reply->rawHeaderPairs();
    result.body = reply->read(std::min(mostBytes, reply->bytesAvailable()));
    co_return result;
}

} // namespace llmcache
