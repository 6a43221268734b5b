#pragma once

#include <QTimer>

#include <stop_token>

namespace llmcache::app {

/// Ctrl+C and SIGTERM as a stop token, from its making on. One at a time; needs the event loop.
class Interrupt {
public:
    Interrupt();
    std::stop_token token() const { return m_stop.get_token(); }

private:
    std::stop_source m_stop;
    QTimer m_watch;
};

} // namespace llmcache::app
