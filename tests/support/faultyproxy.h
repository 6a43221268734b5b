#pragma once

#include <QByteArrayList>
#include <QTcpServer>

#include <memory>

class QTcpSocket;

namespace llmcache::test {

/// A TCP proxy in front of a server on the loopback interface that spoils what the server says. Lives on the
/// test's thread; modes take effect at once, for open connections too.
class FaultyProxy : public QObject {
    Q_OBJECT
public:
    enum class Mode {
        Honest,
        Delaying, ///< replies come 30 ms late
        Cutting, ///< every fourth piece of a reply is cut in half and the connection closed
        Garbage, ///< replies are replaced by bytes that mean nothing
    };

    explicit FaultyProxy(quint16 serverPort);
    quint16 port() const { return m_server.serverPort(); }
    void setMode(Mode mode) { m_mode = mode; }
    /// Pieces of replies that were spoiled so far.
    int faults() const { return m_faults; }

private:
    void accept();
    /// `late` is what the client has yet to get.
    void relay(QTcpSocket* client, const std::shared_ptr<QByteArrayList>& late, const QByteArray& reply);

    QTcpServer m_server;
    quint16 m_serverPort;
    Mode m_mode = Mode::Honest;
    int m_pieces = 0;
    int m_faults = 0;
};

} // namespace llmcache::test
