#pragma once

#include <QObject>

#include <qcorotask.h>

#include <memory>

namespace llmcache {

class Flight;

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

private:
    void finished();

    int m_running = 0;
    std::shared_ptr<Flight> m_idle; ///< what drain() waits for
};

} // namespace llmcache
