#include "redis/link_p.h"

#include "base/error.h"
#include "redis/linkerrors_p.h"

#include <QAbstractEventDispatcher>
#include <QLocalSocket>
#include <QNetworkProxy>
#include <QSslSocket>

#include <array>
#include <utility>

#ifdef Q_OS_LINUX
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#endif

namespace llmcache::redis {

namespace {

/// The system's own two hours are longer than firewalls remember a silent connection.
void keepIdleAlive([[maybe_unused]] qintptr descriptor)
{
#ifdef Q_OS_LINUX
    const auto set = [descriptor](int option, int value) {
        ::setsockopt(static_cast<int>(descriptor), IPPROTO_TCP, option, &value, sizeof value);
    };
    set(TCP_KEEPIDLE, 30); // seconds
    set(TCP_KEEPINTVL, 10);
    set(TCP_KEEPCNT, 3);
#endif
}

} // namespace

Link::Link(ConnectionSettings settings, Resolver resolver, LinkListener* listener)
    : m_settings(std::move(settings))
    , m_resolver(std::move(resolver))
    , m_listener(listener)
{
    m_connectTimer.setSingleShot(true);
    connect(&m_connectTimer, &QTimer::timeout, this,
        [this] { fail(connectTimeoutError(m_settings, m_wasReached)); });
}

Link::~Link() = default;

void Link::open()
{
    if (!m_listener)
        return;
    m_connectTimer.start(m_settings.connectTimeout);
    if (m_resolver) {
        const QPointer<Link> self(this);
        resolve(self, m_resolver);
    } else {
        dial();
    }
}

void Link::close()
{
    m_listener = nullptr;
    m_ready = false;
    m_connectTimer.stop();
    if (m_device) {
        m_device->disconnect(this);
        if (m_tcp)
            m_tcp->abort();
        else
            m_local->abort();
    }
    deleteLater();
}

QCoro::Task<> Link::resolve(QPointer<Link> link, Resolver resolver)
{
    std::shared_ptr<const Error> error;
    try {
        Endpoint endpoint = co_await resolver();
        if (link && link->m_listener) {
            link->m_settings.endpoint = std::move(endpoint);
            link->dial();
        }
        co_return;
    } catch (const ConfigurationError& caught) {
        error = std::make_shared<ConfigurationError>(caught);
    } catch (const ConnectionError& caught) {
        error = std::make_shared<ConnectionError>(caught);
    } catch (const Error& caught) {
        error = std::make_shared<ConnectionError>(caught.message(), caught.remedy());
    }
    if (link && link->m_listener)
        link->fail(std::move(error));
}

void Link::dial()
{
    if (m_settings.endpoint.socketPath.isEmpty())
        dialTcp();
    else
        dialUnix();
}

void Link::dialTcp()
{
    QSslSocket* const encrypted = m_settings.tls.enabled ? new QSslSocket(this) : nullptr;
    m_tcp = encrypted ? encrypted : new QTcpSocket(this);
    m_device = m_tcp;
    // A web proxy of the desktop is not for databases.
    m_tcp->setProxy(QNetworkProxy(QNetworkProxy::NoProxy));
    connect(m_tcp, &QIODevice::readyRead, this, &Link::read);
    connect(m_tcp, &QAbstractSocket::connected, this, [this] {
        m_wasReached = true;
        m_tcp->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        m_tcp->setSocketOption(QAbstractSocket::KeepAliveOption, 1);
        keepIdleAlive(m_tcp->socketDescriptor());
        if (!m_settings.tls.enabled)
            logIn();
    });
    connect(m_tcp, &QAbstractSocket::errorOccurred, this, [this](QAbstractSocket::SocketError error) {
        // The last replies may still lie in the buffer.
        if (m_ready)
            read();
        if (!m_listener)
            return;
        if (error == QAbstractSocket::SslHandshakeFailedError)
            fail(tlsHandshakeError(m_settings, m_certificateProblems, m_tcp->errorString()));
        else
            fail(socketError(m_settings, error, m_tcp->errorString(), m_ready));
    });
    if (encrypted) {
        dialEncrypted(encrypted);
        return;
    }
    // We read all there is and write whole batches: a buffer of the socket's own would only cost system calls
    // and copies.
    m_tcp->connectToHost(
        m_settings.endpoint.host, m_settings.endpoint.port, QIODevice::ReadWrite | QIODevice::Unbuffered);
}

void Link::dialEncrypted(QSslSocket* socket)
{
    connect(socket, &QSslSocket::encrypted, this, &Link::logIn);
    connect(socket, &QSslSocket::sslErrors, this, [this](const QList<QSslError>& errors) {
        for (const QSslError& error : errors)
            m_certificateProblems += error.errorString();
        m_certificateProblems.removeDuplicates();
    });
    if (const auto error = prepareTls(*socket, m_settings)) {
        fail(error);
        return;
    }
    socket->connectToHostEncrypted(m_settings.endpoint.host, m_settings.endpoint.port);
}

void Link::dialUnix()
{
    m_local = new QLocalSocket(this);
    m_device = m_local;
    connect(m_local, &QIODevice::readyRead, this, &Link::read);
    connect(m_local, &QLocalSocket::connected, this, [this] {
        m_wasReached = true;
        logIn();
    });
    connect(m_local, &QLocalSocket::errorOccurred, this, [this](QLocalSocket::LocalSocketError error) {
        if (m_ready)
            read();
        if (m_listener)
            fail(localSocketError(m_settings, error, m_local->errorString(), m_ready));
    });
    connect(m_local, &QLocalSocket::disconnected, this, [this] {
        if (m_listener)
            fail(localSocketError(m_settings, QLocalSocket::PeerClosedError, QString(), m_ready));
    });
    m_local->connectToServer(m_settings.endpoint.socketPath);
}

void Link::logIn()
{
    if (!m_settings.password.isEmpty()) {
        QList<QByteArray> arguments{QByteArrayLiteral("AUTH")};
        if (!m_settings.user.isEmpty())
            arguments += m_settings.user.toUtf8();
        arguments += m_settings.password.toUtf8();
        appendCommand(m_outgoing, arguments);
        m_loginSteps += LoginStep::Auth;
    }
    if (m_settings.database != 0) {
        appendCommand(m_outgoing, {QByteArrayLiteral("SELECT"), QByteArray::number(m_settings.database)});
        m_loginSteps += LoginStep::Select;
    }
    if (m_settings.mustBeMaster) {
        appendCommand(m_outgoing, {QByteArrayLiteral("ROLE")});
        m_loginSteps += LoginStep::Role;
    }
    if (m_loginSteps.isEmpty())
        becomeReady();
    else
        flush();
}

void Link::loginReplied(const Reply& reply)
{
    if (m_loginSteps.isEmpty()) {
        fail(protocolError(m_settings));
        return;
    }
    switch (m_loginSteps.takeFirst()) {
    case LoginStep::Auth:
        if (reply.isError()) {
            fail(loginError(m_settings, reply));
            return;
        }
        break;
    case LoginStep::Select:
        if (reply.isError()) {
            fail(selectError(m_settings, reply));
            return;
        }
        break;
    case LoginStep::Role:
        // A user without the right to ask finds out from the first write.
        if (reply.isArray() && !reply.items.empty() && reply.items.front().bytes != "master") {
            fail(notMasterError(m_settings));
            return;
        }
        break;
    }
    if (m_loginSteps.isEmpty())
        becomeReady();
}

void Link::becomeReady()
{
    m_ready = true;
    m_connectTimer.stop();
    if (BusyWait::isWorthwhile())
        connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::aboutToBlock, this,
            &Link::watchForReply);
    m_listener->linkReady();
}

