#pragma once

#include <QProcess>
#include <QStringList>
#include <QTemporaryDir>

namespace llmcache::test {

/// A real redis-server on a free port of the loopback interface and on a Unix socket, in a folder of its own.
/// It ends with this object.
class RedisServer {
public:
    /// Whether there is a redis-server to run: QSKIP with missingText() where not.
    static bool isInstalled();
    static QString missingText();
    /// 6 for Redis 6.2.14; relatives say the version that they are compatible with or their own.
    static int majorVersion();
    /// A port of the loopback interface that nobody uses now.
    static quint16 freePort();

    /// `arguments` as on the command line ("--requirepass", "secret"); start() runs it.
    explicit RedisServer(QStringList arguments = {});
    ~RedisServer();
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;

    void addArguments(const QStringList& arguments) { m_arguments += arguments; }
    /// A configuration file, which the server may rewrite: for a sentinel, which logs `readyText` when it
    /// is ready.
    void setConfiguration(QByteArray text, QByteArray readyText);
    /// Starts it, again with the same port after stop() or kill(), and waits until it takes connections.
    /// False when it does not; log() says why.
    bool start();
    /// Ends it in good order.
    void stop();
    /// kill -9.
    void kill();
    /// Stops and continues the process: a server that hangs.
    void freeze();
    void thaw();

    quint16 port() const { return m_port; }
    /// redis://127.0.0.1:port/0
    QString url() const;
    QString socketPath() const { return m_directory.filePath(QStringLiteral("socket")); }
    QString path(const QString& name) const { return m_directory.filePath(name); }
    /// The end of its log.
    QString log() const { return QString::fromUtf8(m_log.right(400)); }

private:
    bool waitUntilReady();
    void signal(int number);

    QTemporaryDir m_directory;
    QStringList m_arguments;
    quint16 m_port;
    QProcess m_process;
    QByteArray m_log;
    QByteArray m_configuration;
    QByteArray m_readyText = "Ready to accept connections";
};

} // namespace llmcache::test
