#pragma once

#include "base/error.h"
#include "redis/command.h"
#include "redis/reply.h"

#include <coroutine>
#include <memory>
#include <utility>

namespace llmcache::redis {

/// The far end of a Pending: what completes it. Used on the thread of the client.
class PendingState {
public:
    PendingState() = default;
    explicit PendingState(Command command)
        : m_command(std::move(command))
    {
    }

    bool isDone() const { return m_done; }
    /// Resumes whoever awaits it before it returns: the caller may be destroyed by then. The state must be
    /// held by the caller meanwhile. Later results are dropped.
    void complete(Reply reply)
    {
        if (!m_done) {
            m_reply = std::move(reply);
            finish();
        }
    }
    void fail(std::shared_ptr<const Error> error)
    {
        if (!m_done) {
            m_error = std::move(error);
            finish();
        }
    }

    Command& command() { return m_command; }
    // Bookkeeping of the connection.
    bool wasSent = false; ///< handed to a socket: it may have been done even if it failed
    quint32 sentAtTick = 0;
    bool resent = false;

private:
    friend class Pending;
    void finish()
    {
        m_done = true;
        if (const std::coroutine_handle<> waiter = std::exchange(m_waiter, nullptr))
            waiter.resume();
    }

    Reply m_reply;
    std::shared_ptr<const Error> m_error;
    std::coroutine_handle<> m_waiter;
    Command m_command;
    bool m_done = false;
};

/// A reply that is still to come. Awaited once, by one coroutine; dropping it loses the reply only, the
/// command is sent all the same. Costs no QObject, signal or timer.
///
///     Pending reply = client.command(std::move(command));
///     ...                                       // more commands: one write, one round trip
///     const Reply value = co_await reply;       // throws ConnectionError, ConfigurationError
///
/// An error that the server replied is a Reply of type Error, see checked().
class [[nodiscard]] Pending {
public:
    explicit Pending(std::shared_ptr<PendingState> state)
        : m_state(std::move(state))
    {
    }
    Pending(Pending&&) noexcept = default;
    Pending& operator=(Pending&&) noexcept = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    ~Pending()
    {
        if (m_state)
            m_state->m_waiter = nullptr;
    }

    // An awaiter of its own: GCC 12 copies an awaited lvalue that is its own awaiter.
    auto operator co_await() const noexcept
    {
        struct Awaiter {
            PendingState* state;
            bool await_ready() const noexcept { return state->m_done; }
            void await_suspend(std::coroutine_handle<> waiter) noexcept { state->m_waiter = waiter; }
            Reply await_resume()
            {
                if (state->m_error)
                    state->m_error->raise();
                return std::move(state->m_reply);
            }
        };
        return Awaiter{m_state.get()};
    }

private:
    std::shared_ptr<PendingState> m_state;
};

} // namespace llmcache::redis
