// Makes one mistake between threads, which the thread sanitizer has to find although tsanqt.cpp told it of
// Qt's ways.
//   races NAME      prints the sanitizer's report
// Without a name it does the same things right, and nothing is reported.

#include "base/worker.h"

#include <QCoreApplication>
#include <QMutex>
#include <QReadWriteLock>
#include <QThread>

#include <atomic>

namespace {

using llmcache::runOn;

/// Where threads meet without being ordered by it.
class Meeting {
public:
    explicit Meeting(int threads)
        : m_missing(threads)
    {
    }
    void attend()
    {
        m_missing.fetch_sub(1, std::memory_order_relaxed);
        while (m_missing.load(std::memory_order_relaxed) > 0)
            QThread::yieldCurrentThread();
    }

private:
    std::atomic<int> m_missing;
};

/// Two jobs of a pool count in one variable.
void countTogether(bool wrong)
{
    int count = 0;
    QMutex mutex;
    Meeting meeting(2);
    QThreadPool pool;
    pool.setMaxThreadCount(2);
    for (int job = 0; job < 2; ++job) {
        pool.start([&] {
            meeting.attend();
            const QMutexLocker lock(wrong ? nullptr : &mutex);
            ++count;
        });
    }
    pool.waitForDone();
}

/// What a job was given is changed after it was started.
void changeWhatWasGiven(bool wrong)
{
    int given = 1;
    Meeting meeting(2);
    QThreadPool pool;
    pool.start([&] {
        meeting.attend();
        given += 1;
    });
    meeting.attend();
    if (wrong)
        given = 2;
    pool.waitForDone();
    given = 3;
}

/// What a job did is looked at when it is over, but without having waited for it.
void readWithoutWaiting(bool wrong)
{
    int done = 0;
    // A job that was over before runOn() is would be ordered by what they share.
    Meeting meeting(2);
    QThreadPool pool;
    QFuture<bool> future = runOn(pool, [&] {
        meeting.attend();
        done = 1;
        return true;
    });
    meeting.attend();
    while (!future.isFinished())
        QThread::yieldCurrentThread();
    if (!wrong)
        future.waitForFinished();
    done = 2;
}

/// What a queued call was given is changed after the call.
void changeWhatWasSent(bool wrong)
{
    int sent = 1;
    Meeting meeting(2);
    QThread thread;
    QObject receiver;
    receiver.moveToThread(&thread);
    thread.start();
    sent = 2;
    QMetaObject::invokeMethod(&receiver, [&] {
        meeting.attend();
        sent += 1;
    });
    meeting.attend();
    if (wrong)
        sent = 3;
    thread.quit();
    thread.wait();
    sent = 4;
}

/// Two threads write with a lock that is good for reading.
void writeAsReader(bool wrong)
{
    int value = 0;
    QReadWriteLock lock;
    Meeting meeting(2);
    QThreadPool pool;
    pool.setMaxThreadCount(2);
    for (int job = 0; job < 2; ++job) {
        pool.start([&] {
            meeting.attend();
            if (wrong)
                lock.lockForRead();
            else
                lock.lockForWrite();
            ++value;
            lock.unlock();
        });
    }
    pool.waitForDone();
}

struct Mistake {
    const char* name;
    void (*make)(bool wrong);
};

constexpr Mistake mistakes[] = {
    {"counter", &countTogether},
    {"given", &changeWhatWasGiven},
    {"result", &readWithoutWaiting},
    {"sent", &changeWhatWasSent},
    {"readlock", &writeAsReader},
};

} // namespace

int main(int argc, char** argv)
{
    const QCoreApplication application(argc, argv);
    const QString name = application.arguments().value(1);
    for (const Mistake& mistake : mistakes) {
        if (name.isEmpty() || name == QLatin1String(mistake.name))
            mistake.make(!name.isEmpty());
    }
    return 0;
}
