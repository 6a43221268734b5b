#pragma once

#include <QThreadPool>

#include <memory>

namespace llmcache::ui {

/// Lets go of a value on a worker thread: freeing a tree of many megabytes takes longer than a frame.
template <typename T>
void releaseOnWorker(std::shared_ptr<T> value)
{
    if (value)
        QThreadPool::globalInstance()->start([value = std::move(value)]() mutable { value.reset(); });
}

} // namespace llmcache::ui
