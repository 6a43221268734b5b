#include "interrupt.h"

#include <chrono>
#include <csignal>

namespace llmcache::app {

namespace {

volatile std::sig_atomic_t interrupted = 0;
constexpr std::chrono::milliseconds look{50};

} // namespace

Interrupt::Interrupt()
{
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });
    QObject::connect(&m_watch, &QTimer::timeout, &m_watch, [this] {
        if (interrupted)
            m_stop.request_stop();
    });
    m_watch.start(look);
}

Interrupt::~Interrupt()
{
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
}

} // namespace llmcache::app
