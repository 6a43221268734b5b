#include "redisserver.h"

#include <QDeadlineTimer>
#include <QFile>
#include <QHostAddress>
#include <QRandomGenerator>
#include <QStandardPaths>
#include <QTcpServer>

#include <csignal>

namespace llmcache::test {

namespace {

constexpr int patience = 20'000; // milliseconds, for a machine that is busy with other tests

} // namespace

bool RedisServer::isInstalled()
{
    return !QStandardPaths::findExecutable(QStringLiteral("redis-server")).isEmpty();
}

QString RedisServer::missingText()
{
    return QStringLiteral("There is no redis-server on this machine.");
}

int RedisServer::majorVersion()
{
    QProcess process;
    process.start(QStringLiteral("redis-server"), {QStringLiteral("--version")});
    process.waitForFinished(patience);
    const QByteArray text = process.readAllStandardOutput(); // "Redis server v=7.0.15 sha=..."
    const qsizetype start = text.indexOf("v=") + 2;
    return text.mid(start, text.indexOf('.', start) - start).toInt();
}

quint16 RedisServer::freePort()
{
    // By chance, and below the ports that the system gives to outgoing connections and to whoever asks for
    // any: nobody else is likely to come across it before the server listens there, or while it is down.
    constexpr int lowest = 10'001;
    // A node of a cluster listens on a second port, 10,000 further.
    constexpr int busOffset = 10'000;
    for (;;) {
        const int port = QRandomGenerator::system()->bounded(lowest, lowest + busOffset);
        QTcpServer server;
        QTcpServer bus;
        if (server.listen(QHostAddress::LocalHost, static_cast<quint16>(port))
            && bus.listen(QHostAddress::LocalHost, static_cast<quint16>(port + busOffset)))
            return static_cast<quint16>(port);
    }
}

RedisServer::RedisServer(QStringList arguments)
    : m_arguments(std::move(arguments))
    , m_port(freePort())
{
    m_process.setProcessChannelMode(QProcess::MergedChannels);
}

RedisServer::~RedisServer()
{
    kill();
}

void RedisServer::setConfiguration(QByteArray text, QByteArray readyText)
{
    m_configuration = std::move(text);
    m_readyText = std::move(readyText);
}

bool RedisServer::start()
{
    QStringList arguments;
    if (!m_configuration.isEmpty()) {
        QFile file(path(QStringLiteral("server.conf")));
        // Not again after a restart: the server keeps what it learned there.
        if (!file.exists() && (!file.open(QIODevice::WriteOnly) || file.write(m_configuration) < 0))
            return false;
        arguments << file.fileName();
    }
    arguments += {QStringLiteral("--bind"), QStringLiteral("127.0.0.1"), QStringLiteral("--dir"),
        m_directory.path(), QStringLiteral("--unixsocket"), socketPath(), QStringLiteral("--save"), QString(),
        QStringLiteral("--appendonly"), QStringLiteral("no")};
    // With TLS the port is given by the caller.
    if (!m_arguments.contains(QStringLiteral("--port")))
        arguments << QStringLiteral("--port") << QString::number(m_port);
    // A port that was free may be somebody's end of a connection by now, as a rule not for long.
    const QDeadlineTimer deadline(patience);
    do {
        m_log.clear();
        m_process.start(QStringLiteral("redis-server"), arguments + m_arguments);
        if (waitUntilReady())
            return true;
        m_process.waitForFinished(patience);
        m_log += m_process.readAll();
    } while (m_log.contains("Address already in use") && !deadline.hasExpired());
    return false;
}

bool RedisServer::waitUntilReady()
{
    const QDeadlineTimer deadline(patience);
    while (!m_log.contains(m_readyText)) {
        if (m_process.state() == QProcess::NotRunning || deadline.hasExpired())
            return false;
        m_process.waitForReadyRead(static_cast<int>(deadline.remainingTime()));
        m_log += m_process.readAll();
    }
    return true;
}

void RedisServer::stop()
{
    m_process.terminate();
    if (!m_process.waitForFinished(patience))
        kill();
}

void RedisServer::kill()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.kill();
    m_process.waitForFinished(patience);
}

void RedisServer::freeze()
{
    signal(SIGSTOP);
}

void RedisServer::thaw()
{
    signal(SIGCONT);
}

void RedisServer::signal(int number)
{
    if (m_process.processId() > 0)
        ::kill(static_cast<pid_t>(m_process.processId()), number);
}

QString RedisServer::url() const
{
    return QStringLiteral("redis://127.0.0.1:%1/0").arg(m_port);
}

} // namespace llmcache::test
