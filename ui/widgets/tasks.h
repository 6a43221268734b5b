#pragma once

#include "base/error.h"

#include <qcorotask.h>

#include <QObject>

#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>

namespace llmcache::ui {

/// An exception as a value for views.
struct Failure {
    QString kind; ///< as Error::kind(); "internal" for what is no llmcache::Error
    QString message; ///< what happened
    QString remedy; ///< what the user can do; may be empty
    std::exception_ptr error; ///< the original, for details of its class
    bool cancelled() const { return kind == u"cancelled"; }
};
/// Never throws.
Failure failureFrom(std::exception_ptr error);

/// Runs coroutines for a widget and forgets their results when the widget is gone. GUI thread only.
///
/// Make it a member of the widget. Its destructor requests stop and drops every result that is still on its
/// way, so that `done` and `failed` may use the widget freely: they are never called after it died. The job
/// itself runs on, so it must NOT use the widget after its first co_await; give it values, and services that
/// outlive the tasks (the composition root waits for them).
///
///     m_tasks.run([store = m_store](std::stop_token) { return store->listAgents(); },
///         [this](std::vector<StoredAgent> agents) { show(agents); },
///         [this](const Failure& failure) { m_banner->showProblem(failure.message, failure.remedy); });
///
/// No exception leaves it: whatever job or `done` throw arrives in `failed`.
class TaskScope : public QObject {
    Q_OBJECT
public:
    explicit TaskScope(QObject* parent = nullptr);
    /// Same as drop().
    ~TaskScope() override;

    /// Tasks from now on count in `outer`, too, also when this scope is gone before they end: for what comes
    /// and goes within a view, such as a dialog.
    void countIn(const TaskScope& outer) { m_counter->outer = outer.m_counter; }

    using Failed = std::function<void(const Failure&)>;

    /// Calls `job(stop)`, which returns a QCoro::Task<T>, and then `done(T)` (or `done()` for Task<>), or
    /// `failed`. The job is kept alive until its task has ended. `done` may be called before run() returns.
    template <typename Job, typename Done>
    void run(Job job, Done done, Failed failed)
    {
        drive(m_state, std::move(job), std::move(done), std::move(failed), m_state->source.get_token());
    }

    /// Requests stop and forgets: neither `done` nor `failed` of the tasks so far is called. Use it before
    /// run() where only the newest result matters.
    void drop();
    /// Requests stop of the tasks so far and still reports how they end (as a rule a cancelled Failure).
    void stop();
    /// Tasks that were started here and have not ended, dropped ones included.
    int active() const { return m_counter->count; }

Q_SIGNALS:
    /// active() changed.
    void activeChanged(int active);

private:
    struct Counter {
        int count = 0;
        TaskScope* scope = nullptr;
        std::shared_ptr<Counter> outer;
        void add(int change);
    };
    struct State {
        std::stop_source source;
        bool dropped = false;
        std::shared_ptr<Counter> counter;
    };

    /// Reports a failure unless dropped; swallows what `failed` itself throws.
    static void report(const State& state, const Failed& failed, std::exception_ptr error) noexcept;

    template <typename Job, typename Done>
    static QCoro::Task<> drive(
        std::shared_ptr<State> state, Job job, Done done, Failed failed, std::stop_token stop)
    {
        state->counter->add(1);
        std::exception_ptr error;
        try {
            auto task = job(stop);
            using Result = typename std::decay_t<decltype(task)>::value_type;
            if constexpr (std::is_void_v<Result>) {
                co_await task;
                if (!state->dropped)
                    done();
            } else {
                Result result = co_await task;
                if (!state->dropped)
                    done(std::move(result));
            }
        } catch (...) {
            error = std::current_exception();
        }
        if (error)
            report(*state, failed, error);
        state->counter->add(-1);
    }

    std::shared_ptr<Counter> m_counter;
    std::shared_ptr<State> m_state;
};

} // namespace llmcache::ui
