#include "cost/pricesource.h"

#include "base/boundedget_p.h"
#include "base/error.h"
#include "base/worker.h"

#include <qcorofuture.h>

#include <QFile>

namespace llmcache {

namespace {

constexpr qint64 largestTable = qint64(64) * 1024 * 1024;
constexpr int stallTimeoutMs = 30'000;
constexpr int mostRedirects = 5;

const QString tooLarge = QStringLiteral("it has more than 64 MiB");

[[noreturn]] void failOn(const QString& source, const QString& problem)
{
    throw ConfigurationError(QStringLiteral("The price table \"%1\" can't be read: %2.").arg(source, problem),
        QStringLiteral("Give a file, or an http or https address, with such a table."));
}

QByteArray readFile(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        failOn(path, file.errorString());
    const QByteArray text = file.read(largestTable + 1);
    if (file.error() != QFile::NoError)
        failOn(path, file.errorString());
    if (text.size() > largestTable)
        failOn(path, tooLarge);
    return text;
}

/// Without what may be secret.
QString shown(const QUrl& url)
{
    return url.toDisplayString(QUrl::RemoveUserInfo | QUrl::RemoveQuery | QUrl::RemoveFragment);
}

QString problemOf(const GetReply& reply)
{
    if (reply.status >= 300)
        return QStringLiteral("the server answered %1").arg(reply.status);
    const QString problem = reply.problem();
    return problem.isEmpty() ? reply.errorText : problem;
}

/// Where a reply sends one on to; empty when nowhere, or from https to something less safe.
QUrl redirectOf(const GetReply& reply, const QUrl& from)
{
    if (reply.status < 301 || reply.status > 308 || reply.status == 304)
        return {};
    for (const auto& [name, value] : reply.headers) {
        if (name.compare("location", Qt::CaseInsensitive) != 0)
            continue;
        const QUrl to = from.resolved(QUrl::fromEncoded(value));
        const bool isSafe = to.scheme() == QLatin1String("https")
            || (to.scheme() == QLatin1String("http") && from.scheme() == QLatin1String("http"));
        return isSafe ? to : QUrl();
    }
    return {};
}

/// Follows redirects itself: Qt 6.4 may send a request twice while it does, and adds up what comes of it.
QCoro::Task<QByteArray> download(QUrl url, std::stop_token stop)
{
    QUrl place = url;
    for (int redirects = 0;; ++redirects) {
        QNetworkRequest request(place);
        request.setTransferTimeout(stallTimeoutMs);
        request.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
        auto getting = boundedGet(request, largestTable, stop);
        const GetReply reply = co_await getting;
        if (reply.isTooLarge)
            failOn(shown(url), tooLarge);
        const QUrl next = redirectOf(reply, place);
        if (next.isValid() && redirects < mostRedirects) {
            place = next;
            continue;
        }
        if (reply.error != QNetworkReply::NoError || reply.status >= 300)
            failOn(shown(url), problemOf(reply));
        co_return reply.body;
    }
}

} // namespace

QCoro::Task<PriceImport> importPricesFrom(
    QString fileOrUrl, PriceTable current, PriceImportOptions options, std::stop_token stop)
{
    const QUrl url(fileOrUrl, QUrl::StrictMode);
    const bool remote = url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https");
    QByteArray downloaded;
    if (remote)
        downloaded = co_await download(url, stop);
    else if (fileOrUrl.contains(QLatin1String("://")) && url.scheme() != QLatin1String("file"))
        failOn(fileOrUrl, QStringLiteral("it is neither a file nor an http(s) address"));
    const QString name = remote ? shown(url) : url.isLocalFile() ? url.toLocalFile() : fileOrUrl;
    auto work = [remote, downloaded, name, current, options] {
        return importPrices(remote ? downloaded : readFile(name), name, current, options);
    };
    QFuture<PriceImport> imported = runOn(*QThreadPool::globalInstance(), std::move(work));
    PriceImport result = co_await imported;
    if (stop.stop_requested())
        throw Cancelled();
    co_return result;
}

} // namespace llmcache
