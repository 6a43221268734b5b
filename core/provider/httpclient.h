#pragma once

#include <qcorotask.h>

#include <QByteArray>
#include <QNetworkAccessManager>
#include <QUrl>

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

namespace llmcache {

using HttpHeaders = std::vector<std::pair<QByteArray, QByteArray>>;

/// Value of a header, without regard to case; empty when absent.
QByteArray headerValue(const HttpHeaders& headers, const char* name);

struct HttpRequest {
    QString provider; ///< prefix, for errors
    QUrl url;
    HttpHeaders headers;
    QByteArray body;
    std::chrono::milliseconds connectTimeout{15'000}; ///< name, TCP and TLS
    std::chrono::milliseconds totalTimeout{600'000};
    std::chrono::milliseconds firstByteTimeout{0}; ///< from the last byte sent to the first of the reply; 0 =
                                                   ///< no limit
    std::chrono::milliseconds idleTimeout{0}; ///< between bytes of the reply; 0 = no limit
};

struct HttpReply {
    int status = 0;
    HttpHeaders headers;
    QByteArray body; ///< empty when the chunks were handed over
    bool streamed = false; ///< the chunk handler got the body
};

/// Takes the next bytes of an event stream. Returns true once the reply is known to be complete; what the
/// server still holds back after that is not waited for. May throw.
using ChunkHandler = std::function<bool(const QByteArray&)>;

/// Posts requests and reads replies. Redirects are never followed, cookies never kept; proxies
/// are the system's. Thread-affine; needs
/// an event loop, and must outlive its tasks.
class HttpClient {
public:
    HttpClient();
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// A reply with any status is returned, its body kept; a 2xx event stream goes to `onChunk` when that is
    /// set. Throws ProviderError (connection, timeout, cut), Cancelled as soon as `stop` is requested, and
    /// what `onChunk` throws.
    QCoro::Task<HttpReply> post(HttpRequest request, ChunkHandler onChunk, std::stop_token stop);

private:
    struct Line;
    std::shared_ptr<Line> freeLine();

    // Qt opens six connections a host and manager, which would hold back larger batches.
    std::vector<std::shared_ptr<Line>> m_lines;
};

} // namespace llmcache
