#pragma once

#include "store/sqlite/database_p.h"

#include <QObject>
#include <QThread>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <vector>

namespace llmcache::sqlite {

/// Work for the database thread, and the coroutine that waits for it.
class Job {
public:
    virtual ~Job() = default;
    /// On the database thread. `unusable` is why the database can't be opened, or null.
    virtual void execute(Database& database, std::exception_ptr unusable) noexcept = 0;
    std::atomic<bool> done{false}; ///< the result may be read
    // Used on the caller's thread only:
    std::coroutine_handle<> awaiting;
    bool collected = false; ///< resumed before the event came
};

/// The thread that owns a database: takes jobs in order and hands the finished ones back to the event loop
/// of the thread that it was created on, several an event. Destroying it finishes the queued jobs first;
/// coroutines that still wait then are never resumed.
class WorkerThread final : public QObject {
public:
    /// Work for when there are no jobs: does a little of it and returns whether there is more. `wanted` turns
    /// true when a job has come, or the end; then it returns as soon as it can. May throw, which puts it off
    /// until after the next job.
    using IdleWork = std::function<bool(Database& database, const std::atomic<bool>& wanted)>;
    /// For how long there is no job before idle work begins.
    static constexpr std::chrono::milliseconds idlePause{1000};

    WorkerThread(QString filePath, QString workspace, IdleWork idleWork = {});
    ~WorkerThread() override;

    void submit(std::shared_ptr<Job> job);
    /// Waits a moment for a job that is alone and takes microseconds, as most reads do: being woken by the
    /// event loop takes several times as long. False when the event has to be awaited.
    bool finishesSoon(Job& job);
    /// Jobs whose coroutines have not been resumed yet.
    qint64 pending() const { return m_pending; }

protected:
    bool event(QEvent* event) override;

private:
    void work();
    /// Watches for the next job for a moment before the thread sleeps.
    void lingerForMore(std::unique_lock<std::mutex>& guard);
    static void perform(Database& database, Job& job) noexcept;
    bool performIdle(Database& database) const noexcept;
    void deliver();

    QString m_filePath;
    QString m_workspace;
    IdleWork m_idleWork;
    std::unique_ptr<QThread> m_thread;
    qint64 m_pending = 0;
    int m_collectedInTurn = 0; ///< since the event loop was heard of last
    std::atomic<bool> m_wanted{false}; ///< a job is queued, or the end is near

    std::mutex m_mutex; // guards what follows
    std::condition_variable m_wake;
    std::deque<std::shared_ptr<Job>> m_queue;
    std::vector<std::shared_ptr<Job>> m_finished;
    bool m_ending = false;
};

/// Awaitable: calls `work(database)` on the database thread and resumes with its result, or rethrows, on
/// the caller's event loop. Keep it in a named variable and await that (GCC 12 miscompiles temporaries).
template <typename Work>
class Operation {
public:
    using Result = std::invoke_result_t<Work&, Database&>;

    Operation(WorkerThread& thread, Work work)
        : m_thread(thread)
        , m_job(std::make_shared<WorkJob>(std::move(work)))
    {
    }
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;
    ~Operation() { m_job->awaiting = nullptr; }

    // A small awaiter by value: GCC 12 would copy the operation itself.
    auto operator co_await() noexcept { return Awaiter{this}; }

private:
    struct WorkJob final : Job {
        explicit WorkJob(Work task)
            : work(std::move(task))
        {
        }
        void execute(Database& database, std::exception_ptr unusable) noexcept override
        {
            if (unusable) {
                error = std::move(unusable);
                return;
            }
            try {
                result.emplace(work(database));
            } catch (...) {
                error = std::current_exception();
            }
        }
        Work work;
        std::optional<Result> result;
        std::exception_ptr error;
    };
    struct Awaiter {
        Operation* operation;
        bool await_ready() const
        {
            operation->m_thread.submit(operation->m_job);
            return operation->m_thread.finishesSoon(*operation->m_job);
        }
        void await_suspend(std::coroutine_handle<> awaiting) { operation->m_job->awaiting = awaiting; }
        Result await_resume()
        {
            WorkJob& job = *operation->m_job;
            if (job.error)
                std::rethrow_exception(std::move(job.error));
            return std::move(*job.result);
        }
    };
    WorkerThread& m_thread;
    std::shared_ptr<WorkJob> m_job;
};

} // namespace llmcache::sqlite
