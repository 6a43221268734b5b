#include "httpserver.h"

#include <QPointer>
#include <QSslConfiguration>
#include <QSslServer>
#include <QTcpSocket>

namespace llmcache::test {

struct HttpServer::Connection : std::enable_shared_from_this<HttpServer::Connection> {
    QPointer<QTcpSocket> socket;
    QByteArray input;
    ScriptedReply reply;
    bool replying = false;
    bool released = false;
    bool held = false;
    bool headSent = false;
    int nextChunk = 0;
};

QByteArray RecordedRequest::header(const char* name) const
{
    for (const auto& [key, value] : headers) {
        if (key.compare(name, Qt::CaseInsensitive) == 0)
            return value;
    }
    return {};
}

ScriptedReply ScriptedReply::json(QByteArray body, int status, Headers headers)
{
    ScriptedReply reply;
    reply.status = status;
    reply.headers = std::move(headers);
    reply.headers.emplace_back("Content-Type", "application/json");
    reply.chunks = {std::move(body)};
    return reply;
}

ScriptedReply ScriptedReply::events(std::vector<QByteArray> chunks)
{
    ScriptedReply reply;
    reply.headers = {{"Content-Type", "text/event-stream; charset=utf-8"}};
    reply.chunks = std::move(chunks);
    reply.framing = Framing::Chunked;
    return reply;
}

HttpServer::HttpServer()
    : m_server(std::make_unique<QTcpServer>())
{
    listen();
}

HttpServer::HttpServer(const QSslConfiguration& tls)
    : m_tls(true)
{
    auto server = std::make_unique<QSslServer>();
    server->setSslConfiguration(tls);
    m_server = std::move(server);
    listen();
}

void HttpServer::listen()
{
    connect(m_server.get(), &QTcpServer::pendingConnectionAvailable, this, &HttpServer::accept);
    if (!m_server->listen(QHostAddress::LocalHost))
        qFatal("The test server can't listen on the loopback address.");
}

QUrl HttpServer::url(const QString& path) const
{
    QUrl url;
    url.setScheme(m_tls ? QStringLiteral("https") : QStringLiteral("http"));
    url.setHost(QStringLiteral("127.0.0.1"));
    url.setPort(m_server->serverPort());
    url.setPath(path);
    return url;
}

void HttpServer::enqueue(ScriptedReply reply)
{
    m_replies.push_back(std::move(reply));
}

void HttpServer::release()
{
    // A reply that has not got to its hold yet must not stop there afterwards.
    for (const auto& weak : m_connections) {
        const auto connection = weak.lock();
        if (!connection)
            continue;
        connection->released = true;
        if (std::exchange(connection->held, false))
            proceed(*connection);
    }
}

void HttpServer::accept()
{
    while (QTcpSocket* socket = m_server->nextPendingConnection()) {
        ++m_opened;
        ++m_open;
        auto connection = std::make_shared<Connection>();
        connection->socket = socket;
        m_connections.push_back(connection);
        connect(socket, &QTcpSocket::readyRead, this, [this, connection] { read(*connection); });
        connect(socket, &QTcpSocket::disconnected, this, [this, socket] {
            --m_open;
            socket->deleteLater();
            Q_EMIT connectionClosed();
        });
    }
}

void HttpServer::read(Connection& connection)
{
    connection.input.append(connection.socket->readAll());
    if (connection.replying)
        return;
    const auto headEnd = connection.input.indexOf("\r\n\r\n");
    if (headEnd < 0)
        return;
    RecordedRequest request;
    const auto lines = connection.input.left(headEnd).split('\n');
    const auto first = lines.front().trimmed().split(' ');
    request.method = first.value(0);
    request.path = first.value(1);
    for (qsizetype i = 1; i < lines.size(); ++i) {
        const QByteArray line = lines[i].trimmed();
        const auto colon = line.indexOf(':');
        request.headers.emplace_back(line.left(colon), line.mid(colon + 1).trimmed());
    }
    const auto length = request.header("content-length").toLongLong();
    if (connection.input.size() < headEnd + 4 + length)
        return;
    request.body = connection.input.mid(headEnd + 4, length);
    connection.input.remove(0, headEnd + 4 + length);
    m_requests.push_back(std::move(request));
    if (m_replies.empty()) {
        connection.reply = ScriptedReply::json("{\"error\":{\"message\":\"nothing scripted\"}}", 500);
    } else {
        connection.reply = std::move(m_replies.front());
        m_replies.pop_front();
    }
    connection.replying = true;
    connection.released = false;
    connection.headSent = false;
    connection.nextChunk = 0;
    Q_EMIT requestArrived();
    proceed(connection);
}

QByteArray HttpServer::head(const ScriptedReply& reply)
{
    QByteArray text = "HTTP/1.1 " + QByteArray::number(reply.status) + " Scripted\r\n";
    for (const auto& [name, value] : reply.headers)
        text += name + ": " + value + "\r\n";
    if (reply.framing == ScriptedReply::Framing::Chunked) {
        text += "Transfer-Encoding: chunked\r\n";
    } else if (reply.framing == ScriptedReply::Framing::UntilClose) {
        text += "Connection: close\r\n";
    } else {
        qsizetype length = 0;
        for (const QByteArray& chunk : reply.chunks)
            length += chunk.size();
        text += "Content-Length: " + QByteArray::number(length) + "\r\n";
    }
    return text + "\r\n";
}

void HttpServer::proceed(Connection& connection)
{
    if (!connection.socket || !connection.replying)
        return;
    const ScriptedReply& reply = connection.reply;
    QTcpSocket* const socket = connection.socket;
    if (reply.holdBefore == connection.nextChunk && !connection.released) {
        connection.held = true;
        return;
    }
    if (reply.dropBefore == connection.nextChunk) {
        socket->flush();
        socket->disconnectFromHost();
        return;
    }
    if (!connection.headSent) {
        connection.headSent = true;
        socket->write(head(reply));
    }
    const auto count = static_cast<int>(reply.chunks.size());
    if (connection.nextChunk < count) {
        const QByteArray& chunk = reply.chunks[static_cast<std::size_t>(connection.nextChunk++)];
        if (reply.framing == ScriptedReply::Framing::Chunked)
            socket->write(QByteArray::number(chunk.size(), 16) + "\r\n" + chunk + "\r\n");
        else
            socket->write(chunk);
        socket->flush();
        // The next chunk goes out in another turn of the event loop, so that the reader sees both.
        const std::weak_ptr<Connection> weak = connection.weak_from_this();
        QMetaObject::invokeMethod(
            this,
            [this, weak] {
                if (const auto again = weak.lock())
                    proceed(*again);
            },
            Qt::QueuedConnection);
        return;
    }
    if (reply.framing == ScriptedReply::Framing::Chunked)
        socket->write("0\r\n\r\n");
    socket->flush();
    connection.replying = false;
    if (reply.framing == ScriptedReply::Framing::UntilClose)
        socket->disconnectFromHost();
    else if (!connection.input.isEmpty())
        read(connection);
}

} // namespace llmcache::test
