#pragma once

#include <QTimer>

#include <stop_token>

namespace llmcache::app {

/// Ctrl+C and SIGTERM as a stop token, as long as it lives. One at a time; needs the event loop.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    std::stop_token token() const { return m_stop.get_token(); }

private:
    std::stop_source m_stop;
    QTimer m_watch;
};

} // namespace llmcache::app
