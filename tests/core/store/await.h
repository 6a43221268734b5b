#pragma once

#include "waitfortask.h"

namespace llmcache::test {

namespace detail {

inline QCoro::Task<bool> withValue(QCoro::Task<>* task)
{
    co_await *task;
    co_return true;
}

} // namespace detail

/// waitForTask, short enough to stand in every line of a test.
template <typename T>
T await(QCoro::Task<T>&& task)
{
    if constexpr (std::is_void_v<T>)
        waitForTask(detail::withValue(&task));
    else
        return waitForTask(std::move(task));
}

template <typename T>
T await(QCoro::Task<T>& task)
{
    return await(std::move(task));
}

} // namespace llmcache::test
