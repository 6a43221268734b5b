#pragma once

#include <QString>

namespace llmcache {

/// Creates a folder and its missing parents, those that are new for their owner alone (0700). Whether it is
/// there afterwards. Blocks for a moment: call it on a worker thread.
bool createPrivateFolder(const QString& path);

} // namespace llmcache
