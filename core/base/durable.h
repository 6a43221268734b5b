#pragma once

#include <QString>

class QFileDevice;

namespace llmcache {

/// Waits until what was written is on the disk; false, with the reason in errorString() or errno, when it
/// does not get there. Blocks: call it on a worker thread, as the other.
bool syncFile(QFileDevice& file);
/// After a power cut a renamed or new file may be missing from a folder that was not synced.
void syncFolder(const QString& folder);

/// For QLockFile::setStaleLockTime(): a lock file that is older and says nothing of its owner was left by one
/// who was killed before it could. One that is held is not taken away, however old it is: the system says so.
inline constexpr int tornLockMs = 1000;

} // namespace llmcache
