#include "store/sqlite/workerthread_p.h"

#include <QCoreApplication>
#include <QEvent>
#include <QPointer>

namespace llmcache::sqlite {

namespace {

// Waking a thread takes some 50 µs where it sleeps deeply; a read of an entry takes 10.
constexpr std::chrono::microseconds workerPatience{100};
constexpr std::chrono::microseconds callerPatience{50};
/// Between two pieces of idle work, for the rest of the machine.
constexpr std::chrono::milliseconds idleGap{10};

QEvent::Type finishedEventType()
{
    static const auto type = static_cast<QEvent::Type>(QEvent::registerEventType());
    return type;
}

} // namespace

WorkerThread::WorkerThread(QString filePath, QString workspace, IdleWork idleWork)
    : m_filePath(std::move(filePath))
    , m_workspace(std::move(workspace))
    , m_idleWork(std::move(idleWork))
    , m_thread(QThread::create([this] { work(); }))
{
    m_thread->setObjectName(QStringLiteral("sqlite store"));
    m_thread->start();
}

WorkerThread::~WorkerThread()
{
    {
        const std::lock_guard guard(m_mutex);
        m_ending = true;
        m_wanted = true;
    }
    m_wake.notify_one();
    m_thread->wait();
}

void WorkerThread::submit(std::shared_ptr<Job> job)
{
    ++m_pending;
    bool wasEmpty = false;
    {
        const std::lock_guard guard(m_mutex);
        wasEmpty = m_queue.empty();
        m_queue.push_back(std::move(job));
        m_wanted = true;
    }
    if (wasEmpty)
        m_wake.notify_one();
}

bool WorkerThread::finishesSoon(Job& job)
{
    // Now and then the event loop must have its turn, however many hits somebody awaits in a row.
    constexpr int mostInTurn = 32;
    if (m_pending > 1 || m_collectedInTurn >= mostInTurn)
        return false;
    const auto end = std::chrono::steady_clock::now() + callerPatience;
    while (!job.done.load(std::memory_order_acquire)) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::yield();
    }
    ++m_collectedInTurn;
    job.collected = true;
    --m_pending;
    return true;
}

void WorkerThread::lingerForMore(std::unique_lock<std::mutex>& guard)
{
    m_wanted = false;
    guard.unlock();
    const auto end = std::chrono::steady_clock::now() + workerPatience;
    while (!m_wanted.load(std::memory_order_acquire) && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    guard.lock();
}

void WorkerThread::work()
{
    Database database(m_filePath, m_workspace);
    std::unique_lock guard(m_mutex);
    const auto isWanted = [this] { return m_ending || !m_queue.empty(); };
    bool hasIdleWork = false;
    std::chrono::milliseconds pause = idlePause;
    for (;;) {
        if (m_queue.empty() && !m_ending)
            lingerForMore(guard);
        if (!hasIdleWork) {
            m_wake.wait(guard, isWanted);
        } else if (!m_wake.wait_for(guard, pause, isWanted)) {
            guard.unlock();
            hasIdleWork = performIdle(database);
            pause = idleGap;
            guard.lock();
            continue;
        }
        if (m_queue.empty())
            return;
        hasIdleWork = m_idleWork != nullptr;
        pause = idlePause;
        std::shared_ptr<Job> job = std::move(m_queue.front());
        m_queue.pop_front();
        guard.unlock();
        perform(database, *job);
        job->done.store(true, std::memory_order_release);
        guard.lock();
        const bool announce = m_finished.empty();
        m_finished.push_back(std::move(job));
        if (announce)
            QCoreApplication::postEvent(this, new QEvent(finishedEventType()));
    }
}

void WorkerThread::perform(Database& database, Job& job) noexcept
{
    std::exception_ptr unusable;
    try {
        database.open();
    } catch (...) {
        unusable = std::current_exception();
    }
    job.execute(database, std::move(unusable));
    if (database.needsReopen())
        database.close();
}

bool WorkerThread::performIdle(Database& database) const noexcept
{
    try {
        return database.isOpen() && m_idleWork(database, m_wanted);
    } catch (const Error& error) {
        qDebug("%s", error.what());
    } catch (const std::exception& error) {
        qWarning("%s", error.what());
    }
    if (database.needsReopen())
        database.close();
    return false;
}

bool WorkerThread::event(QEvent* event)
{
    if (event->type() != finishedEventType())
        return QObject::event(event);
    deliver();
    return true;
}

void WorkerThread::deliver()
{
    std::vector<std::shared_ptr<Job>> finished;
    {
        const std::lock_guard guard(m_mutex);
        finished.swap(m_finished);
    }
    m_collectedInTurn = 0;
    // A coroutine may go on to destroy the store.
    const QPointer<WorkerThread> self(this);
    for (const auto& job : finished) {
        if (!self)
            return;
        if (job->collected)
            continue;
        --m_pending;
        if (const auto awaiting = std::exchange(job->awaiting, nullptr))
            awaiting.resume();
    }
}

} // namespace llmcache::sqlite
