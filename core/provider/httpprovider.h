#pragma once

#include "provider/amazonevents.h"
#include "provider/httpclient.h"
#include "provider/replybuilder.h"
#include "provider/sse.h"

namespace llmcache {

/// Where a provider is and how one gets in.
struct Endpoint {
    QString prefix;
    QUrl baseUrl;
    QString key; ///< empty = none is sent
    QString keyVariable; ///< name of the variable, for error texts
};

/// A request as it goes out, and what its reply must be read with.
struct WireRequest {
    QUrl url;
    HttpHeaders headers; ///< credentials and what the protocol wants; no framing
    Json body;
    WireOutput output;
    QStringList dropped; ///< settings that were left out
};

/// Reads one reply, whole or as events.
class ReplyDecoder {
public:
    explicit ReplyDecoder(ErrorContext context, ReplyBuilder builder)
        : m_context(std::move(context))
        , m_builder(std::move(builder))
    {
    }
    virtual ~ReplyDecoder() = default;
    /// A whole reply. Throws ProviderError when it is none.
    virtual void readBody(const Json& body) = 0;
    /// One event; throws ProviderError for errors inside the stream. `data` is null when the event's data is
    /// no JSON.
    virtual void readEvent(const SseEvent& event, const Json& data) = 0;
    /// The stream said that it is over: nothing of use follows.
    virtual bool isFinished() const = 0;
    /// The stream brought all that an answer needs, though perhaps without its last word.
    virtual bool isComplete() const = 0;
    /// A failed request that is a model's mistake rather than an error; true when a reply was made of it.
    virtual bool readFailure(const HttpReply& reply, const ProviderError& error)
    {
        Q_UNUSED(reply)
        Q_UNUSED(error)
        return false;
    }
    ProviderReply take() { return m_builder.take(); }
    bool delivered() const { return m_builder.delivered(); }

protected:
    ErrorContext m_context;
    ReplyBuilder m_builder;
};

enum class EventFraming { ServerSent, Amazon };

/// One wire protocol: how requests are written and replies are read. No I/O.
class WireProtocol {
public:
    virtual ~WireProtocol() = default;
    virtual WireRequest encode(
        const ProviderRequest& request, const Endpoint& endpoint, bool stream) const = 0;
    virtual std::unique_ptr<ReplyDecoder> decoder(
        const ProviderRequest& request, ErrorContext context, ReplyBuilder builder) const = 0;
    /// Whether the text may begin with reasoning between <think> tags.
    virtual bool hasThinkTags() const { return false; }
    /// How events are told apart in a stream.
    virtual EventFraming framing() const { return EventFraming::ServerSent; }
};

/// Speaks a protocol over HTTP.
class HttpProvider final : public Provider {
public:
    /// `endpoint` is asked before each request, so that keys may come and go.
    HttpProvider(std::shared_ptr<HttpClient> client, std::unique_ptr<WireProtocol> protocol,
        std::function<Endpoint(const QUrl& override)> endpoint);
    QCoro::Task<ProviderReply> complete(ProviderRequest request, ProviderContext context) override;
    /// What complete() would send, its key included; without streaming. Errors as complete().
    HttpRequest outgoing(const ProviderRequest& request) const;

private:
    std::shared_ptr<HttpClient> m_client;
    std::unique_ptr<WireProtocol> m_protocol;
    std::function<Endpoint(const QUrl&)> m_endpoint;
};

/// `base` with `path` appended; the base's own path and query stay.
QUrl joinUrl(const QUrl& base, const QString& path);
/// Headers of an agent's settings as bytes. Throws ConfigurationError for names and values that are no
/// headers, for those that frame the message, and for credentials.
HttpHeaders checkedExtraHeaders(const Json& extraHeaders);

} // namespace llmcache
