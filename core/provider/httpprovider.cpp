#include "provider/httpprovider.h"

#include "agent/attachments.h"
#include "provider/replyfeed_p.h"

#include <QDateTime>

#include <algorithm>
#include <array>

namespace llmcache {

namespace {

constexpr std::chrono::milliseconds defaultTimeout{600'000};
/// Some models think for minutes before they say the first word.
constexpr std::chrono::milliseconds streamFirstByteTimeout{300'000};
constexpr std::chrono::milliseconds streamIdleTimeout{180'000};

bool isTokenCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
        || QByteArrayView("!#$%&'*+-.^_`|~").contains(c);
}

void setHeader(HttpHeaders& headers, const QByteArray& name, const QByteArray& value)
{
    for (auto& header : headers) {
        if (header.first.compare(name, Qt::CaseInsensitive) == 0) {
            header.second = value;
            return;
        }
    }
    headers.emplace_back(name, value);
}

HttpRequest httpRequest(const Endpoint& endpoint, const ProviderRequest& request, WireRequest& wire,
    EventFraming framing, bool stream)
{
    if (const Json& extra = request.settings.extraBody; extra.is_object()) {
        for (const auto& [key, value] : extra.items())
            wire.body[key] = value;
    }
    HttpRequest http;
    http.provider = endpoint.prefix;
    http.url = wire.url;
    http.headers = wire.headers;
    for (const auto& [name, value] : checkedExtraHeaders(request.settings.extraHeaders))
        setHeader(http.headers, name, value);
    setHeader(http.headers, "Content-Type", "application/json");
    const char* const events =
        framing == EventFraming::Amazon ? "application/vnd.amazon.eventstream" : "text/event-stream";
    setHeader(http.headers, "Accept", stream ? events : "application/json");
    // Deltas would wait in the decompressor.
    if (stream)
        setHeader(http.headers, "Accept-Encoding", "identity");
    http.body = toJsonText(wire.body);
    http.totalTimeout = request.settings.timeout.value_or(defaultTimeout);
    http.connectTimeout = std::min(http.connectTimeout, http.totalTimeout);
    if (stream) {
        http.firstByteTimeout = streamFirstByteTimeout;
        http.idleTimeout = streamIdleTimeout;
    }
    return http;
}

void checkAttachments(const QString& provider, const History& messages)
{
    for (const Message& message : messages) {
        for (const Attachment& attachment : message.attachments) {
            if (attachment.data.size() > largestAttachment)
                throw ConfigurationError(
                    QStringLiteral("The attachment %1 is %2 MB large; %3 takes at most 20 MB.")
                        .arg(attachment.name.isEmpty() ? attachment.mediaType : attachment.name)
                        .arg(attachment.data.size() / (1024 * 1024))
                        .arg(provider),
                    QStringLiteral("Use a smaller one, or give its URL instead."));
        }
    }
}

} // namespace

QUrl joinUrl(const QUrl& base, const QString& path)
{
    QUrl url = base;
    QString joined = base.path();
    while (joined.endsWith(QLatin1Char('/')))
        joined.chop(1);
    url.setPath(joined + path);
    return url;
}

HttpHeaders checkedExtraHeaders(const Json& extraHeaders)
{
    static constexpr std::array framing{"content-length", "transfer-encoding", "host", "connection",
        "content-type", "accept-encoding", "content-encoding", "expect", "te", "trailer", "upgrade",
        "keep-alive"};
    static constexpr std::array credentials{
        "authorization", "proxy-authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"};
    HttpHeaders headers;
    if (extraHeaders.is_null())
        return headers;
    const QString what = QStringLiteral("The extra header \"%1\"");
    if (!extraHeaders.is_object())
        throw ConfigurationError(QStringLiteral("The extra headers are no JSON object."),
            QStringLiteral("Write them as {\"name\": \"value\"}."));
    for (const auto& [key, value] : extraHeaders.items()) {
        const QByteArray name = QByteArray::fromStdString(key);
        const QString shown = what.arg(QString::fromUtf8(name).simplified());
        if (name.isEmpty() || !std::all_of(name.begin(), name.end(), isTokenCharacter))
            throw ConfigurationError(shown + QStringLiteral(" has a name that is no header name."),
                QStringLiteral("Use letters, digits and hyphens."));
        if (!value.is_string())
            throw ConfigurationError(shown + QStringLiteral(" has a value that is no text."),
                QStringLiteral("Write it in quotes."));
        const QByteArray bytes = QByteArray::fromStdString(value.get_ref<const std::string&>());
        const bool broken = std::any_of(bytes.begin(), bytes.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return (byte < 0x20 && c != '\t') || byte == 0x7F;
        });
        if (broken)
            throw ConfigurationError(
                shown + QStringLiteral(" has a line break or another control character in its value."),
                QStringLiteral("Remove it."));
        const auto isName = [&](const char* other) { return name.compare(other, Qt::CaseInsensitive) == 0; };
        if (std::any_of(framing.begin(), framing.end(), isName))
            throw ConfigurationError(shown + QStringLiteral(" belongs to the transport and can't be set."),
                QStringLiteral("Remove it from the agent's settings."));
        if (std::any_of(credentials.begin(), credentials.end(), isName))
            throw ConfigurationError(
                shown + QStringLiteral(" carries credentials, which agents are not to hold."),
                QStringLiteral("Put the key into the provider's environment variable or the keychain."));
        headers.emplace_back(name, bytes);
    }
    return headers;
}

HttpProvider::HttpProvider(std::shared_ptr<HttpClient> client, std::unique_ptr<WireProtocol> protocol,
    std::function<Endpoint(const QUrl&)> endpoint)
    : m_client(std::move(client))
    , m_protocol(std::move(protocol))
    , m_endpoint(std::move(endpoint))
{
}

HttpRequest HttpProvider::outgoing(const ProviderRequest& request) const
{
    const Endpoint endpoint = m_endpoint(request.baseUrl);
    checkAttachments(endpoint.prefix, request.messages);
    WireRequest wire = m_protocol->encode(request, endpoint, false);
    return httpRequest(endpoint, request, wire, m_protocol->framing(), false);
}

QCoro::Task<ProviderReply> HttpProvider::complete(ProviderRequest request, ProviderContext context)
{
    if (context.stop.stop_requested())
        throw Cancelled();
    const Endpoint endpoint = m_endpoint(request.baseUrl);
    checkAttachments(endpoint.prefix, request.messages);
    const bool stream = static_cast<bool>(context.onText);
    WireRequest wire = m_protocol->encode(request, endpoint, stream);
    HttpRequest http = httpRequest(endpoint, request, wire, m_protocol->framing(), stream);

    ErrorContext errors;
    errors.provider = endpoint.prefix;
    errors.key = endpoint.key;
    errors.keyVariable = endpoint.keyVariable;
    errors.model = request.model.model;
    errors.nowMs = QDateTime::currentMSecsSinceEpoch();

    ReplyBuilder builder(wire.output, context.onText, m_protocol->hasThinkTags());
    const auto feed = std::make_shared<ReplyFeed>();
    feed->framing = m_protocol->framing();
    feed->decoder = m_protocol->decoder(request, errors, std::move(builder));

    ChunkHandler onChunk = [feed](const QByteArray& bytes) { return feed->feed(bytes); };
    HttpReply reply;
    bool broken = false;
    try {
        std::stop_token stop = context.stop;
        reply = co_await m_client->post(std::move(http), std::move(onChunk), std::move(stop));
    } catch (const ProviderError& error) {
        const bool lost = error.details().failure == ProviderFailure::Connection
            || error.details().failure == ProviderFailure::Timeout;
        // The answer is there and paid for, whatever became of the connection after it.
        broken = lost && feed->decoder->isComplete();
        if (!broken) {
            // Whether text had come before the connection broke is known here only.
            ProviderError::Details details = error.details();
            details.delivered = details.delivered || feed->decoder->delivered();
            throw ProviderError(error.message(), error.remedy(), details);
        }
    }
    if (broken) {
        feed->finish();
    } else if (reply.status < 200 || reply.status >= 300) {
        errors.nowMs = QDateTime::currentMSecsSinceEpoch();
        const ProviderError error = errorFromReply(errors, reply);
        if (!feed->decoder->readFailure(reply, error))
            throw error;
    } else if (reply.streamed) {
        feed->finish();
        if (!feed->decoder->isComplete())
            throw cutStream(errors, feed->decoder->delivered());
    } else {
        readWholeReply(*feed->decoder, errors, std::exchange(reply.body, {}));
    }
    ProviderReply result = feed->decoder->take();
    result.dropped = wire.dropped;
    if (const QString id = requestIdOf(reply.headers); !id.isEmpty())
        result.requestId = id;
    result.usage.requests = 1;
    co_return result;
}

} // namespace llmcache
