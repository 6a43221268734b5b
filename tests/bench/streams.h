#pragma once

#include <QString>

namespace llmcache::bench {

/// The longest time, in milliseconds, for which the Workbench's event loop did not turn while `streams`
/// answers of 200 tokens a second came in for `seconds` seconds. Needs a QApplication.
double longestStall(const QString& dataFolder, int streams, int seconds);

/// Serves replies of a provider on the loopback interface until standard input ends; says the port first. To
/// be run in a process of its own, whose memory does not count.
int serveReplies(qint64 answerBytes);

/// The most memory, in bytes, that reading one reply of `answerBytes` took on top of what was there before.
/// `program` is this program, which serves the reply.
double peakOfReply(const QString& program, const QString& dataFolder, qint64 answerBytes);

} // namespace llmcache::bench
