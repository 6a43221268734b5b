#include "redisprocess.h"

#include <QHostAddress>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>

namespace llmcache::test {

namespace {

constexpr int startTimeoutMs = 15'000;

quint16 freePort()
{
    QTcpServer server;
    return server.listen(QHostAddress::LocalHost) ? server.serverPort() : quint16(0);
}

} // namespace

RedisProcess::RedisProcess() = default;

RedisProcess::~RedisProcess()
{
    kill();
}

bool RedisProcess::start()
{
    if (m_port != 0)
        return startOn(m_port);
    // Somebody else may take a free port before Redis does.
    for (int attempt = 0; attempt < 5; ++attempt) {
        if (startOn(freePort()))
            return true;
    }
    return false;
}

void RedisProcess::kill()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.kill();
    m_process.waitForFinished();
}

QString RedisProcess::url() const
{
    return QStringLiteral("redis://127.0.0.1:%1/0").arg(m_port);
}

bool RedisProcess::startOn(quint16 port)
{
    const QString program = QStandardPaths::findExecutable(QStringLiteral("redis-server"));
    if (program.isEmpty()) {
        m_problem = QStringLiteral("there is no redis-server on PATH");
        return false;
    }
    m_process.setProcessChannelMode(QProcess::MergedChannels);
    m_process.start(program,
        {QStringLiteral("--port"), QString::number(port), QStringLiteral("--bind"), QStringLiteral("127.0.0.1"),
            QStringLiteral("--dir"), m_folder.path(), QStringLiteral("--save"), QString(),
            QStringLiteral("--appendonly"), QStringLiteral("no")});
    QByteArray log;
    while (m_process.state() != QProcess::NotRunning && m_process.waitForReadyRead(startTimeoutMs)) {
        log += m_process.readAll();
        if (log.contains("Ready to accept connections")) {
            m_port = port;
            return true;
        }
    }
    kill();
    m_problem = QStringLiteral("redis-server did not start: ") + QString::fromUtf8(log + m_process.readAll());
    return false;
}

} // namespace llmcache::test
