#include "fakeclock.h"

#include "base/error.h"

namespace llmcache::test {

QCoro::Task<> FakeClock::sleep(std::chrono::milliseconds duration, std::stop_token stop)
{
    if (stop.stop_requested())
        throw Cancelled();
    m_sleeps.push_back(duration);
    advance(duration);
    co_return;
}

} // namespace llmcache::test
