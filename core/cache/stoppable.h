#pragma once

#include "base/error.h"
#include "cache/background.h"
#include "cache/singleflight.h"

namespace llmcache {

namespace detail {

template <typename T>
struct Arrival {
    std::optional<T> value;
    std::exception_ptr error;
    std::shared_ptr<Flight> flight = std::make_shared<Flight>();
};

template <typename T>
QCoro::Task<> arrive(QCoro::Task<T> task, std::shared_ptr<Arrival<T>> arrival)
{
    try {
        arrival->value = co_await task;
    } catch (...) {
        arrival->error = std::current_exception();
    }
    arrival->flight->over = true;
    Q_EMIT arrival->flight->finished();
}

} // namespace detail

/// Awaits a task, but throws Cancelled as soon as `stop` is requested. The task then goes on to its end in
/// the background, and its result is dropped.
template <typename T>
QCoro::Task<T> unlessStopped(Background* background, QCoro::Task<T> task, std::stop_token stop)
{
    auto arrival = std::make_shared<detail::Arrival<T>>();
    auto flight = arrival->flight;
    background->start(detail::arrive(std::move(task), arrival));
    co_await awaitFlight(std::move(flight), stop);
    if (arrival->error)
        std::rethrow_exception(arrival->error);
    co_return std::move(*arrival->value);
}

} // namespace llmcache
