#pragma once

#include <qcorotask.h>

#include <QEventLoop>

#include <exception>
#include <optional>

namespace llmcache::test {

namespace detail {

template <typename T>
QCoro::Task<> runToEnd(QCoro::Task<T>* task, std::optional<T>* value, std::exception_ptr* error,
    bool* finished, QEventLoop* loop)
{
    try {
        *value = co_await *task;
    } catch (...) {
        *error = std::current_exception();
    }
    *finished = true;
    loop->quit();
}

inline QCoro::Task<bool> endOf(QCoro::Task<>* task)
{
    co_await *task;
    co_return true;
}

} // namespace detail

/// Runs the event loop until `task` ends, and gives its value or throws its exception. QCoro 0.8's own
/// waitFor() never returns when the task throws.
template <typename T>
T waitForTask(QCoro::Task<T> task)
{
    std::optional<T> value;
    std::exception_ptr error;
    bool finished = false;
    QEventLoop loop;
    const auto running = detail::runToEnd(&task, &value, &error, &finished, &loop);
    if (!finished)
        loop.exec();
    if (error)
        std::rethrow_exception(error);
    return std::move(*value);
}
inline void waitForTask(QCoro::Task<> task)
{
    waitForTask(detail::endOf(&task));
}

} // namespace llmcache::test
