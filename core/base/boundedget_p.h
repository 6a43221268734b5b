#pragma once

#include <qcorotask.h>

#include <QNetworkReply>
#include <QNetworkRequest>

#include <stop_token>

namespace llmcache {

/// What came of a GET.
struct GetReply {
    QNetworkReply::NetworkError error = QNetworkReply::NoError;
    QString errorText; ///< Qt's; it may end with the whole address
    QString host; ///< that answered, or should have
    int timeoutMs = 0;
    int status = 0; ///< 0 = nobody answered
    QList<QNetworkReply::RawHeaderPair> headers;
    QByteArray body;
    bool isTooLarge = false; ///< the body is longer than it may be; its beginning is there

    /// Why nobody answered, without the address; empty where only `error` and `errorText` tell.
    QString problem() const;
};

/// Asks a server through the proxy in force, and waits until it has answered or its answer is too large. What
/// else is to be so or so is in `request`. Throws Cancelled as soon as `stop` is requested.
QCoro::Task<GetReply> boundedGet(QNetworkRequest request, qint64 mostBytes, std::stop_token stop);

} // namespace llmcache
