#pragma once

#include "redis/busywait_p.h"
#include "redis/endpoint.h"
#include "redis/replyreader_p.h"

#include <QObject>
#include <QPointer>
#include <QStringList>
#include <QTimer>

class QIODevice;
class QLocalSocket;
class QSslSocket;
class QTcpSocket;

namespace llmcache::redis {

/// Whoever owns a Link hears from it here. Any of these may close the link and destroy the listener.
class LinkListener {
public:
    virtual ~LinkListener() = default;
    /// Connected, encrypted and logged in.
    virtual void linkReady() = 0;
    virtual void linkReplied(Reply&& reply) = 0;
    /// All replies that have come are delivered; a good moment to write.
    virtual void linkDrained() = 0;
    /// It is over; the link is closed already.
    virtual void linkFailed(std::shared_ptr<const Error> error) = 0;
};

/// One connection from its dialling to its end: TCP, TLS or Unix socket, login, and the stream of replies.
/// It never comes back to life; its owner makes a new one.
class Link final : public QObject {
public:
    /// Made on the heap and given up with close(), which deletes it later: it may be in the middle of
    /// delivering replies.
    Link(ConnectionSettings settings, Resolver resolver, LinkListener* listener);

    void open();
    void close();
    bool isReady() const { return m_ready; }
    /// Bytes to send with the next flush().
    QByteArray& outgoing() { return m_outgoing; }
    void flush();
    /// The server it is connected, or trying to connect, to.
    QString server() const { return m_settings.endpoint.display(); }

private:
    enum class LoginStep { Auth, Select, Role };
    ~Link() override;
    static QCoro::Task<> resolve(QPointer<Link> link, Resolver resolver);
    void dial();
    void dialTcp();
    void dialEncrypted(QSslSocket* socket);
    void dialUnix();
    void logIn();
    void loginReplied(const Reply& reply);
    void becomeReady();
    void watchForReply();
    void read();
    void fail(std::shared_ptr<const Error> error);

    ConnectionSettings m_settings;
    Resolver m_resolver;
    LinkListener* m_listener;
    QTcpSocket* m_tcp = nullptr;
    QLocalSocket* m_local = nullptr;
    QIODevice* m_device = nullptr;
    QTimer m_connectTimer;
    ReplyReader m_reader;
    QByteArray m_outgoing;
    QStringList m_certificateProblems;
    BusyWait m_busyWait;
    bool m_ready = false;
    bool m_awaitsReply = false; ///< something was written since its thread last waited for events
    bool m_wasReached = false;
    QList<LoginStep> m_loginSteps; ///< sent, in the order of their replies
};

} // namespace llmcache::redis
