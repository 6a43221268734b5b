#include "redis/busywait_p.h"

#include <QThread>

#include <algorithm>

#ifdef Q_OS_UNIX
#include <poll.h>
#endif

namespace llmcache::redis {

bool BusyWait::isWorthwhile()
{
#ifdef Q_OS_UNIX
    return QThread::idealThreadCount() > 1;
#else
    return false;
#endif
}

BusyWait::Result BusyWait::wait([[maybe_unused]] int descriptor)
{
    if (m_left > 0) {
        --m_left;
        return Result::LeftOut;
    }
#ifdef Q_OS_UNIX
    const auto end = std::chrono::steady_clock::now() + m_limit;
    pollfd watched{descriptor, POLLIN, 0};
    do {
        if (::poll(&watched, 1, 0) > 0) {
            m_pause = 0;
            return Result::Readable;
        }
    } while (std::chrono::steady_clock::now() < end);
#endif
    m_pause = std::clamp(2 * m_pause, 1, longestPause);
    m_left = m_pause;
    return Result::TimedOut;
}

} // namespace llmcache::redis
