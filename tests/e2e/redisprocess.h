#pragma once

#include <QProcess>
#include <QString>
#include <QTemporaryDir>

namespace llmcache::test {

/// A redis-server of this test's own, on a free port of the loopback interface, without persistence. Ends
/// with the object.
class RedisProcess {
public:
    RedisProcess();
    ~RedisProcess();
    RedisProcess(const RedisProcess&) = delete;
    RedisProcess& operator=(const RedisProcess&) = delete;

    /// Starts it, the second time on the port it had; waits until it answers.
    bool start();
    /// kill -9, as when the machine goes down.
    void kill();
    QString url() const;
    /// What went wrong in start(), for failure messages.
    QString problem() const { return m_problem; }

private:
    bool startOn(quint16 port);

    QTemporaryDir m_folder;
    QProcess m_process;
    quint16 m_port = 0;
    QString m_problem;
};

} // namespace llmcache::test
