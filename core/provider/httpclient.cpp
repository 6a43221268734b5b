#include "provider/httpclient.h"

#include "base/error.h"
#include "base/systemproxies_p.h"
#include "provider/httpexchange_p.h"

#include <qcorosignal.h>

namespace llmcache {

namespace {

constexpr int connectionsPerManager = 6;

struct Closer {
    void operator()(HttpExchange* exchange) const
    {
        exchange->close();
        // The coroutine may be resumed, and end, inside one of the exchange's own signals.
        exchange->deleteLater();
    }
};

} // namespace

struct HttpClient::Line {
    QNetworkAccessManager manager;
    int inFlight = 0;
};

QByteArray headerValue(const HttpHeaders& headers, const char* name)
{
    for (const auto& [key, value] : headers) {
        if (key.compare(name, Qt::CaseInsensitive) == 0)
            return value;
    }
    return {};
}

HttpClient::HttpClient() = default;
HttpClient::~HttpClient() = default;

std::shared_ptr<HttpClient::Line> HttpClient::freeLine()
{
    for (const auto& line : m_lines) {
        if (line->inFlight < connectionsPerManager)
            return line;
    }
    auto line = std::make_shared<Line>();
    line->manager.setRedirectPolicy(QNetworkRequest::ManualRedirectPolicy);
    line->manager.setAutoDeleteReplies(false);
    line->manager.setProxyFactory(new SystemProxies); // owned by the manager
    m_lines.push_back(line);
    return line;
}

QCoro::Task<HttpReply> HttpClient::post(HttpRequest request, ChunkHandler onChunk, std::stop_token stop)
{
    if (stop.stop_requested())
        throw Cancelled();
    const std::shared_ptr<Line> line = freeLine();
    ++line->inFlight;
    const std::unique_ptr<Line, void (*)(Line*)> slot(line.get(), [](Line* used) { --used->inFlight; });
    const std::unique_ptr<HttpExchange, Closer> exchange(
        new HttpExchange(std::move(request), std::move(onChunk)));
    HttpExchange* const pointer = exchange.get();
    const std::stop_callback onStop(stop, [pointer] { pointer->cancel(); });
    pointer->start(&line->manager);
    if (!pointer->isDone())
        co_await qCoro(pointer, &HttpExchange::done);
    co_return pointer->take();
}

} // namespace llmcache
