#pragma once

#include "store/call.h"

#include <qcorotask.h>

#include <functional>
#include <type_traits>

namespace llmcache {

/// What a program has to be told of every call when it is over: a function of the call, or a coroutine that
/// returns QCoro::Task<>. What it throws never costs the answer. A function is called before the run ends;
/// its failure is a warning of the run. A coroutine goes on behind the run's back until Runner::drain(), so
/// that the answer does not wait for it; its failure goes to the log.
class ExpenseRecorder {
public:
    using Function = std::function<void(const Call&)>;
    using Coroutine = std::function<QCoro::Task<>(const Call&)>;

    ExpenseRecorder() = default;
    /// The call lives as long as the coroutine, and so does the recorder with what it captures.
    template <typename Recorder>
    requires(!std::is_same_v<std::remove_cvref_t<Recorder>,
                 ExpenseRecorder> && std::is_invocable_v<Recorder&, const Call&>)
        ExpenseRecorder(Recorder recorder)
    {
        if constexpr (std::is_same_v<std::invoke_result_t<Recorder&, const Call&>, QCoro::Task<>>)
            m_coroutine = std::move(recorder);
        else
            m_function = std::move(recorder);
    }
    explicit operator bool() const { return m_function || m_coroutine; }
    const Function& function() const { return m_function; } ///< empty when it is a coroutine
    const Coroutine& coroutine() const { return m_coroutine; } ///< empty when it is a function

private:
    Function m_function;
    Coroutine m_coroutine;
};

} // namespace llmcache
