#include "base/tasksunderway_p.h"

#include <exception>

namespace llmcache {

QCoro::Task<> TasksUnderWay::finish(std::size_t mostLeft)
{
    std::exception_ptr failure;
    while (m_tasks.size() > (failure ? 0 : mostLeft)) {
        QCoro::Task<> oldest = std::move(m_tasks.front());
        m_tasks.pop_front();
        try {
            co_await oldest;
        } catch (...) {
            failure = failure ? failure : std::current_exception();
        }
    }
    if (failure)
        std::rethrow_exception(failure);
}

} // namespace llmcache
