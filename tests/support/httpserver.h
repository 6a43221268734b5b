#pragma once

#include <QObject>
#include <QTcpServer>
#include <QUrl>

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

class QSslConfiguration;
class QTcpSocket;

namespace llmcache::test {

using Headers = std::vector<std::pair<QByteArray, QByteArray>>;

struct RecordedRequest {
    QByteArray method;
    QByteArray path; ///< with the query
    Headers headers;
    QByteArray body;
    /// Value of a header, without regard to case; empty when absent.
    QByteArray header(const char* name) const;
};

/// What the server does with one request.
struct ScriptedReply {
    enum class Framing { Length, Chunked, UntilClose };
    int status = 200;
    Headers headers;
    std::vector<QByteArray> chunks; ///< parts of the body, sent one by one
    Framing framing = Framing::Length;
    int holdBefore = -1; ///< waits for release() before this chunk; 0 = before the status line
    int dropBefore = -1; ///< closes the connection before this chunk; 0 = without any reply

    static ScriptedReply json(QByteArray body, int status = 200, Headers headers = {});
    static ScriptedReply events(std::vector<QByteArray> chunks);
};

/// A loopback HTTP/1.1 server for faults that no real server gives on demand. Lives on the test's thread.
class HttpServer : public QObject {
    Q_OBJECT
public:
    HttpServer();
    /// One that speaks TLS, with the certificate and key of `tls`.
    explicit HttpServer(const QSslConfiguration& tls);

    QUrl url(const QString& path = {}) const;
    /// Queues a reply; requests take them in order. Without one a request gets a 500.
    void enqueue(ScriptedReply reply);
    /// Lets replies that are held, or under way to their hold, go on.
    void release();
    const std::vector<RecordedRequest>& requests() const { return m_requests; }
    int connectionsOpened() const { return m_opened; }
    int connectionsOpen() const { return m_open; }

Q_SIGNALS:
    void requestArrived();
    void connectionClosed();

private:
    struct Connection;
    void accept();
    void read(Connection& connection);
    void proceed(Connection& connection);
    static QByteArray head(const ScriptedReply& reply);

    void listen();

    std::unique_ptr<QTcpServer> m_server;
    bool m_tls = false;
    std::deque<ScriptedReply> m_replies;
    std::vector<RecordedRequest> m_requests;
    std::vector<std::weak_ptr<Connection>> m_connections;
    int m_opened = 0;
    int m_open = 0;
};

} // namespace llmcache::test
