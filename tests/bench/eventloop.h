#pragma once

#include <QElapsedTimer>

#include <functional>

namespace llmcache::bench {

/// Runs an event loop as the program has it until `holds`, or so long; QTest::qWaitFor() sleeps between its
/// looks at the events. Returns whether it holds.
bool waitUntil(const std::function<bool()>& holds, int mostMs = 600'000);

double millisecondsOf(const QElapsedTimer& timer);

} // namespace llmcache::bench
