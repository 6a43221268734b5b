// Tells the thread sanitizer what Qt does between threads.
//
// The sanitizer sees the code that it compiled: ours, and what is inline in Qt's headers (atomics, and
// mutexes, which Qt marks up itself). It does not see how Qt's library hands work from one thread to another,
// and would call each use of what was handed over a race. So this stands before the functions of Qt that hand
// over, as the program calls them, and tells of that: who gives something away releases an address, who takes
// it acquires the same address. No more than core needs: a report that names another way of Qt's between
// threads asks for another function here.
//
// Linked into the tests of a build with LLMCACHE_SANITIZE=thread, whose calls end here rather than in Qt's
// library.

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QFutureInterface>
#include <QReadWriteLock>
#include <QRunnable>
#include <QThread>
#include <QThreadPool>

#include <sanitizer/tsan_interface.h>

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <future>
#include <utility>
#include <vector>

namespace {

/// The function that stands behind the one here: of a library, which the name that the compiler gave it
/// finds.
template <typename Function>
Function* libraryFunction(const char* name)
{
    void* const found = dlsym(RTLD_NEXT, name);
    if (found == nullptr) {
        qCritical("Qt's library has no %s", name);
        std::abort();
    }
    return reinterpret_cast<Function*>(found);
}

/// Acquires as it goes, also where that is because of an exception.
class AcquireAtEnd {
public:
    explicit AcquireAtEnd(void* address)
        : m_address(address)
    {
    }
    AcquireAtEnd(const AcquireAtEnd&) = delete;
    AcquireAtEnd& operator=(const AcquireAtEnd&) = delete;
    ~AcquireAtEnd() { __tsan_acquire(m_address); }

private:
    void* const m_address;
};

// Pools: who starts a job gives it to the thread that runs it, and who waits for a pool takes what its jobs
// did.

class PoolJob final : public QRunnable {
public:
    PoolJob(QThreadPool* pool, std::function<void()> work)
        : m_pool(pool)
        , m_work(std::move(work))
    {
        __tsan_release(this);
    }
    void run() override
    {
        __tsan_acquire(this);
        // What the work holds goes before who waits for the pool goes on.
        std::exchange(m_work, nullptr)();
        __tsan_release(m_pool);
    }

private:
    QThreadPool* const m_pool;
    std::function<void()> m_work;
};

} // namespace

void QThreadPool::start(std::function<void()> work, int priority)
{
    start(new PoolJob(this, std::move(work)), priority);
}

bool QThreadPool::waitForDone(int milliseconds)
{
    static auto* const behind = libraryFunction<bool(QThreadPool*, int)>("_ZN11QThreadPool11waitForDoneEi");
    const bool done = behind(this, milliseconds);
    if (done)
        __tsan_acquire(this);
    return done;
}

// QThreadPool's destructor, which waits: as a member of the class it would go on to destroy the base class.
extern "C" void destroyThreadPool(QThreadPool* pool) __asm__("_ZN11QThreadPoolD1Ev");
void destroyThreadPool(QThreadPool* pool)
{
    static auto* const behind = libraryFunction<void(QThreadPool*)>("_ZN11QThreadPoolD1Ev");
    behind(pool);
    __tsan_acquire(pool);
}

// Futures: their result is there for who waited for it, not for who only saw that it is there. The last who
// lets go of one destroys the result, after everybody else.

namespace {

/// One address for all that share a future.
void* sharedState(const QFutureInterfaceBase* future)
{
    return &future->mutex();
}

} // namespace

void QFutureInterfaceBase::reportFinished()
{
    static auto* const behind =
        libraryFunction<void(QFutureInterfaceBase*)>("_ZN20QFutureInterfaceBase14reportFinishedEv");
    __tsan_release(sharedState(this));
    behind(this);
}

void QFutureInterfaceBase::waitForFinished()
{
    static auto* const behind =
        libraryFunction<void(QFutureInterfaceBase*)>("_ZN20QFutureInterfaceBase15waitForFinishedEv");
    const AcquireAtEnd acquire(sharedState(this));
    behind(this);
}

void QFutureInterfaceBase::waitForResult(int index)
{
    static auto* const behind =
        libraryFunction<void(QFutureInterfaceBase*, int)>("_ZN20QFutureInterfaceBase13waitForResultEi");
    const AcquireAtEnd acquire(sharedState(this));
    behind(this, index);
}

bool QFutureInterfaceBase::derefT() const noexcept
{
    static auto* const behind =
        libraryFunction<bool(const QFutureInterfaceBase*)>("_ZNK20QFutureInterfaceBase6derefTEv");
    if (d == nullptr)
        return behind(this);
    void* const state = sharedState(this);
    __tsan_release(state);
    const bool isShared = behind(this);
    if (!isShared)
        __tsan_acquire(state);
    return isShared;
}

// Events and queued calls.

