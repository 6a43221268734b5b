#include "eventloop.h"

#include <QEventLoop>
#include <QTimer>

namespace llmcache::bench {

bool waitUntil(const std::function<bool()>& holds, int mostMs)
{
    QEventLoop loop;
    QTimer poll;
    QObject::connect(&poll, &QTimer::timeout, &loop, [&] {
        if (holds())
            loop.quit();
    });
    poll.start(1);
    QTimer::singleShot(mostMs, &loop, &QEventLoop::quit);
    loop.exec();
    return holds();
}

double millisecondsOf(const QElapsedTimer& timer)
{
    return static_cast<double>(timer.nsecsElapsed()) / 1e6;
}

} // namespace llmcache::bench
