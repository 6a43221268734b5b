#include "faultyproxy.h"

#include <QHostAddress>
#include <QTcpSocket>
#include <QTimer>

namespace llmcache::test {

FaultyProxy::FaultyProxy(quint16 serverPort)
    : m_serverPort(serverPort)
{
    connect(&m_server, &QTcpServer::newConnection, this, &FaultyProxy::accept);
    m_server.listen(QHostAddress::LocalHost, 0);
}

void FaultyProxy::accept()
{
    while (QTcpSocket* const client = m_server.nextPendingConnection()) {
        auto* const server = new QTcpSocket(client);
        connect(
            client, &QTcpSocket::readyRead, server, [client, server] { server->write(client->readAll()); });
        connect(server, &QTcpSocket::readyRead, client,
            [this, client, server, late = std::make_shared<QByteArrayList>()] {
                relay(client, late, server->readAll());
            });
        connect(server, &QTcpSocket::disconnected, client, &QTcpSocket::disconnectFromHost);
        connect(client, &QTcpSocket::disconnected, client, &QTcpSocket::deleteLater);
        server->connectToHost(QHostAddress::LocalHost, m_serverPort);
    }
}

void FaultyProxy::relay(
    QTcpSocket* client, const std::shared_ptr<QByteArrayList>& late, const QByteArray& reply)
{
    constexpr int cutOf = 4;
    constexpr int delayMs = 30;
    const auto writeLater = [&] {
        late->append(reply);
        QTimer::singleShot(delayMs, client, [client, late] { client->write(late->takeFirst()); });
    };
    switch (m_mode) {
    case Mode::Honest:
        if (!late->isEmpty()) {
            writeLater(); // never before what the server said first
            break;
        }
        client->write(reply);
        break;
    case Mode::Delaying:
        ++m_faults;
        writeLater();
        break;
    case Mode::Cutting:
        if (++m_pieces % cutOf != 0) {
            client->write(reply);
            break;
        }
        ++m_faults;
        client->write(reply.left(reply.size() / 2));
        client->flush();
        client->abort();
        break;
    case Mode::Garbage:
        ++m_faults;
        client->write(QByteArray(reply.size(), '\x16'));
        break;
    }
}

} // namespace llmcache::test