/// The thread is about to wait for events. Nothing is read here: the event loop finds the socket readable.
void Link::watchForReply()
{
    if (!std::exchange(m_awaitsReply, false) || !m_listener)
        return;
    const qintptr descriptor = m_tcp ? m_tcp->socketDescriptor() : m_local->socketDescriptor();
    if (descriptor >= 0)
        m_busyWait.wait(static_cast<int>(descriptor));
}

void Link::read()
{
    std::array<char, 64 * 1024> buffer;
    bool mayBeMore = true;
    while (m_listener && m_device && mayBeMore) {
        const qint64 size = m_device->read(buffer.data(), buffer.size());
        if (size < 0 && m_tcp && m_tcp->state() == QAbstractSocket::UnconnectedState) {
            // Without a buffer the socket tells this nobody else.
            fail(socketError(m_settings, m_tcp->error(), m_tcp->errorString(), m_ready));
            return;
        }
        if (size <= 0)
            break;
        mayBeMore = size == static_cast<qint64>(buffer.size());
        bool sound = m_reader.feed(buffer.data(), static_cast<std::size_t>(size));
        while (m_listener && sound) {
            Reply reply;
            const ReplyReader::Result result = m_reader.next(reply);
            if (result == ReplyReader::Result::Incomplete)
                break;
            sound = result == ReplyReader::Result::Reply;
            if (!sound)
                break;
            if (m_ready)
                m_listener->linkReplied(std::move(reply));
            else
                loginReplied(reply);
        }
        if (m_listener && !sound) {
            fail(protocolError(m_settings));
            return;
        }
    }
    if (m_listener && m_ready)
        m_listener->linkDrained();
}

void Link::flush()
{
    if (m_outgoing.isEmpty() || !m_device)
        return;
    m_device->write(m_outgoing);
    // Keeps its memory for the next turn unless a huge value made it large.
    constexpr qsizetype kept = 256 * 1024;
    if (m_outgoing.capacity() > kept)
        m_outgoing = QByteArray();
    else
        m_outgoing.resize(0);
    // Without this the bytes would wait for another turn of the event loop.
    if (m_tcp)
        m_tcp->flush();
    else
        m_local->flush();
    m_awaitsReply = m_ready;
}

void Link::fail(std::shared_ptr<const Error> error)
{
    if (LinkListener* const listener = m_listener) {
        close();
        listener->linkFailed(std::move(error));
    }
}

} // namespace llmcache::redis
