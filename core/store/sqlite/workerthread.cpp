#include "store/sqlite/workerthread_p.h"

#include <QCoreApplication>
#include <QEvent>
#include <QPointer>

namespace llmcache::sqlite {

namespace {

QEvent::Type finishedEventType()
{
    static const auto type = static_cast<QEvent::Type>(QEvent::registerEventType());
    return type;
}

} // namespace

WorkerThread::WorkerThread(QString filePath, QString workspace)
    : m_filePath(std::move(filePath))
    , m_workspace(std::move(workspace))
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
    }
    if (wasEmpty)
        m_wake.notify_one();
}

void WorkerThread::work()
{
    Database database(m_filePath, m_workspace);
    std::unique_lock guard(m_mutex);
    for (;;) {
        m_wake.wait(guard, [this] { return m_ending || !m_queue.empty(); });
        if (m_queue.empty())
            return;
        std::shared_ptr<Job> job = std::move(m_queue.front());
        m_queue.pop_front();
        guard.unlock();
        perform(database, *job);
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
    // A coroutine may go on to destroy the store.
    const QPointer<WorkerThread> self(this);
    for (const auto& job : finished) {
        if (!self)
            return;
        --m_pending;
        if (const auto awaiting = std::exchange(job->awaiting, nullptr))
            awaiting.resume();
    }
}

} // namespace llmcache::sqlite
