#pragma once

#include <QString>

class QFileDevice;

namespace llmcache {

/// Waits until what was written is on the disk; false, with the reason in errorString() or errno, when it
/// does not get there. Blocks: call it on a worker thread, as the other.
bool syncFile(QFileDevice& file);
/// After a power cut a renamed or new file may be missing from a folder that was not synced.
void syncFolder(const QString& folder);

} // namespace llmcache