namespace {

bool acquireEvent(void** delivery)
{
    __tsan_acquire(delivery[1]);
    return false;
}

[[maybe_unused]] const bool watchesEvents =
    QInternal::registerCallback(QInternal::EventNotifyCallback, &acquireEvent);

class QueuedCall final : public QtPrivate::QSlotObjectBase {
public:
    explicit QueuedCall(QSlotObjectBase* call)
        : QSlotObjectBase(&QueuedCall::perform)
        , m_call(call)
    {
        __tsan_release(this);
    }

private:
    static void perform(int what, QSlotObjectBase* self, QObject* receiver, void** arguments, bool* isEqual)
    {
        __tsan_acquire(self);
        auto* const queued = static_cast<QueuedCall*>(self);
        switch (what) {
        case Call:
            queued->m_call->call(receiver, arguments);
            __tsan_release(QThread::currentThread()); // for who waits for its end
            return;
        case Compare:
            *isEqual = queued->m_call->compare(arguments);
            return;
        default:
            queued->m_call->destroyIfLastRef();
            delete queued;
        }
    }

    QSlotObjectBase* const m_call;
};

} // namespace

void QCoreApplication::postEvent(QObject* receiver, QEvent* event, int priority)
{
    static auto* const behind =
        libraryFunction<void(QObject*, QEvent*, int)>("_ZN16QCoreApplication9postEventEP7QObjectP6QEventi");
    __tsan_release(event);
    behind(receiver, event, priority);
}

bool QMetaObject::invokeMethodImpl(
    QObject* object, QtPrivate::QSlotObjectBase* slot, Qt::ConnectionType type, void* result)
{
    static auto* const behind = libraryFunction<bool(
        QObject*, QtPrivate::QSlotObjectBase*, Qt::ConnectionType, void*)>(
        "_ZN11QMetaObject16invokeMethodImplEP7QObjectPN9QtPrivate15QSlotObjectBaseEN2Qt14ConnectionTypeEPv");
    return behind(object, new QueuedCall(slot), type, result);
}

// Threads: the system call that starts one is known to the sanitizer. Qt waits for their end in a way of its
// own.

QThread* QThread::createThreadImpl(std::future<void>&& work)
{
    static auto* const behind =
        libraryFunction<QThread*(std::future<void> &&)>("_ZN7QThread16createThreadImplEOSt6futureIvE");
    return behind(std::async(std::launch::deferred, [work = std::move(work)]() mutable {
        std::exchange(work, {}).get();
        __tsan_release(QThread::currentThread());
    }));
}

bool QThread::wait(QDeadlineTimer deadline)
{
    static auto* const behind =
        libraryFunction<bool(QThread*, QDeadlineTimer)>("_ZN7QThread4waitE14QDeadlineTimer");
    const bool ended = behind(this, deadline);
    if (ended)
        __tsan_acquire(this);
    return ended;
}

// Locks that several may hold to read.

namespace {

/// The locks that this thread holds to read, which unlock() does not tell.
thread_local std::vector<QReadWriteLock*> readLocks;

} // namespace

void QReadWriteLock::lockForRead()
{
    static auto* const behind = libraryFunction<void(QReadWriteLock*)>("_ZN14QReadWriteLock11lockForReadEv");
    __tsan_mutex_pre_lock(this, __tsan_mutex_read_lock);
    behind(this);
    __tsan_mutex_post_lock(this, __tsan_mutex_read_lock, 0);
    readLocks.push_back(this);
}

void QReadWriteLock::lockForWrite()
{
    static auto* const behind = libraryFunction<void(QReadWriteLock*)>("_ZN14QReadWriteLock12lockForWriteEv");
    __tsan_mutex_pre_lock(this, 0);
    behind(this);
    __tsan_mutex_post_lock(this, 0, 0);
}

void QReadWriteLock::unlock()
{
    static auto* const behind = libraryFunction<void(QReadWriteLock*)>("_ZN14QReadWriteLock6unlockEv");
    const auto held = std::find(readLocks.begin(), readLocks.end(), this);
    const unsigned kind = held == readLocks.end() ? 0 : unsigned(__tsan_mutex_read_lock);
    if (held != readLocks.end())
        readLocks.erase(held);
    __tsan_mutex_pre_unlock(this, kind);
    behind(this);
    __tsan_mutex_post_unlock(this, kind);
}

// What the sanitizer is told where it starts. TSAN_OPTIONS has the last word.

extern "C" const char* __tsan_default_options();
const char* __tsan_default_options()
{
    // QProcess starts a program by a fork, which is nothing to give up for.
    return "die_after_fork=0";
}

extern "C" const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions()
{
    // What these libraries do on memory and with locks is not looked at. Of half of it the sanitizer would
    // know nothing, since they were not compiled with it, and take the other half for races. GLib is Qt's
    // event loop.
    return "called_from_lib:libQt6Core.so.6\n"
           "called_from_lib:libQt6Network.so.6\n"
           "called_from_lib:libQt6Sql.so.6\n"
           "called_from_lib:libQt6Test.so.6\n"
           "called_from_lib:libQt6DBus.so.6\n"
           "called_from_lib:libglib-2.0.so.0\n"
           // Its last step is a jump to the unlocking of a mutex of its own, which then seems to be called
           // from here.
           "mutex:QReadWriteLock::unlock\n";
}
