#pragma once

#include "redis/endpoint.h"

#include <qcorotask.h>

#include <QStringList>

#include <stop_token>

namespace llmcache {

/// What was found on the way to a server. `problem` is empty where the step went well.
struct ProbeResult {
    QString problem{};
    QString remedy{};
    QString detail{};
    QString caution{}; ///< it went well, and yet …
    std::chrono::microseconds took{0};
};

/// Looks the name of a host up. Throws Cancelled.
QCoro::Task<ProbeResult> probeName(QString host, std::stop_token stop);
/// Connects and hangs up. Throws Cancelled.
QCoro::Task<ProbeResult> probeReach(redis::ConnectionSettings settings, std::stop_token stop);
/// Connects, makes the TLS handshake, and tells about the certificate. Throws Cancelled.
QCoro::Task<ProbeResult> probeEncryption(redis::ConnectionSettings settings, std::stop_token stop);

} // namespace llmcache
