#include "provider/httpexchange_p.h"

#include "base/error.h"

#include <QIODevice>

#include <algorithm>

namespace llmcache {

namespace {

constexpr qsizetype largestBody = 64 * 1024 * 1024;
// A finished reply whose connection stays open is not worth waiting for.
constexpr std::chrono::milliseconds graceAfterCompletion{1000};

QString secondsText(std::chrono::milliseconds span)
{
    return QStringLiteral("%1 s").arg(static_cast<double>(span.count()) / 1000.0);
}

QString place(const QUrl& url)
{
    return url.port() < 0 ? url.host() : QStringLiteral("%1:%2").arg(url.host()).arg(url.port());
}

/// A body that can be read once. Qt sends a request again on its own when the connection breaks before a
/// reply, and the provider would bill it twice; it rewinds the body for that.
class OneTimeBody : public QIODevice {
public:
    OneTimeBody(QByteArray bytes, QObject* parent)
        : QIODevice(parent)
        , m_bytes(std::move(bytes))
    {
        open(QIODevice::ReadOnly | QIODevice::Unbuffered);
    }
    qint64 size() const override { return m_bytes.size(); }
    bool seek(qint64 position) override { return position == m_read && QIODevice::seek(position); }

protected:
    qint64 readData(char* data, qint64 most) override
    {
        const qint64 count = std::min<qint64>(most, m_bytes.size() - m_read);
        std::copy_n(m_bytes.constData() + m_read, count, data);
        m_read += count;
        return count;
    }
    qint64 writeData(const char*, qint64) override { return -1; }

private:
    const QByteArray m_bytes;
    qint64 m_read = 0;
};

} // namespace

HttpExchange::HttpExchange(HttpRequest request, ChunkHandler onChunk)
    : m_request(std::move(request))
    , m_onChunk(std::move(onChunk))
{
    for (QTimer* timer : {&m_connectTimer, &m_totalTimer, &m_idleTimer})
        timer->setSingleShot(true);
}

HttpExchange::~HttpExchange()
{
    close();
}

void HttpExchange::start(QNetworkAccessManager* manager)
{
    if (m_done)
        return;
    QNetworkRequest network(m_request.url);
    network.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    network.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    network.setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
    network.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    network.setAttribute(QNetworkRequest::CacheSaveControlAttribute, false);
    network.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    network.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    for (const auto& [name, value] : m_request.headers)
        network.setRawHeader(name, value);

    connect(&m_connectTimer, &QTimer::timeout, this,
        [this] { failTimeout(QStringLiteral("connect"), m_request.connectTimeout); });
    connect(&m_totalTimer, &QTimer::timeout, this,
        [this] { failTimeout(QStringLiteral("total"), m_request.totalTimeout); });
    connect(&m_idleTimer, &QTimer::timeout, this, [this] {
        if (m_complete)
            finish();
        else if (m_reply.status == 0)
            failTimeout(QStringLiteral("first byte"), m_request.firstByteTimeout);
        else
            failTimeout(QStringLiteral("idle"), m_request.idleTimeout);
    });
    m_connectTimer.start(m_request.connectTimeout);
    m_totalTimer.start(m_request.totalTimeout);

    m_network = manager->post(network, new OneTimeBody(m_request.body, this));
    connect(m_network, &QNetworkReply::requestSent, this, &HttpExchange::onSent);
    connect(m_network, &QNetworkReply::metaDataChanged, this, &HttpExchange::onMetaData);
    connect(m_network, &QNetworkReply::readyRead, this, &HttpExchange::onReadyRead);
    connect(m_network, &QNetworkReply::finished, this, &HttpExchange::onFinished);
    connect(m_network, &QNetworkReply::uploadProgress, this, [this](qint64 sent, qint64) {
        if (sent > 0)
            m_connectTimer.stop();
    });
}

void HttpExchange::cancel()
{
    fail(std::make_exception_ptr(Cancelled()));
}

void HttpExchange::close()
{
    m_done = true;
    m_onChunk = nullptr;
    for (QTimer* timer : {&m_connectTimer, &m_totalTimer, &m_idleTimer})
        timer->stop();
    if (!m_network)
        return;
    QNetworkReply* const network = std::exchange(m_network, nullptr);
    network->disconnect(this);
    network->abort();
    network->deleteLater();
}

HttpReply HttpExchange::take()
{
    if (m_error)
        std::rethrow_exception(m_error);
    return std::move(m_reply);
}

void HttpExchange::onSent()
{
    m_connectTimer.stop();
    m_sent = true;
    if (m_request.firstByteTimeout.count() > 0)
        m_idleTimer.start(m_request.firstByteTimeout);
}

void HttpExchange::onMetaData()
{
    m_connectTimer.stop();
    m_sent = true;
    m_idleTimer.stop();
    if (m_request.idleTimeout.count() > 0)
        m_idleTimer.start(m_request.idleTimeout);
    m_reply.status = m_network->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    m_reply.headers.clear();
    for (const auto& [name, value] : m_network->rawHeaderPairs())
        m_reply.headers.emplace_back(name, value);
    const bool good = m_reply.status >= 200 && m_reply.status < 300;
    const QByteArray type = headerValue(m_reply.headers, "content-type").toLower();
    m_reply.streamed = good && m_onChunk
        && (type.startsWith("text/event-stream") || type.startsWith("application/vnd.amazon.eventstream"));
}

void HttpExchange::onReadyRead()
{
    if (m_done)
        return;
    if (m_request.idleTimeout.count() > 0)
        m_idleTimer.start(m_request.idleTimeout);
    read();
}

void HttpExchange::read()
{
    const QByteArray bytes = m_network->readAll();
    if (bytes.isEmpty())
        return;
    if (!m_reply.streamed) {
        m_reply.body.append(bytes);
        if (m_reply.body.size() > largestBody) {
            ProviderError::Details details;
            details.provider = m_request.provider;
            details.status = m_reply.status;
            fail(std::make_exception_ptr(
                ProviderError(QStringLiteral("%1 sent a reply of more than 64 MiB.").arg(m_request.provider),
                    QStringLiteral("Check the base URL."), details)));
        }
        return;
    }
    try {
        // The handler may cancel this exchange, which drops m_onChunk.
        const ChunkHandler handler = m_onChunk;
        if (handler(bytes) && !m_complete && !m_done) {
            m_complete = true;
            m_idleTimer.start(graceAfterCompletion);
        }
    } catch (...) {
        fail(std::current_exception());
    }
}

void HttpExchange::onFinished()
{
    if (m_done)
        return;
    read();
    if (m_done)
        return;
    const bool good = m_reply.status >= 200 && m_reply.status < 300;
    const bool broken = m_network->error() != QNetworkReply::NoError;
    if (m_reply.status == 0 || (good && broken && !m_complete))
        fail(connectionFailure());
    else
        finish();
}

void HttpExchange::finish()
{
    if (m_done)
        return;
    close();
    Q_EMIT done();
}

void HttpExchange::fail(std::exception_ptr error)
{
    if (m_done)
        return;
    m_error = std::move(error);
    close();
    Q_EMIT done();
}

void HttpExchange::failTimeout(const QString& what, std::chrono::milliseconds limit)
{
    ProviderError::Details details;
    details.failure = ProviderFailure::Timeout;
    details.status = m_reply.status;
    details.provider = m_request.provider;
    details.mayBeBilled = m_sent;
    QString message;
    QString remedy;
    if (what == QLatin1String("connect")) {
        message = QStringLiteral("No connection to %1 (%2) within %3.");
        remedy = QStringLiteral("Check the network and the base URL.");
    } else if (what == QLatin1String("first byte")) {
        message = QStringLiteral("%1 (%2) did not begin its reply within %3.");
        remedy = QStringLiteral("Try again; the request may have been billed.");
    } else if (what == QLatin1String("idle")) {
        message = QStringLiteral("%1 (%2) sent nothing for %3.");
        remedy = QStringLiteral("Try again; the request may have been billed.");
    } else {
        message = QStringLiteral("%1 (%2) did not finish its reply within %3.");
        remedy =
            QStringLiteral("Raise the timeout in the agent's settings; the request may have been billed.");
    }
    fail(std::make_exception_ptr(ProviderError(
        message.arg(m_request.provider, place(m_request.url), secondsText(limit)), remedy, details)));
}

std::exception_ptr HttpExchange::connectionFailure() const
{
    ProviderError::Details details;
    details.failure = ProviderFailure::Connection;
    details.status = m_reply.status;
    details.provider = m_request.provider;
    const bool sent = m_sent || m_network->error() == QNetworkReply::ContentReSendError;
    details.mayBeBilled = sent;
    const QString where = place(m_request.url);
    const QString cut = QStringLiteral("%1 (%2) broke the connection before its reply was complete.")
                            .arg(m_request.provider, where);
    QString message = QStringLiteral("No connection to %1 (%2): %3.").arg(m_request.provider, where);
    QString remedy = QStringLiteral("Check the network and the base URL.");
    switch (m_network->error()) {
    case QNetworkReply::ConnectionRefusedError:
        message = message.arg(QStringLiteral("it refuses connections"));
        break;
    case QNetworkReply::HostNotFoundError:
        message = message.arg(QStringLiteral("the host name is not known"));
        break;
    case QNetworkReply::SslHandshakeFailedError:
        message = message.arg(QStringLiteral("its TLS certificate is not trusted"));
        details.shouldRetry = false;
        break;
    case QNetworkReply::ProtocolUnknownError:
    case QNetworkReply::ProtocolInvalidOperationError:
        message = message.arg(QStringLiteral("the address can't be used"));
        details.shouldRetry = false;
        break;
    case QNetworkReply::ProtocolFailure:
        message = QStringLiteral("%1 (%2) answered with something that is not HTTP.")
                      .arg(m_request.provider, where);
        details.shouldRetry = false;
        break;
    default:
        if (sent) {
            message = cut;
            remedy = QStringLiteral("Try again; the request may have been billed.");
        } else {
            message = message.arg(QStringLiteral("the connection broke"));
        }
    }
    return std::make_exception_ptr(ProviderError(message, remedy, details));
}

} // namespace llmcache
