#pragma once

#include <qcorotask.h>

#include <cstddef>
#include <deque>

namespace llmcache {

/// Tasks that go on while more are begun. Whoever begins them awaits finish(0) before what they use is gone.
class TasksUnderWay {
public:
    void add(QCoro::Task<> task) { m_tasks.push_back(std::move(task)); }
    /// Waits, for the oldest first, until at most so many are under way; for all of them once one has failed,
    /// whose error is thrown then. Must not be called again before it is done.
    QCoro::Task<> finish(std::size_t mostLeft);

private:
    std::deque<QCoro::Task<>> m_tasks;
};

} // namespace llmcache
