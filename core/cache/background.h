#pragma once

#include <QObject>

#include <qcorotask.h>

namespace llmcache {

/// Tasks that nobody awaits one by one: released locks, published cooldowns, refreshes. Thread-affine; await
/// drain() before destroying what the tasks use.
class Background : public QObject {
    Q_OBJECT
public:
    /// Takes a task that is under way. What it throws goes to the log.
    void start(QCoro::Task<> task);
    /// Waits until nothing is under way.
    QCoro::Task<> drain();
    bool isIdle() const { return m_running == 0; }

Q_SIGNALS:
    void idle();

private:
    int m_running = 0;
};

} // namespace llmcache
